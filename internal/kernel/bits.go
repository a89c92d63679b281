package kernel

// Bits is a bit matrix, row after row. Column c of row r is bit c%64 of Words[r*Stride+c/64]; the bits
// after column Cols−1 are zero, and every function of this package keeps them so.
type Bits struct {
	Rows, Cols int
	Stride     int // words a row
	Words      []uint64
}

// NewBits returns a matrix of zeros.
func NewBits(rows, cols int) Bits {
	stride := (cols + 63) / 64
	return Bits{Rows: rows, Cols: cols, Stride: stride, Words: make([]uint64, rows*stride)}
}

// Reshape makes b a rows×cols matrix of unspecified content, in its own memory if that suffices.
func (b *Bits) Reshape(rows, cols int) {
	stride := (cols + 63) / 64
	*b = Bits{Rows: rows, Cols: cols, Stride: stride, Words: grow(b.Words, rows*stride)}
}

// Row returns the words of row r.
func (b Bits) Row(r int) []uint64 { return b.Words[r*b.Stride : (r+1)*b.Stride] }
