package train

import (
	"context"
	"fmt"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Exact is the negative phase by enumeration: gradient descent on the true cost.
type Exact struct {
	compute *compute.Context
	cost    float64
}

// Kind is "exact".
func (*Exact) Kind() string { return "exact" }

// About names the method.
func (*Exact) About() string { return "enumeration, small models" }

// Settings are none.
func (*Exact) Settings() []Setting { return nil }

// Start refuses models that can't be enumerated.
func (e *Exact) Start(s Setup) error {
	if err := exact.Feasible(s.Model); err != nil {
		return fmt.Errorf("exact negative phase: %w", err)
	}
	e.compute, e.cost = s.Compute, 2*monitor.ExactCost(s.Model)
	return nil
}

// Phase sums over all states.
func (e *Exact) Phase(ctx context.Context, dst *rbm.Statistics, u Update) error {
	return exact.Moments(ctx, dst, u.Model, exact.Options{Compute: e.compute})
}

// Cost counts two passes over the states.
func (e *Exact) Cost() float64 { return e.cost }

// Remember does nothing: enumeration needs no memory.
func (*Exact) Remember(*Memory) {}
