package train

import (
	"context"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// average is the running mean of the parameters by polynomial decay (O. Shamir and T. Zhang, ICML 2013). With x_k the
// parameters after AverageEvery·k updates it is
//
//	mean_k = mean_{k−1} + (γ+1)/(k+γ) · (x_k − mean_{k−1}),
//
// in which x_k has a weight of about k^γ: whenever the training ends, 1 − (1−p)^(γ+1) of the weight is on its last part
// p, with γ = 29 nine tenths on the last thirteenth. Parameters that must be above 0 are averaged by their logarithms.
// A nil average is none.
type average struct {
	count uint64      // k
	means [][]float64 // in the order of [rbm.Model.Parameters]
	kept  float64     // validation score of the best model
}

// AverageEvery is how many updates are between two whose parameters enter the mean: between them these hardly change, and
// weights of a device are fetched for each.
const AverageEvery = 10

const averageDecay = 29 // γ

func newAverage(t *Training) *average {
	if !t.config.Average {
		return nil
	}
	a := new(average)
	for _, p := range t.Model.Parameters() {
		a.means = append(a.means, make([]float64, len(p.Values)))
	}
	return a
}

// see takes the score of a model.
func (a *average) see(e *Evaluation) {
	if a != nil && e.Best {
		a.kept = float64(e.Valid.Value)
	}
}

// restart forgets all updates so far.
func (a *average) restart() {
	if a != nil {
		a.count = 0
	}
}

// due reports whether the parameters after a number of updates enter the mean.
func (a *average) due(done uint64) bool { return a != nil && done%AverageEvery == 0 }

// follow takes the parameters of a model into the mean.
func (a *average) follow(model *rbm.Model) {
	a.count++
	weight := (averageDecay + 1) / (float64(a.count) + averageDecay)
	for k, p := range model.Parameters() {
		mean := a.means[k]
		for i, value := range p.Values {
			x := float64(value)
			if p.Positive {
				x = math.Log(x)
			}
			mean[i] += float64(weight * (x - mean[i]))
		}
	}
}

// write makes the parameters of a model the mean.
func (a *average) write(on *compute.Context, model *rbm.Model) {
	for k, p := range model.Parameters() {
		for i, x := range a.means[k] {
			if p.Positive {
				x = math.Exp(x)
			}
			p.Values[i] = float32(x)
		}
	}
	constrain(on, model)
}

func (a *average) remember(m *Memory) {
	if a == nil {
		return
	}
	m.Counter("count", &a.count)
	m.Number("kept", &a.kept)
	for k, mean := range a.means {
		m.Numbers(fmt.Sprint(k), mean)
	}
}

// judgeAverage scores the mean of the last updates, where the training has ended, and takes it for the best model where
// its validation score is higher. Errors of log Z don't come in: where these leave open which of two is better, the
// higher score is still the better guess. It returns nil where there is no mean. The training goes on from its last
// update, not from the mean.
func (t *Training) judgeAverage(ctx context.Context, p Progress) (*Evaluation, error) {
	if t.average == nil || t.average.count == 0 {
		return nil, nil
	}
	last := t.Model.Clone()
	t.average.write(t.config.Compute, t.Model)
	t.device.pushModel()
	defer func() {
		t.Model.Copy(last)
		t.device.pushModel()
		t.conditionals.Update(t.Model)
	}()
	e, err := t.score(ctx, p)
	if err != nil {
		return nil, err
	}
	e.Average = t.Model.Clone()
	score := float64(e.Valid.Value)
	if e.Best = !e.UpperBounds() && (t.bestNow.count == 0 || score > t.average.kept); e.Best {
		t.bestNow.count++
		t.bestNow.take(score, bestErrors*e.LogZ.Stderr)
		t.average.see(e)
		t.best = e.Average
		if t.overfit.length == 0 {
			t.overfit.see(e, t.trust.unpaced(e.Rate), t.bestNow.sure())
		}
	}
	return e, nil
}
