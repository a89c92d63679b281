package monitor

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// An account earns its part of what updates cost at the time, counted in pieces, saves no more than it may, and affords
// what it has.
func TestAccount(t *testing.T) {
	update := 100.0
	a := account{part: 0.25, price: 10, most: 7, update: func() float64 { return update }}
	if got := a.pays(2); got != 5 {
		t.Errorf("two updates pay for %v pieces, want 0.25·2·100/10 = 5", got)
	}
	if got := a.period(); got != 1 { // 0.4 updates
		t.Errorf("a piece takes %d updates, want 1", got)
	}
	for _, c := range []struct {
		cost          float64
		updates       int
		spend, wanted float64
	}{
		{100, 2, 0, 5},
		{100, 2, 3, 4},   // 10 are cut to 7
		{10, 2, 0, 4.5},  // updates have become cheap
		{100, 10, 0, 25}, // earned at once
		{10, 1, 1, 6},    // and cut to 7 the next time
	} {
		update = c.cost
		a.Earn(c.updates)
		a.Spend(c.spend)
		if a.balance != c.wanted || !a.Affords(c.wanted) || a.Affords(c.wanted+0.25) {
			t.Errorf("%+v: the balance is %v", c, a.balance)
		}
	}
}

// The parts of a training that don't train cost less than a quarter of what trains where scores are live, and about a
// third where the monitor keeps a ladder.
func TestAccountsAreSmall(t *testing.T) {
	a := newAccounts(Config{
		Model: rbm.New(4, 3, rng.Seed(1)), Data: &data.Set{States: rbm.NewBatch(5, 4)}, Cost: func() float64 { return 1 },
	})
	sum := a.score.part + a.pseudo.part + a.spectrum.part + a.modes.part + a.judge.part
	if own := sum + a.follow.part; sum > 0.25 || own > 0.35 || a.gaps.part > 0.1 {
		t.Errorf("the accounts take %v of a training, and %v with a ladder, "+
			"docs/monitoring.md promises less than a quarter, a tenth for the ladder, and one for gaps", sum, own)
	}
}

// The sum over distinct rows is log Z where these are all configurations, however often each is there. Whatever is
// above the estimate by more than its errors and a nat takes its place, and says so.
func TestBoundsTakeThePlaceOfTheEstimate(t *testing.T) {
	model := rbm.New(6, 3, rng.Seed(1))
	truth, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := rbm.AllStates(6)
	set := &data.Set{States: rbm.NewBatch(3*all.Rows(), 6)}
	for r := range 3 {
		set.States.Slice(r*all.Rows(), (r+1)*all.Rows()).Copy(all)
	}
	logs := model.FreeEnergy(set.States)
	for r, f := range logs {
		logs[r] = -f
	}
	if mass := massOf(logs, distinct(set)); math.Abs(mass-truth) > 1e-9 {
		t.Errorf("the mass of all configurations is %v, want log Z = %v", mass, truth)
	}
	z, none := sample.LogZ{Value: 10, Stderr: 0.1, ESS: 50}, math.Inf(-1)
	for _, c := range []struct {
		least sample.Least
		code  string // "": the estimate stays
	}{
		{sample.Least{Configuration: 11.2, Rows: 11.2, Modes: 11.2}, ""},
		{sample.Least{Configuration: 12, Rows: none, Modes: none}, "hidden-mode"},
		{sample.Least{Configuration: 11, Rows: 12, Modes: none}, "mass"},
		{sample.Least{Configuration: 11, Rows: 11.5, Modes: 12}, "hidden-mode"},
	} {
		got, findings := conclude(z, c.least)
		if c.code == "" {
			if got != z || len(findings) > 0 {
				t.Errorf("%+v: log Z is %+v, findings %v", c.least, got, findings)
			}
			continue
		}
		if got != (sample.LogZ{Value: 12, Stderr: 2, ESS: 50}) || len(findings) != 1 || findings[0].Code != c.code ||
			!(&Scores{Findings: findings}).UpperBounds() {
			t.Errorf("%+v: log Z is %+v, findings %v, want 12 ± 2 and %q", c.least, got, findings, c.code)
		}
	}
}

// A search with as many starts as are paid for costs no more than is paid, whatever iterations they take.
func TestSearchesAreAffordable(t *testing.T) {
	for _, shape := range [][2]int{{20, 30}, {100, 50}, {50, 7}} {
		model := rbm.New(shape[0], shape[1], rng.Seed(1))
		for k := range model.W {
			model.W[k] *= 100
		}
		for _, iterations := range []int{0, 1000, 2000, 10000, 1e6} {
			budget := SearchCost(model, iterations)
			count := searchStarts(model, budget, mostJudged)
			if iterations == 1e6 && count != mostJudged || iterations == 0 && count != 0 {
				t.Errorf("%v: %d starts for %d iterations", shape, count, iterations)
			}
			if count < fewestSearch {
				continue
			}
			modes := sample.NewModes(model, nil)
			if err := modes.Search(t.Context(), count, sample.RandomStarts(model, count, rng.Seed(3)), rng.Seed(2)); err != nil {
				t.Fatal(err)
			}
			if cost := SearchCost(model, modes.Iterations); modes.Iterations == 0 || cost > budget {
				t.Errorf("%v: a search from %d starts takes %d iterations, more than the %d paid for", shape, count, modes.Iterations, iterations)
			}
		}
	}
}

