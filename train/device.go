package train

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// device is the part of a training that stays on an engine ([kernel.Ascender]): parameters, averages, the center and
// the optimiser's memory. Biases are always current on the host too. The host must fetch everything else before it
// reads it, and push what it has changed. A nil device means that the host computes the updates: all methods do
// nothing.
type device struct {
	kernel.Ascender
	on    *compute.Context
	model [][]float32       // the parameters
	kept  [][]float32       // bound slices that checkpoints hold, the parameters among them
	bound map[*float32]bool // all bound slices, by their first number
}

// ruled is an [Optimizer] whose step an engine can make.
type ruled interface {
	Optimizer
	// rule returns the step that Begin has set.
	rule() kernel.Rule
}

// newDevice returns nil where the host computes the updates: without an engine that can, for units other than bits, for
// optimisers without a rule, and where a likelihood makes the positive phase.
func newDevice(t *Training) *device {
	e, ok := t.config.Compute.Engine().(kernel.Ascender)
	o, known := t.config.Optimizer.(ruled)
	if !ok || !known || t.config.Likelihood != nil || t.Model.Visible.Kind() != rbm.Bernoulli || t.Model.Hidden.Kind() != rbm.Bernoulli {
		return nil
	}
	d := &device{Ascender: e, on: t.config.Compute, bound: map[*float32]bool{}}
	for _, p := range t.Model.Parameters() {
		d.model = append(d.model, p.Values)
	}
	d.keep(d.model...)
	rule := o.rule()
	d.keep(rule.Mean...)
	d.keep(rule.Square...)
	d.bind(t.centerV)
	d.keep(t.centerH)
	return d
}

// bind gives slices a place on the engine.
func (d *device) bind(slices ...[]float32) {
	if d == nil {
		return
	}
	for _, x := range slices {
		if len(x) > 0 && !d.bound[&x[0]] {
			d.bound[&x[0]] = true
			d.on.Bind(x)
		}
	}
}

// keep binds slices that checkpoints hold.
func (d *device) keep(slices ...[]float32) {
	d.bind(slices...)
	for _, x := range slices {
		if len(x) > 0 {
			d.kept = append(d.kept, x)
		}
	}
}

// fetch makes bound slices current on the host.
func (d *device) fetch(slices ...[]float32) {
	if d != nil {
		d.on.Fetch(slices...)
	}
}

// fetchAll makes what a checkpoint holds current on the host.
func (d *device) fetchAll() {
	if d != nil {
		d.on.Fetch(d.kept...)
	}
}

// push makes bound slices that the host has changed current on the engine.
func (d *device) push(slices ...[]float32) {
	if d != nil {
		d.on.Push(slices...)
	}
}

// pushModel makes the parameters, which the host has changed, current on the engine.
func (d *device) pushModel() {
	if d != nil {
		d.on.Push(d.model...)
	}
}

// pushAll makes what a checkpoint holds current on the engine.
func (d *device) pushAll() {
	if d != nil {
		d.on.Push(d.kept...)
	}
}

// usesConditionalsAlone reports whether a negative phase reads no weights, and has [rbm.Conditionals] write its
// averages: then both may stay on the engine.
func usesConditionalsAlone(n Negative) bool {
	switch n.(type) {
	case *PCD, *CD:
		return true
	}
	return false
}

// deviceAscent makes an ascent's update on the engine.
type deviceAscent struct {
	*device
	optimizer ruled
	update    kernel.Ascent
}

// onDevice returns the ascent as the engine makes it, or nil where the host does.
func (a *ascent) onDevice() *deviceAscent {
	t := a.t
	if t.device == nil {
		return nil
	}
	d := &deviceAscent{device: t.device, optimizer: a.optimizer.(ruled)}
	d.update = kernel.Ascent{Positive: a.positive, Negative: a.negative, Rows: a.rows, L1: a.l1, L2: a.l2, Clip: float32(t.config.Clip)}
	for _, p := range a.parameters {
		d.update.Parameters = append(d.update.Parameters, p.Values)
	}
	d.update.Negative[0] = nil
	if !t.config.Plain {
		d.update.CenterV, d.update.CenterH = t.centerV, t.centerH
	}
	return d
}

// run makes the update.
func (d *deviceAscent) run(follow float32) (squares float64, sound bool) {
	d.update.Rule, d.update.Follow = d.optimizer.rule(), follow
	return d.Ascend(&d.update)
}
