package sample_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// magnet is a model with two modes, all units mostly +1 and all mostly −1, of which the first is the heavier.
func magnet(m, n int, w, field float32) (model, base *rbm.Model) {
	model = rbm.NewModel(rbm.NewLayer(rbm.Spin, m), rbm.NewLayer(rbm.Spin, n), rng.Seed(1))
	for k := range model.W {
		model.W[k] = w
	}
	for i := range model.B() {
		model.B()[i] = field
	}
	base = model.Clone()
	clear(base.W)
	clear(base.B())
	return model, base
}

func up(v rbm.Batch, r int) bool { return 2*v.Ones(r) > v.Units() }

// shareUp is the weight of the upper mode, by exact samples.
func shareUp(t *testing.T, model *rbm.Model) (share float64) {
	t.Helper()
	v, _, err := exact.Sample(t.Context(), model, 20000, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for r := range v.Rows() {
		if up(v, r) {
			share += 1 / float64(v.Rows())
		}
	}
	return share
}

// Gibbs chains stay in the mode where they started; tempered ones visit both, as often as they should.
func TestTemperingMovesBetweenModes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	const m, n, sets = 40, 8, 20
	model, base := magnet(m, n, 0.3, 0.01)
	want := shareUp(t, model)
	start := rbm.NewBatch(sets, m) // all −1

	gibbs := sample.NewChains(start, model.Hidden, rng.Seed(2))
	gibbs.Sweep(rbm.NewConditionals(model, compute.New(1)), 5000)
	for r := range sets {
		if up(gibbs.Visible, r) {
			t.Fatal("plain Gibbs changes modes: the test shows nothing")
		}
	}

	p := sample.NewTempering(lineTo(base, model, 1), start, 8, rng.Seed(3))
	for _, rounds := range []int{200, 400, 800} {
		for range rounds {
			p.Round()
		}
		p.Respace(30)
	}
	const rounds = 3000
	got, squares := 0.0, 0.0
	counts := make([]float64, sets)
	for range rounds {
		p.Round()
		for r := range sets {
			if up(p.Visible(), r) {
				counts[r] += 1. / rounds
			}
		}
	}
	for _, c := range counts {
		got += c / sets
	}
	for _, c := range counts {
		squares += (c - got) * (c - got) / (sets - 1)
	}
	stderr := math.Sqrt(squares/sets + want*(1-want)/20000)
	if math.Abs(got-want) > 4*stderr || stderr > 0.05 {
		t.Errorf("%.3f ± %.3f of the states are in the upper mode, should be %.3f", got, stderr, want)
	}
	if p.RoundTrips() < 1000 {
		t.Errorf("%d round trips in %d rounds of %d sets", p.RoundTrips(), rounds, sets)
	}
	t.Logf("upper mode %.3f ± %.3f (%.3f), %d round trips, swap rates %.2f, β %.3f",
		got, stderr, want, p.RoundTrips(), p.SwapRates(), p.Betas())
	for k, rate := range p.SwapRates() {
		if rate < 0.3 || rate > 0.8 {
			t.Errorf("neighbours %d and %d exchange with probability %.2f; all should be near a half", k, k+1, rate)
		}
	}
}

// Replica sets at exact samples stay samples of the model, whatever the base, and when their temperatures change.
func TestTemperingDoesNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and long under the race detector")
	}
	const sets = 20000
	model := randomModel(5, 4, rbm.Bernoulli, rbm.Bernoulli, 33)
	want := distribution(model, everything)
	for name, base := range bases(model) {
		p := sample.NewTempering(lineTo(base, model, 1), exactly(want, 5, sets, rng.Seed(1)), 4, rng.Seed(2))
		for range 20 { // the lower temperatures come to their own distributions
			p.Round()
		}
		for _, rounds := range []int{1, 2, 20} {
			for range rounds {
				p.Round()
			}
			p.Respace(6)
			checkDistribution(t, p.Visible(), want)
		}
		if β := p.Betas(); β[0] != 0 || β[len(β)-1] != 1 || !slices.IsSorted(β) {
			t.Errorf("%s: the temperatures are at %v", name, β)
		}
	}
}