// Two estimates give their weighted mean where AIS is higher by at most three errors. Where it is higher than that it
// holds, and where it is lower the rounds hold.
func TestEstimatesCombine(t *testing.T) {
	rounds := sample.LogZ{Value: 10, Stderr: 0.3, ESS: 7}
	for name, c := range map[string]struct{ rounds, ais, want sample.LogZ }{
		"equal":               {rounds, sample.LogZ{Value: 10, Stderr: 0.4, ESS: 50}, sample.LogZ{Value: 10, Stderr: 0.24, ESS: 7}},
		"within three errors": {rounds, sample.LogZ{Value: 11, Stderr: 0.4}, sample.LogZ{Value: 10.36, Stderr: 0.24 * math.Sqrt(5), ESS: 7}},
		"AIS higher":          {rounds, sample.LogZ{Value: 12, Stderr: 0.4}, sample.LogZ{Value: 12, Stderr: math.Hypot(0.4, 1), ESS: 7}},
		"AIS a little lower":  {rounds, sample.LogZ{Value: 9.9, Stderr: 0.1}, rounds},
		"AIS lower":           {rounds, sample.LogZ{Value: 8, Stderr: 0.4}, rounds},
		"without errors":      {sample.LogZ{Value: 10}, sample.LogZ{Value: 10}, sample.LogZ{Value: 10}},
	} {
		got := combine(c.rounds, c.ais)
		if !(math.Abs(got.Value-c.want.Value) < 1e-9 && math.Abs(got.Stderr-c.want.Stderr) < 1e-5) || got.ESS != c.want.ESS {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// AIS that is higher than the rounds by more than an error is made again, and the lower of the two counts.
func TestAISIsConfirmed(t *testing.T) {
	rounds := sample.LogZ{Value: 10, Stderr: 0.3}
	for _, c := range []struct{ first, second, want float64 }{{9, 0, 9}, {10.4, 0, 10.4}, {12, 10.1, 10.1}, {12, 13, 12}, {12, 8, 8}} {
		got := confirm(rounds, sample.LogZ{Value: c.first, Stderr: 0.4}, func() sample.LogZ {
			if c.second == 0 {
				t.Errorf("AIS of %v is made again", c.first)
			}
			return sample.LogZ{Value: c.second, Stderr: 0.4}
		})
		if got.Value != c.want {
			t.Errorf("AIS of %v, and of %v if it is made again, is %v, want %v", c.first, c.second, got.Value, c.want)
		}
	}
}

// Where nobody knows how many updates the time has room for, exact scores come as often as live ones or not at all.
func TestUnknownNumberOfUpdates(t *testing.T) {
	for _, test := range []struct {
		m, n   int
		method string
	}{{30, 40, MethodLive}, {100, 10, MethodExact}} {
		c := Config{
			Model: rbm.New(test.m, test.n, rng.Seed(1)), Data: &data.Set{States: rbm.NewBatch(200, test.m)}, Epoch: 2, Updates: unknownUpdates,
		}
		c.Cost = func() float64 { return GibbsCost(c.Model, 100, 10) }
		if p := newPlan(c, newAccounts(c)); p.method != test.method || p.every > 1000 {
			t.Errorf("%d×%d units: %s scores after every %d updates, want %s ones", test.m, test.n, p.method, p.every, test.method)
		}
	}
}

// A training of many passes over few rows is scored once in 15 of them where it can overfit, or as soon as its account
// pays for that, and once in a twentieth of its updates where nothing would tell.
func TestScoresOfManyPasses(t *testing.T) {
	const epoch, updates = 10, 12000
	c := Config{
		Model: rbm.New(500, 100, rng.Seed(1)), Data: &data.Set{States: rbm.NewBatch(1000, 500)}, Epoch: epoch, Updates: updates,
	}
	c.Cost = func() float64 { return GibbsCost(c.Model, 500, 10) }
	every := func() int { return newPlan(c, newAccounts(c)).every }
	without := every()
	c.Valid = c.Data
	if with := every(); with > livePasses*epoch || without <= livePasses*epoch || without > updates/liveScores {
		t.Errorf("a score every %d updates, and with validation data every %d", without, with)
	}
	small := c // its sums over hidden units are cheaper than replicas, but not cheap enough for each score
	small.Model = rbm.New(500, 20, rng.Seed(1))
	for _, chains := range []int{1, 10, 100, 1000} {
		small.Cost = func() float64 { return GibbsCost(small.Model, chains, 1) }
		a := newAccounts(small)
		p := newPlan(small, a)
		if exact := a.exact.period() <= 2*livePasses*epoch; exact != (p.method == MethodExact) {
			t.Errorf("%d chains: %s scores, where a sum takes what %d updates pay", chains, p.method, a.exact.period())
		}
	}
}
