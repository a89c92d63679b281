package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func TestDescribeByHand(t *testing.T) {
	s, err := readBytes([]byte("1,0,1\n1,1,1\n1,0,1\n1,0,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	info := Describe(s)
	// Distinct configurations with probabilities ½, ¼, ¼; means 1, ¼, ¾.
	h := func(p float64) float64 { return -p*math.Log(p) - (1-p)*math.Log(1-p) }
	if !near(info.Entropy, 1.5*math.Ln2, 1e-15) || !near(info.EntropyBound, 2*math.Ln2, 1e-15) {
		t.Errorf("entropy %v ≤ %v", info.Entropy, info.EntropyBound)
	}
	if !near(info.Independent, -2*h(0.25), 1e-15) {
		t.Errorf("independent %v, want %v", info.Independent, -2*h(0.25))
	}
	if info.Rows != 4 || info.Units != 3 || info.Distinct != 3 || info.Duplicates != 1 || info.Bytes != 32 {
		t.Errorf("%+v", info)
	}
	if !near(info.Mean, 2./3, 1e-15) || info.MinMean != 0.25 || info.MaxMean != 1 {
		t.Errorf("means %v in [%v, %v]", info.Mean, info.MinMean, info.MaxMean)
	}
	if info.Constant != 1 || !slices.Equal(info.Constants, []int{1}) {
		t.Errorf("constant columns %d: %v, want column 1", info.Constant, info.Constants)
	}
}

// Repeating a row is the same as doubling its weight.
func TestDescribeWeights(t *testing.T) {
	repeated, err := readBytes([]byte("01\n11\n11\n00\n01\n01\n"))
	if err != nil {
		t.Fatal(err)
	}
	weighted, err := readBytes([]byte("01\n11\n00\n"))
	if err != nil {
		t.Fatal(err)
	}
	weighted.Weights = []float64{3, 2, 1}
	a, b := Describe(repeated), Describe(weighted)
	if !near(a.Entropy, b.Entropy, 1e-15) || a.Independent != b.Independent || a.Mean != b.Mean || b.TotalWeight != 6 {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func TestDescribeGrey(t *testing.T) {
	s, err := readBytes(idx(8, []uint32{2, 4}, []byte{0, 255, 51, 255, 0, 255, 51, 0}), Bernoulli(rng.Seed(1)))
	if err != nil {
		t.Fatal(err)
	}
	info := Describe(s)
	if !info.Grey || info.Constant != 2 || !slices.Equal(info.Constants, []int{1, 2}) || !near(info.Mean, 1.7/4, 1e-7) {
		t.Errorf("%+v", info)
	}
}

// Enumerates the choices of the generator and compares with the configurations, probabilities and entropy.
func TestBarsAgainstEnumeration(t *testing.T) {
	for _, size := range []struct{ k, l int }{{1, 1}, {1, 3}, {2, 2}, {3, 3}, {4, 4}, {2, 5}, {5, 3}} {
		want := map[string]float64{}
		for horizontal, lines := range map[bool]int{true: size.k, false: size.l} {
			for on := range 1 << lines {
				grid := make([]byte, size.k*size.l)
				for i := range grid {
					line := i % size.l
					if horizontal {
						line = i / size.l
					}
					grid[i] = byte('0' + on>>line&1)
				}
				want[string(grid)] += 0.5 / float64(int(1)<<lines)
			}
		}
		s, err := Bars(size.k, size.l)
		if err != nil {
			t.Fatal(err)
		}
		if s.Rows() != len(want) {
			t.Errorf("%v: %d configurations, want %d", size, s.Rows(), len(want))
		}
		for r, row := range s.States.Bytes() {
			grid := make([]byte, len(row))
			for i, b := range row {
				grid[i] = '0' + b
			}
			if s.Weights[r] != want[string(grid)] {
				t.Errorf("%v: %s has probability %v, want %v", size, grid, s.Weights[r], want[string(grid)])
			}
		}
		entropy := 0.0
		for _, p := range s.Weights {
			entropy -= p * math.Log(p)
		}
		exact, err := BarsEntropy(size.k, size.l)
		if err != nil || !near(exact, entropy, 1e-13) || !near(Describe(s).Entropy, exact, 1e-13) {
			t.Errorf("%v: entropy %v (%v), want %v; described %v", size, exact, err, entropy, Describe(s).Entropy)
		}
	}
}

// χ² of a sample: mean and variance are those of 29 degrees of freedom, within 5σ.
func TestBarsSample(t *testing.T) {
	const n = 30000
	exact, err := Bars(4, 4)
	if err != nil {
		t.Fatal(err)
	}
	s, err := BarsSample(4, 4, n, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[uint64]float64{}
	for r := range n {
		counts[s.States.Index(r)]++
	}
	chi2, seen := 0.0, 0.0
	for r := range exact.Rows() {
		want, got := n*exact.Weights[r], counts[exact.States.Index(r)]
		chi2 += (got - want) * (got - want) / want
		seen += got
	}
	if dof := float64(exact.Rows() - 1); seen != n || math.Abs(chi2-dof) > 5*math.Sqrt(2*dof) {
		t.Errorf("χ² %v, want %v ± %v; %v of %d rows are bars", chi2, dof, math.Sqrt(2*dof), seen, n)
	}
	short, _ := BarsSample(4, 4, 10, rng.Seed(1))
	if !short.States.Equal(s.States.Slice(0, 10)) {
		t.Error("the first rows depend on the number of rows")
	}
}

func TestBarsRefuses(t *testing.T) {
	for _, size := range [][2]int{{0, 3}, {3, -1}, {21, 2}, {2, 21}} {
		want := "want sides of 1 to 20"
		for _, err := range []error{
			func() error { _, err := Bars(size[0], size[1]); return err }(),
			func() error { _, err := BarsEntropy(size[0], size[1]); return err }(),
			func() error { _, err := BarsSample(size[0], size[1], 1, rng.Seed(1)); return err }(),
		} {
			if err == nil || err.Error()[len(err.Error())-len(want):] != want {
				t.Errorf("%v: error %v, want … %s", size, err, want)
			}
		}
	}
	if _, err := BarsSample(2, 2, 0, rng.Seed(1)); err == nil {
		t.Error("drew no rows")
	}
}

func TestEntropyBound(t *testing.T) {
	s := &Set{States: rbm.NewBatch(100, 2)}
	if info := Describe(s); info.EntropyBound != 2*math.Ln2 || info.Entropy != 0 || info.Constant != 2 {
		t.Errorf("%+v", info)
	}
}

// The log-likelihood of independent columns is that of the cells which are known: here of two in three, in bits and in tables.
func TestIndependentWithGaps(t *testing.T) {
	schema, err := ParseSchema(strings.NewReader("b,real\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text    string
		options []Option
		second  float64 // the entropy of the second column
	}{
		{"0,1\n1,NA\nNA,0\n", nil, math.Log(2)},
		{"a,b\nx,u\ny,\n,v\n", nil, math.Log(2)},
		{"a,b\nx,1.5\ny,NA\nNA,2.5\n", []Option{WithSchema(schema)}, math.Log(2*math.Pi*math.E*0.25) / 2},
	} {
		s, err := readBytes([]byte(c.text), append(c.options, Gaps())...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := Describe(s).Independent, -2./3*(math.Log(2)+c.second); math.Abs(got-want) > 1e-6 {
			t.Errorf("%q: %v, want %v", c.text, got, want)
		}
	}
}
