package train

import (
	"harmonium/compute"
	"harmonium/internal/kernel"
	"harmonium/rbm"
)

// device is what of a training stays on the engine that computes for it ([kernel.Ascender]): parameters, averages, the
// center and the memory of the optimiser. Biases are always current here as well. What else is read here has to be
// fetched before, and what is changed here pushed after. All methods do nothing for nil: a training that the host has
// alone.
type device struct {
	kernel.Ascender
	on   *compute.Context
	kept [][]float32 // what a checkpoint holds of it
	all  map[*float32]bool
}

// ruled is an [Optimizer] whose step an engine can make.
type ruled interface {
	Optimizer
	// rule is the step after Begin.
	rule() kernel.Rule
}

// newDevice returns nil where the host does all: without an engine that moves parameters, for units other than bits,
// and for optimisers that it doesn't know.
func newDevice(t *Training) *device {
	e, ok := t.config.Compute.Engine().(kernel.Ascender)
	o, known := t.config.Optimizer.(ruled)
	if !ok || !known || t.Model.Visible.Kind() != rbm.Bernoulli || t.Model.Hidden.Kind() != rbm.Bernoulli {
		return nil
	}
	d := &device{Ascender: e, on: t.config.Compute, all: map[*float32]bool{}}
	for _, p := range t.Model.Parameters() {
		d.keep(p.Values)
	}
	rule := o.rule()
	d.keep(rule.Mean[:]...)
	d.keep(rule.Square[:]...)
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
		if len(x) > 0 && !d.all[&x[0]] {
			d.all[&x[0]] = true
			d.on.Bind(x)
		}
	}
}

func (d *device) keep(slices ...[]float32) {
	d.bind(slices...)
	for _, x := range slices {
		if len(x) > 0 {
			d.kept = append(d.kept, x)
		}
	}
}

// fetch makes bound slices current here.
func (d *device) fetch(slices ...[]float32) {
	if d != nil {
		d.on.Fetch(slices...)
	}
}

// fetchAll makes current here what a checkpoint holds.
func (d *device) fetchAll() {
	if d != nil {
		d.on.Fetch(d.kept...)
	}
}

// push takes over what has been changed here.
func (d *device) push(slices ...[]float32) {
	if d != nil {
		d.on.Push(slices...)
	}
}

// pushAll takes over what a checkpoint has brought.
func (d *device) pushAll() {
	if d != nil {
		d.on.Push(d.kept...)
	}
}

// onlyComputes reports whether a negative phase reads no weights, and has conditionals compute its averages.
func onlyComputes(n Negative) bool {
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

// onDevice prepares the ascent for the engine, unless the host does all.
func (a *ascent) onDevice() *deviceAscent {
	t := a.t
	if t.device == nil {
		return nil
	}
	d := &deviceAscent{device: t.device, optimizer: a.optimizer.(ruled)}
	d.update = kernel.Ascent{Rows: a.rows, L1: a.l1, L2: a.l2, Clip: float32(t.config.Clip)}
	for k, p := range a.parameters {
		d.update.Parameters[k], d.update.Positive[k], d.update.Negative[k] = p.Values, a.positive[k], a.negative[k]
	}
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