// The works that a round reports are the changes of free energy between neighbours, of their states, by models with
// interpolated parameters.
func TestObservedWork(t *testing.T) {
	const m, n, sets, temperatures = 30, 12, 7, 5
	for _, units := range kinds {
		model := randomModel(m, n, units, units, 37)
		line := lineTo(sample.IndependentModel(model), model, 1)
		p := sample.NewTempering(line, rbm.NewBatch(sets, m), temperatures, rng.Seed(1))
		for round := range 6 {
			var pairs []int
			p.ObserveWork = func(k int, up, down []float64) {
				pairs = append(pairs, k)
				low, high, states := model.Clone(), model.Clone(), p.State().Visible
				line.Interpolate(low, p.Betas()[k])
				line.Interpolate(high, p.Betas()[k+1])
				check := func(name string, work []float64, v rbm.Batch, from, to *rbm.Model) {
					t.Helper()
					before, after := from.FreeEnergy(v), to.FreeEnergy(v)
					for r, got := range work {
						if want := after[r] - before[r]; math.Abs(got-want) > 1e-5*(1+math.Abs(before[r])) {
							t.Errorf("%v: work %s of set %d between temperatures %d and %d is %v, want %v", units, name, r, k, k+1, got, want)
						}
					}
				}
				check("up", up, states.Slice(k*sets, (k+1)*sets), low, high)
				check("down", down, states.Slice((k+1)*sets, (k+2)*sets), high, low)
			}
			p.Round()
			if want := [][]int{{0, 2}, {1, 3}}[round%2]; !slices.Equal(pairs, want) {
				t.Errorf("round %d exchanges pairs %v, want %v", round, pairs, want)
			}
		}
	}
}

// walked are replica sets that have found temperatures of their own, on a line whose model moves meanwhile.
func walked(t *testing.T, units rbm.Kind, workers int) (p *sample.Tempering, line *rbm.Line) {
	t.Helper()
	const m, n, sets = 30, 20, 7
	model := randomModel(m, n, units, units, 39)
	end := rbm.NewConditionals(model, compute.New(workers))
	line = rbm.NewLine(sample.IndependentModel(model), model, end)
	p = sample.NewTempering(line, rbm.NewBatch(sets, m), 5, rng.Seed(2))
	trips := 0
	rounds := func() {
		for range 30 {
			p.Round()
		}
		trips += p.RoundTrips()
	}
	rounds()
	p.Respace(9)
	rounds()
	for k := range model.W {
		model.W[k] *= 1.1
	}
	end.Update(model)
	rounds()
	if trips == 0 || len(p.Betas()) == 5 {
		t.Fatalf("%v: %d round trips at %d temperatures: the test shows nothing", units, trips, len(p.Betas()))
	}
	return p, line
}

// sameReplicas reports whether two replica sets have the same states, temperatures and counts.
func sameReplicas(a, b *sample.Tempering) bool {
	s, o := a.State(), b.State()
	return s.Visible.Equal(o.Visible) && s.Renewed.Equal(o.Renewed) && *s.Renewals == *o.Renewals &&
		slices.Equal(s.Betas, o.Betas) && slices.Equal(s.Rejected, o.Rejected) &&
		slices.Equal(s.Tried, o.Tried) && *s.Sweeps == *o.Sweeps && *s.Rounds == *o.Rounds
}

// restored are replica sets that began with another number of temperatures and have taken over the state of others.
func restored(p *sample.Tempering, line *rbm.Line, temperatures int) *sample.Tempering {
	q := sample.NewTempering(line, sample.FromBiases(line.Model(), p.Visible().Rows(), rng.Seed(7)), temperatures, rng.Seed(2))
	for range 3 {
		q.Round()
	}
	q.Resize(len(p.Betas()))
	from, to := p.State(), q.State()
	to.Visible.Copy(from.Visible)
	to.Renewed.Copy(from.Renewed)
	*to.Sweeps, *to.Rounds, *to.Renewals = *from.Sweeps, *from.Rounds, *from.Renewals
	copy(to.Betas, from.Betas)
	copy(to.Rejected, from.Rejected)
	copy(to.Tried, from.Tried)
	return q
}

