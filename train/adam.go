package train

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Adam scales the step of each parameter by running means of its gradient and of the gradient's square
// (D. P. Kingma and J. Ba, ICLR 2015).
type Adam struct {
	// Beta1 is that of the mean gradient: β1 of the paper. Its default is 0, not the paper's 0.9, because momentum
	// makes the parameters and persistent chains chase each other (docs/decisions/0046).
	Beta1          float64
	Beta2, Epsilon float64 // β2 and ε; 0 means 0.999 and 1e-8

	steps         uint64
	step          kernel.Adam
	first, second [][]float32 // first is empty without momentum
	compute       *compute.Context
}

// Kind is "adam".
func (*Adam) Kind() string { return "adam" }

// About names the method.
func (*Adam) About() string {
	return "steps of one size for all parameters, by running means of gradients and their squares"
}

// Settings lists the settings.
func (o *Adam) Settings() []Setting {
	return []Setting{
		{Name: "beta1", At: &o.Beta1, Below: 1,
			Help: "decay of the mean gradient, that is momentum: with it, parameters and persistent chains chase each other"},
		{Name: "beta2", At: &o.Beta2, Default: 0.999, Below: 1, Help: "decay of the mean square of the gradient"},
		{Name: "epsilon", At: &o.Epsilon, Default: 1e-8, Help: "added to the root of the mean square, so that no step divides by zero"},
	}
}

// DefaultRate is 0.005 between bits, and a quarter of it between spins, measured (docs/decisions/0043 and 0072). Steps
// of Adam are of the size of the rate whatever the gradient's, and the same model has weights in spins of a quarter of
// those in bits. Long trainings have less of it, and short ones more.
func (*Adam) DefaultRate(visible, hidden rbm.Kind) float64 {
	sv, _ := visible.Line()
	sh, _ := hidden.Line()
	return 0.005 / (sv * sh)
}

// Start sets the running means to zero.
func (o *Adam) Start(model *rbm.Model, on *compute.Context) {
	if o.Beta1 != 0 {
		o.first = rbm.NewStatistics(model).Averages()
	}
	o.second, o.compute = rbm.NewStatistics(model).Averages(), on
}

// Begin corrects the rate and the mean square for the running means' start at zero.
func (o *Adam) Begin(rate float64) {
	o.steps++
	o.step = kernel.Adam{
		Decay: float32(o.Beta2), Gain: float32(1 - o.Beta2), Epsilon: float32(o.Epsilon),
		Rate:       float32(rate / (1 - math.Pow(o.Beta1, float64(o.steps)))),
		Correction: float32(1 / (1 - math.Pow(o.Beta2, float64(o.steps)))),
	}
}

// Step updates the running means and moves by rate·mean/(√mean square + Epsilon).
func (o *Adam) Step(k, from int, p, g []float32) {
	r := o.rule()
	r.Step(o.compute, k, from, p, g)
}

func (o *Adam) rule() kernel.Rule {
	return kernel.Rule{Decay: float32(o.Beta1), Gain: float32(1 - o.Beta1), Adam: o.step, Mean: o.first, Square: o.second}
}

// Remember lists the running means and the number of steps.
func (o *Adam) Remember(m *Memory) {
	if o.Beta1 != 0 {
		m.floats("first", o.first...)
	}
	m.floats("second", o.second...)
	m.Counter("steps", &o.steps)
}
