package kernel

import "github.com/harmonium-rbm/harmonium/rng"

// Functions of matrices of numbers, row after row: what layers of other units than bits do to the inputs that products
// give them.

// A rowwise is the work of one of them, in tasks of a few rows.
type rowwise struct {
	c       *Context
	x, dst  []float32
	rows    int
	cols    int
	perTask int // rows

	scale  float32
	row    []float32
	factor []float32
	sums   []float64
	states []int
	draw   draw
}

type (
	rowAdding     rowwise
	rowScaling    rowwise
	rowQuadratics rowwise
	rowDrawing    rowwise
	rowSoftplus   rowwise
	rowCategories rowwise
	rowSoftmax    rowwise
	rowLogSumExp  rowwise
	rowNormals    rowwise
)

// startRows checks the size of x and lends the work.
func (c *Context) startRows(name string, x []float32, rows, cols int) *rowwise {
	if len(x) != rows*cols {
		panicf("%s of %d numbers as %d×%d", name, len(x), rows, cols)
	}
	c = c.own()
	w := c.rowwises.get()
	w.c, w.x, w.rows, w.cols, w.perTask = c, x, rows, cols, max(1, elementwiseBlock/max(1, cols))
	return w
}

// run does the work and gives it back.
func (w *rowwise) run(j job) {
	c := w.c
	c.parallel(c.workers, (w.rows+w.perTask-1)/w.perTask, j)
	*w = rowwise{draw: draw{keys: w.draw.keys}}
	c.rowwises.put(w)
}

// stretch returns the rows of a task: from … to−1.
func (w *rowwise) stretch(task int) (from, to int) {
	return task * w.perTask, min((task+1)*w.perTask, w.rows)
}

// of returns row r of x.
func (w *rowwise) of(r int) []float32 { return w.x[r*w.cols : (r+1)*w.cols] }

// AddRow turns every row of x into scale·x[r,j] + row[j], with both operations rounded. It panics unless len(x) is a
// multiple of len(row).
func (c *Context) AddRow(x []float32, scale float32, row []float32) {
	rows := len(x) / max(1, len(row))
	w := c.startRows("AddRow", x, rows, len(row))
	w.scale, w.row = scale, row
	w.run((*rowAdding)(w))
}

func (a *rowAdding) do(task int) {
	w := (*rowwise)(a)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		w.c.isa.addRow(w.of(r), w.scale, w.row)
	}
}

func addRowGeneric(x []float32, scale float32, row []float32) {
	row = row[:len(x)]
	for j, y := range x {
		x[j] = float32(scale*y) + row[j]
	}
}

// ShiftScale turns every row of x into (x[r,j] + row[j])·factors[j], with both operations rounded. It panics unless row
// and factors have one length, of which that of x is a multiple.
func (c *Context) ShiftScale(x, row, factors []float32) {
	if len(row) != len(factors) {
		panicf("ShiftScale by %d numbers and %d factors", len(row), len(factors))
	}
	w := c.startRows("ShiftScale", x, len(x)/max(1, len(row)), len(row))
	w.row, w.factor = row, factors
	w.run((*rowScaling)(w))
}

func (s *rowScaling) do(task int) {
	w := (*rowwise)(s)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		w.c.isa.shiftScale(w.of(r), w.row, w.factor)
	}
}

func shiftScaleGeneric(x, row, factors []float32) {
	row, factors = row[:len(x)], factors[:len(x)]
	for j, y := range x {
		x[j] = (y + row[j]) * factors[j] // Go fuses x·y + z alone
	}
}

// Quadratics writes Σ_j (½·squares[j]·x_rj² − linear[j]·x_rj) to sums[r], in float64: the terms as (½·squares[j]·x_rj −
// linear[j])·x_rj, and their sum in the order of [Context.Dot]. It panics unless squares and linear have one length, and
// x len(sums) rows of it.
func (c *Context) Quadratics(sums []float64, x, squares, linear []float32) {
	if len(squares) != len(linear) {
		panicf("Quadratics of %d squares and %d linear terms", len(squares), len(linear))
	}
	w := c.startRows("Quadratics", x, len(sums), len(linear))
	w.sums, w.row, w.factor = sums, linear, squares
	w.run((*rowQuadratics)(w))
}

