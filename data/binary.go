package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"strings"
)

// element is a type of numbers in a binary file.
type element struct {
	name   string // as numpy calls it
	size   int    // bytes
	decode func(values []float64, raw []byte)
}

// elementOf returns the type of a kind ('b' boolean, 'u', 'i', 'f') and a size in bytes; ok is false if there is none.
func elementOf(kind byte, size int, order binary.ByteOrder) (e element, ok bool) {
	var one func(raw []byte) float64
	switch {
	case (kind == 'b' || kind == 'u') && size == 1:
		e.decode = func(values []float64, raw []byte) {
			for i := range values {
				values[i] = float64(raw[i])
			}
		}
	case kind == 'i' && size == 1:
		one = func(raw []byte) float64 { return float64(int8(raw[0])) }
	case kind == 'u' && size == 2:
		one = func(raw []byte) float64 { return float64(order.Uint16(raw)) }
	case kind == 'i' && size == 2:
		one = func(raw []byte) float64 { return float64(int16(order.Uint16(raw))) }
	case kind == 'u' && size == 4:
		one = func(raw []byte) float64 { return float64(order.Uint32(raw)) }
	case kind == 'i' && size == 4:
		one = func(raw []byte) float64 { return float64(int32(order.Uint32(raw))) }
	case kind == 'u' && size == 8:
		one = func(raw []byte) float64 { return float64(order.Uint64(raw)) }
	case kind == 'i' && size == 8:
		one = func(raw []byte) float64 { return float64(int64(order.Uint64(raw))) }
	case kind == 'f' && size == 2:
		one = func(raw []byte) float64 { return half(order.Uint16(raw)) }
	case kind == 'f' && size == 4:
		one = func(raw []byte) float64 { return float64(math.Float32frombits(order.Uint32(raw))) }
	case kind == 'f' && size == 8:
		one = func(raw []byte) float64 { return math.Float64frombits(order.Uint64(raw)) }
	default:
		return e, false
	}
	names := map[byte]string{'u': "uint", 'i': "int", 'f': "float"}
	e.name, e.size = fmt.Sprintf("%s%d", names[kind], 8*size), size
	if kind == 'b' {
		e.name = "bool"
	}
	if e.decode == nil {
		e.decode = func(values []float64, raw []byte) {
			for i := range values {
				values[i] = one(raw[i*size:])
			}
		}
	}
	return e, true
}

// half returns a number of IEEE 754's binary16: a sign, 5 bits of exponent and 10 of fraction.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10&31), float64(bits&1023)
	var x float64
	switch exponent {
	case 0:
		x = math.Ldexp(fraction, -24)
	case 31:
		x = math.Inf(1)
		if fraction != 0 {
			x = math.NaN()
		}
	default:
		x = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		x = -x
	}
	return x
}

// array is a binary array as its header declares it: dims numbers of type element, offset bytes into the stream.
type array struct {
	dims    []int
	element element
	fortran bool // the first axis runs fastest
	offset  int64
	format  string
}

