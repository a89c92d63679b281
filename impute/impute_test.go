package impute

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// complete returns all rows.
func complete(t *testing.T, model *rbm.Model, v, known rbm.Batch, o Options) []*Row {
	t.Helper()
	var rows []*Row
	err := Rows(t.Context(), model, v, known, o, func(r int, row *Row) error {
		if r != len(rows) {
			t.Fatalf("row %d after %d", r, len(rows)-1)
		}
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// shown is all of a row as text.
func shown(row *Row) string {
	numbers := *row
	numbers.Draws = rbm.Batch{}
	return fmt.Sprint(numbers, row.Draws.Bytes())
}

// random returns a model of bits with weights of a size.
func random(m, n int, size float64, seed uint64) *rbm.Model {
	model := rbm.New(m, n, rng.Seed(seed))
	for k := range model.W {
		model.W[k] *= float32(size / 0.01)
	}
	return model
}

// patterns returns models whose modes are a few patterns of all units: what a training on clusters makes.
func patterns(m, clusters int, strength float64, seed uint64) *rbm.Model {
	model := rbm.New(m, clusters, rng.Seed(seed))
	source := rng.NewSource(rng.Seed(seed), 7)
	for j := range clusters {
		sum := 0.0
		for i := range m {
			w := strength
			if source.Float64() < 0.5 {
				w = -w
			}
			model.W[i*clusters+j] = float32(w)
			sum += math.Log(1+math.Exp(w)) - math.Log(2)
		}
		model.C()[j] = float32(-sum + source.Float64()) // each unit on or off gives about the same Z
	}
	return model
}

// cells returns which numbers are known: each with probability p, but sites as a whole, and never all.
func cells(model *rbm.Model, rows int, p float64, seed uint64) rbm.Batch {
	known, source := rbm.NewBatch(rows, model.M()), rng.NewSource(rng.Seed(seed), 3)
	for r := range rows {
		for i := range model.M() {
			known.SetBit(r, i, source.Float64() < p)
		}
		for _, s := range rbm.SitesOf(model.Visible) {
			for i := s.First + 1; i < s.First+s.States; i++ {
				known.SetBit(r, i, known.Bit(r, s.First))
			}
		}
		if known.Ones(r) == model.M() {
			known.SetBit(r, 0, len(rbm.SitesOf(model.Visible)) > 0)
		}
	}
	return known
}

// For all pairs of kinds with a finite layer: P(k) and means against sums over completed rows, or quadrature.
func TestRowsAreTheDefinition(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.7) {
		model := pair.Model
		if exact.Feasible(model) != nil {
			continue
		}
		v := model.Visible.NewBatch(3)
		model.Visible.Sample(v, nil, rng.Seed(5), 0, 0)
		known := cells(model, 3, 0.5, 1)
		for r, row := range complete(t, model, v, known, Options{Draws: 2, Seed: 1}) {
			want, means := byDefinition(model, v, known, r)
			if math.Abs(row.LogKnown-want) > 1e-5 || row.Stderr != 0 || !row.Exact {
				t.Errorf("%s: log P(k) + log Z is %v ± %v, want %v", pair.Name, row.LogKnown, row.Stderr, want)
			}
			for k, i := range row.Missing {
				if math.Abs(row.Means[k]-means[k][0]) > 1e-5 || math.Abs(row.Deviations[k]-means[k][1]) > 2e-3 {
					t.Errorf("%s: unit %d is %v ± %v, want %v", pair.Name, i, row.Means[k], row.Deviations[k], means[k])
				}
			}
			if row.Draws.Rows() != 2 {
				t.Fatalf("%s: %d draws, want 2", pair.Name, row.Draws.Rows())
			}
			for k := range 2 {
				for i := range model.M() {
					if known.Bit(r, i) && row.Draws.Value(k, i) != v.Value(r, i) {
						t.Errorf("%s: a known unit has changed", pair.Name)
					}
				}
			}
		}
	}
}

// completions are all states of what is missing of a row, real numbers on a grid. Each stands for the weight.
func completions(model *rbm.Model, v, known rbm.Batch, r int) (list rbm.Batch, weight float64, missing []int) {
	const from, to, points = -9., 9., 181
	list, weight = v.Slice(r, r+1).Clone(), 1.0
	spread := func(count int, set func(s rbm.Batch, k, choice int)) {
		all := list.Like(count * list.Rows())
		for k := range list.Rows() {
			for c := range count {
				all.Slice(k*count+c, k*count+c+1).Copy(list.Slice(k, k+1))
				set(all, k*count+c, c)
			}
		}
		list = all
	}
	sites := rbm.SitesOf(model.Visible)
	for _, s := range sites {
		if !known.Bit(r, s.First) {
			spread(s.States, func(b rbm.Batch, k, choice int) {
				for a := range s.States {
					b.SetBit(k, s.First+a, a == choice)
				}
			})
		}
	}
	inSite := func(i int) bool {
		for _, s := range sites {
			if i >= s.First && i < s.First+s.States {
				return true
			}
		}
		return false
	}
	for i := range model.M() {
		switch {
		case known.Bit(r, i):
			continue
		case i >= v.Bits():
			weight *= (to - from) / (points - 1)
			spread(points, func(b rbm.Batch, k, choice int) {
				b.Reals(k)[i-v.Bits()] = float32(from + (to-from)*float64(choice)/(points-1))
			})
		case !inSite(i):
			spread(2, func(b rbm.Batch, k, choice int) { b.SetBit(k, i, choice == 1) })
		}
		missing = append(missing, i)
	}
	return list, weight, missing
}

// byDefinition sums e^(−F) over the states of what is missing. It returns the logarithm of the sum, and mean and standard
// deviation of each missing unit.
func byDefinition(model *rbm.Model, v, known rbm.Batch, r int) (logSum float64, moments [][2]float64) {
	list, weight, missing := completions(model, v, known, r)
	sum, first, second := 0.0, make([]float64, len(missing)), make([]float64, len(missing))
	for k, f := range model.FreeEnergy(list) {
		p := math.Exp(-f) * weight
		sum += p
		for a, i := range missing {
			x := list.Value(k, i)
			first[a], second[a] = first[a]+p*x, second[a]+p*x*x
		}
	}
	for a := range missing {
		mean := first[a] / sum
		moments = append(moments, [2]float64{mean, math.Sqrt(max(0, second[a]/sum-mean*mean))})
	}
	return math.Log(sum), moments
}

// hiddenByDefinition is ⟨h|k⟩ = Σ_{v'} P(v'|k)·⟨h|v',k⟩.
func hiddenByDefinition(model *rbm.Model, v, known rbm.Batch, r int) []float64 {
	list, _, _ := completions(model, v, known, r)
	n, sum := model.N(), 0.0
	means, p := make([]float64, n), make([]float32, list.Rows()*n)
	rbm.NewConditionals(model, nil).HiddenProbs(p, list)
	scale, offset := model.Hidden.Line()
	for k, f := range model.FreeEnergy(list) {
		w := math.Exp(-f)
		sum += w
		for j := range n {
			means[j] += w * (scale*float64(p[k*n+j]) + offset)
		}
	}
	for j := range means {
		means[j] /= sum
	}
	return means
}

// For all pairs of kinds with a finite layer: ⟨h|k⟩ against sums over completed rows. Rows that are completed a part at a
// time are the same.
func TestHiddenMeansAreTheDefinition(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.7) {
		model := pair.Model
		if exact.Feasible(model) != nil {
			continue
		}
		v := model.Visible.NewBatch(3)
		model.Visible.Sample(v, nil, rng.Seed(5), 0, 0)
		known := cells(model, 3, 0.5, 1)
		for r, row := range complete(t, model, v, known, Options{Hidden: true, Draws: 1}) {
			for j, want := range hiddenByDefinition(model, v, known, r) {
				if math.Abs(row.Hidden[j]-want) > 1e-5 || row.HiddenErrors[j] != 0 {
					t.Errorf("%s: row %d: hidden unit %d is %v ± %v, want %v", pair.Name, r, j, row.Hidden[j], row.HiddenErrors[j], want)
				}
			}
			part := complete(t, model, v.Slice(r, r+1), known.Slice(r, r+1), Options{Hidden: true, Draws: 1, First: r})[0]
			if !slices.Equal(part.Hidden, row.Hidden) || !part.Draws.Equal(row.Draws) {
				t.Errorf("%s: row %d by itself: %+v, want %+v", pair.Name, r, part, row)
			}
		}
	}
}

// The errors of annealing are honest: scores and means are within 2.13 of them about as often as by Student's
// distribution with 15 degrees of freedom, 95 %. Among the models are ones with several modes.
func TestAnnealedErrors(t *testing.T) {
	const count = 40
	all := 0
	models := map[string]*rbm.Model{
		"weak": random(24, 12, 0.3, 1), "strong": random(24, 12, 1.5, 2),
		"three patterns": patterns(30, 3, 1.5, 3), "eight patterns": patterns(30, 8, 2, 4),
		"spins": spins(20, 8, 0.4),
	}
	for name, model := range models {
		v, _, err := exact.Sample(t.Context(), model, count, rng.Seed(9), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		known := cells(model, count, 0.3, 2)
		truth := complete(t, model, v, known, Options{Seed: 1, Hidden: true})
		inside, total, hidden, scores, squares := 0, 0, 0, 0, 0.0
		for r, want := range truth {
			if !want.Exact {
				t.Fatalf("%s: row %d is not exact", name, r)
			}
			row := annealed(t, model, v, known, r)
			d := (row.LogKnown - want.LogKnown) / row.Stderr
			if squares += d * d; math.Abs(d) < 2.13 {
				scores++
			}
			for k := range row.Means {
				total++
				if math.Abs(row.Means[k]-want.Means[k]) <= 2.13*row.Errors[k]+1e-3 {
					inside++
				}
			}
			for j := range row.Hidden {
				if math.Abs(row.Hidden[j]-want.Hidden[j]) <= 2.13*row.HiddenErrors[j]+1e-3 {
					hidden++
				}
			}
		}
		if part := float64(hidden) / float64(count*model.N()); part < 0.88 {
			t.Errorf("%s: %.3f of the means of hidden units are inside their errors", name, part)
		}
		t.Logf("%s: %d of %d scores, %.3f of %d means inside; rms %.2f", name, scores, count, float64(inside)/float64(total), total,
			math.Sqrt(squares/float64(count)))
		if all += scores; float64(scores) < 0.6*float64(count) || float64(inside) < 0.88*float64(total) {
			t.Errorf("%s: %d of %d scores and %d of %d means are inside their errors", name, scores, count, inside, total)
		}
	}
	if whole := count * len(models); float64(all) < 0.88*float64(whole) {
		t.Errorf("%d of %d scores are inside their errors", all, whole)
	}
}

func spins(m, n int, size float64) *rbm.Model {
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, m), rbm.NewLayer(rbm.Spin, n), rng.Seed(6))
	for k := range model.W {
		model.W[k] *= float32(size / 0.01)
	}
	return model
}

