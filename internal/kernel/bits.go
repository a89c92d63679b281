package kernel

// Bits is a bit matrix, row after row. Column c of row r is bit c%64 of Words[r*Stride+c/64]; the bits
// after column Cols−1 are zero, and every function of this package keeps them so.
//
// An [Engine] may have a copy of the matrix that is newer. [Bits.Row], [Bits.All], [Bits.Edit] and [Bits.EditAll] make
// Words current.
type Bits struct {
	Rows, Cols int
	Stride     int // words a row
	Words      []uint64

	remote *remote // shared with all views of the same memory; nil: never has one
	first  int     // the row of the whole matrix that row 0 is
}

// NewBits returns a matrix of zeros.
func NewBits(rows, cols int) Bits {
	stride := (cols + 63) / 64
	b := Bits{Rows: rows, Cols: cols, Stride: stride, Words: make([]uint64, rows*stride)}
	if len(b.Words) > 0 {
		b.remote = &remote{whole: b}
	}
	return b
}

// Reshape makes b a rows×cols matrix of unspecified content, in its own memory if that suffices.
func (b *Bits) Reshape(rows, cols int) {
	stride := (cols + 63) / 64
	*b = Bits{Rows: rows, Cols: cols, Stride: stride, Words: grow(b.Words, rows*stride)}
}

// Slice returns rows from…to−1, which share the memory of b.
func (b Bits) Slice(from, to int) Bits {
	b.Words = b.Words[from*b.Stride : to*b.Stride : to*b.Stride]
	b.Rows, b.first = to-from, b.first+from
	return b
}

// Row returns the words of row r, to be read.
func (b Bits) Row(r int) []uint64 {
	b.remote.read()
	return b.Words[r*b.Stride : (r+1)*b.Stride]
}

// Edit returns the words of row r, to be read and changed.
func (b Bits) Edit(r int) []uint64 {
	b.remote.change()
	return b.Words[r*b.Stride : (r+1)*b.Stride]
}

// All returns the words of all rows, to be read.
func (b Bits) All() []uint64 {
	b.remote.read()
	return b.Words
}

// EditAll returns the words of all rows, to be read and changed.
func (b Bits) EditAll() []uint64 {
	b.remote.change()
	return b.Words
}

// Copy copies all rows of src, which has the shape of b.
func (b Bits) Copy(src Bits) { copy(b.EditAll(), src.All()) }
