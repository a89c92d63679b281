package sample

import (
	"fmt"

	"harmonium/compute"
	"harmonium/rbm"
)

// A Path leads from its first model to its last by straight lines between the parameters of neighbours. A place on it is a number from 0
// to 1; its models lie at even distances. The last is the model of interest, and the first usually has no weights, so that its log Z is
// known.
//
// Two models make a straight path. More of them, saved along a training, make the training's path (N. Béreux, A. Decelle, C. Furtlehner,
// L. Rosset and B. Seoane, ICLR 2025).
type Path []*rbm.Model

// IndependentModel returns a model without its weights and hidden biases: independent units, to begin a path to it at.
func IndependentModel(model *rbm.Model) *rbm.Model {
	base := model.Clone()
	clear(base.W)
	clear(base.C())
	return base
}

// CheckBetween returns an error unless models that a path is to pass on its way to a model have the numbers and kinds of its units.
func CheckBetween(between []*rbm.Model, model *rbm.Model) error {
	for k, m := range between {
		if !m.Fits(model) {
			return fmt.Errorf("model %d of Between has %d %v and %d %v units, the model %d %v and %d %v", k,
				m.M(), m.Visible.Kind(), m.N(), m.Hidden.Kind(), model.M(), model.Visible.Kind(), model.N(), model.Hidden.Kind())
		}
	}
	return nil
}

// check panics unless a path has two models or more and the first has no weights.
func (p Path) check() {
	if len(p) < 2 {
		panic(fmt.Sprintf("sample: a path of %d models", len(p)))
	}
	LogZWithoutWeights(p[0])
}

// model is the last model.
func (p Path) model() *rbm.Model { return p[len(p)-1] }

// at sets dst to the model at a place.
func (p Path) at(dst *rbm.Model, place float64, on *compute.Context) {
	stretch := place * float64(len(p)-1)
	k := min(int(stretch), len(p)-2)
	from, to := p[k].Parameters(), p[k+1].Parameters()
	for part, x := range dst.Parameters() {
		on.Interpolate(x.Values, from[part].Values, to[part].Values, float32(stretch-float64(k)))
	}
}

// Even returns the places 0, 1/steps, …, 1.
func Even(steps int) []float64 {
	places := make([]float64, steps+1)
	for k := range places {
		places[k] = float64(k) / float64(steps)
	}
	return places
}

// Respace returns places from 0 to 1, steps of equal length apart, where lengths are those of the stretches between places as they are.
func Respace(places, lengths []float64, steps int) []float64 {
	along := make([]float64, len(places)) // length up to each place
	for k, x := range lengths {
		along[k+1] = along[k] + x
	}
	whole, next := along[len(along)-1], Even(steps)
	for k, at := 1, 0; k < steps; k++ {
		goal := whole * float64(k) / float64(steps)
		for along[at+1] < goal {
			at++
		}
		next[k] = places[at] + (places[at+1]-places[at])*(goal-along[at])/(along[at+1]-along[at])
	}
	return next
}
