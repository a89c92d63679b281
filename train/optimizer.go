package train

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Optimizer moves the parameters along the gradient −∂C/∂λ, the direction in which the log-likelihood rises. It may
// keep state: use a fresh one for each training.
type Optimizer interface {
	Configurable
	// DefaultRate is the learning rate of weights between such units where none is given.
	DefaultRate(visible, hidden rbm.Kind) float64
	// Start is called once, before the first Begin. The steps are computed in the given context.
	Start(model *rbm.Model, on *compute.Context)
	// Begin is called before the steps of each update.
	Begin(rate float64)
	// Step moves p, numbers from index from on of entry k of [rbm.Model.Parameters], along their gradient g: p ← p +
	// rate·(something made of g). It is called once for every parameter of an update, for several stretches at the same
	// time.
	Step(k, from int, p, g []float32)
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// Optimizers returns one of each kind of optimiser; the first is the default. A new one is a file with its type, and a
// row here.
func Optimizers() []Optimizer {
	return []Optimizer{
		&Adam{},
		&SGD{},
		&Momentum{},
	}
}