func (q *rowQuadratics) do(task int) {
	w := (*rowwise)(q)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		var parts [sumParts]float64
		w.c.isa.quadratics(&parts, w.of(r), w.factor, w.row)
		w.sums[r] = columnSum(&parts, 0)
	}
}

func quadraticsGeneric(parts *[sumParts]float64, x, squares, linear []float32) {
	for j, y := range x {
		slope := float64(squares[j])*float64(y)/2 - float64(linear[j]) // exact but for the difference
		parts[j%sumParts] += float64(slope * float64(y))
	}
}

// Draw draws a bit with probability σ(x[r·dst.Cols+j]) for row r and column j of dst, with the random numbers of
// [Context.Sample]: [SampleBit] with u = rng.Uniform of word j%4 of key.Block(rng.At(step, r, j)). It panics unless x
// has dst.Rows·dst.Cols numbers.
func (c *Context) Draw(dst Bits, x []float32, key rng.Key, step uint64) {
	w := c.startRows("Draw", x, dst.Rows, dst.Cols)
	w.draw.start(w.c.isa, dst, key, step, 0)
	w.perTask = drawRows
	w.run((*rowDrawing)(w))
}

// drawRows is the number of rows that a task draws: assembler does part of the work for a panel once for all of them.
const drawRows = 32

func (d *rowDrawing) do(task int) {
	w := (*rowwise)(d)
	from, to := w.stretch(task)
	if w.c.isa == Generic {
		for r := from; r < to; r++ {
			drawRowGeneric(&w.draw, w.draw.dst.Row(r), w.of(r), uint32(r))
		}
		return
	}
	stride := w.draw.dst.Stride
	words, x := w.draw.dst.Words[from*stride:to*stride], w.x[from*w.cols:to*w.cols]
	clear(words)
	whole := w.cols / panelCols
	for panel := range whole {
		w.c.isa.drawNumbers(&w.draw, words[panel/4:], x[panel*panelCols:], w.cols, to-from, uint32(from), panel)
	}
	if rest := w.cols - whole*panelCols; rest > 0 {
		var last [drawRows * panelCols]float32
		for r := range to - from {
			y := last[r*panelCols:][:panelCols]
			copy(y, x[r*w.cols+whole*panelCols:][:rest])
			for j := rest; j < panelCols; j++ {
				y[j] = -sampleClamp // draws no bit
			}
		}
		w.c.isa.drawNumbers(&w.draw, words[whole/4:], last[:], panelCols, to-from, uint32(from), whole)
	}
}

// drawRowGeneric draws the bits of a row.
func drawRowGeneric(d *draw, dst []uint64, x []float32, row uint32) {
	clear(dst)
	at := rng.At(d.step, d.firstChain+row, 0)
	for from := 0; from < len(x); from += len(rng.Block{}) {
		u := d.key.Block(at)
		at[0]++
		bits := uint64(0)
		for k, y := range x[from:min(from+len(u), len(x))] {
			bits |= drawn(u[k], y) << k
		}
		dst[from/64] |= bits << (from % 64)
	}
}

// SumSoftpluses writes Σ_j log(1+e^{x[r,j]}) to sums[r], where x has len(sums) rows: the terms and their order are
// those of [Context.SumSoftplus]. It panics unless len(x) is a multiple of len(sums).
func (c *Context) SumSoftpluses(sums []float64, x []float32) {
	w := c.startRows("SumSoftpluses", x, len(sums), len(x)/max(1, len(sums)))
	w.sums = sums
	w.run((*rowSoftplus)(w))
}

func (s *rowSoftplus) do(task int) {
	w := (*rowwise)(s)
	scratch := w.c.scratches.get()
	y := grow(*scratch, (w.cols+panelCols-1)/panelCols*panelCols)
	from, to := w.stretch(task)
	for r := from; r < to; r++ {
		w.c.isa.softpluses(y[:w.cols], w.of(r))
		sum := 0.0
		for first := 0; first < w.cols; first += panelCols {
			sum += sumRow((*[panelCols]float32)(y[first:]), min(panelCols, w.cols-first))
		}
		w.sums[r] = sum
	}
	*scratch = y
	w.c.scratches.put(scratch)
}
