package train_test

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/train"
)

func sameModels(t *testing.T, a, b *train.Training) bool {
	t.Helper()
	for p, x := range a.Best().Parameters() {
		best, last := b.Best().Parameters()[p], b.Model.Parameters()[p]
		if !slices.Equal(x.Values, best.Values) || !slices.Equal(a.Model.Parameters()[p].Values, last.Values) {
			return false
		}
	}
	return a.Done() == b.Done() && a.Finished() == b.Finished()
}

// runTo makes updates until as many are done, or to the end.
func runTo(t *testing.T, training *train.Training, update int) {
	t.Helper()
	if training.Done() == update {
		return
	}
	for p := range training.Steps(t.Context()) {
		if p.Update == update {
			break
		}
	}
	if training.Err() != nil {
		t.Fatal(training.Err())
	}
}

// A training that goes on to other bounds, from its end by any reason or on its way, is the one whose settings list them
// from the beginning, and so is one that goes on from a checkpoint before or after that.
func TestContinuedTrainingsRepeat(t *testing.T) {
	const whole = math.MaxInt
	for name, c := range map[string]struct {
		begin func(continued ...train.Continuation) *train.Training
		at    int // the update to go on from
		more  train.Bounds
		end   int // updates then; 0 where it overfits
	}{
		"lost patience": {
			ends(t, train.Config{Updates: 400, Patience: 2, Every: 5, Rate: 3, Optimizer: &train.SGD{}}), whole, train.Bounds{Updates: 500}, 0,
		},
		"from the end":   {ends(t, train.Config{Updates: 40}), whole, train.Bounds{Updates: 70}, 70},
		"averaged":       {ends(t, train.Config{Updates: 40, Average: true, Rate: 0.05}), whole, train.Bounds{Updates: 70}, 70},
		"on the way":     {ends(t, train.Config{Updates: 40}), 23, train.Bounds{Epochs: 15}, 75},
		"to an end soon": {ends(t, train.Config{Updates: 400}), 23, train.Bounds{Updates: 30, Epochs: 100}, 30},
		"overfitted": {func(continued ...train.Continuation) *train.Training {
			return overfitting(t, train.Config{Continued: continued})
		}, whole, train.Bounds{Updates: 800}, 0},
	} {
		if testing.Short() && c.end == 0 {
			continue // hundreds of updates, and evaluations of each
		}
		first := c.begin()
		runTo(t, first, c.at)
		at := first.Done()
		if name == "overfitted" && at >= 800 || name == "lost patience" && first.Finished() != "patience" {
			t.Fatalf("%s: %d updates, finished %q", name, at, first.Finished())
		}
		before := checkpoint(t, first)
		if err := first.Continue(c.more); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if first.Finished() != "" {
			t.Errorf("%s: finished by %q", name, first.Finished())
		}
		after := checkpoint(t, first)
		list := first.Config().Continued
		if len(list) != 1 || list[0].After != at || list[0].Bounds != c.more {
			t.Errorf("%s: continued %+v", name, list)
		}
		runTo(t, first, whole)
		if first.Done() <= at || c.end > 0 && first.Done() != c.end || first.Finished() == "" {
			t.Errorf("%s: goes on from %d to %d updates, want %d", name, at, first.Done(), c.end)
		}
		straight := c.begin(list...)
		runTo(t, straight, whole)
		if !sameModels(t, first, straight) {
			t.Errorf("%s: a training with these bounds from the beginning is another one", name)
		}
		for k, text := range [][]byte{before, after} {
			again := c.begin(list...)
			if err := again.Resume(text); err != nil {
				t.Fatal(err)
			}
			runTo(t, again, at+1)
			text := checkpoint(t, again)
			again = c.begin(list...)
			if err := again.Resume(text); err != nil {
				t.Fatal(err)
			}
			runTo(t, again, whole)
			if !sameModels(t, first, again) {
				t.Errorf("%s: checkpoint %d leads to another training", name, k)
			}
		}
	}
}

// ends makes trainings of few updates, five a pass.
func ends(t *testing.T, c train.Config) func(continued ...train.Continuation) *train.Training {
	return func(continued ...train.Continuation) *train.Training {
		c := c.Fresh()
		c.Batch, c.Valid, c.Negative, c.Continued = 20, drawnValid(t), &train.PCD{Chains: 20, Steps: 1, Replicas: 2}, continued
		return start(t, 6, drawnBars(t, 100), c)
	}
}

