package kernel

// Some columns of an operand, of which other processes have the rest.

// Agree combines S and the bits of M (see [Fixed]) of some columns with those of the others.
type Agree func(sum float64, element uint32) (float64, uint32)

// LoadColumns is [Context.Load], or [Context.LoadTransposed], of some columns of an operand: those from `first` on, a
// multiple of 64. The scale is that of all columns, by agree, and [Context.Sample] draws the bits that the whole operand
// would give. A context with an engine doesn't have it.
func (c *Context) LoadColumns(
	f *Fixed, src []float32, rows, cols int, offset []float32, transposed bool, first int, agree Agree,
) {
	offsets := cols
	if transposed {
		offsets = rows
	}
	checkOperand("LoadColumns", src, rows, cols, offset, offsets)
	if first%64 != 0 {
		panicf("LoadColumns from column %d on, want a multiple of 64", first)
	}
	if transposed {
		rows, cols = cols, rows
	}
	c.load("LoadColumns", f, load{src: src, offset: offset, transposed: transposed, agree: agree}, rows, cols)
	f.first = first
}

// Widen makes f an operand of all columns, of which part has some, and returns what is to be completed: words and
// offset, of which each panel of 16 columns has as many as any other.
func (c *Context) Widen(f, part *Fixed, cols int) (words, offset []uint64) {
	part.shape(c.own(), false)
	f.resize(c.ISA(), part.Rows, cols)
	f.scale, f.tiled = part.scale, false
	at := part.first / panelCols
	copy(f.words[at*f.paddedRows()*panelWords:], part.words)
	copy(f.offset[at*panelWords:], part.offset)
	return f.words, f.offset
}
