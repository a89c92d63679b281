package rbm

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// What a layer makes of many rows at once is a function here. [Layer] knows all of it, on one worker. A kind of unit that
// has kernels for some of it implements these interfaces as well, in its own file, which says so in a line such as
// var _ meansKernel = gaussian{}.
type (
	// meansOn turns inputs of rows into means of the numbers that a Batch stores.
	meansKernel interface {
		meansOn(on *compute.Context, x []float32)
	}
	// drawOn draws rows, the first of which has a number, from inputs, which it may overwrite.
	drawKernel interface {
		drawOn(on *compute.Context, dst Batch, x []float32, key rng.Key, step uint64, first int)
	}
	// fieldsOn turns inputs of rows, as the layer is at a place of a line, into fields of which drawFields draws all rows
	// at once, wherever they are. Units that fields don't suffice for are drawn by fieldsOn.
	fieldsKernel interface {
		fieldsOn(on *compute.Context, place float64, dst Batch, x []float32, key rng.Key, step uint64, first int)
		drawFields(on *compute.Context, dst Batch, fields []float32, key rng.Key, step uint64)
	}
	// cgfOn writes Γ of inputs of rows, which it may overwrite.
	cgfKernel interface {
		cgfOn(on *compute.Context, dst []float64, x []float32)
	}
	// energyOn writes U(s) of each row.
	energyKernel interface {
		energyOn(on *compute.Context, dst []float64, s Batch)
	}
	// momentsOn is [Layer.Moments].
	momentsKernel interface {
		momentsOn(on *compute.Context, dst [][]float32, s Batch, weights []float32)
	}
	// inputMomentsOn is [Layer.InputMoments], and turns the inputs into means.
	inputMomentsKernel interface {
		inputMomentsOn(on *compute.Context, dst [][]float32, x, weights []float32)
	}
)

// biased is the part of a [Layer] that fields need.
type biased interface {
	Line() (scale, offset float64)
	Biases() []float32
}

// addBiases turns inputs into scale·(bias + factor·input), the layer's fields in the numbers that a Batch stores.
func addBiases(on *compute.Context, l biased, x []float32, factor float64) {
	scale, _ := l.Line()
	fields := l.Biases()
	if scale != 1 {
		fields = make([]float32, len(fields))
		for i, b := range l.Biases() {
			fields[i] = float32(scale * float64(b))
		}
	}
	on.AddRow(x, float32(scale*factor), fields)
}

// means turns inputs of rows into means of the numbers that a Batch stores.
func means(on *compute.Context, l Layer, x []float32) {
	if l, ok := l.(meansKernel); ok {
		l.meansOn(on, x)
		return
	}
	scale, offset := l.Line()
	inBlocks(on, l, len(x), func(from, to int) {
		x := x[from:to]
		l.Mean(x, x)
		for k, y := range x {
			x[k] = float32((float64(y) - offset) / scale)
		}
	})
}

// drawAt draws rows, the first of which has a number, from a layer as it is at a place of a line; or makes fields of
// their inputs where [drawFields] draws all rows.
func drawAt(on *compute.Context, at Layer, place float64, dst Batch, x []float32, key rng.Key, step uint64, first int) {
	if l, ok := at.(fieldsKernel); ok {
		l.fieldsOn(on, place, dst, x, key, step, first)
		return
	}
	if place != 1 {
		multiplyBy(x, float32(place))
	}
	if l, ok := at.(drawKernel); ok {
		l.drawOn(on, dst, x, key, step, first)
		return
	}
	units := at.Units()
	inBlocks(on, at, len(x), func(from, to int) {
		at.Sample(dst.Slice(from/units, to/units), x[from:to], key, step, uint32(first+from/units))
	})
}

// drawFields draws all rows whose fields [drawAt] has made.
func drawFields(on *compute.Context, l Layer, dst Batch, fields []float32, key rng.Key, step uint64) {
	if l, ok := l.(fieldsKernel); ok {
		l.drawFields(on, dst, fields, key, step)
	}
}

// cgf writes Γ of inputs of rows, which it may overwrite.
func cgf(on *compute.Context, l Layer, dst []float64, x []float32) {
	if l, ok := l.(cgfKernel); ok {
		l.cgfOn(on, dst, x)
		return
	}
	units := l.Units()
	inBlocks(on, l, len(x), func(from, to int) { l.CGF(dst[from/units:to/units], x[from:to]) })
}

// energy writes U(s) of each row.
func energy(on *compute.Context, l Layer, dst []float64, s Batch) {
	if l, ok := l.(energyKernel); ok {
		l.energyOn(on, dst, s)
		return
	}
	l.Energy(dst, s)
}

// moments writes the averages of [Layer.Moments] over the rows of a batch.
func moments(on *compute.Context, l Layer, dst [][]float32, s Batch, weights []float32) {
	if l, ok := l.(momentsKernel); ok {
		l.momentsOn(on, dst, s, weights)
		return
	}
	l.Moments(dst, s, weights)
}

// inputMoments writes those of [Layer.InputMoments]. Then x holds the means.
func inputMoments(on *compute.Context, l Layer, dst [][]float32, x, weights []float32) {
	if l, ok := l.(inputMomentsKernel); ok {
		l.inputMomentsOn(on, dst, x, weights)
		return
	}
	l.InputMoments(dst, x, weights)
	means(on, l, x)
}

// blockRows is the number of rows that one goroutine takes at a time.
const blockRows = 8

// inBlocks calls f with the places from…to−1 of all numbers, some rows of a layer's units at a time, on several
// workers.
func inBlocks(on *compute.Context, layer Layer, numbers int, f func(from, to int)) {
	block := blockRows * layer.Units()
	on.Parallel((numbers+block-1)/block, func(k int) { f(k*block, min((k+1)*block, numbers)) })
}
