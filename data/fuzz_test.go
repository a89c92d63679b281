package data

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// fixed is what reading allocates for any file: buffers of all passes, the windows of gzip, chunks.
const fixed = 2 << 20

// check reads bytes in every way. It must not panic, must allocate at most a multiple of the bytes that are
// there (a row takes at least one word, 8 bytes; a grey value 4), and must return a set that holds together.
func check(t *testing.T, content []byte, unpacked int) {
	for _, opts := range [][]Option{nil, {Threshold(0.5)}, {Bernoulli(rng.Seed(1))}} {
		var s *Set
		var err error
		used := allocated(func() { s, err = readWhole(content, opts...) })
		if limit := uint64(fixed + 24*unpacked); used > limit {
			t.Fatalf("%d bytes (unpacked %d): %d allocated, want at most %d", len(content), unpacked, used, limit)
		}
		sameInBlocks(content, optionsOf(opts), s, err)
		if err == nil {
			wellFormed(t, s)
		}
	}
	if used := allocated(func() { memory(content, "").weights(3) }); used > uint64(fixed+24*unpacked) {
		t.Fatalf("%d bytes: %d allocated for weights", len(content), used)
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func wellFormed(t *testing.T, s *Set) {
	if err := s.States.DecodeBits(s.States.EncodeBits()); err != nil { // as if bits lie after the units
		t.Fatal(err)
	}
	size := 1
	for _, d := range s.Shape {
		size *= d
	}
	if s.Rows() < 1 || s.Units() < 1 || s.Shape != nil && size != s.Units() || len(s.SHA256) != 64 {
		t.Fatalf("%d×%d, shape %v, sha256 %q", s.Rows(), s.Units(), s.Shape, s.SHA256)
	}
	for i, p := range s.Means() {
		if !(p >= 0 && p <= 1+1e-9) {
			t.Fatalf("mean of unit %d is %v", i, p)
		}
	}
	if s.Grey() {
		return
	}
	// What was read, written and read again is the same, but for the units of a matrix of ones.
	npy := func(w io.Writer, v rbm.Batch, u rbm.Kind) error { return writeNPY(w, v, u, nil) }
	for _, write := range []func(io.Writer, rbm.Batch, rbm.Kind) error{npy, writeCSV} {
		var b bytes.Buffer
		if err := write(&b, s.States, s.Values); err != nil {
			t.Fatal(err)
		}
		again, err := readBytes(b.Bytes())
		if err != nil {
			t.Fatalf("written and read again: %v", err)
		}
		if !again.States.Equal(s.States) {
			t.Fatalf("the rows are %v, were %v", again.States.EncodeBits(), s.States.EncodeBits())
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"0,1\n1,0\n", "-1 1\n1 -1", "0101\n1100\n", "0.0;1.0\r\n1e0;0e5\n", "a,b\n0,1\n", "# c\n0\t1\n", "\ufeff1\n0\n",
		"0,1,\n", "1,nan", "0.25 0.5\n0 1\n", ",", "\"a\",'b'\n1,0", "0  1\n1 \t0", "01\x000\n", "-1\n0", "2\n10\n0.5\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if isPacked(content) || isZip(content) {
			t.Skip("other targets")
		}
		check(t, content, len(content))
	})
}

func FuzzNPY(f *testing.F) {
	for _, b := range [][]byte{
		npy("|u1", "(2, 3)", []byte{0, 1, 1, 0, 0, 1}), npy("<f8", "(1, 2)", []float64{0.5, math.NaN()}),
		npy(">i2", "(2, 1, 2)", []int16{-1, 1, 1, -1}), npy("<f4", "(99999999999, 99999999999)", []float32{}),
		npyRaw("{'descr': '|b1', 'fortran_order': True, 'shape': (1, 2, 2)}", []byte{1, 0, 1, 1}),
		npyRaw("{'descr': '<u8', 'fortran_order': False, 'shape': (3,)}", make([]byte, 24)),
		npyRaw("{{'descr': [('a', '<f8')]}", nil), []byte(npyMagic + "\x02\x00\x10\x00\x00\x00{'shape': (1"),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isNPY(content) {
			content = append([]byte(npyMagic), content...)
		}
		check(t, content, len(content))
	})
}

// The header of an .npy file alone, before data that no type refuses.
func FuzzNPYHeader(f *testing.F) {
	for _, s := range []string{
		"{'descr': '|u1', 'fortran_order': False, 'shape': (8, 8), }", "{'descr':'<f8','fortran_order':True,'shape':(2,2,2)}",
		`{"shape": (4L,16L,), "descr": ">i4", 'fortran_order': False}`, "{'shape': ((1,)), 'shape': ()}", "{", "{'descr': '",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if len(header) < maxHeader-1 {
			content := npyRaw(header, make([]byte, 64))
			check(t, content, len(content))
		}
	})
}

