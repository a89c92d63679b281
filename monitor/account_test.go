package monitor

import (
	"testing"

	"harmonium/data"
	"harmonium/rbm"
	"harmonium/rng"
)

// An account earns its part of what updates cost at the time, counted in pieces, saves no more than it may, and affords what it has.
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

// The parts of a training that don't train cost less than a tenth of it where scores are live.
func TestAccountsAreSmall(t *testing.T) {
	a := newAccounts(Config{
		Model: rbm.New(4, 3, rng.Seed(1)), Data: &data.Set{States: rbm.NewBatch(5, 4)}, Cost: func() float64 { return 1 },
	})
	if sum := a.follow.part + a.check.part + a.score.part + a.pseudo.part + a.spectrum.part; sum > 0.1 {
		t.Errorf("the accounts take %v of a training, docs/evaluation.md promises less than a tenth", sum)
	}
}
