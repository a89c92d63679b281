package kernel

// Sums over the rows of a matrix, column by column. Each is added in the order of the rows, so that it doesn't depend on
// who adds it.

// columnPanels is the number of panels of a task.
const columnPanels = 4

// A columnwise is the work of these functions, in tasks of some panels of columns.
type columnwise struct {
	isa           ISA
	x, y          Reals
	sums, squares []float64
	weights       []float32
	dst           Reals
	shift         int       // of the rows of y
	ones          []float32 // memory
}

type (
	columnMoments   columnwise
	columnDistances columnwise
	transposing     columnwise
)

// startColumns lends the work.
func (c *Context) startColumns(x Reals) (*Context, *columnwise) {
	c = c.own()
	w := c.columnwises.get()
	w.isa, w.x = c.isa, x
	return c, w
}

// run does the work on all columns and gives it back.
func (w *columnwise) run(c *Context, j job) {
	const width = columnPanels * panelCols
	c.parallel(c.workersFor(w.x.Rows*w.x.Cols), (w.x.Cols+width-1)/width, j)
	*w = columnwise{ones: w.ones}
	c.columnwises.put(w)
}

// columnRows is the number of rows that all panels of a task take before the next.
const columnRows = 32

// panels calls f for rows from…to−1 of the panels of a task: cols columns from the first one on.
func (w *columnwise) panels(task int, f func(first, cols, from, to int)) {
	begin, end := task*columnPanels*panelCols, min((task+1)*columnPanels*panelCols, w.x.Cols)
	for from := 0; from < w.x.Rows; from += columnRows {
		for first := begin; first < end; first += panelCols {
			f(first, min(panelCols, end-first), from, min(from+columnRows, w.x.Rows))
		}
	}
}

// ColumnMoments writes Σ_r w_r x_rj to sums and Σ_r w_r x_rj² to squares, in float64; weights = nil stands for ones. It
// panics unless sums and squares have x.Cols numbers and weights x.Rows.
func (c *Context) ColumnMoments(sums, squares []float64, x Reals, weights []float32) {
	if len(sums) != x.Cols || len(squares) != x.Cols || weights != nil && len(weights) != x.Rows {
		panicf("ColumnMoments of %d×%d numbers with %d weights into %d sums and %d of squares", x.Rows, x.Cols, len(weights), len(sums),
			len(squares))
	}
	c, w := c.startColumns(x)
	if weights == nil {
		for len(w.ones) < x.Rows {
			w.ones = append(w.ones, 1)
		}
		weights = w.ones[:x.Rows]
	}
	clear(sums)
	clear(squares)
	w.sums, w.squares, w.weights = sums, squares, weights
	w.run(c, (*columnMoments)(w))
}

func (m *columnMoments) do(task int) {
	w := (*columnwise)(m)
	w.panels(task, func(first, cols, from, to int) {
		sums, squares, weights := w.sums[first:][:cols], w.squares[first:][:cols], w.weights[from:to]
		if w.isa == Generic || cols < panelCols {
			columnMomentsGeneric(sums, squares, w.x, first, from, weights)
			return
		}
		at, stride := &w.x.Values[from*w.x.Cols+first], 4*w.x.Cols
		w.isa.columnMomentsAsm((*[panelCols]float64)(sums), (*[panelCols]float64)(squares), at, stride, to-from, &weights[0])
	})
}

func columnMomentsGeneric(sums, squares []float64, x Reals, first, from int, weights []float32) {
	for r, weight := range weights {
		for j, y := range x.Row(from + r)[first:][:len(sums)] {
			wy := float64(weight) * float64(y) // exact
			sums[j] += wy
			squares[j] += float64(wy * float64(y))
		}
	}
}

// ColumnDistances writes Σ_r (x_rj − y_sj)² to sums, s = (r+shift) mod y.Rows, in float64. It panics unless x and y have
// one shape and sums has x.Cols numbers.
func (c *Context) ColumnDistances(sums []float64, x, y Reals, shift int) {
	if x.Rows != y.Rows || x.Cols != y.Cols || len(sums) != x.Cols {
		panicf("ColumnDistances of %d×%d and %d×%d numbers into %d sums", x.Rows, x.Cols, y.Rows, y.Cols, len(sums))
	}
	c, w := c.startColumns(x)
	clear(sums)
	w.y, w.sums, w.shift = y, sums, shift%max(1, x.Rows)
	w.run(c, (*columnDistances)(w))
}

func (d *columnDistances) do(task int) {
	w := (*columnwise)(d)
	w.panels(task, func(first, cols, from, to int) {
		sums, last := w.sums[first:][:cols], min(max(w.x.Rows-w.shift, from), to) // from which on y begins again
		w.addDistances(sums, from, from+w.shift, first, last-from)
		w.addDistances(sums, last, last+w.shift-w.x.Rows, first, to-last)
	})
}

// addDistances adds (x−y)² of some columns of rows, from row a of x and row b of y on.
func (w *columnwise) addDistances(sums []float64, a, b, first, rows int) {
	if rows == 0 {
		return
	}
	x, y := w.x.Values[a*w.x.Cols+first:], w.y.Values[b*w.x.Cols+first:]
	if w.isa != Generic && len(sums) == panelCols {
		w.isa.columnDistancesAsm((*[panelCols]float64)(sums), &x[0], &y[0], 4*w.x.Cols, rows)
		return
	}
	for r := range rows {
		x, y := x[r*w.x.Cols:][:len(sums)], y[r*w.x.Cols:][:len(sums)]
		for j := range sums {
			d := float64(x[j]) - float64(y[j])
			sums[j] += float64(d * d)
		}
	}
}

// TransposeReals writes x with rows and columns exchanged to dst. It panics unless dst is x.Cols×x.Rows.
func (c *Context) TransposeReals(dst, x Reals) {
	if dst.Rows != x.Cols || dst.Cols != x.Rows {
		panicf("TransposeReals of %d×%d numbers into %d×%d", x.Rows, x.Cols, dst.Rows, dst.Cols)
	}
	c, w := c.startColumns(x)
	w.dst = dst
	w.run(c, (*transposing)(w))
}

func (t *transposing) do(task int) {
	w := (*columnwise)(t)
	from, to := task*columnPanels*panelCols, min((task+1)*columnPanels*panelCols, w.x.Cols)
	whole := from + (to-from)&^(panelCols-1)
	for r := 0; r < w.x.Rows; r += panelCols {
		first := from // column that assembler leaves
		if w.isa != Generic && r+panelCols <= w.x.Rows && whole > from {
			dst, src, blocks := &w.dst.Values[from*w.x.Rows+r], &w.x.Values[r*w.x.Cols+from], (whole-from)/panelCols
			w.isa.transposeNumbersAsm(dst, 4*w.x.Rows, src, 4*w.x.Cols, blocks)
			first = whole
		}
		for k := r; k < min(r+panelCols, w.x.Rows); k++ {
			for j, y := range w.x.Row(k)[first:to] {
				w.dst.Values[(first+j)*w.x.Rows+k] = y
			}
		}
	}
}