func checkpoint(t *testing.T, training *train.Training) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := training.Checkpoint(&text); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// A schedule is laid out once more over the updates that are left, from the whole rate where they are half of all or
// more, and from twice their part of it else.
func TestRateOfContinuedTrainings(t *testing.T) {
	for _, c := range []struct {
		schedule train.Schedule
		total    int
		first    float64
	}{
		{train.Linear, 50, 0.4}, {train.Linear, 80, 1}, {train.Linear, 100, 1},
		{train.Cosine, 50, 0.4}, {train.Power, 50, 0.4}, {train.Constant, 50, 1},
	} {
		training := ends(t, train.Config{Updates: 40, Rate: 0.01, Schedule: c.schedule})()
		runTo(t, training, 40)
		if err := training.Continue(train.Bounds{Updates: c.total}); err != nil {
			t.Fatal(err)
		}
		for p := range training.Steps(t.Context()) {
			want := 0.01 * c.first * c.schedule.Factor(float64(p.Update-1-40)/float64(c.total-40))
			if math.Abs(p.Rate-want) > 1e-12 || p.Planned != c.total {
				t.Fatalf("%s, %d updates: update %d of %d has the rate %v, want %v", c.schedule, c.total, p.Update, p.Planned, p.Rate, want)
			}
		}
	}
}

// Where the time is the only bound, it is what the rate falls over, from the time spent before.
func TestRateOfTrainingsContinuedByTime(t *testing.T) {
	training := ends(t, train.Config{Updates: 5, Rate: 0.01})()
	runTo(t, training, 5)
	spent := training.Seconds()
	if err := training.Continue(train.Bounds{Time: time.Duration(4 * spent * float64(time.Second))}); err != nil {
		t.Fatal(err)
	}
	last := 0.01
	for p := range training.Steps(t.Context()) {
		if p.Rate > last {
			t.Errorf("update %d has the rate %v, after %v", p.Update, p.Rate, last)
		}
		last = p.Rate
	}
	if list := training.Config().Continued; training.Finished() != "time" || len(list) != 1 || list[0].Spent.Seconds() != spent {
		t.Errorf("finished by %q, continued %+v after %v s", training.Finished(), list, spent)
	}
}

func TestContinueRefuses(t *testing.T) {
	training := ends(t, train.Config{Updates: 40})()
	runTo(t, training, 12)
	for want, to := range map[string]train.Bounds{
		"no bound: want epochs, updates or time": {},
		"12 updates are done, which are 2.4 passes over the data, and the training would end after 10: want more in all": {Epochs: 2},
		"would end after 12: want more in all":               {Updates: 12, Epochs: 100},
		"would end after 1ns: want more in all":              {Time: 1, Updates: 100},
		"continuation 1: epochs is -1, want a finite number": {Epochs: -1, Updates: 100},
	} {
		if err := training.Continue(to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error is %v, want %q", to, err, want)
		}
	}
	if len(training.Config().Continued) != 0 {
		t.Error("a refused continuation stays in the settings")
	}
	for k, to := range []train.Bounds{{Updates: 40}, {Updates: 50}, {Epochs: 9}, {Epochs: 9}} { // the last of those at one update counts
		if err := training.Continue(to); err != nil || len(training.Config().Continued) > k {
			t.Errorf("%+v: error %v, continued %v", to, err, training.Config().Continued)
		}
	}
	list := training.Config().Continued
	_, err := train.Start(training.Model, drawnBars(t, 100), train.Config{Updates: 40, Continued: []train.Continuation{list[0], list[0]}})
	if err == nil || !strings.Contains(err.Error(), "continuation 2 is after update 12, and the one before after 12: want them to rise") {
		t.Errorf("twice at one update: %v", err)
	}
}

func TestContinuationsAreSettings(t *testing.T) {
	c := train.Config{Updates: 40, Negative: &train.CD{}, Optimizer: &train.SGD{}, Continued: []train.Continuation{
		{After: 40, Bounds: train.Bounds{Epochs: 9}}, {After: 45, Bounds: train.Bounds{Updates: 70, Time: time.Hour}},
	}}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back train.Config
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(back.Continued, c.Continued) {
		t.Errorf("%s is read as %+v, error %v", text, back.Continued, err)
	}
	if err := json.Unmarshal([]byte(`{"continued":[{"after":3,"rate":1}]}`), &back); err == nil {
		t.Error("a continuation with a rate is read")
	}
	c.Continued = nil
	if text, err = json.Marshal(c); err != nil || strings.Contains(string(text), "continued") {
		t.Errorf("%s, error %v", text, err)
	}
}
