package quantum_test

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Of the state that was measured the deviations are those of chance, in all bases. Of another one with the same
// outcomes in Z they show in the other bases.
func TestFrequencies(t *testing.T) {
	u := quantum.Pauli()
	var rows []quantum.Basis
	for _, b := range []quantum.Basis{"ZZZ", "XXX", "XXZ"} {
		for range 2000 {
			rows = append(rows, b)
		}
	}
	sum, count := 0.0, 0
	for seed := range uint64(20) {
		m, err := quantum.Measure(quantum.W(3), rows, u, rng.Seed(seed))
		if err != nil {
			t.Fatal(err)
		}
		bases := make([]string, len(rows))
		for r, b := range rows {
			bases[r] = string(b)
		}
		list := quantum.CompareFrequencies(quantum.W(3), m.Outcomes, bases, nil, u)
		if len(list) != 3 || list[0].Basis != "XXX" || list[2].Basis != "ZZZ" || list[0].Rows != 2000 || len(list[0].Products) != 6 {
			t.Fatalf("%+v", list)
		}
		for _, f := range list {
			sum += f.RMS() * f.RMS()
			count++
		}
		// W: ⟨z⟩ = 1/3 and ⟨z z'⟩ = −1/3 in Z
		for k, want := range []float64{1. / 3, 1. / 3, 1. / 3, -1. / 3, -1. / 3, -1. / 3} {
			if got := list[2].Products[k]; math.Abs(got.Predicted-want) > 1e-12 || math.Abs(got.Deviation()) > 5 {
				t.Errorf("seed %d: product %d is %+v, want %v", seed, k, got, want)
			}
		}
	}
	if mean := sum / float64(count); mean < 0.8 || mean > 1.2 {
		t.Errorf("the mean square deviation is %v over %d bases, want about 1", mean, count)
	}
	// A Bell state with the other sign has the same outcomes in ZZ, and the opposite ones in XX.
	mixed, err := quantum.Measure(quantum.GHZ(2), []quantum.Basis{"XX", "XX", "XX", "XX", "ZZ", "ZZ", "ZZ", "ZZ"}, u, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	other := quantum.GHZ(2)
	other[3] = -other[3]
	list := quantum.CompareFrequencies(other, mixed.Outcomes, []string{"XX", "XX", "XX", "XX", "ZZ", "ZZ", "ZZ", "ZZ"}, nil, u)
	if d := list[0].Products[2]; d.Measured != 1 || math.Abs(d.Predicted+1) > 1e-12 || math.Abs(d.Deviation()-8) > 1e-9 || len(d.Sites) != 2 {
		t.Errorf("XX of another state: %+v", d)
	}
	if d := list[1].Products[2]; math.Abs(d.Deviation()) > 1e-9 {
		t.Errorf("ZZ of another state: %+v", d)
	}
}

// Weights count as so many rows of the mean, and the error is that of as many equal rows as are worth them.
func TestFrequenciesOfWeights(t *testing.T) {
	u := quantum.Pauli()
	m, err := quantum.Measure(quantum.W(2), []quantum.Basis{"ZZ", "ZZ", "ZZ"}, u, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	bases := []string{"ZZ", "ZZ", "ZZ"}
	f := quantum.CompareFrequencies(quantum.W(2), m.Outcomes, bases, []float64{1, 1, 0}, u)[0]
	g := quantum.CompareFrequencies(quantum.W(2), m.Outcomes.Slice(0, 2), bases[:2], nil, u)[0]
	for k := range f.Products {
		if a, b := f.Products[k], g.Products[k]; a.Measured != b.Measured || a.Stderr != b.Stderr {
			t.Errorf("product %d is %+v with a row of no weight, and %+v without", k, a, b)
		}
	}
	// z z' = −1 for certain: nothing deviates
	if math.Abs(f.Products[2].Deviation()) > 1e-9 || len(f.Products[2].Sites) != 2 {
		t.Errorf("%+v", f)
	}
}
