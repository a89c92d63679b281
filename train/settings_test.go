package train_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// Every number of every kind goes into JSON and comes back.
func TestConfigAsJSON(t *testing.T) {
	for want, c := range map[string]train.Config{
		`"negative":{"kind":"pcd","steps":`:                                   {},
		`"optimizer":{"kind":"adam","beta1":0,"beta2":0.999,"epsilon":1e-08}`: {},
		`{"seed":18446744073709551615,"epochs":0,"updates":0,"time":"1m30s","batch":20,"rate":0.01,"rise":1,"schedule":"cosine",` +
			`"l1":0.5,"l2":0,"clip":0,"centered":false,"data_biases":true,"patience":0,"every":0,`: {
			Seed: 1<<64 - 1, Time: 90 * time.Second, Batch: 20, Rate: 0.01, Schedule: train.Cosine, L1: 0.5, Plain: true,
		},
		`{"kind":"pcd","steps":"auto","chains":7,"replicas":2,"trust":0.5}`: {
			Negative: &train.PCD{Adapt: true, Chains: 7, Replicas: 2, Trust: 0.5},
		},
		`{"kind":"cd","steps":10}`:           {Negative: &train.CD{}},
		`{"kind":"exact"}`:                   {Negative: &train.Exact{}},
		`{"kind":"sgd"}`:                     {Optimizer: &train.SGD{}},
		`{"kind":"momentum","decay":0.9}`:    {Optimizer: &train.Momentum{}},
		`{"kind":"adam","beta1":0.5,"beta2"`: {Optimizer: &train.Adam{Beta1: 0.5}},
	} {
		training := start(t, 4, drawnBars(t, 50), c)
		text, err := json.Marshal(training.Config())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("JSON is\n%s, want in it\n%s", text, want)
		}
		var back train.Config
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(back.Fresh()); err != nil || string(again) != string(text) {
			t.Errorf("JSON comes back as\n%s, %v, want\n%s", again, err, text)
		}
	}
}

func TestConfigRefusesJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"rates":1}`:                                      "a field that is not known",
		`{"rate":"fast"}`:                                  "rate: want a number",
		`{"seed":-1}`:                                      "seed: want a whole number that is not negative",
		`{"centered":"perhaps"}`:                           "centered: want true or false",
		`{"schedule":"wavy"}`:                              "schedule: want constant, linear, cosine or power",
		`{"negative":{"kind":"gibbs"}}`:                    "negative: kind: want pcd, cd",
		`{"negative":{"kind":"cd","steps":"auto"}}`:        "negative: steps: want a whole number",
		`{"negative":{"kind":"cd","chains":3}}`:            "negative: a field that is not known",
		`{"optimizer":{"kind":"adam","beta2":"near one"}}`: "optimizer: beta2: want a number",
		`{"optimizer":{"kind":"steepest"}}`:                "optimizer: kind: want adam, sgd",
		`{"optimizer":{"steps":99999999999999999999}}`:     "optimizer: kind: want",
		`{"epochs":99999999999999999999}`:                  "epochs: want a whole number of at most 64 bits",
	} {
		var c train.Config
		if err := json.Unmarshal([]byte(text), &c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", text, err, want)
		}
	}
}

// Names within a list are different, and a setting that needs another names one of its list. A kind comes back under
// its name.
func TestSettingsAreConsistent(t *testing.T) {
	lists := map[string][]train.Setting{"training": new(train.Config).Settings()}
	for _, n := range train.Negatives() {
		lists[n.Kind()] = n.Settings()
	}
	for _, o := range train.Optimizers() {
		lists[o.Kind()] = o.Settings()
	}
	if want := 1 + len(train.Negatives()) + len(train.Optimizers()); len(lists) != want {
		t.Errorf("%d different kinds, want %d", len(lists), want)
	}
	for kind, list := range lists {
		names := map[string]bool{"negative": true, "optimizer": true, "kind": true}
		for _, s := range list {
			if names[s.Name] || s.Help == "" {
				t.Errorf("%s: %q is there twice, or without help", kind, s.Name)
			}
			names[s.Name] = true
		}
		for _, s := range list {
			if s.Needs != "" && !names[s.Needs] {
				t.Errorf("%s: %s needs %q, which is not there", kind, s.Name, s.Needs)
			}
		}
	}
}

// Two trainings from one Config by Fresh are the same, although an optimiser and chains keep state.
func TestFreshKeepsNoState(t *testing.T) {
	c := train.Config{Updates: 30, Optimizer: &train.Adam{Beta1: 0.5}, Negative: &train.PCD{Chains: 20}}
	parameters := func() *rbm.Model {
		training := start(t, 4, drawnBars(t, 50), c.Fresh())
		for range training.Steps(t.Context()) {
		}
		return training.Model
	}
	if first, second := parameters(), parameters(); first.W[3] != second.W[3] || first.C()[1] != second.C()[1] {
		t.Errorf("w is %v and then %v, c %v and %v", first.W[3], second.W[3], first.C()[1], second.C()[1])
	}
}

// The default rate is as 1/√updates, four times that of a usual training at most, and as 1/√n with 20 to 100 hidden
// units. It isn't above that of the optimiser where nothing bounds the updates. A rate that is given stays. By default the
// rate may rise to four times itself where it is a default that is bounded, in short trainings by their part of that.
func TestDefaultRate(t *testing.T) {
	set := &data.Set{States: sample.FromBiases(rbm.New(10, 2, rng.Seed(1)), 1000, rng.Seed(2))} // ten minibatches an epoch
	for _, c := range []struct {
		hidden int
		config train.Config
		want   float64
	}{
		{100, train.Config{Updates: 12000}, 0.005}, {100, train.Config{Updates: 48000}, 0.0025}, {100, train.Config{Epochs: 4800}, 0.0025},
		{100, train.Config{Updates: 3000}, 0.01}, {100, train.Config{Epochs: 4800, Updates: 20}, 0.02},
		{100, train.Config{Epochs: 4800, Batch: 50}, 0.00125 * math.Sqrt2}, {100, train.Config{Time: time.Hour}, 0.005},
		{400, train.Config{Updates: 3000}, 0.01}, {25, train.Config{Updates: 3000}, 0.02}, {25, train.Config{Time: time.Hour}, 0.01},
		{20, train.Config{Updates: 20}, 0.02 * math.Sqrt(5)}, {2, train.Config{Updates: 48000}, 0.0025 * math.Sqrt(5)},
		{2, train.Config{Updates: 3000, Negative: &train.PCD{}}, 0.005}, {2, train.Config{Updates: 3000, Negative: &train.CD{}}, 0.005},
		{2, train.Config{Updates: 3000, Optimizer: &train.SGD{}}, 0.1}, {2, train.Config{Updates: 3000, Trained: true}, 0.005},
		{2, train.Config{Updates: 48000, Negative: &train.CD{}}, 0.0025}, {2, train.Config{Updates: 48000, Rate: 0.01}, 0.01},
	} {
		training, err := train.Start(rbm.New(10, c.hidden, rng.Seed(1)), set, c.config)
		if err != nil {
			t.Fatal(err)
		}
		got, rise := training.Config().Rate, 1.0
		if math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%d hidden units, %+v: rate %v, want %v", c.hidden, c.config, got, c.want)
		}
		if c.config.Rate == 0 && c.config.Optimizer == nil && !c.config.Trained && c.config.Negative == nil {
			usual := 0.005 * math.Sqrt(100/float64(min(max(c.hidden, 20), 100)))
			rise = min(max(4*math.Pow(usual/got, 2), 1), 4)
		}
		if got := training.Config().Rise; math.Abs(got/rise-1) > 1e-12 {
			t.Errorf("%d hidden units, %+v: rise %v, want %v", c.hidden, c.config, got, rise)
		}
	}
	spins := rbm.NewModel(rbm.NewLayer(rbm.Spin, 10), rbm.NewLayer(rbm.Spin, 4), rng.Seed(1))
	training, err := train.Start(spins, set, train.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if training.Config().Rise != 1 {
		t.Errorf("spins: rise %v, want 1", training.Config().Rise)
	}
	for rise, config := range map[float64]train.Config{0.5: {}, -1: {}, 2: {Negative: &train.CD{}}, 3: {Negative: &train.PCD{}}} {
		config.Rise = rise
		if _, err := train.Start(rbm.New(10, 4, rng.Seed(1)), set, config); err == nil || !strings.Contains(err.Error(), "rise is ") {
			t.Errorf("rise %v with %T: error %v", rise, config.Negative, err)
		}
	}
}
