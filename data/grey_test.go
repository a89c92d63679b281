package data

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		content   []byte
		threshold float64
	}{
		{idx(8, []uint32{2, 3}, []byte{0, 127, 128, 255, 1, 200}), 127},
		{[]byte("0,127,128\n255,1,200\n"), 127},
		{npy("<f8", "(2, 3)", []float64{0, 0.5, 0.51, 9, -4, 0.75}), 0.5},
		{[]byte("-1,-1,1\n1,-1,1"), 0},
	} {
		s, err := readBytes(c.content, Threshold(c.threshold))
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, [][]uint8{{0, 0, 1}, {1, 0, 1}}, rbm.Bernoulli)
		if s.Grey() {
			t.Error("a set read by a threshold is grey")
		}
	}
}

// The frequency of ones over many epochs is the probability, within 5σ; 0 and 1 are never wrong.
func TestRedrawFrequencies(t *testing.T) {
	levels := []byte{0, 1, 51, 128, 254, 255}
	s, err := readBytes(idx(8, []uint32{1, 6}, levels), Bernoulli(rng.Seed(1)))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Grey() || s.Values != rbm.Bernoulli {
		t.Fatalf("grey %v, values %v", s.Grey(), s.Values)
	}
	const epochs = 20000
	ones := make([]float64, len(levels))
	for e := range uint64(epochs) {
		s.Redraw(e, nil)
		for i := range ones {
			ones[i] += float64(bit(s.States.Bit(0, i)))
		}
	}
	for i, level := range levels {
		p := float64(level) / 255
		if math.Abs(ones[i]/epochs-p) > 5*math.Sqrt(p*(1-p)/epochs) {
			t.Errorf("level %d: frequency %v, want %v", level, ones[i]/epochs, p)
		}
		if !near(s.Means()[i], p, 1e-7) {
			t.Errorf("level %d: mean %v, want %v", level, s.Means()[i], p)
		}
	}
}

// Bits are a function of key, epoch, row of the file and unit.
func TestRedrawIsPure(t *testing.T) {
	const rows, units = 50, 67
	probabilities := make([]float64, rows*units)
	for k := range probabilities {
		probabilities[k] = 0.2 + 0.6*float64(k%7)/6
	}
	s, err := readBytes(npy("<f8", "(50, 67)", probabilities), Bernoulli(rng.Seed(3)))
	if err != nil {
		t.Fatal(err)
	}
	epoch0 := s.States.Clone()
	s.Redraw(5, nil)
	epoch5 := s.States.Clone()
	if epoch0.Equal(epoch5) {
		t.Error("epochs 0 and 5 are equal")
	}
	key := rng.Seed(3).Stream(rng.StreamBinarize)
	for r := range rows {
		for i := range units {
			u := rng.Uniform(key.Block(rng.At(5, uint32(r), uint32(i)))[i%4])
			if want := u < float32(probabilities[r*units+i]); epoch5.Bit(r, i) != want {
				t.Fatalf("row %d, unit %d is not decided by its number", r, i)
			}
		}
	}
	index := []int{40, 3, 40, 17}
	sub := s.Subset(index).Subset([]int{1, 0})
	sub.Redraw(0, nil)
	want := rbm.NewBatch(2, units)
	want.Gather(epoch0, []int{3, 40})
	if !sub.States.Equal(want) {
		t.Error("a subset draws other bits than the set")
	}
	s.Redraw(0, nil)
	if !s.States.Equal(epoch0) {
		t.Error("epoch 0 drawn again differs")
	}
	merged, err := Merge(sub, s)
	if err != nil {
		t.Fatal(err)
	}
	if p := merged.grey.probability(2*units + 5); p != s.grey.probability(5) || merged.Rows() != rows+2 {
		t.Errorf("merged: %d rows, probability %v", merged.Rows(), p)
	}
}

// Bytes of 0 and 1 are bits, not the levels 0/255 and 1/255.
func TestBernoulliOfBits(t *testing.T) {
	x := truth(3, 5)
	for _, content := range [][]byte{
		idx(8, []uint32{3, 5}, flat(x, byte(0), 1)), textTable(x, "0", "1", "", "\n"), textTable(x, "0.0", "1.0", " ", "\n"),
	} {
		s, err := readBytes(content, Bernoulli(rng.Seed(1)))
		if err != nil {
			t.Fatal(err)
		}
		if s.Grey() {
			t.Error("a set of bits is grey")
		}
		same(t, s, x, rbm.Bernoulli)
		s.Redraw(3, nil)
		same(t, s, x, rbm.Bernoulli)
	}
}
