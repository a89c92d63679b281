package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// judgedOf is a model on rows of its own.
func judgedOf(model *rbm.Model, v rbm.Batch, logZ float64) *judged {
	return &judged{path: "model", model: model, stream: (&data.Set{States: v}).Stream(), logZ: &logZResult{Value: logZ}}
}

// The scores of rows of all kinds of units are −F(v) − log Z in the units of the table, those of discrete units with
// the terms of the pseudo-log-likelihood; the difference to the same model with other weights is that of the two.
func TestScoresOfAllKinds(t *testing.T) {
	others := kindtest.Pairs(0.3)
	for k, pair := range kindtest.Pairs(0.8) {
		model := pair.Model
		v := model.Visible.NewBatch(mostRows + 50) // two blocks
		model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
		model.Columns = columnsFor(model)
		a, b := judgedOf(model, v, 2), judgedOf(others[k].Model, v, 3)
		hasPseudo := model.CheckPseudo() == nil
		o := &scoreOptions{pseudo: hasPseudo, units: hasPseudo}
		s, err := o.scorers(quiet(2), []*judged{a, b})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "s.npy")
		if err := s.write(t.Context(), quiet(2), path); err != nil {
			t.Fatal(err)
		}
		columns := len(s.columns)
		got := readDoubles(t, path, v.Rows()*columns)
		wantA, wantB := model.FreeEnergy(v), others[k].Model.FreeEnergy(v)
		for r := range v.Rows() {
			row := got[r*columns : (r+1)*columns]
			first := -wantA[r] - a.logZ.Value - rbm.LogScale(model.Columns)
			second := -wantB[r] - b.logZ.Value
			want := []float64{float64(r + 1), first}
			if hasPseudo {
				sum := 0.0
				for _, x := range row[5:] {
					sum -= x
				}
				want = append(want, sum)
			}
			want = append(want, second, first-second)
			for c, x := range want {
				if math.Abs(row[c]-x) > 1e-3 {
					t.Fatalf("%s: %s of row %d is %v, want %v", pair.Name, s.columns[c], r+1, row[c], x)
				}
			}
		}
	}
}

// columnsFor are columns of the units of a model, real ones with scales other than 1.
func columnsFor(model *rbm.Model) (columns []rbm.Column) {
	for _, part := range rbm.LayoutOf(model.Visible) {
		count := part.Units
		if part.Kind == rbm.Categorical {
			count = len(part.States)
		}
		for k := range count {
			c := rbm.Column{Name: fmt.Sprint(part.Kind, k), Kind: part.Kind}
			switch part.Kind {
			case rbm.Categorical:
				c.Categories = strings.Split("abcdefgh"[:part.States[k]], "")
			case rbm.Gaussian:
				c.Scale = float64(3 + k)
			}
			columns = append(columns, c)
		}
	}
	return columns
}

// readDoubles reads the numbers of an array of float64.
func readDoubles(t *testing.T, path string, numbers int) []float64 {
	t.Helper()
	halves := readNPY(t, path, 2*numbers)
	values := make([]float64, numbers)
	for k := range values {
		low, high := math.Float32bits(halves[2*k]), math.Float32bits(halves[2*k+1])
		values[k] = math.Float64frombits(uint64(low) | uint64(high)<<32)
	}
	return values
}

// Rows are ranked by probability, equal ones by their number, and their units by how far they surprise beyond what is
// usual of the unit.
func TestLeastLikelyRows(t *testing.T) {
	model := rbm.New(3, 1, rng.Seed(1))
	clear(model.W)
	copy(model.B(), []float32{1, 2, 4})
	model.Columns = []rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}, {Kind: rbm.Bernoulli}}
	v, err := rbm.FromBytes([][]uint8{{1, 1, 1}, {0, 0, 1}, {1, 1, 0}, {0, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	logZ := math.Log(2)
	for _, b := range model.B() {
		logZ += rbm.Softplus(float64(b))
	}
	j := judgedOf(model, v, logZ)
	j.stream = (&data.Set{States: v, Names: []string{"w", "x", "y", "z"}}).Stream()
	least := func(top int) []leastRow {
		s, err := (&scoreOptions{units: true, top: top}).scorers(quiet(1), []*judged{j})
		if err == nil {
			err = s.write(t.Context(), quiet(1), "")
		}
		if err != nil {
			t.Fatal(err)
		}
		return s.least()
	}
	want := []string{
		"row 3 (y): -4.458 nats; most surprising: v3 4.02 (mean 1.02), a 0.31 (mean 0.81), b 0.13 (mean 1.13)",
		"row 2 (x): -3.458 nats; most surprising: b 2.13 (mean 1.13), a 1.31 (mean 0.81), v3 0.02 (mean 1.02)",
		"row 4 (z): -3.458 nats; most surprising: b 2.13 (mean 1.13), a 1.31 (mean 0.81), v3 0.02 (mean 1.02)",
	}
	for k, l := range least(3) {
		if l.String() != want[k] {
			t.Errorf("%d: %s, want %s", k, l, want[k])
		}
	}
	if n := len(least(9)); n != 4 {
		t.Errorf("%d rows of 4", n)
	}
}

func TestComparable(t *testing.T) {
	of := func(layer rbm.Layer, columns ...rbm.Column) *judged {
		return &judged{path: "x", model: &rbm.Model{Visible: layer, Hidden: layer, Columns: columns}, set: &data.Set{States: rbm.NewBatch(2, 2)}}
	}
	bits, spins, reals := rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewLayer(rbm.Spin, 2), rbm.NewLayer(rbm.Gaussian, 2)
	a := of(bits, rbm.Column{Name: "a", Kind: rbm.Bernoulli}, rbm.Column{Name: "b", Kind: rbm.Bernoulli})
	for _, test := range []struct {
		name string
		a, b *judged
		want bool
	}{
		{"bits and spins", of(bits), of(spins), true},
		{"bits and reals", of(bits), of(reals), false},
		{"columns in another order", a, of(spins, a.model.Columns[1], a.model.Columns[0]), true},
		{"other columns", a, of(bits, a.model.Columns[0], rbm.Column{Name: "c", Kind: rbm.Bernoulli}), false},
		{"numbers of rows", of(bits), &judged{model: a.model, set: &data.Set{States: rbm.NewBatch(3, 2)}}, false},
	} {
		if err := test.a.comparable(test.b); (err == nil) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Free energies by all workers are those of the model, to the bit, also of fewer rows than workers.
func TestFreeEnergiesOnAllWorkers(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.8) {
		free := onAll(compute.New(7), pair.Model.FreeEnergyFunc)
		for _, rows := range []int{0, 3, 100} {
			v := pair.Model.Visible.NewBatch(rows)
			pair.Model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
			if !slices.Equal(free(v), pair.Model.FreeEnergy(v)) {
				t.Errorf("%s: %d rows: other free energies by 7 workers", pair.Name, rows)
			}
		}
	}
}
