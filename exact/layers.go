package exact

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

const (
	// mostConfigurations is the number of configurations of a layer above which their enumeration is refused.
	mostConfigurations = 1 << 24
	// blockRows is the number of configurations that are computed together.
	blockRows = 128
)

// Costs in steps of a sum over bits, of which unitRate are done a second.
const (
	costInput = 6    // a weight of a unit that is on
	costUnit  = 150  // Γ and mean of a unit
	costReLU  = 2500 // and of one that has an error function
	costDReLU = 5000 // or two
)

// side is a layer of a model to be enumerated, and what that takes.
type side struct {
	finite         bool // it can be enumerated
	visible        bool
	configurations float64
	cost           float64
}

// cheaper returns the layer of a model that takes less to enumerate.
func cheaper(model *rbm.Model) side {
	visible, hidden := sideOf(model.Visible, model.Hidden), sideOf(model.Hidden, model.Visible)
	visible.visible = true
	if visible.cost < hidden.cost || !hidden.finite {
		return visible
	}
	return hidden
}

func sideOf(listed, summed rbm.Layer) side {
	f, ok := rbm.AsFinite(listed)
	if !ok {
		return side{cost: math.Inf(1)}
	}
	c := f.Configurations()
	cost := costInput * float64(listed.Units()) / 2 * float64(summed.Units())
	for _, part := range rbm.LayoutOf(summed) {
		unit := float64(costUnit)
		switch part.Kind {
		case rbm.ReLU:
			unit = costReLU
		case rbm.DReLU:
			unit = costDReLU
		}
		cost += unit * float64(part.Units)
	}
	return side{finite: true, configurations: c, cost: c * cost}
}

// feasible is [Feasible] of pairs of layers that are not both bits.
func (s side) feasible(model *rbm.Model) error {
	units := fmt.Sprintf("enumeration of %d %s visible and %d %s hidden units",
		model.M(), model.Visible.Kind(), model.N(), model.Hidden.Kind())
	if !s.finite {
		return fmt.Errorf("%s: neither layer has a finite number of configurations that could be summed over; "+
			"log Z can be estimated instead, by AIS", units)
	}
	if s.configurations > mostConfigurations {
		layer := "hidden"
		if s.visible {
			layer = "visible"
		}
		return fmt.Errorf("%s: the sum over %.3g configurations of the %s layer is refused: it would take about %s on one core; "+
			"the limit is %d; log Z can be estimated instead, by AIS",
			units, s.configurations, layer, duration(s.cost/unitRate), mostConfigurations)
	}
	return nil
}

// layers is the sum over the configurations of a finite layer, the listed one, through [rbm.Layer] alone:
//
//	Z = Σ_t e^(−U(t) + Γ(x)),   x_i = Σ_j w_ij t_j,
//
// where U is the energy of the listed layer and Γ the cumulant generating function of the other one, the summed one.
//
// Inputs are sums in float64. A layer takes them rounded to float32, as x̂, and Γ(x) = Γ(x̂) + Σ_i ⟨s_i⟩ (x_i − x̂_i)
// takes the rounding out again, to second order: log Z has the precision of the layer's own Γ, which is float64 in all
// kinds of package rbm.
type layers struct {
	listed  rbm.Finite
	summed  rbm.Layer
	visible bool // the listed layer is the model's visible one
	m, k    int  // units summed and listed
	count   uint64
	compute *compute.Context

	weights       []float64 // w_ij of listed unit j, k×m
	scale, offset float64   // of the listed units' values
	rest          []float64 // Σ_j w_ij·offset

	part []float64 // log of each part of Z
	logZ float64
}

