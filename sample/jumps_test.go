package sample_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// wrong are jumps to modes that have nothing to do with any model: near corners, in the middle, and twice the same one,
// with bounds that are far off, or, of spins and bits alike, to one mode alone.
func wrong(units int) map[string]*sample.Jumps {
	source := rng.NewSource(rng.Seed(5), 0)
	means := make([]float32, 4*units)
	for k := range means {
		means[k] = float32(source.Float64())
		if k < units {
			means[k] = float32(math.Round(source.Float64())) // which jumps move away from 0 and 1
		}
	}
	copy(means[3*units:], means[2*units:3*units])
	return map[string]*sample.Jumps{
		"four modes": sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, units), means, []float64{-500, 3, 2, 2}, compute.New(1)),
		"one mode":   sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, units), slices.Clone(means[units:2*units]), []float64{700}, compute.New(1)),
	}
}

// toModes are jumps to the modes of a model.
func toModes(model *rbm.Model) *sample.Jumps {
	return sample.FindJumps(model, sample.FromBiases(model, 10, rng.Seed(8)), 4, rng.Seed(9), compute.New(1))
}

// jumpsFor are jumps to the modes of a model and to wrong ones.
func jumpsFor(model *rbm.Model) map[string]*sample.Jumps {
	all := wrong(model.M())
	if model.CheckBits() == nil {
		all["its modes"] = toModes(model)
	}
	return all
}

// Chains at exact samples stay samples of the model when they jump, whatever the modes are and whatever the units.
func TestJumpsDoNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const m, n, chains = 5, 4, 20000
	for _, units := range kinds {
		model := randomModel(m, n, units, units, 51)
		want, c := distribution(model, everything), rbm.NewConditionals(model, compute.New(1))
		for name, jumps := range jumpsFor(model) {
			v, moves := exactly(want, m, chains, rng.Seed(1)), 0
			for step := range uint64(20) {
				moves += len(jumps.Move(v, c.FreeEnergy, rng.Seed(2), step))
			}
			t.Logf("%s, %s: %d moves", units, name, moves)
			if moves < chains/2 {
				t.Errorf("%s, %s: %d moves: the test shows nothing", units, name, moves)
			}
			checkDistribution(t, v, want)
		}
	}
}

// P(v) P(v → v') = P(v') P(v' → v), by definition: jumps from each configuration are counted, and are those of the
// rule, q(v') min(1, P(v')q(v)/(P(v)q(v'))).
func TestJumpsKeepDetailedBalance(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const m, n, chains = 3, 3, 100000
	model := randomModel(m, n, rbm.Bernoulli, rbm.Bernoulli, 53)
	p, c := distribution(model, everything), rbm.NewConditionals(model, compute.New(1))
	for name, jumps := range jumpsFor(model) {
		flow := make([][]float64, len(p)) // P(v → v')
		for from := range p {
			v := rbm.NewBatch(chains, m)
			for r := range chains {
				v.SetIndex(r, uint64(from))
			}
			flow[from] = make([]float64, len(p))
			for _, r := range jumps.Move(v, c.FreeEnergy, rng.Seed(6), uint64(from)) {
				flow[from][v.Index(r)] += 1. / chains
			}
		}
		q := proposed(jumps, m)
		for a := range p {
			for b := range p {
				if a == b {
					continue
				}
				want := q[b] * min(1, p[b]*q[a]/(p[a]*q[b]))
				if error := 5*math.Sqrt(want/chains) + 5./chains; math.Abs(flow[a][b]-want) > error {
					t.Errorf("%s: %03b goes to %03b with probability %.5f, want %.5f ± %.5f", name, a, b, flow[a][b], want, error)
				}
				there, back := p[a]*flow[a][b], p[b]*flow[b][a]
				if error := 5 * math.Sqrt((p[a]*there+p[b]*back)/chains); math.Abs(there-back) > error+10./chains {
					t.Errorf("%s: %03b to %03b: %.6f there, %.6f back, ± %.6f", name, a, b, there, back, error)
				}
			}
		}
	}
}

// proposed is q(v) = Σ_k a_k Π_i P(v_i|μ_ki) of all configurations.
func proposed(jumps *sample.Jumps, m int) []float64 {
	largest, all := slices.Max(jumps.Bounds), 0.0
	for _, bound := range jumps.Bounds {
		all += math.Exp(bound - largest)
	}
	q := make([]float64, 1<<m)
	for v := range q {
		for k, bound := range jumps.Bounds {
			p := 0.5/float64(len(jumps.Bounds)) + 0.5*math.Exp(bound-largest)/all
			for i, μ := range jumps.Means[k*m : (k+1)*m] {
				if v>>i&1 == 1 {
					p *= float64(μ)
				} else {
					p *= 1 - float64(μ)
				}
			}
			q[v] += p
		}
	}
	return q
}