// annealed completes a row without enumeration.
func annealed(t *testing.T, model *rbm.Model, v, known rbm.Batch, r int) *Row {
	t.Helper()
	given, err := model.Given(v, r, func(i int) bool { return known.Bit(r, i) })
	if err != nil {
		t.Fatal(err)
	}
	row := &Row{Missing: given.Free}
	if _, err := row.anneal(t.Context(), compute.New(1), given.Model, Options{Hidden: true}, rng.Seed(uint64(r+300))); err != nil {
		t.Fatal(err)
	}
	row.LogKnown -= given.Energy
	return row
}

// Draws have the means of the conditional distribution, by enumeration and by annealing.
func TestDrawsAreOfTheConditional(t *testing.T) {
	const draws = 20000
	model := patterns(14, 3, 1.5, 3)
	v, known := rbm.NewBatch(1, 14), cells(model, 1, 0.3, 8)
	want := complete(t, model, v, known, Options{Draws: draws, Seed: 2})[0]
	given, err := model.Given(v, 0, func(i int) bool { return known.Bit(0, i) })
	if err != nil {
		t.Fatal(err)
	}
	row := &Row{Missing: given.Free}
	annealed, err := row.anneal(t.Context(), compute.New(1), given.Model, Options{Draws: draws}, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	enumerated := given.Part(want.Draws)
	for k, mean := range want.Means {
		if p := float64(enumerated.Counts()[k]) / draws; math.Abs(p-mean) > 5*math.Sqrt(mean*(1-mean)/draws) {
			t.Errorf("unit %d is on in %v of the draws by enumeration, want %v", k, p, mean)
		}
		// The 128 chains are the annealed draws: there are no more of them.
		if p := float64(annealed.Counts()[k]) / draws; math.Abs(p-mean) > 5*math.Sqrt(mean*(1-mean)/(batches*perBatch)) {
			t.Errorf("unit %d is on in %v of the draws by annealing, want %v", k, p, mean)
		}
	}
}

// A row that is known has its own likelihood; nothing is drawn. Rows are the same on any number of workers, whatever
// the missing numbers are.
func TestKnownRowsAndWorkers(t *testing.T) {
	model := random(60, 50, 0.5, 3) // too large to enumerate
	v := rbm.NewBatch(5, 60)
	model.Visible.Sample(v, nil, rng.Seed(1), 0, 0)
	known := cells(model, 5, 0.5, 1)
	for i := range 60 {
		known.SetBit(2, i, true)
	}
	want := complete(t, model, v, known, Options{Draws: 3, Seed: 4, Compute: compute.New(1)})
	row, free := want[2], model.FreeEnergy(v)[2]
	if !row.Exact || row.Missing != nil || row.LogKnown != -free || !row.Draws.Slice(1, 2).Equal(v.Slice(2, 3)) {
		t.Errorf("a known row: %+v", row)
	}
	other := v.Clone()
	for r := range 5 {
		for i := range 60 {
			if !known.Bit(r, i) {
				other.SetBit(r, i, !v.Bit(r, i))
			}
		}
	}
	for r, row := range complete(t, model, other, known, Options{Draws: 3, Seed: 4, Compute: compute.New(2)}) {
		if shown(row) != shown(want[r]) {
			t.Errorf("row %d: %+v, with one worker %+v", r, row, want[r])
		}
	}
}

// Draws are the same whether means are asked for or not, and copies of a row are not copies of a few states.
func TestDrawsStandAlone(t *testing.T) {
	model := random(60, 50, 0.5, 3) // too large to enumerate
	v, known := rbm.NewBatch(1, 60), cells(model, 1, 0.3, 1)
	a := complete(t, model, v, known, Options{Draws: 200, Seed: 4})[0]
	b := complete(t, model, v, known, Options{Draws: 200, Seed: 4, LogOnly: true})[0]
	if a.Exact || !a.Draws.Equal(b.Draws) || b.Means != nil || a.LogKnown != b.LogKnown {
		t.Errorf("other draws where means are asked for, or means where they are not")
	}
	different := map[string]bool{}
	for k := range 200 {
		different[fmt.Sprint(a.Draws.Slice(k, k+1).Bytes())] = true
	}
	if len(different) < 190 {
		t.Errorf("%d different rows among 200 draws of 40 free units", len(different))
	}
}

// One batch with nearly all of Z leaves errors that are numbers.
func TestErrorsOfUnevenBatches(t *testing.T) {
	var list [batches]batch
	for b := range list {
		list[b] = batch{logZ: float64(b % 2), means: []float64{0.25}, squares: []float64{0}}
	}
	list[3].logZ, list[3].means = 40, []float64{0.75}
	row := &Row{Missing: []int{0}}
	row.average(&list, 1)
	if row.Means[0] != 0.75 || math.Abs(row.Errors[0]-0.5*math.Sqrt(15./16)) > 1e-9 {
		t.Errorf("mean %v ± %v", row.Means[0], row.Errors[0])
	}
}

func TestRowsStop(t *testing.T) {
	model := rbm.NewModel(rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	known := rbm.NewBatch(2, 5)
	known.SetBit(1, 1, true)
	err := Rows(t.Context(), model, model.Visible.NewBatch(2), known, Options{}, func(int, *Row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "row 2: units 1 and 2 are states of one site") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Rows(ctx, model, model.Visible.NewBatch(1), known.Slice(0, 1), Options{}, nil); err == nil {
		t.Error("no error of a cancelled context")
	}
}