// Replica sets that take over a State go on as if nothing had happened, to the bit, on any number of workers.
func TestTemperingRestores(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	for _, units := range kinds {
		for _, temperatures := range []int{2, 4, 20} {
			p, line := walked(t, units, 1)
			_, other := walked(t, units, 2)
			a, b := restored(p, line, temperatures), restored(p, other, temperatures)
			for stage := range 3 {
				for range 20 {
					p.Round()
					a.Round()
					b.Round()
				}
				if !sameReplicas(p, a) || !sameReplicas(p, b) {
					t.Errorf("%v, from %d temperatures: other states after stage %d", units, temperatures, stage)
				}
				p.Respace(12)
				a.Respace(12)
				b.Respace(12)
			}
		}
	}
}

// A clone goes on from the same states at the same temperatures, by random numbers of its own, and leaves the original
// as it is.
func TestTemperingClone(t *testing.T) {
	for k, units := range kinds {
		if testing.Short() && k > 0 {
			break // takes long under the race detector, and is one goroutine
		}
		p, _ := walked(t, units, 1)
		twin, _ := walked(t, units, 1)
		observed := 0
		p.ObserveWork = func(int, []float64, []float64) { observed++ }
		a, b, other := p.Clone(rng.Seed(8)), p.Clone(rng.Seed(8)), p.Clone(rng.Seed(9))
		if !a.State().Visible.Equal(p.State().Visible) || !slices.Equal(a.Betas(), p.Betas()) || a.RoundTrips() != 0 {
			t.Errorf("%v: the clone begins at other states or temperatures", units)
		}
		for range 300 { // of which a clone needs some before its first trip
			a.Round()
			b.Round()
			other.Round()
		}
		if !sameReplicas(a, b) || sameReplicas(a, other) || observed > 0 {
			t.Errorf("%v: equal keys give other states, or other keys the same, or clones are observed", units)
		}
		if a.RoundTrips() == 0 {
			t.Errorf("%v: no round trips in the clone", units)
		}
		for range 10 {
			p.Round()
			twin.Round()
		}
		if !sameReplicas(p, twin) || observed == 0 {
			t.Errorf("%v: the clone changed its original", units)
		}
	}
}

// Respace keeps the replicas at the model and at the base, and gives each of the others those of the nearest
// temperature.
func TestTemperingRespaces(t *testing.T) {
	counts := map[int]bool{}
	for _, most := range []int{2, 4, 20} {
		p, _ := walked(t, rbm.Bernoulli, 1)
		from, before, sets := p.Betas(), p.State().Visible.Clone(), p.Visible().Rows()
		p.Respace(most)
		to := p.Betas()
		counts[len(to)] = true
		if len(to) > most || to[0] != 0 || to[len(to)-1] != 1 || !slices.IsSorted(to) {
			t.Errorf("at most %d temperatures: they are at %v", most, to)
		}
		for k, β := range to {
			nearest := 0
			for l, x := range from {
				if math.Abs(x-β) <= math.Abs(from[nearest]-β) {
					nearest = l
				}
			}
			if !p.State().Visible.Slice(k*sets, (k+1)*sets).Equal(before.Slice(nearest*sets, (nearest+1)*sets)) {
				t.Errorf("from %v to %v: other states at %d than at %d before", from, to, k, nearest)
			}
		}
	}
	if len(counts) < 3 {
		t.Errorf("numbers of temperatures %v: the test shows nothing", counts)
	}
}

// Resize makes room for a number of temperatures, whose places and states are then set.
func TestTemperingResizes(t *testing.T) {
	for _, count := range []int{2, 3, 9, 15} {
		p, _ := walked(t, rbm.Bernoulli, 1)
		sets := p.Visible().Rows()
		if p.Resize(count); len(p.Betas()) != count || p.State().Visible.Rows() != count*sets || p.State().Renewed.Rows() != count*sets {
			t.Fatalf("%d temperatures with %d states, want %d", len(p.Betas()), p.State().Visible.Rows(), count)
		}
		p.Round()
		if β := p.Betas(); β[0] != 0 || β[count-1] != 1 {
			t.Errorf("the temperatures are at %v", β)
		}
		copy(p.State().Betas, sample.Even(count-1))
		p.Round()
	}
	defer func() {
		if message := fmt.Sprint(recover()); message != "sample: tempering with 1 temperatures" {
			t.Errorf("panic %q", message)
		}
	}()
	model := randomModel(4, 3, rbm.Bernoulli, rbm.Bernoulli, 1)
	sample.NewTempering(lineTo(sample.IndependentModel(model), model, 1), rbm.NewBatch(1, 4), 1, rng.Seed(1))
}
