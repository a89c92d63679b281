package train

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"harmonium/rbm"
)

// trajectory keeps models along the training, for chains to exchange states along them ([sample.Path]). They are means of the model over about
// the last third of the updates: the path of the parameters themselves is noisy, and therefore long. A model is kept when the
// persistent chains would exchange states with those of the one kept before in less than keepBelow of all cases.
type trajectory struct {
	mean   *rbm.Model
	seen   uint64     // models that mean is made of
	last   *rbm.Model // the last one kept, and the chains when it was
	chains rbm.States
	count  uint64 // of models kept

	models []*rbm.Model // all of them, where the negative phase goes along them
	along  bool

	ofLast, ofMean *rbm.Conditionals
	free           [4][]float64
}

const (
	keepEvery = 20  // updates between two looks at the model
	keepBelow = 0.3 // of exchanges: N. Béreux et al., ICLR 2025, keep models at 0.25
	keepMost  = 200 // models; trainings measured so far kept 3 to 18
)

func newTrajectory(model *rbm.Model, chains rbm.States, along bool, workers int) *trajectory {
	y := &trajectory{
		mean: model.Clone(), last: model.Clone(), chains: chains.Clone(), along: along,
		ofLast: rbm.NewConditionals(model, workers), ofMean: rbm.NewConditionals(model, workers),
	}
	for k := range y.free {
		y.free[k] = make([]float64, chains.Rows())
	}
	return y
}

// see takes the model after an update, with its chains. It returns a model to keep, or nil.
func (y *trajectory) see(model *rbm.Model, chains rbm.States, update uint64) *rbm.Model {
	if update%keepEvery != 0 {
		return nil
	}
	y.seen++
	part := float32(min(1, 3/float64(y.seen+2)))
	now := model.Parameters()
	for k, mean := range y.mean.Parameters() {
		for i, x := range mean {
			mean[i] = x + float32(part*(now[k][i]-x))
		}
	}
	y.ofMean.Update(y.mean)
	if y.count >= keepMost || y.count > 0 && y.exchanges(chains) >= keepBelow {
		return nil
	}
	kept := y.mean.Clone()
	for k, x := range kept.Parameters() {
		copy(y.last.Parameters()[k], x)
	}
	y.ofLast.Update(y.last)
	copy(y.chains.Words(), chains.Words())
	y.count++
	if y.along {
		y.models = append(y.models, kept)
	}
	return kept
}

// resume takes over the models that were kept before, after the other things to remember.
func (y *trajectory) resume(models []*rbm.Model) error {
	if !y.mean.Finite() || !y.last.Finite() {
		return errors.New("a mean of models is not finite")
	}
	y.ofMean.Update(y.mean)
	y.ofLast.Update(y.last)
	if !y.along {
		return nil
	}
	if y.count != uint64(len(models)) {
		return fmt.Errorf("the training has kept %d models on its path, but there are %d", y.count, len(models))
	}
	for k, model := range models {
		if !model.Fits(y.mean) || !model.Finite() {
			return fmt.Errorf("model %d on the training's path is of other units, or not finite", k)
		}
	}
	y.models = slices.Clone(models)
	return nil
}

// exchanges is the mean probability of an exchange between the last model kept and the mean, at their chains.
func (y *trajectory) exchanges(chains rbm.States) float64 {
	y.ofLast.FreeEnergy(y.free[0], y.chains)
	y.ofMean.FreeEnergy(y.free[1], chains)
	y.ofLast.FreeEnergy(y.free[2], chains)
	y.ofMean.FreeEnergy(y.free[3], y.chains)
	sum := 0.0
	for r := range y.chains.Rows() {
		sum += math.Exp(min(0, y.free[0][r]+y.free[1][r]-y.free[2][r]-y.free[3][r]))
	}
	return sum / float64(y.chains.Rows())
}

func (y *trajectory) remember(m *Memory) {
	m.floats("mean", y.mean.W, y.mean.B, y.mean.C)
	m.Counter("seen", &y.seen)
	m.floats("last", y.last.W, y.last.B, y.last.C)
	m.States("chains", y.chains)
	m.Counter("count", &y.count)
}
