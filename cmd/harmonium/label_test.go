package main

import (
	"context"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Columns and lists of units name the same units of a model as its layer has them.
func TestParseLabel(t *testing.T) {
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 3), rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.Gaussian, 1))
	if err != nil {
		t.Fatal(err)
	}
	plain := rbm.NewModel(mixed, rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	table := rbm.NewModel(mixed, rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	table.Columns = []rbm.Column{
		{Name: "age", Kind: rbm.Gaussian}, {Name: "sex", Kind: rbm.Bernoulli, Categories: []string{"f", "m"}},
		{Name: "job", Kind: rbm.Categorical, Categories: []string{"clerk", "nurse", "smith"}}, {Name: "y0", Kind: rbm.Bernoulli},
		{Name: "size", Kind: rbm.Categorical, Categories: []string{"s", "l"}}, {Name: "y1", Kind: rbm.Bernoulli},
	}
	spins := rbm.NewModel(rbm.NewLayer(rbm.Spin, 4), rbm.NewLayer(rbm.Spin, 2), rng.Seed(1))
	for _, c := range []struct {
		model         *rbm.Model
		text, classes string
		units         []int
		wrong         string
	}{
		{table, "sex", "f m", []int{0}, ""},
		{table, "job", "clerk nurse smith", []int{3, 4, 5}, ""},
		{table, "size", "s l", []int{6, 7}, ""},
		{table, "y0", "0 1", []int{1}, ""},
		{table, "y1,y0", "y1 y0", []int{2, 1}, ""},
		{table, "age", "", nil, "real numbers"},
		{table, "y1,job", "", nil, "job is a column of categorical units"},
		{table, "y1,y1", "", nil, "comes twice"},
		{table, "2", "", nil, `no column "2": it has age, sex, job, y0, size, y1`},
		{plain, "2", "0 1", []int{1}, ""},
		{plain, "1:3", "1 2 3", []int{0, 1, 2}, ""},
		{plain, "3,1", "3 1", []int{2, 0}, ""},
		{plain, "4:6", "4 5 6", []int{3, 4, 5}, ""},
		{plain, "4:5", "", nil, "want all of the site, --label 4:6"},
		{plain, "4", "", nil, "want all of the site, --label 4:6"},
		{plain, "3:6", "", nil, "want all of the site, --label 4:6"},
		{plain, "9", "", nil, "unit 9 is a real number"},
		{plain, "10", "", nil, "want a number from 1 to 9"},
		{plain, "0:2", "", nil, "want a number from 1 to 9"},
		{plain, "", "", nil, `found ""`},
		{spins, "4", "-1 1", []int{3}, ""},
	} {
		l, err := parseLabel(c.model, c.text)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("--label %s: error %v, want %q", c.text, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("--label %s: %v", c.text, err)
			continue
		}
		same := len(l.units) == len(c.units)
		for k := range min(len(l.units), len(c.units)) {
			same = same && l.units[k] == c.units[k]
		}
		if classes := strings.Join(l.classes, " "); classes != c.classes || !same {
			t.Errorf("--label %s: units %v, classes %s, want %v, %s", c.text, l.units, classes, c.units, c.classes)
		}
	}
}

// The error of an accuracy covers the probability of a hit as often as it says, about 95 % within two errors, also near
// 1, and with weights of rows.
func TestAccuracyError(t *testing.T) {
	source := rng.NewSource(rng.Seed(1), 0)
	for _, p := range []float64{0.5, 0.9, 0.99, 1} {
		for _, weighted := range []bool{false, true} {
			const trials, rows = 1000, 60
			inside := 0
			for range trials {
				set, right := &data.Set{States: rbm.NewBatch(rows, 1)}, make([]bool, rows)
				for r := range right {
					right[r] = source.Float64() < p
					if weighted {
						set.Weights = append(set.Weights, source.Float64())
					}
				}
				a := accuracy(right, set)
				if a.Stderr <= 0 {
					t.Fatalf("an error of %v", a.Stderr)
				}
				if math.Abs(float64(a.Value)-p) < 2*float64(a.Stderr) {
					inside++
				}
			}
			if part := float64(inside) / trials; part < 0.925 {
				t.Errorf("p = %v, weights %v: %.1f %% within two errors, want 95", p, weighted, 100*part)
			}
		}
	}
}

// Rows drawn from a model have the log loss and the accuracy that the model itself expects of its classes: the entropy
// −Σ P log P and the largest P, by rows, within four errors of the difference.
func TestLabelsOfSamples(t *testing.T) {
	model := rbm.NewModel(rbm.NewCategorical(3, 2, 2, 2), rbm.NewLayer(rbm.Bernoulli, 3), rng.Seed(1))
	for i := range model.M() {
		model.W[3*i+i%3] = 4
	}
	for j := range model.C() {
		model.C()[j] = -6
	}
	states := rbm.NewBatch(24, 9)
	for r := range 24 {
		for _, i := range []int{r % 3, 3 + r/3%2, 5 + r/6%2, 7 + r/12} {
			states.SetBit(r, i, true)
		}
	}
	free := model.FreeEnergy(states)
	total := 0.0
	for _, f := range free {
		total += math.Exp(-f)
	}
	source, index := rng.NewSource(rng.Seed(3), 0), make([]int, 4000)
	for k := range index {
		u := source.Float64() * total
		for index[k] = 0; u > math.Exp(-free[index[k]]); index[k]++ {
			u -= math.Exp(-free[index[k]])
		}
	}
	set := &data.Set{States: states.Like(len(index)), Values: rbm.Categorical}
	set.States.Gather(states, index)
	term := &terminal{stdout: io.Discard, stderr: io.Discard, quiet: true}
	o := &evalOptions{label: "1:3"}
	l, err := parseLabel(model, o.label)
	if err != nil {
		t.Fatal(err)
	}
	d, err := l.judge(context.Background(), term, model, set, 1)
	if err != nil {
		t.Fatal(err)
	}
	var losses, hits []float64
	for r := range index {
		entropy, most := 0.0, 0.0
		for _, log := range d.probs(r) {
			entropy -= math.Exp(log) * log
			most = max(most, math.Exp(log))
		}
		losses, hits = append(losses, -d.probs(r)[d.given[r]]-entropy), append(hits, -most)
		if d.given[r] == d.predicted(r) {
			hits[r]++
		}
	}
	for name, x := range map[string][]float64{"log loss": losses, "accuracy": hits} {
		if e := mean(x, set); !(math.Abs(float64(e.Value)) < 4*float64(e.Stderr)) {
			t.Errorf("%s is off by %v ± %v of what the model expects", name, e.Value, e.Stderr)
		}
	}
	result, err := o.classifyBy(context.Background(), term, &judged{model: model, set: set})
	if err != nil {
		t.Fatal(err)
	}
	if result.LogLoss.Value > result.Guess.LogLoss.Value-0.05 || result.Accuracy.Value < result.Guess.Accuracy.Value {
		t.Errorf("log loss %v and accuracy %v, by frequencies %v and %v: want better", result.LogLoss.Value, result.Accuracy.Value,
			result.Guess.LogLoss.Value, result.Guess.Accuracy.Value)
	}
	right, all := 0, 0
	for y, row := range result.Confusion {
		for k, n := range row {
			if all += n; k == y {
				right += n
			}
		}
	}
	if all != len(index) || math.Abs(float64(right)/float64(all)-float64(result.Accuracy.Value)) > 1e-12 {
		t.Errorf("the confusion matrix has %d of %d rows right, the accuracy is %v", right, all, result.Accuracy.Value)
	}
}
