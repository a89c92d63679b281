package train

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// SGD is stochastic gradient descent: λ ← λ − η ∇C.
type SGD struct {
	rate    float32
	compute *compute.Context
}

// Kind is "sgd".
func (*SGD) Kind() string { return "sgd" }

// About names the method.
func (*SGD) About() string { return "stochastic gradient descent" }

// Settings are none.
func (*SGD) Settings() []Setting { return nil }

// DefaultRate is 0.1, measured (docs/decisions/0046).
func (*SGD) DefaultRate(_, _ rbm.Kind) float64 { return 0.1 }

// Start has nothing to set: gradient descent has no memory.
func (o *SGD) Start(_ *rbm.Model, on *compute.Context) { o.compute = on }

// Begin sets the rate.
func (o *SGD) Begin(rate float64) { o.rate = float32(rate) }

// Step adds rate·g.
func (o *SGD) Step(_, _ int, p, g []float32) { o.compute.AddScaled(p, o.rate, g) }

func (o *SGD) rule() kernel.Rule { return kernel.Rule{Adam: kernel.Adam{Rate: o.rate}} }

// Remember does nothing.
func (*SGD) Remember(*Memory) {}
