package kernel

import (
	"math"
	"slices"
)

// loadPanels is the number of panels that a task of Load fills, row by row: walking down one panel at a time would touch a
// new cache line of the source at every step and, with a power of two of columns, always in the same few sets.
const loadPanels = 8

// sumParts is the number of partial sums of a column: part k%8 has the terms of rows k, in order.
const sumParts = 8

// columnSum adds up the parts of a column, in this order, and its offset's magnitude.
func columnSum(parts *[sumParts]float64, offset float64) float64 {
	return ((parts[0] + parts[4]) + (parts[2] + parts[6])) + ((parts[1] + parts[5]) + (parts[3] + parts[7])) + math.Abs(offset)
}

// A load is the work of Load and LoadTransposed: the sums that decide about the scale, and the words.
type load struct {
	c           *Context
	f           *Fixed
	src, offset []float32
	transposed  bool
	factor      float32
	weights     []float32 // of the rows; nil: 1
	agree       Agree     // nil: the columns are all there are
}

type (
	loadTask  load
	loadSums  load
	loadWords load
)

func (l *load) release() {
	c := l.c
	*l = load{}
	c.loads.put(l)
}

// load loads a rows×cols operand from what l says.
func (c *Context) load(name string, f *Fixed, from load, rows, cols int) {
	c = c.own()
	f.resize(c.isa, rows, cols)
	l, tasks := c.loads.get(), f.panels()
	defer l.release()
	if *l = from; !l.transposed {
		tasks = (tasks + loadPanels - 1) / loadPanels
	}
	l.c, l.f = c, f
	l.run(tasks, name)
}

// run loads by the scale of the last time, while the numbers of a task are in the cache for their sums. Where these say
// that it is another one, which is rare from update to update, the words are made again.
func (l *load) run(tasks int, name string) {
	workers := l.c.workersFor(l.f.Rows * l.f.Cols)
	guess := l.f.factor()
	l.factor = guess
	l.c.parallel(workers, tasks, (*loadTask)(l))
	largest, element := 0.0, uint32(0)
	for task := range tasks {
		largest = max(largest, l.f.sums[task]) // NaN wins
		element = max(element, l.f.elements[task])
	}
	if l.agree != nil {
		largest, element = l.agree(largest, element)
	}
	if largest-largest != 0 {
		panicf("%s of a matrix with an element that is not finite", name)
	}
	if l.factor = l.f.chooseScale(largest, math.Float32frombits(element)); l.factor != guess {
		l.c.parallel(workers, tasks, (*loadWords)(l))
	}
}

func (l *loadTask) do(task int) {
	(*loadSums)(l).do(task)
	(*loadWords)(l).do(task)
}

// do writes the largest column sum of the task's columns to sums[task], and the bits of the largest element to elements[task].
func (l *loadSums) do(task int) {
	f := l.f
	largest, element := 0.0, uint32(0)
	if l.transposed {
		from, to := task*panelCols, min((task+1)*panelCols, f.Cols)
		var sums [panelCols][sumParts]float64
		l.c.isa.addRowMagnitudes(sums[:to-from], l.src[from*f.Rows:], f.Rows)
		element = l.c.isa.largest(l.src[from*f.Rows : to*f.Rows])
		for j := from; j < to; j++ {
			largest = max(largest, columnSum(&sums[j-from], l.offsetOf(j)))
		}
		f.sums[task], f.elements[task] = largest, element
		return
	}
	const width = loadPanels * panelCols
	from, to := task*width, min((task+1)*width, f.Cols)
	var sums [sumParts][width]float64
	var parts [16]uint32
	for k := range f.Rows {
		row := l.src[k*f.Cols+from:][:to-from]
		l.c.isa.addMagnitudes(sums[k%sumParts][:to-from], row)
		l.c.isa.raise(&parts, row)
	}
	element = slices.Max(parts[:])
	for j := from; j < to; j++ {
		var parts [sumParts]float64
		for k := range parts {
			parts[k] = sums[k][j-from]
		}
		largest = max(largest, columnSum(&parts, l.offsetOf(j)))
	}
	f.sums[task], f.elements[task] = largest, element
}

func (l *loadSums) offsetOf(j int) float64 {
	if l.offset == nil {
		return 0
	}
	return float64(l.offset[j])
}

