package sites

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// batch has these states of three sites, of 2, 3 and 2 states.
func batch(t *testing.T, rows ...[]int) (Sites, rbm.Batch) {
	t.Helper()
	layer := rbm.NewCategorical(2, 3, 2)
	s, err := Of(layer)
	if err != nil {
		t.Fatal(err)
	}
	v := layer.NewBatch(len(rows))
	for r, row := range rows {
		s.SetRow(v, r, row)
	}
	return s, v
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestSitesOfALayer(t *testing.T) {
	s, v := batch(t, []int{1, 2, 0}, []int{0, 1, 1})
	if want := (Sites{First: []int{0, 2, 5}, States: []int{2, 3, 2}}); !reflect.DeepEqual(s, want) || s.Units() != 7 {
		t.Errorf("sites %v of %d units, want %v of 7", s, s.Units(), want)
	}
	for r, want := range [][]int{{1, 2, 0}, {0, 1, 1}} {
		if got := s.Row(v, r); !reflect.DeepEqual(got, want) {
			t.Errorf("row %d is %v, want %v", r, got, want)
		}
	}
	for _, layer := range []rbm.Layer{rbm.NewLayer(rbm.Spin, 4), rbm.NewLayer(rbm.Bernoulli, 2)} {
		if _, err := Of(layer); err == nil || !strings.Contains(err.Error(), string(layer.Kind())+" units, want categorical sites") {
			t.Errorf("sites of %s units: %v", layer.Kind(), err)
		}
	}
}

// Rows that are no configurations are refused, as a state too many, too few, or two at one site.
func TestCheck(t *testing.T) {
	for want, on := range map[string][]int{
		"row 2 has no state at site 1":            {},
		"row 2 has no state at site 3":            {0, 2},
		"row 2 has no state at site 2":            {0, 5},
		"row 2 has more than one state at site 1": {0, 1, 5},
		"row 2 has more than one state at site 3": {0, 2, 5, 6},
	} {
		s, v := batch(t, []int{0, 0, 0}, []int{0, 0, 0})
		if err := s.Check(v); err != nil {
			t.Fatal(err)
		}
		for unit := range v.Units() {
			v.SetBit(1, unit, slices.Contains(on, unit))
		}
		if err := s.Check(v); err == nil || err.Error() != want {
			t.Errorf("units %v: %v, want %q", on, err, want)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("units %v: no panic", on)
				}
			}()
			s.Row(v, 1)
		}()
	}
	s, _ := batch(t)
	if err := s.Check(rbm.NewReals(1, 6, 1)); err == nil || !strings.Contains(err.Error(), "7 units, of which 6 are bits, want 7 bits") {
		t.Errorf("a real unit: %v", err)
	}
}

// Two rows of weights 3 and 1, by hand.
func TestSample(t *testing.T) {
	s, v := batch(t, []int{1, 2, 0}, []int{0, 2, 1})
	sample := NewSample(s, v, []float64{3, 1})
	if !near(sample.Effective(), 1.6) { // 4²/(9+1)
		t.Errorf("%v effective rows, want 1.6", sample.Effective())
	}
	if got, want := sample.Background(), [][]float64{{0.25, 0.75}, {0, 0, 1}, {0.75, 0.25}}; !reflect.DeepEqual(got, want) {
		t.Errorf("frequencies %v, want %v", got, want)
	}
	// f(1,0) = 0.75 where both are independent in no way: 0.75 − 0.75·0.75.
	if got, want := sample.Correlations(0, 2), []float64{-0.1875, 0.1875, 0.1875, -0.1875}; !reflect.DeepEqual(got, want) {
		t.Errorf("correlations %v, want %v", got, want)
	}
	if bits := Information([]float64{1, 0, 0, 0}); !near(bits, 2) {
		t.Errorf("a state of four that is certain has %v bits, want 2", bits)
	}
	if bits := Information([]float64{0.5, 0.25, 0.25, 0}); !near(bits, 0.5) {
		t.Errorf("½, ¼, ¼, 0 have %v bits, want 0.5", bits)
	}
}

// The standard errors are those that repeated samples show: differences of frequencies and of correlations between two
// samples of one distribution have the root of the mean square that Agree expects.
func TestAgreementOfTwoSamples(t *testing.T) {
	model := randomModel(rbm.NewLayer(rbm.Bernoulli, 3), 1, 3, 4, 2, 3)
	s, err := Of(model.Visible)
	if err != nil {
		t.Fatal(err)
	}
	draw := func(seed uint64) *Sample { // independent sites suffice
		v := model.Visible.NewBatch(2000)
		model.Visible.Sample(v, nil, rng.Seed(seed).Stream(rng.StreamDraw), 0, 0)
		return NewSample(s, v, nil)
	}
	var squares, expected [2]float64
	for repeat := range uint64(20) {
		x, y := draw(2*repeat+1), draw(2*repeat+2)
		for k, a := range []Agreement{Agree(Frequencies(x, y)), Agree(Correlations(x, y))} {
			squares[k] += a.RMS * a.RMS
			expected[k] += a.Expected * a.Expected
			if want := []int{12, 12 + 6 + 9 + 8 + 12 + 6}[k]; a.Count != want {
				t.Fatalf("%d points, want %d", a.Count, want)
			}
		}
		if a := Agree(Frequencies(x, y)); a.Pearson < 0.95 || a.Pearson > 1 {
			t.Errorf("frequencies of two samples have a coefficient of %v", a.Pearson)
		}
	}
	for k, name := range []string{"frequencies", "correlations"} {
		if ratio := math.Sqrt(squares[k] / expected[k]); math.Abs(ratio-1) > 0.1 { // about 20×8 independent numbers: 3 errors
			t.Errorf("%s differ by %.3f times what is expected", name, ratio)
		}
	}
	same := draw(1)
	if a := Agree(Correlations(same, same)); a.RMS != 0 || !(math.Abs(a.Pearson-1) < 1e-9) {
		t.Errorf("a sample beside itself: %+v", a)
	}
}

// Scores are differences of log P(v), which for a model without weights are those of the biases.
func TestMutations(t *testing.T) {
	model := randomModel(rbm.NewLayer(rbm.Spin, 4), 1, 2, 3, 2)
	s, v := batch(t, []int{0, 0, 0}, []int{1, 2, 0})
	scores, err := Mutations(model, v, 1)
	if err != nil {
		t.Fatal(err)
	}
	wild := s.Row(v, 1)
	for site, list := range scores {
		for a, Δ := range list {
			mutant := append([]int(nil), wild...)
			mutant[site] = a
			pair := model.Visible.NewBatch(2)
			s.SetRow(pair, 0, wild)
			s.SetRow(pair, 1, mutant)
			free := model.FreeEnergy(pair)
			if want := free[0] - free[1]; math.Abs(Δ-want) > 1e-9 || a == wild[site] && Δ != 0 {
				t.Errorf("site %d, state %d: %v, want %v", site, a, Δ, want)
			}
		}
	}
	clear(model.W)
	if scores, err = Mutations(model, v, 1); err != nil {
		t.Fatal(err)
	}
	b := model.B()
	if want := float64(b[2+1]) - float64(b[2+2]); math.Abs(scores[1][1]-want) > 1e-6 {
		t.Errorf("without weights %v, want %v", scores[1][1], want)
	}
	if _, err := Mutations(rbm.New(7, 2, rng.Seed(1)), v, 1); err == nil {
		t.Error("mutations of a model of bits")
	}
}
