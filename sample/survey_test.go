package sample

import (
	"math"
	"reflect"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Directions are the leading left singular vectors of W.
func TestDirections(t *testing.T) {
	a := [2][]float64{{0.6, 0, 0.8, 0, 0}, {-0.8, 0, 0.6, 0, 0}}
	b := [2][]float64{{1, 0, 0, 0}, {0, 0, 2, 0}} // of singular values 3 and 2·1
	model := rbm.New(5, 4, rng.Seed(1))
	for i := range 5 {
		for j := range 4 {
			model.W[i*4+j] = float32(3*a[0][i]*b[0][j] + a[1][i]*b[1][j])
		}
	}
	observer, count := newDirections(model, compute.New(1))
	v := rbm.NewBatch(5, 5)
	for i := range 5 {
		v.SetBit(i, i, true)
	}
	got := make([]float32, 5*count)
	observer.HiddenInputs(got, v)
	for k, want := range a {
		sign := math.Copysign(1, float64(got[0*count+k])*want[0])
		for i, x := range want {
			if math.Abs(sign*float64(got[i*count+k])-x) > 1e-3 {
				t.Errorf("direction %d of unit %d is %v, want ±%v", k+1, i, got[i*count+k], x)
			}
		}
	}
	// Any directions of W = 0 are watched.
	clear(model.W)
	observer, count = newDirections(model, compute.New(1))
	observer.HiddenInputs(got, v)
	for k := range count {
		norm := 0.0
		for i := range 5 {
			norm += float64(got[i*count+k]) * float64(got[i*count+k])
		}
		if math.Abs(norm-1) > 1e-5 {
			t.Errorf("direction %d of W = 0 has the norm² %v", k+1, norm)
		}
	}
}

// Shares are those of Z, and their errors come from all modes. What AIS has not reached has none.
func TestSharesOfModes(t *testing.T) {
	none := math.Inf(-1)
	log := func(part, stderr float64) Mode {
		return Mode{LogZ: LogZ{Value: 700 + math.Log(part), Stderr: stderr}, oneChain: none}
	}
	s := &Survey{Modes: &Modes{List: []Mode{log(0.8, 0.1), log(0.2, 0.05), {LogZ: LogZ{Value: none}, oneChain: none}}}}
	s.divide()
	both := 0.8 * 0.2 * math.Hypot(0.1, 0.05) // dp = p(1−p) d(log Z_1 − log Z_2)
	for k, want := range []struct{ share, stderr float64 }{{0.8, both}, {0.2, both}, {0, 0}} {
		if math.Abs(s.Share[k]-want.share) > 1e-12 || math.Abs(s.Stderr[k]-want.stderr) > 1e-12 {
			t.Errorf("mode %d has a share of %v ± %v, want %v ± %v", k+1, s.Share[k], s.Stderr[k], want.share, want.stderr)
		}
	}
	for _, one := range []float64{700, 706, 1800} { // the weight of a chain that left the mode, e^6 and e^1100 times Z
		s = &Survey{Modes: &Modes{List: []Mode{log(1, 0.1), {LogZ: LogZ{Value: none}, oneChain: one}}}}
		if s.divide(); s.Share[1] != 0 || math.Abs(s.Stderr[1]-1./screenChains) > 1e-12 || !(s.Stderr[0] <= 0.1) {
			t.Errorf("shares %v ± %v of modes of which one chain has the weight e^%v", s.Share, s.Stderr, one)
		}
	}
	s = &Survey{Modes: &Modes{List: []Mode{{LogZ: LogZ{Value: none}, oneChain: none}, {LogZ: LogZ{Value: math.NaN()}, oneChain: none}}}}
	if s.divide(); s.Share[0] != 0 || s.Share[1] != 0 || s.starts(0.01, 3, rng.Seed(1)).Rows() != 0 {
		t.Errorf("shares %v of modes without log Z", s.Share)
	}
}

// blocks is a model of separate blocks of spins, each a hidden unit with its visible ones, of which the first has a
// field: every block has two modes, up with a probability of σ(2·field) in the first one.
func blocks(count, size int, w, field float32) *rbm.Model {
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, count*size), rbm.NewLayer(rbm.Spin, count), rng.Seed(1))
	clear(model.W)
	for i := range count * size {
		model.W[i*count+i/size] = w
	}
	model.C()[0] = field
	return model
}