// do fills the task's panels.
func (l *loadWords) do(task int) {
	f, from, to := l.f, task, task+1
	if !l.transposed {
		from, to = task*loadPanels, min((task+1)*loadPanels, f.panels())
	}
	switch {
	case f.tiled:
		t := l.tiles()
		t.fill(from, to)
	case l.transposed:
		l.transposePanel(task)
	default:
		full := min(to, f.Cols/panelCols) // panels with all columns
		for k := range f.Rows {
			row, factor := l.src[k*f.Cols:(k+1)*f.Cols], l.factor
			if l.weights != nil {
				factor *= l.weights[k]
			}
			if full > from {
				words := f.words[(from*f.paddedRows()+k)*panelWords:]
				l.c.isa.quantizeRow(words, f.paddedRows()*panelWords, row[from*panelCols:full*panelCols], factor)
			}
			if full < to {
				quantizeSome(f.panel(full)[k*panelWords:][:panelWords], row[full*panelCols:], factor)
			}
		}
	}
	for p := from; p < to; p++ {
		if !f.tiled {
			clear(f.panel(p)[f.Rows*panelWords:])
		}
		offset := f.offset[p*panelWords : (p+1)*panelWords]
		if l.offset == nil {
			clear(offset)
		} else {
			quantizeSome(offset, l.offset[p*panelCols:min((p+1)*panelCols, f.Cols)], l.factor)
		}
	}
}

// transposePanel fills panel p from rows of the source, which are columns of f.
func (l *loadWords) transposePanel(p int) {
	f := l.f
	panel, src := f.panel(p), l.src[p*panelCols*f.Rows:]
	cols, done := min(panelCols, f.Cols-p*panelCols), 0
	if cols == panelCols {
		done = f.Rows &^ (panelCols - 1)
		l.c.isa.quantizeTransposed(panel, src, f.Rows, done, l.factor)
	}
	var column [panelCols]float32
	for k := done; k < f.Rows; k++ {
		for j := range cols {
			column[j] = src[j*f.Rows+k]
		}
		quantizeSome(panel[k*panelWords:][:panelWords], column[:cols], l.factor)
	}
}

// quantizeSome fills a row of a panel from at most 16 numbers; missing ones are zeros.
func quantizeSome(dst []uint64, src []float32, factor float32) {
	var x [panelCols]float32
	copy(x[:], src)
	for i := range panelWords {
		dst[i] = pack(quantize(x[2*i], factor), quantize(x[2*i+1], factor))
	}
}

// addMagnitudesGeneric adds |x[j]| to every sums[j].
func addMagnitudesGeneric(sums []float64, x []float32) {
	x = x[:len(sums)]
	for j, y := range x {
		sums[j] += float64(abs(y))
	}
}

// addRowMagnitudesGeneric adds |src[j·n+k]| to sums[j][k%8] for every row j of n numbers, in the order of k.
func addRowMagnitudesGeneric(sums [][sumParts]float64, src []float32, n int) {
	for j := range sums {
		row, s := src[j*n:(j+1)*n], &sums[j]
		for len(row) >= sumParts {
			x := (*[sumParts]float32)(row)
			for k := range s {
				s[k] += float64(abs(x[k]))
			}
			row = row[sumParts:]
		}
		for k, x := range row {
			s[k] += float64(abs(x))
		}
	}
}

// quantizeRowGeneric writes a row of whole panels, whose rows are stride words apart.
func quantizeRowGeneric(dst []uint64, stride int, src []float32, factor float32) {
	for at := 0; len(src) > 0; at += stride {
		x, out := (*[panelCols]float32)(src), (*[panelWords]uint64)(dst[at:])
		for i := range out {
			out[i] = pack(quantize(x[2*i], factor), quantize(x[2*i+1], factor))
		}
		src = src[panelCols:]
	}
}

// quantizeTransposedGeneric writes rows 0…rows−1 of a panel, where column j of it is row j of src, stride numbers apart.
func quantizeTransposedGeneric(dst []uint64, src []float32, stride, rows int, factor float32) {
	for i := range panelWords {
		lo, hi := src[2*i*stride:][:rows], src[(2*i+1)*stride:][:rows]
		for k, x := range lo {
			dst[k*panelWords+i] = pack(quantize(x, factor), quantize(hi[k], factor))
		}
	}
}
