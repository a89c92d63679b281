package monitor_test

import (
	"math"
	"testing"

	"harmonium/data"
	"harmonium/exact"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/train"
)

// The AIS chains know log Z of the mean within four of their errors all along the training.
func TestAISChainsFollow(t *testing.T) {
	for _, rate := range []float64{0.001, 0.01, 0.1} {
		set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
		if err != nil {
			t.Fatal(err)
		}
		training, err := train.Start(rbm.New(16, 10, rng.Seed(1)), set, train.Config{Updates: 1000, Rate: rate, Batch: 50})
		if err != nil {
			t.Fatal(err)
		}
		y := training.Monitor
		mean, _ := y.Mean()
		for p := range training.Steps(t.Context()) {
			if p.Update%100 != 0 {
				continue
			}
			truth, err := exact.LogZ(t.Context(), mean, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			z := y.Chains().LogZ()
			if errors := (z.Value - truth) / z.Stderr; !(math.Abs(errors) < 4) || z.Stderr > 0.5 || z.ESS < monitor.AISChains/2 || y.Lost() {
				t.Errorf("rate %v, update %d: log Z of the mean is %+v, exactly %v; longest step %v", rate, p.Update, z, truth, *y.Longest())
			}
		}
	}
}

// New AIS chains take the place of old ones that have lost track, that are too low, or that know less; not of better ones. Afterwards they
// follow the training.
func TestRenew(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*monitor.Monitor)
		want   bool
	}{
		"lost":                      {func(y *monitor.Monitor) { *y.Longest() = monitor.LostTrack }, true},
		"too low":                   {func(y *monitor.Monitor) { s := y.Chains().State(); *s.LogZ, *s.Variance = *s.LogZ-20, 0 }, true},
		"uncertain":                 {func(y *monitor.Monitor) { *y.Chains().State().Variance = 10 }, true},
		"higher, if not well known": {func(y *monitor.Monitor) { s := y.Chains().State(); *s.LogZ, *s.Variance = *s.LogZ+20, 10 }, false},
	} {
		training, err := train.Start(rbm.New(16, 10, rng.Seed(1)), set, train.Config{Updates: 400, Batch: 50})
		if err != nil {
			t.Fatal(err)
		}
		y := training.Monitor
		mean, _ := y.Mean()
		for p := range training.Steps(t.Context()) {
			if p.Update != 200 {
				continue
			}
			c.change(y)
			old := y.Chains()
			y.Renew(200, rng.Seed(2))
			if renewed := y.Chains() != old; renewed != c.want {
				t.Errorf("%s: renewed: %v, want %v", name, renewed, c.want)
			}
		}
		if !c.want {
			continue
		}
		truth, err := exact.LogZ(t.Context(), mean, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if z := y.Chains().LogZ(); y.Lost() || !(math.Abs(z.Value-truth) < 4*z.Stderr) {
			t.Errorf("%s: 200 updates later log Z of the mean is %+v, exactly %v; longest step %v", name, z, truth, *y.Longest())
		}
	}
}

// The AIS chains make no more steps than are paid for, also where each update moves the model far.
func TestFollowingIsPaidFor(t *testing.T) {
	set, err := data.BarsSample(4, 4, 500, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for name, negative := range map[string]train.Negative{"cheap": &train.PCD{Steps: 1}, "costly": &train.PCD{Steps: 100, Chains: 300}} {
		config := train.Config{Updates: 1000, Rate: 1, Batch: 50, Every: 2000, Negative: negative}
		training, err := train.Start(rbm.New(16, 10, rng.Seed(1)), set, config)
		if err != nil {
			t.Fatal(err)
		}
		y := training.Monitor
		lent, pay := y.FollowBalance(), y.FollowPays(1000)
		for range training.Steps(t.Context()) {
		}
		_, seen := y.Mean()
		made := float64(y.Chains().Chains.Sweeps + monitor.LookCost*seen)
		if seen == 0 || made > lent+pay || lent > max(1+monitor.LookCost, pay) {
			t.Errorf("%s: %v steps for %d looks, where %v were lent and %v paid for", name, made, seen, lent, pay)
		}
	}
}
