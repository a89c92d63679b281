package kernel

import (
	"math"
	"slices"
)

// loadPanels is the number of panels that a task of Load fills, loadRows rows at a time: walking down one panel at a time would
// touch a new cache line of the source at every step and, with a power of two of columns, always in the same few sets.
const (
	loadPanels = 8
	loadCols   = loadPanels * panelCols
)

// loadRows is the number of rows of a task that are added up and then written, a panel after the other: they are in the
// first-level cache meanwhile.
const loadRows = 32

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

// do writes the largest column sum of the task's columns to sums[task], the bits of the largest element to elements[task],
// and their words.
func (l *loadTask) do(task int) {
	f := l.f
	if l.transposed {
		f.sums[task], f.elements[task] = l.transposedTask(task)
	} else {
		f.sums[task], f.elements[task] = l.task(task)
	}
	(*loadWords)(l).finish(task)
}

func (l *loadTask) task(task int) (sum float64, element uint32) {
	f, words, isa := l.f, (*loadWords)(l), l.c.isa
	from, to := task*loadCols, min((task+1)*loadCols, f.Cols)
	var sums [sumParts][loadCols]float64
	var parts [16]uint32
	for first := 0; first < f.Rows; first += loadRows {
		end := min(first+loadRows, f.Rows)
		isa.addColumnMagnitudes(&sums, &parts, l.src[first*f.Cols+from:], f.Cols, to-from, end-first)
		if !f.tiled {
			words.rows(first, end, from, to)
		}
	}
	for j := from; j < to; j++ {
		var parts [sumParts]float64
		for k := range parts {
			parts[k] = sums[k][j-from]
		}
		sum = max(sum, columnSum(&parts, l.offsetOf(j)))
	}
	return sum, slices.Max(parts[:])
}

// addColumnMagnitudes adds |x[r·stride+j]| to sums[r%8][j] for each of the first cols columns j, and raises parts: every eighth
// row in one call.
func (isa ISA) addColumnMagnitudes(sums *[sumParts][loadCols]float64, parts *[16]uint32, x []float32, stride, cols, rows int) {
	for k := range min(sumParts, rows) {
		isa.addMagnitudes(sums[k][:cols], parts, x[k*stride:], sumParts*stride, (rows-k+sumParts-1)/sumParts)
	}
}

func (l *loadTask) transposedTask(task int) (sum float64, element uint32) {
	f := l.f
	from, to := task*panelCols, min((task+1)*panelCols, f.Cols)
	var sums [panelCols][sumParts]float64
	var parts [16]uint32
	l.c.isa.addRowMagnitudes(sums[:to-from], &parts, l.src[from*f.Rows:], f.Rows, f.Rows)
	if !f.tiled {
		(*loadWords)(l).transpose(task)
	}
	for j := from; j < to; j++ {
		sum = max(sum, columnSum(&sums[j-from], l.offsetOf(j)))
	}
	return sum, slices.Max(parts[:])
}

func (l *loadTask) offsetOf(j int) float64 {
	if l.offset == nil {
		return 0
	}
	return float64(l.offset[j])
}

// do fills the task's panels.
func (l *loadWords) do(task int) {
	f := l.f
	switch {
	case f.tiled:
	case l.transposed:
		l.transpose(task)
	default:
		for k := 0; k < f.Rows; k += loadRows {
			l.rows(k, min(k+loadRows, f.Rows), task*loadCols, min((task+1)*loadCols, f.Cols))
		}
	}
	l.finish(task)
}

// finish fills what the task's panels have besides the words of numbers, or all of them if they are tiles.
func (l *loadWords) finish(task int) {
	f, from, to := l.f, task, task+1
	if !l.transposed {
		from, to = task*loadPanels, min((task+1)*loadPanels, f.panels())
	}
	if f.tiled {
		t := l.tiles()
		t.fill(from, to)
	}
	for p := from; p < to; p++ {
		if !f.tiled {
			clear(f.panel(p)[f.Rows*panelWords:])
		}
		offset := f.offset[p*panelWords : (p+1)*panelWords]
		if l.offset == nil {
			clear(offset)
		} else {
			l.c.isa.quantizeSome(offset, l.offset[p*panelCols:min((p+1)*panelCols, f.Cols)], l.factor)
		}
	}
}