// matrix checks the declared size against the bytes that are there.
func (a array) matrix(s source, weights bool) (*matrix, error) {
	switch axes := len(a.dims); {
	case axes == 0:
		return nil, errors.New("found a single number, want an array of rows × units: one row is x.reshape(1, -1)")
	case axes == 1 && !weights:
		return nil, fmt.Errorf("found one axis of %d numbers, want an array of rows × units: one row is x.reshape(1, -1), "+
			"one column x.reshape(-1, 1)", a.dims[0])
	}
	m := &matrix{rows: a.dims[0], units: 1, format: fmt.Sprintf("%s (%s)%s", a.format, a.element.name, s.pack)}
	m.bytes, m.finite = a.element.name == "uint8", !strings.HasPrefix(a.element.name, "float")
	m.scattered = a.fortran
	want, ok := uint64(a.element.size), true
	for _, d := range a.dims {
		hi, lo := bits.Mul64(want, uint64(d))
		want, ok = lo, ok && hi == 0 && lo <= math.MaxInt64
	}
	if !ok {
		return nil, fmt.Errorf("the header declares %v numbers, more than any file holds", a.dims)
	}
	if want == 0 {
		return nil, fmt.Errorf("the header declares %v numbers: no rows or no units", a.dims)
	}
	length, err := s.length()
	if err != nil {
		return nil, err
	}
	if have := uint64(length - a.offset); have != want {
		return nil, fmt.Errorf("the header declares %v numbers of type %s, %d bytes; the file holds %d",
			a.dims, a.element.name, want, have)
	}
	for _, d := range a.dims[1:] {
		m.units *= d
	}
	if len(a.dims) > 2 {
		m.shape = a.dims[1:]
	}
	whole := *m // whatever rows and columns are chosen of it
	m.scan = func(put put) error { return a.scan(s, &whole, put) }
	if m.bytes || a.element.name == "bool" {
		m.scanBytes = func(put putBytes) error { return a.scanRaw(s, &whole, put) }
		m.scan = asNumbers(m.scanBytes)
	}
	return m, nil
}

// chunk is the number of values that are decoded at a time.
const chunk = 4096

// scan goes through the numbers of the array.
func (a array) scan(s source, m *matrix, put put) error {
	values := make([]float64, chunk)
	decode := func(raw []byte) { a.element.decode(values[:len(raw)/a.element.size], raw) }
	return a.scanChunks(s, m, decode, func(r, c, from, to int) error { return put(r, c, values[from:to]) })
}

// scanRaw goes through the bytes of an array of such.
func (a array) scanRaw(s source, m *matrix, put putBytes) error {
	var chunk []byte
	return a.scanChunks(s, m, func(raw []byte) { chunk = raw }, func(r, c, from, to int) error { return put(r, c, chunk[from:to]) })
}

// scanChunks goes through the bytes of the array, a chunk of values at a time, and then through the runs of values of the
// chunk that are in one row: values from…to−1 are in row r from column c on.
func (a array) scanChunks(s source, m *matrix, take func(raw []byte), run func(r, c, from, to int) error) error {
	r, err := s.open()
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, r, a.offset); err != nil {
		return changed(err)
	}
	place := func(k int) (row, column, run int) { return k / m.units, k % m.units, m.units - k%m.units }
	if a.fortran {
		place = a.fortranPlace(m.rows)
	}
	raw := make([]byte, chunk*a.element.size)
	for k, total := 0, m.rows*m.units; k < total; {
		count := min(chunk, total-k)
		raw = raw[:count*a.element.size]
		if _, err := io.ReadFull(r, raw); err != nil {
			return changed(err)
		}
		take(raw)
		for from := 0; from < count; {
			row, column, length := place(k + from)
			to := min(count, from+length)
			if err := run(row, column, from, to); err != nil {
				return err
			}
			from = to
		}
		k += count
	}
	return nil
}

// changed explains the early end of a stream whose length was known: somebody is writing the file.
func changed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errChanged
	}
	return err
}

// fortranPlace returns the place of the k-th number of an array whose first axis runs fastest, and 1: no two
// numbers in sequence belong to one row. Columns are numbered as if the last axis ran fastest.
func (a array) fortranPlace(rows int) func(k int) (row, column, run int) {
	trailing := a.dims[1:]
	last, column := 0, 0
	return func(k int) (int, int, int) {
		if k/rows != last {
			last, column = k/rows, 0
			stride := 1
			for _, d := range trailing[1:] {
				stride *= d
			}
			for rest, axis := last, 0; axis < len(trailing); axis++ {
				column += rest % trailing[axis] * stride
				rest /= trailing[axis]
				if axis+1 < len(trailing) {
					stride /= trailing[axis+1]
				}
			}
		}
		return k % rows, column, 1
	}
}
