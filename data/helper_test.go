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

// readBytes reads bytes whole and in blocks.
func readBytes(content []byte, opts ...Option) (*Set, error) {
	set, err := readWhole(content, opts...)
	sameInBlocks(content, optionsOf(opts), set, err)
	return set, err
}

func readWhole(content []byte, opts ...Option) (*Set, error) {
	return memory(content, "").read(optionsOf(opts))
}

func optionsOf(opts []Option) (o options) {
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// sameInBlocks panics unless blocks of any size are the rows of the set, or end with its error.
func sameInBlocks(content []byte, o options, set *Set, err error) {
	if len(content) > 1<<14 || set != nil && set.Rows()*set.Units() > 1<<14 {
		return
	}
	for _, size := range []int{1, 3, 1000} {
		o := o
		o.stream = true
		got, gotErr := inBlocks(memory(content, ""), o, size)
		if fmt.Sprint(gotErr) != fmt.Sprint(err) {
			panic(fmt.Sprintf("in blocks of %d: error %v, want %v", size, gotErr, err))
		}
		if err == nil && describeAll(got) != describeAll(set) {
			panic(fmt.Sprintf("in blocks of %d:\n%s\nwant\n%s", size, describeAll(got), describeAll(set)))
		}
	}
}

// inBlocks joins the blocks of a stream.
func inBlocks(f *file, o options, size int) (*Set, error) {
	f.close = func() error { return nil }
	s, err := f.stream(o)
	if err != nil {
		return nil, err
	}
	whole := s.Head
	whole.States = s.Head.States.Like(s.Rows())
	if s.HasGaps() {
		whole.Known = whole.known()
	}
	at := 0
	for b, err := range s.Blocks(size) {
		if err != nil {
			return nil, err
		}
		if b.Rows() != size && at+b.Rows() != s.Rows() || s.HasGaps() != (b.Known.Rows() > 0) || s.HasNames() != (b.Names != nil) {
			panic("a block of other rows")
		}
		whole.States.Slice(at, at+b.Rows()).Copy(b.States)
		if s.HasGaps() {
			whole.Known.Slice(at, at+b.Rows()).Copy(b.Known)
		}
		whole.Names, whole.Groups = append(whole.Names, b.Names...), append(whole.Groups, b.Groups...)
		head := *b
		head.States, head.Known, head.Names, head.Groups, head.first, head.grey = s.Head.States, s.Head.Known, nil, nil, 0, nil
		if x, y := describeAll(&head), describeAll(&s.Head); x != y {
			panic(x + " in a block, and in all " + y)
		}
		at += b.Rows()
	}
	if at != s.Rows() {
		panic(fmt.Sprintf("%d rows in blocks, want %d", at, s.Rows()))
	}
	return &whole, nil
}

// describeAll is all that a set has but its digest.
func describeAll(s *Set) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v %q %v %v %v %q %q %s %s\n", s.Groups, s.Names, s.Values, s.Columns, s.Shape, s.Reasons, s.Notes, s.Path, s.Format)
	for r := range s.Rows() {
		for i := range s.Units() {
			if s.isKnown(r, i) {
				fmt.Fprint(&text, s.States.Value(r, i), " ")
			} else {
				text.WriteString("? ")
			}
		}
	}
	return text.String()
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