// newLayers sums Z.
func newLayers(ctx context.Context, model *rbm.Model, o Options) (*layers, error) {
	s := cheaper(model)
	if err := s.feasible(model); err != nil {
		return nil, err
	}
	l := &layers{visible: s.visible, count: uint64(s.configurations), compute: o.Compute}
	listed, summed, at := model.Hidden, model.Visible, func(i, j int) int { return i*model.N() + j }
	if l.visible {
		listed, summed, at = summed, listed, func(i, j int) int { return j*model.N() + i }
	}
	l.listed, _ = rbm.AsFinite(listed)
	l.summed = summed
	l.m, l.k = summed.Units(), listed.Units()
	l.weights, l.rest = make([]float64, l.k*l.m), make([]float64, l.m)
	l.scale, l.offset = listed.Line()
	for j := range l.k {
		for i := range l.m {
			w := float64(model.W[at(i, j)])
			l.weights[j*l.m+i] = l.scale * w
			l.rest[i] += float64(l.offset * w)
		}
	}
	blocks := (l.count + blockRows - 1) / blockRows
	l.part = make([]float64, min(parts, blocks))
	err := l.walk(ctx, o, func(part int) blockVisitor {
		total := newLogSum()
		return blockVisitor{
			visit: func(_ *block, w weights) { total.add(w.scale, w.sum()) },
			done:  func() { l.part[part] = total.log() },
		}
	})
	if err != nil {
		return nil, err
	}
	if l.logZ = logSumExp(l.part); !(math.Abs(l.logZ) <= maxEnergy) {
		return nil, fmt.Errorf("log Z comes out as %.3g, and energies beyond %g mean nothing in float64", l.logZ, maxEnergy)
	}
	return l, nil
}

// block is some configurations of the listed layer, with what the summed layer makes of them.
type block struct {
	first  uint64    // number of the first
	states rbm.Batch // the configurations
	logs   []float64 // −F of each
	inputs []float32 // x of each
	means  []float32 // ⟨s⟩ given x
}

// blockVisitor is called with each block of a part and its weights e^(−F), and at the end of the part.
type blockVisitor struct {
	visit func(b *block, w weights)
	done  func()
}

// walk goes through all configurations, part by part on several workers.
func (l *layers) walk(ctx context.Context, o Options, begin func(part int) blockVisitor) error {
	var mu sync.Mutex
	done := uint64(0)
	progress := func(rows int) {
		if o.Progress == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done += uint64(rows)
		o.Progress(done, l.count)
	}
	n := uint64(len(l.part))
	blocks := (l.count + blockRows - 1) / blockRows
	l.compute.Parallel(len(l.part), func(part int) {
		v, f := begin(part), l.newFiller()
		from, to := blocks*uint64(part)/n*blockRows, min(blocks*uint64(part+1)/n*blockRows, l.count)
		for first := from; first < to; first += blockRows {
			if ctx.Err() != nil {
				return
			}
			rows := int(min(blockRows, to-first))
			progress(rows)
			v.visit(f.fill(first, rows))
		}
		v.done()
	})
	return ctx.Err()
}

// filler computes blocks, in memory of its own.
type filler struct {
	*layers
	all            rbm.Batch
	x              []float64 // inputs of one row
	inputs, means  []float32
	rounding       []float32 // what the inputs lost
	logs, energies []float64
}

func (l *layers) newFiller() *filler {
	return &filler{
		layers: l, all: l.listed.NewBatch(blockRows), x: make([]float64, l.m),
		inputs: make([]float32, blockRows*l.m), means: make([]float32, blockRows*l.m), rounding: make([]float32, blockRows*l.m),
		logs: make([]float64, blockRows), energies: make([]float64, blockRows),
	}
}

// fill computes the block of rows configurations from number first on, with weights of which the largest x is 1.
func (f *filler) fill(first uint64, rows int) (*block, weights) {
	b := &block{first, f.all.Slice(0, rows), f.logs[:rows], f.inputs[:rows*f.m], f.means[:rows*f.m]}
	for r := range rows {
		f.listed.Configure(b.states, r, first+uint64(r))
		copy(f.x, f.layers.rest)
		for j := range b.states.On(r) {
			for i, w := range f.weights[j*f.m : (j+1)*f.m] {
				f.x[i] += w
			}
		}
		for i, x := range f.x {
			b.inputs[r*f.m+i] = float32(x)
			f.rounding[r*f.m+i] = float32(x - float64(float32(x)))
		}
	}
	energies := f.energies[:rows]
	f.listed.Energy(energies, b.states)
	f.summed.CGF(b.logs, b.inputs)
	f.summed.Mean(b.means, b.inputs)
	for r := range b.logs {
		for k := r * f.m; k < (r+1)*f.m; k++ {
			b.logs[r] += float64(b.means[k]) * float64(f.rounding[k]) // exact in float64
		}
		b.logs[r] -= energies[r]
	}
	w := weights{slices.Max(b.logs), energies}
	for r, x := range b.logs {
		w.x[r] = math.Exp(x - w.scale)
	}
	return b, w
}