// Replicas that jump keep the distribution at every temperature, whatever the modes are.
func TestTemperingWithJumpsDoesNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const m, n, sets, temperatures = 5, 4, 8000, 4
	for _, units := range kinds {
		model := randomModel(m, n, units, units, 54)
		base := sample.IndependentModel(model)
		for name, jumps := range jumpsFor(model) {
			line := lineTo(base, model, 1)
			p := sample.NewTempering(line, rbm.NewBatch(sets, m), temperatures, rng.Seed(2))
			v := p.State().Visible
			var want [temperatures][]float64
			for k, β := range p.Betas() {
				at := model.Clone()
				line.Interpolate(at, β)
				want[k] = distribution(at, everything)
				v.Slice(k*sets, (k+1)*sets).Copy(exactly(want[k], m, sets, rng.Seed(uint64(k))))
			}
			p.Jumps = jumps
			p.JumpAll()
			for k := range want {
				t.Run(fmt.Sprintf("%s, %s, temperature %d", units, name, k), func(t *testing.T) {
					checkDistribution(t, v.Slice(k*sets, (k+1)*sets), want[k])
				})
			}
			for range 5 {
				p.Round()
			}
			for k := range want {
				t.Run(fmt.Sprintf("%s, %s, temperature %d after rounds", units, name, k), func(t *testing.T) {
					checkDistribution(t, v.Slice(k*sets, (k+1)*sets), want[k])
				})
			}
		}
	}
}

// Jumps with other bounds are those that are made of these bounds.
func TestReweigh(t *testing.T) {
	const m, rows = 12, 2000
	one, other := wrong(m)["four modes"], wrong(m)["four modes"]
	copy(one.Bounds, []float64{2, 5, -1, 4})
	one.Reweigh()
	other = sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, m), other.Means, []float64{2, 5, -1, 4}, compute.New(1))
	free := func(dst []float64, _ rbm.Batch) { clear(dst) }
	before := wrong(m)["four modes"]
	var states [3]rbm.Batch
	for k, j := range []*sample.Jumps{one, other, before} {
		states[k] = rbm.NewBatch(rows, m)
		j.Move(states[k], free, rng.Seed(3), 1)
	}
	same := 0
	for r := range rows {
		if states[0].Compare(r, states[1], r) != 0 {
			t.Fatalf("row %d jumps elsewhere than by new jumps", r)
		}
		if states[0].Compare(r, states[2], r) == 0 {
			same++
		}
	}
	if same == rows {
		t.Error("all rows jump as with the bounds before: the test shows nothing")
	}
}

// Jumps change modes that tempering with few temperatures does not, and find their weights.
func TestJumpsMoveBetweenModes(t *testing.T) {
	const m, n, chains = 40, 8, 400
	model, _ := magnet(m, n, 0.3, 0.01)
	weight := shareUp(t, model)
	c, jumps := rbm.NewConditionals(model, compute.New(1)), toModes(model)
	if len(jumps.Bounds) != 2 {
		t.Fatalf("%d modes, want 2", len(jumps.Bounds))
	}
	v := sample.NewChains(rbm.NewBatch(chains, m), model.Hidden, rng.Seed(1)) // all −1
	got, rounds := 0., 0.
	for step := range uint64(400) {
		v.Sweep(c, 1)
		jumps.Move(v.Visible, c.FreeEnergy, rng.Seed(2), step)
		if step >= 200 {
			rounds++
			for r := range chains {
				if up(v.Visible, r) {
					got += 1. / chains
				}
			}
		}
	}
	if got /= rounds; math.Abs(got-weight) > 0.03 {
		t.Errorf("%.3f of the states are in the upper mode, should be %.3f", got, weight)
	}
}

// Jumps to more modes are those to all of them, as far as there is room.
func TestJumpsWithMore(t *testing.T) {
	const m = 12
	few, one := wrong(m)["four modes"], wrong(m)["one mode"]
	all := few.With(one.Known())
	if want := slices.Concat(few.Bounds, one.Bounds); !slices.Equal(all.Bounds, want) || len(all.Means) != m*len(want) {
		t.Errorf("%d bounds and %d means, want those of five modes", len(all.Bounds), len(all.Means))
	}
	many := sample.KnownModes{Means: make([]float32, m*sample.MostJumps), Bounds: make([]float64, sample.MostJumps)}
	if got := len(few.With(many).Bounds); got != sample.MostJumps {
		t.Errorf("%d modes, want %d", got, sample.MostJumps)
	}
	if got := few.With(sample.KnownModes{}); !slices.Equal(got.Bounds, few.Bounds) {
		t.Errorf("bounds %v with nothing more, want %v", got.Bounds, few.Bounds)
	}
}

