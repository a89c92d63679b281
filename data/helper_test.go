package data

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// memory is a file that is not on disk.
func memory(content []byte, member string) *file {
	return &file{ReaderAt: bytes.NewReader(content), size: int64(len(content)), name: "x", member: member}
}

func readBytes(content []byte, opts ...Option) (*Set, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return memory(content, "").read(o)
}

func gz(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	w.Close()
	return b.Bytes()
}

// npy writes an array as numpy does; values are numbers of fixed size.
func npy(descr, shape string, values any) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	var b bytes.Buffer
	binary.Write(&b, order, values)
	return npyRaw(fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape), b.Bytes())
}

// npyRaw has no padding, which numpy accepts as well.
func npyRaw(header string, content []byte) []byte {
	b := []byte(npyMagic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)+1))
	return append(append(b, header+"\n"...), content...)
}

func npz(method uint16, members ...[]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, m := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("arr_%d.npy", i), Method: method})
		if err != nil {
			panic(err)
		}
		w.Write(m)
	}
	z.Close()
	return b.Bytes()
}

func idx(kind byte, dims []uint32, content []byte) []byte {
	b := []byte{0, 0, kind, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, content...)
}

// truth is a matrix of bits without a visible pattern; every column of it changes if there are enough rows.
func truth(rows, units int) [][]uint8 {
	x := make([][]uint8, rows)
	for r := range x {
		x[r] = make([]uint8, units)
		for i := range x[r] {
			x[r][i] = uint8((r*r*7 + i*i*3 + r*i*5 + i) % 11 % 2)
		}
	}
	return x
}

// flat maps the bits of a matrix to numbers, row after row.
func flat[T any](x [][]uint8, off, on T) []T {
	var out []T
	for _, row := range x {
		for _, b := range row {
			out = append(out, []T{off, on}[b])
		}
	}
	return out
}

// textTable writes a matrix as text.
func textTable(x [][]uint8, off, on, separator, end string) []byte {
	var b strings.Builder
	for _, row := range x {
		for i, bit := range row {
			if i > 0 {
				b.WriteString(separator)
			}
			b.WriteString([]string{off, on}[bit])
		}
		b.WriteString(end)
	}
	return []byte(b.String())
}

// same asserts that a set holds the bits of x.
func same(t *testing.T, s *Set, x [][]uint8, values rbm.Kind) {
	t.Helper()
	want, err := rbm.FromBytes(x)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows() != len(x) || s.Units() != len(x[0]) {
		t.Fatalf("%d×%d, want %d×%d", s.Rows(), s.Units(), len(x), len(x[0]))
	}
	if !s.States.Equal(want) {
		t.Fatalf("the rows are %v, want %v", s.States.EncodeBits(), want.EncodeBits())
	}
	if s.Values != values {
		t.Errorf("values %v, want %v", s.Values, values)
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func isPacked(content []byte) bool {
	open, _ := unpack(memory(content, ""), content)
	return open != nil
}