// moments writes the averages of [Moments] into dst.
func (l *layers) moments(ctx context.Context, dst *rbm.Statistics, model *rbm.Model, o Options) error {
	shares := make([]*layerMoments, len(l.part))
	err := l.walk(ctx, o, func(part int) blockVisitor {
		shares[part] = newLayerMoments(l)
		return blockVisitor{visit: shares[part].visit, done: func() {}}
	})
	if err != nil {
		return err
	}
	total := shares[0]
	for _, share := range shares[1:] {
		for k, sums := range share.sums {
			for i, x := range sums {
				total.sums[k][i] += x
			}
		}
	}
	total.write(dst, model)
	return nil
}

// layerMoments gathers averages in a part.
type layerMoments struct {
	*layers
	weights32 []float32
	averages  [][]float32 // of a block: of the listed layer's parameters, and then of the summed one's
	own       int         // how many are the listed layer's
	sums      [][]float64 // Σ over blocks of their weights times averages, and at the end ⟨stored t_j · s_i⟩, k×m
}

func newLayerMoments(l *layers) *layerMoments {
	c := &layerMoments{layers: l, weights32: make([]float32, blockRows), own: len(l.listed.Parameters())}
	for _, p := range slices.Concat(l.listed.Parameters(), l.summed.Parameters()) {
		c.averages = append(c.averages, make([]float32, len(p.Values)))
		c.sums = append(c.sums, make([]float64, len(p.Values)))
	}
	c.sums = append(c.sums, make([]float64, l.k*l.m))
	return c
}

func (c *layerMoments) visit(b *block, w weights) {
	share, unit, rows := 0.0, math.Exp(w.scale-c.logZ), len(w.x)
	for r, x := range w.x {
		c.weights32[r] = float32(x)
		share += float64(x * unit)
	}
	if share == 0 {
		return
	}
	c.listed.Moments(c.averages[:c.own], b.states, c.weights32[:rows])
	c.summed.InputMoments(c.averages[c.own:], b.inputs, c.weights32[:rows])
	for k, average := range c.averages {
		for i, x := range average {
			c.sums[k][i] += float64(share * float64(x))
		}
	}
	products := c.sums[len(c.averages)]
	for r, x := range w.x {
		p := x * unit
		if p == 0 {
			continue
		}
		means := b.means[r*c.m : (r+1)*c.m]
		for j := range b.states.On(r) {
			row := products[j*c.m : (j+1)*c.m]
			for i, mean := range means {
				row[i] += float64(p * float64(mean))
			}
		}
	}
}

// write puts averages in the model's own order of layers. ⟨t_j s_i⟩ is scale·⟨stored t_j · s_i⟩ + offset·⟨s_i⟩.
func (c *layerMoments) write(dst *rbm.Statistics, model *rbm.Model) {
	averages := dst.Averages()[1:]
	visible := len(model.Visible.Parameters())
	listed, summed := averages[visible:], averages[:visible]
	if c.visible {
		listed, summed = summed, listed
	}
	for k, average := range slices.Concat(listed, summed) {
		for i, x := range c.sums[k] {
			average[i] = float32(x)
		}
	}
	means, products, n := c.sums[c.own], c.sums[len(c.sums)-1], model.N()
	for j := range c.k {
		for i := range c.m {
			at := i*n + j
			if c.visible {
				at = j*n + i
			}
			dst.VH[at] = float32(float64(c.scale*products[j*c.m+i]) + float64(c.offset*means[i]))
		}
	}
}

// draw draws configurations of the listed layer.
func (l *layers) draw(ctx context.Context, count int, key rng.Key, o Options) (rbm.Batch, error) {
	drawn := l.listed.NewBatch(count)
	shares := deal(l.part, l.logZ, count, key)
	err := l.walk(ctx, o, func(part int) blockVisitor {
		in := inversion{share: shares[part], logPart: l.part[part], write: func(row int, number uint64) {
			l.listed.Configure(drawn, row, number)
		}}
		return blockVisitor{visit: func(b *block, w weights) { in.visit(b.first, w) }, done: in.done}
	})
	return drawn, err
}
