package train

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Momentum is gradient descent with a velocity u: u ← Decay·u + g, λ ← λ + η·u (Hinton 2010, section 9).
// A constant gradient moves the parameters 1/(1−Decay) times as fast as [SGD] does.
type Momentum struct {
	Decay float64 // 0 means 0.9

	rate     float32
	velocity [][]float32
	compute  *compute.Context
}

// Kind is "momentum".
func (*Momentum) Kind() string { return "momentum" }

// About names the method.
func (*Momentum) About() string { return "gradient descent with a velocity" }

// Settings lists the setting.
func (o *Momentum) Settings() []Setting {
	return []Setting{{Name: "decay", At: &o.Decay, Default: 0.9, Below: 1, Help: "part of the velocity that is left after an update"}}
}

// DefaultRate is a tenth of SGD's, so that the effective rate is the same.
func (*Momentum) DefaultRate(_, _ rbm.Kind) float64 { return 0.01 }

// Start sets the velocity to zero.
func (o *Momentum) Start(model *rbm.Model, on *compute.Context) {
	o.velocity, o.compute = rbm.NewStatistics(model).Averages(), on
}

// Begin sets the rate.
func (o *Momentum) Begin(rate float64) { o.rate = float32(rate) }

// Step updates the velocity and adds rate times it.
func (o *Momentum) Step(k, from int, p, g []float32) {
	r := o.rule()
	r.Step(o.compute, k, from, p, g)
}

func (o *Momentum) rule() kernel.Rule {
	return kernel.Rule{Decay: float32(o.Decay), Gain: 1, Adam: kernel.Adam{Rate: o.rate}, Mean: o.velocity}
}

// Remember lists the velocity.
func (o *Momentum) Remember(m *Memory) { m.floats("velocity", o.velocity...) }
