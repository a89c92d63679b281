package train

import (
	"math"

	"harmonium/compute"
	"harmonium/internal/kernel"
	"harmonium/rbm"
)

// Optimizer moves the parameters along the gradient −∂C/∂λ, the direction in which the log-likelihood rises. It may keep
// state: use a fresh one for each training.
type Optimizer interface {
	// DefaultRate is the learning rate of weights between such units where none is given.
	DefaultRate(visible, hidden rbm.Kind) float64
	// Start is called once, before the first Begin. The steps are computed in the given context.
	Start(model *rbm.Model, on *compute.Context)
	// Begin is called before the steps of each update.
	Begin(rate float64)
	// Step moves p, numbers from index from on of entry k of [rbm.Model.Parameters], along their gradient g: p ← p + rate·(something made of g). It is
	// called once for every parameter of an update, for several stretches at the same time.
	Step(k, from int, p, g []float32)
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// SGD is stochastic gradient descent: λ ← λ − η ∇C.
type SGD struct {
	rate    float32
	compute *compute.Context
}

// DefaultRate is 0.1, measured (docs/decisions/0046).
func (*SGD) DefaultRate(_, _ rbm.Kind) float64 { return 0.1 }

// Start has nothing to set: gradient descent has no memory.
func (o *SGD) Start(_ *rbm.Model, on *compute.Context) { o.compute = on }

// Begin sets the rate.
func (o *SGD) Begin(rate float64) { o.rate = float32(rate) }

// Step adds rate·g.
func (o *SGD) Step(_, _ int, p, g []float32) { o.compute.AddScaled(p, o.rate, g) }

// Remember does nothing.
func (*SGD) Remember(*Memory) {}

// Momentum is gradient descent with a velocity u: u ← Decay·u + g, λ ← λ + η·u (Hinton 2010, section 9).
// A constant gradient moves the parameters 1/(1−Decay) times as fast as [SGD] does.
type Momentum struct {
	Decay float64 // 0 means 0.9

	rate     float32
	velocity [][]float32
	compute  *compute.Context
}

// DefaultRate is a tenth of SGD's, so that the effective rate is the same.
func (*Momentum) DefaultRate(_, _ rbm.Kind) float64 { return 0.01 }

// Start sets the velocity to zero.
func (o *Momentum) Start(model *rbm.Model, on *compute.Context) {
	if o.Decay == 0 {
		o.Decay = 0.9
	}
	o.velocity, o.compute = zeros(model), on
}

// Begin sets the rate.
func (o *Momentum) Begin(rate float64) { o.rate = float32(rate) }

// Step updates the velocity and adds rate times it.
func (o *Momentum) Step(k, from int, p, g []float32) {
	u, decay := o.velocity[k][from:][:len(p)], float32(o.Decay)
	for i := range u {
		u[i] = float32(decay*u[i]) + g[i]
	}
	o.compute.AddScaled(p, o.rate, u)
}

// Remember lists the velocity.
func (o *Momentum) Remember(m *Memory) { m.floats("velocity", o.velocity...) }

// Adam scales the step of each parameter by running means of its gradient and of the gradient's square
// (D. P. Kingma and J. Ba, ICLR 2015).
type Adam struct {
	// Beta1 is that of the mean gradient: β1 of the paper. Its default is 0, not the paper's 0.9, because momentum makes the parameters
	// and persistent chains chase each other (docs/decisions/0046).
	Beta1          float64
	Beta2, Epsilon float64 // β2 and ε; 0 means 0.999 and 1e-8

	steps         uint64
	step          kernel.Adam
	first, second [][]float32 // first is empty without momentum
	compute       *compute.Context
}

// DefaultRate is 0.01 between bits, and a quarter of it between spins, measured (docs/decisions/0042 and 0043). Steps of Adam are of the
// size of the rate whatever the gradient's, and the same model has weights in spins of a quarter of those in bits.
func (*Adam) DefaultRate(visible, hidden rbm.Kind) float64 {
	sv, _ := visible.Line()
	sh, _ := hidden.Line()
	return 0.01 / (sv * sh)
}

// Start sets the running means to zero.
func (o *Adam) Start(model *rbm.Model, on *compute.Context) {
	if o.Beta2 == 0 {
		o.Beta2 = 0.999
	}
	if o.Epsilon == 0 {
		o.Epsilon = 1e-8
	}
	if o.Beta1 != 0 {
		o.first = zeros(model)
	}
	o.second, o.compute = zeros(model), on
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
	mean := g
	if o.Beta1 != 0 {
		mean = o.first[k][from:][:len(p)]
		decay, gain := float32(o.Beta1), float32(1-o.Beta1)
		for i, x := range g {
			mean[i] = float32(decay*mean[i]) + float32(gain*x)
		}
	}
	o.compute.StepAdam(&o.step, p, mean, g, o.second[k][from:][:len(p)])
}

// Remember lists the running means and the number of steps.
func (o *Adam) Remember(m *Memory) {
	if o.Beta1 != 0 {
		m.floats("first", o.first...)
	}
	m.floats("second", o.second...)
	m.Counter("steps", &o.steps)
}

// zeros returns a number for each parameter of a model.
func zeros(model *rbm.Model) [][]float32 {
	var list [][]float32
	for _, p := range model.Parameters() {
		list = append(list, make([]float32, len(p.Values)))
	}
	return list
}