// A survey finds all modes of a model and their shares, up to MostModes; one mode has all; visible units that
// nothing is known of have none.
func TestSurvey(t *testing.T) {
	for _, c := range []struct {
		name   string
		model  *rbm.Model
		shares []float64 // of the modes where the first block is up, and of the others
		modes  int
	}{
		{"one", blocks(1, 4, 0, 0), []float64{1}, 1},
		{"two", blocks(1, 8, 2, 0.7), []float64{1 / (1 + math.Exp(-1.4)), 1 / (1 + math.Exp(1.4))}, 2},
		{"64", blocks(6, 8, 2, 0.7), []float64{1 / (1 + math.Exp(-1.4)) / 32, 1 / (1 + math.Exp(1.4)) / 32}, 64},
	} {
		found, done := 0, 0.0
		known := rbm.NewBatch(100, c.model.M()) // patterns of whole blocks
		for r := range 100 {
			for i := range c.model.M() {
				known.SetBit(r, i, r>>(i/8)&1 == 1)
			}
		}
		s, err := NewSurvey(t.Context(), c.model, SurveyOptions{Known: known, Seed: 1, Progress: func(n int, part float64) {
			if n < found || part < done || part > 1 {
				t.Errorf("%s: %d modes and %v of the work after %d and %v", c.name, n, part, found, done)
			}
			found, done = n, part
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.List) != c.modes || c.modes > 1 && found != c.modes {
			t.Errorf("%s: %d modes, want %d; %d are reported", c.name, len(s.List), c.modes, found)
		}
		for k, got := range s.Share {
			want := c.shares[k*len(c.shares)/len(s.Share)]
			if math.Abs(got-want) > max(1e-9, 5*s.Stderr[k]) || s.Stderr[k] > 0.1*want {
				t.Errorf("%s: mode %d has %.4f ± %.4f, want %.4f", c.name, k+1, got, s.Stderr[k], want)
			}
		}
	}
	model := blocks(2, 4, 1, 0)
	model.Visible = strange{model.Visible}
	s, err := NewSurvey(t.Context(), model, SurveyOptions{})
	if err != nil || len(s.List) > 0 || len(s.Share) > 0 || len(s.Parts(rbm.NewBatch(2, 8), nil)) > 0 {
		t.Errorf("visible units that nothing is known of have modes %v, error %v", s.List, err)
	}
}

// strange is a layer of which nothing is known but that it is one.
type strange struct{ rbm.Layer }

// Rows are in the modes that they are nearest to, and count by their weights.
func TestParts(t *testing.T) {
	s, err := NewSurvey(t.Context(), blocks(1, 8, 2, 0.7), SurveyOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	const rows = 10000 // more than are labelled at once
	v, weights := rbm.NewBatch(rows, 8), make([]float64, rows)
	for r := range rows {
		weights[r] = 1
		if r%4 == 0 {
			weights[r] = 3
			for i := range 7 {
				v.SetBit(r, i, true)
			}
		}
	}
	for _, c := range []struct{ weights, want []float64 }{{nil, []float64{0.25, 0.75}}, {weights, []float64{0.5, 0.5}}} {
		got := s.Parts(v, c.weights)
		for k, want := range c.want {
			if math.Abs(got[k]-want) > 1e-12 {
				t.Errorf("weights %v: %.4f of the rows are in mode %d, want %.4f", c.weights != nil, got[k], k+1, want)
			}
		}
	}
}

// A search of a large model iterates its starts in parts, and finds the same modes. It takes less memory than all
// starts together would.
func TestSearchInParts(t *testing.T) {
	model := blocks(4, 8, 2, 0.7)
	search := func(together int) *Modes {
		s := NewModes(model, nil)
		if together > 0 {
			s.together = together
		}
		if err := s.Search(t.Context(), 40, rbm.NewBatch(1, 32), rng.Seed(1)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	want := search(0)
	for _, together := range []int{1, 7, 1000} {
		got := search(together)
		if !reflect.DeepEqual(got.List, want.List) || got.Found != want.Found || got.Iterations != want.Iterations {
			t.Errorf("%d starts together: %d modes after %d iterations, want %d after %d",
				together, len(got.List), got.Iterations, len(want.List), want.Iterations)
		}
	}
	const n, starts = 1_000_000, 500
	large := &rbm.Model{Visible: rbm.NewLayer(rbm.Spin, 20), Hidden: rbm.NewLayer(rbm.Spin, n)}
	if searching, kept := SearchMemory(large, starts); searching > 0.1*16*n*starts || kept < 8*20*n {
		t.Errorf("a search takes %.0f bytes, and its modes %.0f", searching, kept)
	}
	large.Visible = strange{large.Visible}
	if searching, kept := SearchMemory(large, starts); searching+kept > 0 {
		t.Errorf("a search of visible units that nothing is known of takes %.0f bytes", searching+kept)
	}
}
