package train

import (
	"math"

	"harmonium/rbm"
)

// Gradient is −∂C/∂λ, the direction in which the log-likelihood rises, in the shapes of a model's parameters.
type Gradient struct{ W, B, C []float32 }

func newGradient(m, n int) *Gradient {
	return &Gradient{W: make([]float32, m*n), B: make([]float32, m), C: make([]float32, n)}
}

// Optimizer moves the parameters along a gradient. It may keep state: use a fresh one for each training.
type Optimizer interface {
	// DefaultRate is the learning rate where none is given.
	DefaultRate() float64
	// Start is called once, before the first Step.
	Start(model *rbm.Model)
	// Step changes the parameters in place: λ ← λ + rate·(something made of g).
	Step(model *rbm.Model, g *Gradient, rate float64)
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// each calls f with the slices of every kind of parameter, side by side.
func each(model *rbm.Model, g *Gradient, f func(kind int, parameters, gradient []float32)) {
	f(0, model.W, g.W)
	f(1, model.B, g.B)
	f(2, model.C, g.C)
}

// SGD is stochastic gradient descent: λ ← λ − η ∇C.
type SGD struct{}

// DefaultRate is 0.1, measured (docs/decisions.md).
func (*SGD) DefaultRate() float64 { return 0.1 }

// Start does nothing: gradient descent has no memory.
func (*SGD) Start(*rbm.Model) {}

// Step adds rate·g.
func (*SGD) Step(model *rbm.Model, g *Gradient, rate float64) {
	each(model, g, func(_ int, p, g []float32) {
		for k := range p {
			p[k] += float32(float32(rate) * g[k])
		}
	})
}

// Remember does nothing.
func (*SGD) Remember(*Memory) {}

// Momentum is gradient descent with a velocity u: u ← Decay·u + g, λ ← λ + η·u (Hinton 2010, section 9).
// A constant gradient moves the parameters 1/(1−Decay) times as fast as [SGD] does.
type Momentum struct {
	Decay float64 // 0 means 0.9

	velocity [3][]float32
}

// DefaultRate is a tenth of SGD's, so that the effective rate is the same.
func (*Momentum) DefaultRate() float64 { return 0.01 }

// Start sets the velocity to zero.
func (o *Momentum) Start(model *rbm.Model) {
	if o.Decay == 0 {
		o.Decay = 0.9
	}
	o.velocity = zeros(model)
}

// Step updates the velocity and adds rate times it.
func (o *Momentum) Step(model *rbm.Model, g *Gradient, rate float64) {
	each(model, g, func(kind int, p, g []float32) {
		u := o.velocity[kind]
		for k := range p {
			u[k] = float32(float32(o.Decay)*u[k]) + g[k]
			p[k] += float32(float32(rate) * u[k])
		}
	})
}

// Remember lists the velocity.
func (o *Momentum) Remember(m *Memory) { m.floats("velocity", o.velocity[:]...) }

// Adam scales the step of each parameter by running means of its gradient and of the gradient's square
// (D. P. Kingma and J. Ba, ICLR 2015).
type Adam struct {
	// Decay1 is that of the mean gradient: β1 of the paper. Its default is 0, not the paper's 0.9, because momentum makes the parameters
	// and persistent chains chase each other (docs/decisions.md).
	Decay1          float64
	Decay2, Epsilon float64 // β2 and ε; 0 means 0.999 and 1e-8

	steps         uint64
	first, second [3][]float32
}

// DefaultRate is 0.01, measured (docs/decisions.md).
func (*Adam) DefaultRate() float64 { return 0.01 }

// Start sets the running means to zero.
func (o *Adam) Start(model *rbm.Model) {
	if o.Decay2 == 0 {
		o.Decay2 = 0.999
	}
	if o.Epsilon == 0 {
		o.Epsilon = 1e-8
	}
	o.first, o.second = zeros(model), zeros(model)
}

// Step updates the running means and moves by rate·mean/(√mean square + Epsilon), both means corrected for their start at zero.
func (o *Adam) Step(model *rbm.Model, g *Gradient, rate float64) {
	o.steps++
	d1, d2 := float32(o.Decay1), float32(o.Decay2)
	c1, c2 := float32(1-o.Decay1), float32(1-o.Decay2)
	fix1 := float32(rate / (1 - math.Pow(o.Decay1, float64(o.steps))))
	fix2 := float32(1 / (1 - math.Pow(o.Decay2, float64(o.steps))))
	each(model, g, func(kind int, p, g []float32) {
		a, b := o.first[kind], o.second[kind]
		for k, x := range g {
			a[k] = float32(d1*a[k]) + float32(c1*x)
			b[k] = float32(d2*b[k]) + float32(c2*float32(x*x))
			root := float32(math.Sqrt(float64(fix2 * b[k])))
			p[k] += float32(fix1*a[k]) / (root + float32(o.Epsilon))
		}
	})
}

// Remember lists the running means and the number of steps.
func (o *Adam) Remember(m *Memory) {
	m.floats("first", o.first[:]...)
	m.floats("second", o.second[:]...)
	m.Counter("steps", &o.steps)
}

func zeros(model *rbm.Model) [3][]float32 {
	return [3][]float32{
		make([]float32, len(model.W)), make([]float32, len(model.B)), make([]float32, len(model.C)),
	}
}