func FuzzNPZ(f *testing.F) {
	member := npy("|u1", "(2, 3)", []byte{0, 1, 1, 0, 0, 1})
	for _, b := range [][]byte{
		npz(zip.Deflate, member), npz(zip.Store, member), npz(zip.Store, member, member), npz(zip.Deflate),
		npz(zip.Store, npy("<f8", "(1, 1)", []float64{0.5})), npz(zip.Deflate, []byte("0,1\n")),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isZip(content) {
			content = append([]byte("PK\x03\x04"), content...)
		}
		unpacked := len(content)
		if z, err := zip.NewReader(bytes.NewReader(content), int64(len(content))); err == nil {
			unpacked *= 40 // the records of the directory of the file
			for _, m := range z.File {
				if r, err := m.Open(); err == nil {
					n, _ := io.Copy(io.Discard, r)
					unpacked += int(n)
				}
			}
		}
		check(t, content, unpacked)
	})
}

func FuzzIDX(f *testing.F) {
	for _, b := range [][]byte{
		idx(8, []uint32{2, 2, 2}, []byte{0, 1, 1, 0, 1, 1, 0, 0}), idx(8, []uint32{1, 3}, []byte{0, 128, 255}),
		idx(9, []uint32{2, 1}, []byte{255, 1}), idx(13, []uint32{1, 1}, []byte{0x3f, 0x80, 0, 0}),
		idx(8, []uint32{1 << 31, 1 << 31, 1 << 31}, nil), idx(14, []uint32{0, 5}, nil), idx(8, []uint32{3}, []byte{1, 2, 0}),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isIDX(content) {
			content = append([]byte{0, 0, 8, 2}, content...)
		}
		check(t, content, len(content))
	})
}

// Both what a gzip file may hold, and what may call itself one.
func FuzzGzip(f *testing.F) {
	for _, b := range [][]byte{
		[]byte("0,1\n1,0\n"), npy("|u1", "(2, 3)", []byte{0, 1, 1, 0, 0, 1}), idx(8, []uint32{1, 2}, []byte{0, 255}),
		gz([]byte("0101\n1010\n")), gz(nil), gz([]byte("1,1\n"))[:15], append(gz([]byte("0\n")), gz([]byte("1\n"))...),
		gz(bytes.Repeat([]byte("0"), 1<<16)), gz([]byte("PK\x03\x04")),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		packed := gz(content)
		check(t, packed, len(packed)+len(content))
		if !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
			content = append([]byte{0x1f, 0x8b, 8}, content...)
		}
		unpacked := len(content)
		if z, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
			n, _ := io.Copy(io.Discard, z)
			unpacked += int(n)
		}
		check(t, content, unpacked)
	})
}

// Tables take little more memory than their cells, and what was read of one is written and read again as the same.
func FuzzTable(f *testing.F) {
	for _, s := range []string{
		people, "x;y\n1.5;a\n2;b\n", ",a,b\n0,1,x\n1,0,y\n", "\"a\"\"b\",c\n\"1\n2\",3\n4,5.5\n",
		"a\tb\nNA\t1\n", "a,a\n1.5,2\n", "a,b\n1e38,inf\n-1e39,2",
		"\ufeff# c\na,b\r\n0.5,x\r\n1,y", "1,2\na,b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if isPacked(content) || isZip(content) || isFASTA(content) {
			t.Skip("other targets")
		}
		again(t, content, 256, writeTable)
	})
}

func FuzzFASTA(f *testing.F) {
	for _, s := range []string{
		">a\nAC-D\n>b\nWY-A\n", ">\nacGT..\nA\r\n\n>x y\nG T\nU*", ">a\nAXN\n>b\n-B*A",
		"\ufeff>a\nAC\n>b\nA", ">a", ">a\n>b\n", ">a\n*\n", ">a\n----\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		again(t, append([]byte(">"), content...), 512, writeFASTA)
	})
}

func FuzzSchema(f *testing.F) {
	for _, s := range []string{"a,real\n", "# c\na,categorical,x,y\n\"b,\",drop\n", "a,binary,x\n", "\ufeffa,\"real\"", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchema(strings.NewReader(text))
		if (s == nil) == (err == nil) {
			t.Fatalf("%v, %v", s, err)
		}
		if err != nil {
			return
		}
		for _, name := range s.names {
			if c := s.columns[name]; len(c.categories) == 1 || c.kind == rbm.Gaussian && c.categories != nil {
				t.Fatalf("%q: %v", name, c)
			}
		}
	})
}

// again reads bytes as a set of columns. What was read, written and read again is the same.
func again(t *testing.T, content []byte, limit int, write func(io.Writer, *Set) error) {
	for _, opts := range [][]Option{nil, {Reals()}, {OddLettersAsGaps()}} {
		var s *Set
		var err error
		if used := allocated(func() { s, err = readWhole(content, opts...) }); used > uint64(fixed+limit*len(content)) {
			t.Fatalf("%d bytes: %d allocated", len(content), used)
		}
		sameInBlocks(content, optionsOf(opts), s, err)
		if err != nil || s.Columns == nil {
			continue
		}
		spans := rbm.Spans(s.Columns)
		for k, c := range s.Columns {
			if c.Kind == rbm.Categorical {
				for r := range s.Rows() {
					s.state(r, spans[k])
				}
			}
		}
		var b bytes.Buffer
		if err := write(&b, s); err != nil {
			t.Fatal(err)
		}
		second, err := readBytes(b.Bytes(), ForColumns(s.Columns))
		if err == nil {
			err = second.Fit(s.Columns)
		}
		if err != nil || !second.States.Equal(s.States) {
			t.Fatalf("%q: written as %q and read again: %v", content, b.String(), err)
		}
	}
}
