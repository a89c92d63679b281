package train

import (
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
	seen   uint64 // models that mean is made of
	chains rbm.States
	models []*rbm.Model // the last is the one that chains are of
	count  uint64       // of models

	last, now *rbm.Conditionals // of the last model kept and of mean
	free      [4][]float64
}

const (
	keepEvery = 20   // updates between two looks at the model
	keepBelow = 0.3  // of exchanges: N. Béreux et al., ICLR 2025, keep models at 0.25
	keepMost  = 1000 // models
)

func newTrajectory(model *rbm.Model, chains rbm.States, workers int) *trajectory {
	y := &trajectory{
		mean: model.Clone(), chains: chains.Clone(), last: rbm.NewConditionals(model, workers), now: rbm.NewConditionals(model, workers),
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
	y.now.Update(y.mean)
	if len(y.models) >= keepMost || len(y.models) > 0 && y.exchanges(chains) >= keepBelow {
		return nil
	}
	kept := y.mean.Clone()
	copy(y.chains.Words(), chains.Words())
	y.models = append(y.models, kept)
	y.count++
	y.last.Update(kept)
	return kept
}

// resume takes over the models that were kept before, after the other things to remember.
func (y *trajectory) resume(models []*rbm.Model) error {
	if y.count != uint64(len(models)) {
		return fmt.Errorf("checkpoint with %d models of a trajectory, but there are %d", y.count, len(models))
	}
	want := y.mean
	for _, model := range slices.Concat(models, []*rbm.Model{y.mean}) {
		if !model.Fits(want) || !model.Finite() {
			return fmt.Errorf("a model of the trajectory has %d %v and %d %v units, want %d and %d as in the data, and finite parameters",
				model.M(), model.Visible, model.N(), model.Hidden, want.M(), want.N())
		}
	}
	if y.models = slices.Clone(models); len(models) > 0 {
		y.last.Update(models[len(models)-1])
	}
	y.now.Update(y.mean)
	return nil
}

// exchanges is the mean probability of an exchange between the last model kept and the mean, at their chains.
func (y *trajectory) exchanges(chains rbm.States) float64 {
	y.last.FreeEnergy(y.free[0], y.chains)
	y.now.FreeEnergy(y.free[1], chains)
	y.last.FreeEnergy(y.free[2], chains)
	y.now.FreeEnergy(y.free[3], y.chains)
	sum := 0.0
	for r := range y.chains.Rows() {
		sum += math.Exp(min(0, y.free[0][r]+y.free[1][r]-y.free[2][r]-y.free[3][r]))
	}
	return sum / float64(y.chains.Rows())
}

func (y *trajectory) remember(m *Memory) {
	m.floats("mean", y.mean.W, y.mean.B, y.mean.C)
	m.Counter("seen", &y.seen)
	m.States("chains", y.chains)
	m.Counter("count", &y.count)
}