// No modes and no states are no trouble; numbers that don't fit are.
func TestJumpsOfNothing(t *testing.T) {
	free := func([]float64, rbm.Batch) { t.Error("free energies of nothing") }
	none := sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, 4), nil, nil, nil)
	if moved := none.Move(rbm.NewBatch(3, 4), free, rng.Seed(1), 0); len(moved) > 0 {
		t.Errorf("%v moved to no mode", moved)
	}
	if moved := wrong(4)["four modes"].Move(rbm.NewBatch(0, 4), free, rng.Seed(1), 0); len(moved) > 0 {
		t.Errorf("%v of no states moved", moved)
	}
	defer func() {
		if recover() == nil {
			t.Error("7 means of modes of 4 units were taken")
		}
	}()
	sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, 4), make([]float32, 7), make([]float64, 2), nil)
}

// What a checkpoint holds of modes comes back, and damage is refused.
func TestKnownModes(t *testing.T) {
	model := randomModel(6, 4, rbm.Spin, rbm.Bernoulli, 55)
	jumps := toModes(model)
	known := jumps.Known()
	if err := known.Check(); err != nil || len(known.Bounds) == 0 || !slices.IsSortedFunc(known.Bounds, func(a, b float64) int {
		if a >= b {
			return -1
		}
		return 1
	}) {
		t.Fatalf("error %v, bounds %v", err, known.Bounds)
	}
	again := sample.NewJumps(rbm.NewLayer(rbm.Bernoulli, 6), slices.Clone(known.Means), known.Bounds, compute.New(1))
	c, a := rbm.NewConditionals(model, compute.New(1)), sample.FromBiases(model, 50, rng.Seed(1))
	b := a.Clone()
	for step := range uint64(20) {
		jumps.Move(a, c.FreeEnergy, rng.Seed(2), step)
		again.Move(b, c.FreeEnergy, rng.Seed(2), step)
	}
	if got, want := lecturetest.Rows(b), lecturetest.Rows(a); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("modes that have been read back give other jumps")
	}
	rows := rbm.NewBatch(1, 6)
	known.Rows(rows, rbm.NewLayer(rbm.Bernoulli, 6))
	for i, μ := range known.Means[:6] {
		if rows.Bit(0, i) != (μ > 0.5) {
			t.Errorf("unit %d of the mode with the largest bound is %v, its mean %v", i, rows.Bit(0, i), μ)
		}
	}
	nan := math.NaN()
	for _, damaged := range []sample.KnownModes{
		{[]float32{0.5, float32(nan)}, []float64{1}}, {[]float32{0.5, -0.1}, []float64{1}}, {[]float32{0.5, 1.5}, []float64{1}},
		{[]float32{0.5, 0.5}, []float64{nan}}, {[]float32{0.5, 0.5}, []float64{math.Inf(-1)}},
	} {
		if damaged.Check() == nil {
			t.Errorf("%v passed", damaged)
		}
	}
}

// Where all exchanges are accepted a state passes through all temperatures and back in twice as many rounds, so that
// each set renews the state at the model in every second round. Where none is, only jumps renew it.
func TestRenewals(t *testing.T) {
	const m, n, sets, rounds = 60, 4, 10, 400
	free := rbm.New(m, n, rng.Seed(1))
	clear(free.W)
	caught, _ := magnet(m, n, 1, 0) // far from fair coins
	for _, c := range []struct {
		name         string
		model        *rbm.Model
		jumps        *sample.Jumps
		temperatures int
		least, most  uint64
	}{
		{"all exchanges", free, nil, 5, sets * (rounds/2 - 5), sets * rounds / 2},
		{"no exchanges", caught, nil, 2, 0, 0},
		{"no exchanges but jumps", caught, toModes(caught), 2, rounds / 10, 4 * rounds},
	} {
		p := sample.NewTempering(lineTo(sample.IndependentModel(c.model), c.model, 1), rbm.NewBatch(sets, m), c.temperatures, rng.Seed(1))
		p.Jumps = c.jumps
		for range rounds {
			p.Round()
		}
		if got := p.Renewals(); got < c.least || got > c.most || p.Rounds() != rounds {
			t.Errorf("%s: %d renewals in %d rounds, want %d to %d", c.name, got, p.Rounds(), c.least, c.most)
		}
	}
}