// rows fills rows first … end−1, loadRows at most, of the panels of columns from … to−1.
func (l *loadWords) rows(first, end, from, to int) {
	f, full := l.f, to&^(panelCols-1)
	var factors [loadRows]float32
	for k := range end - first {
		if factors[k] = l.factor; l.weights != nil {
			factors[k] *= l.weights[first+k]
		}
	}
	src, words := l.src[first*f.Cols:], f.words[first*panelWords:]
	panel := f.paddedRows() * panelWords
	l.c.isa.quantizeRows(words[from/panelCols*panel:], panel, src[from:], f.Cols, full-from, factors[:end-first])
	if full < to {
		for k, factor := range factors[:end-first] {
			l.c.isa.quantizeSome(words[full/panelCols*panel+k*panelWords:], src[k*f.Cols+full:k*f.Cols+to], factor)
		}
	}
}

// transpose fills panel p from rows of the source, which are columns of f. The last rows of it are made with some before them again.
func (l *loadWords) transpose(p int) {
	f := l.f
	panel, src := f.panel(p), l.src[p*panelCols*f.Rows:]
	if cols := f.Cols - p*panelCols; cols < panelCols || f.Rows < panelCols {
		var column [panelCols]float32
		for k := range f.Rows {
			for j := range min(cols, panelCols) {
				column[j] = src[j*f.Rows+k]
			}
			l.c.isa.quantizeSome(panel[k*panelWords:], column[:], l.factor)
		}
		return
	}
	whole := f.Rows &^ (panelCols - 1)
	l.c.isa.quantizeTransposed(panel, src, f.Rows, whole, l.factor)
	if last := f.Rows - panelCols; whole < f.Rows {
		l.c.isa.quantizeTransposed(panel[last*panelWords:], src[last:], f.Rows, panelCols, l.factor)
	}
}

// addMagnitudesGeneric adds |x[r·stride+j]| to every sums[j], row after row, and raises parts to its bits: those of positive
// numbers have their order, and NaN is above. Four rows at a time read and write a sum once.
func addMagnitudesGeneric(sums []float64, parts *[16]uint32, x []float32, stride, rows int) {
	n, first, second := len(sums), parts[0], parts[1]
	r := 0
	for ; r+4 <= rows; r += 4 {
		a, b, c, d := x[r*stride:][:n], x[(r+1)*stride:][:n], x[(r+2)*stride:][:n], x[(r+3)*stride:][:n]
		for j := range sums {
			a, b, c, d := abs(a[j]), abs(b[j]), abs(c[j]), abs(d[j])
			sums[j] = sums[j] + float64(a) + float64(b) + float64(c) + float64(d)
			first = max(first, math.Float32bits(a), math.Float32bits(b))
			second = max(second, math.Float32bits(c), math.Float32bits(d))
		}
	}
	for ; r < rows; r++ {
		for j, x := range x[r*stride:][:n] {
			x = abs(x)
			sums[j] += float64(x)
			first = max(first, math.Float32bits(x))
		}
	}
	parts[0], parts[1] = first, second
}

// addRowMagnitudesGeneric adds |row[k]| to sums[k%8], in the order of k, and raises parts to its bits.
func addRowMagnitudesGeneric(sums *[sumParts]float64, parts *[16]uint32, row []float32) {
	first, second := parts[0], parts[1]
	for len(row) >= 4*sumParts {
		x := (*[4 * sumParts]float32)(row)
		for k := range sums {
			a, b, c, d := abs(x[k]), abs(x[sumParts+k]), abs(x[2*sumParts+k]), abs(x[3*sumParts+k])
			sums[k] = sums[k] + float64(a) + float64(b) + float64(c) + float64(d)
			first = max(first, math.Float32bits(a), math.Float32bits(b))
			second = max(second, math.Float32bits(c), math.Float32bits(d))
		}
		row = row[4*sumParts:]
	}
	for k, x := range row {
		x = abs(x)
		sums[k%sumParts] += float64(x)
		first = max(first, math.Float32bits(x))
	}
	parts[0], parts[1] = first, second
}

// quantizeRowsGeneric writes rows of whole panels, which are panel words apart: row r times factors[r].
func quantizeRowsGeneric(dst []uint64, panel int, src []float32, stride, cols int, factors []float32) {
	for p := range cols / panelCols {
		src, dst, at := src[p*panelCols:], dst[p*panel:], 0
		for _, factor := range factors {
			x, out := (*[panelCols]float32)(src[at:]), (*[panelWords]uint64)(dst)
			for i := range out {
				out[i] = pack(quantize(x[2*i], factor), quantize(x[2*i+1], factor))
			}
			at += stride
			dst = dst[panelWords:]
		}
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
