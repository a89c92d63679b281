package kernel

// Reals is a matrix of real numbers, row after row.
type Reals struct {
	Rows, Cols int
	Values     []float32
}

// NewReals returns a matrix of zeros.
func NewReals(rows, cols int) Reals { return Reals{rows, cols, make([]float32, rows*cols)} }

// Row returns row r.
func (m Reals) Row(r int) []float32 { return m.Values[r*m.Cols : (r+1)*m.Cols : (r+1)*m.Cols] }
