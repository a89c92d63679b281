package data

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// The same bits in every format and variant that the contract names, plain and gzipped.
func TestEveryFormat(t *testing.T) {
	for _, size := range []struct{ rows, units int }{{1, 2}, {3, 5}, {40, 64}, {7, 130}, {5, 2000}, {3, 5001}} {
		if testing.Short() && size.units > 1000 {
			continue // takes long under the race detector
		}
		x := truth(size.rows, size.units)
		x[0][0], x[0][1] = 0, 1 // both values occur
		shape := fmt.Sprintf("(%d, %d)", size.rows, size.units)
		dims := []uint32{uint32(size.rows), uint32(size.units)}
		u8, i8 := flat(x, uint8(0), 1), flat(x, int8(-1), 1)
		header := []byte(strings.Join(numbersTo(size.units, "v_"), ",") + "\n")
		for _, c := range []struct {
			name    string
			content []byte
			values  rbm.Kind
		}{
			{"npy (uint8)", npy("|u1", shape, u8), rbm.Bernoulli},
			{"npy (bool)", npy("|b1", shape, u8), rbm.Bernoulli},
			{"npy (int8)", npy("|i1", shape, i8), rbm.Spin},
			{"npy (int16)", npy("<i2", shape, flat(x, int16(-1), 1)), rbm.Spin},
			{"npy (int16)", npy(">i2", shape, flat(x, int16(-1), 1)), rbm.Spin},
			{"npy (uint16)", npy(">u2", shape, flat(x, uint16(0), 1)), rbm.Bernoulli},
			{"npy (int32)", npy("<i4", shape, flat(x, int32(-1), 1)), rbm.Spin},
			{"npy (uint32)", npy(">u4", shape, flat(x, uint32(0), 1)), rbm.Bernoulli},
			{"npy (int64)", npy("<i8", shape, flat(x, int64(0), 1)), rbm.Bernoulli},
			{"npy (int64)", npy(">i8", shape, flat(x, int64(-1), 1)), rbm.Spin},
			{"npy (uint64)", npy("<u8", shape, flat(x, uint64(0), 1)), rbm.Bernoulli},
			{"npy (float16)", npy("<f2", shape, flat(x, uint16(0xbc00), 0x3c00)), rbm.Spin},
			{"npy (float16)", npy(">f2", shape, flat(x, uint16(0x8000), 0x3c00)), rbm.Bernoulli},
			{"npy (float32)", npy("<f4", shape, flat(x, float32(-1), 1)), rbm.Spin},
			{"npy (float32)", npy(">f4", shape, flat(x, float32(0), 1)), rbm.Bernoulli},
			{"npy (float64)", npy("=f8", shape, flat(x, 0., 1)), rbm.Bernoulli},
			{"npy (float64)", npy(">f8", shape, flat(x, -1., 1)), rbm.Spin},
			{"npz (uint8)", npz(zip.Deflate, npy("|u1", shape, u8)), rbm.Bernoulli},
			{"npz (int8)", npz(zip.Store, npy("|i1", shape, i8)), rbm.Spin},
			{"idx (uint8)", idx(8, dims, u8), rbm.Bernoulli},
			{"text (commas)", textTable(x, "0", "1", ",", "\n"), rbm.Bernoulli},
			{"text (commas)", textTable(x, "-1", "1", ",", "\r\n"), rbm.Spin},
			{"text (commas)", textTable(x, "-1", " 1", ", ", "\n\n"), rbm.Spin},
			{"text (semicolons)", textTable(x, "0.0", "1.0", ";", "\n"), rbm.Bernoulli},
			{"text (blanks)", textTable(x, "0", "1", " ", "\n"), rbm.Bernoulli},
			{"text (blanks)", textTable(x, "0", "1", "  ", " \n"), rbm.Bernoulli},
			{"text (blanks)", textTable(x, "-1", "+1", "\t", "\n"), rbm.Spin},
			{"text (blanks)", textTable(x, "0.000000000000000000e+00", "1.000000000000000000e+00", " ", "\n"), rbm.Bernoulli},
			{"text (blanks)", append([]byte("# spins\n\n# of a chain\n"), textTable(x, "0", "1", " \t", "\n")...), rbm.Bernoulli},
			{"text (digits)", textTable(x, "0", "1", "", "\n"), rbm.Bernoulli},
			{"text (digits)", append([]byte("\ufeff"), textTable(x, "0", "1", "", "\r\n")...), rbm.Bernoulli},
			{"text (commas)", append(header, textTable(x, "0", "1", ",", "\n")...), rbm.Bernoulli},
		} {
			for _, pack := range []string{"", ", gzip"} {
				content := c.content
				if pack != "" {
					if content = gz(content); c.name[:3] == "npz" {
						continue
					}
				}
				s, err := readBytes(content)
				if err != nil {
					t.Fatalf("%s%s, %s: %v", c.name, pack, shape, err)
				}
				same(t, s, x, c.values)
				if named := bytes.Contains(c.content, []byte("v_1")); named != (s.Columns != nil) || named && s.Columns[1].Name != "v_1" {
					t.Errorf("%s%s: columns %v", c.name, pack, s.Columns)
				}
				if sum := sha256.Sum256(content); s.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("sha256 %s, want %x", s.SHA256, sum)
				}
				if s.Format != c.name+pack || s.Path != "x" || s.Shape != nil {
					t.Errorf("format %q, path %q, shape %v, want %q, x, none", s.Format, s.Path, s.Shape, c.name+pack)
				}
			}
		}
	}
}

func TestTextWithoutLastLineBreak(t *testing.T) {
	for _, text := range []string{"0,1\n1,1", "0 1\n1 1", "01\n11", "0.0;1.0\n1;1"} {
		s, err := readBytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, [][]uint8{{0, 1}, {1, 1}}, rbm.Bernoulli)
	}
}

func TestOneColumn(t *testing.T) {
	s, err := readBytes([]byte("spin\n-1\n1\n1\n"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, [][]uint8{{0}, {1}, {1}}, rbm.Spin)
}

// A matrix of one value says nothing about the units, unless that value is −1.
func TestConstantMatrices(t *testing.T) {
	for text, values := range map[string]rbm.Kind{"0,0\n0,0": rbm.Bernoulli, "1,1\n1,1": rbm.Bernoulli, "-1,-1\n-1,-1": rbm.Spin} {
		s, err := readBytes([]byte(text))
		if err != nil || s.Values != values {
			t.Errorf("%q: %v, %v, want %v", text, s, err, values)
		}
	}
}

// numpy headers as other versions and other writers make them.
func TestNPYHeaders(t *testing.T) {
	content := []byte{0, 1, 1, 1, 0, 0}
	want := [][]uint8{{0, 1, 1}, {1, 0, 0}}
	for _, header := range []string{
		"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }",
		"{'shape': (2, 3), 'fortran_order': False, 'descr': '|u1'}",
		`{"descr":"<u1","fortran_order":False,"shape":(2,3,)}`,
		"{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 3L), }          \n",
	} {
		s, err := readBytes(npyRaw(header, content))
		if err != nil {
			t.Fatalf("%s: %v", header, err)
		}
		same(t, s, want, rbm.Bernoulli)
		v1 := npyRaw(header, nil)
		for _, version := range []byte{2, 3} {
			long := append([]byte(npyMagic), version, 0, v1[8], v1[9], 0, 0)
			long = append(append(long, v1[10:]...), content...)
			if s, err = readBytes(long); err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
			same(t, s, want, rbm.Bernoulli)
		}
	}
}

// Fortran order of two and more axes: the transposed file gives the same set as the plain one.
func TestFortranOrder(t *testing.T) {
	for _, dims := range [][]int{{3, 4}, {5, 1}, {1, 7}, {6, 2, 3}, {4, 3, 2, 5}, {3, 1, 4, 2}} {
		units := 1
		for _, d := range dims[1:] {
			units *= d
		}
		x := truth(dims[0], units)
		var content []byte
		index := make([]int, len(dims)) // index[0] runs fastest
		for range dims[0] * units {
			column := 0
			for k := 1; k < len(dims); k++ {
				column = column*dims[k] + index[k]
			}
			content = append(content, x[index[0]][column])
			for k := range index {
				if index[k]++; index[k] < dims[k] {
					break
				}
				index[k] = 0
			}
		}
		shape := "("
		for _, d := range dims {
			shape += fmt.Sprint(d, ",")
		}
		s, err := readBytes(npyRaw("{'descr': '|u1', 'fortran_order': True, 'shape': "+shape+")}", content))
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, x, rbm.Bernoulli)
		if len(dims) > 2 && !slices.Equal(s.Shape, dims[1:]) {
			t.Errorf("shape %v, want %v", s.Shape, dims[1:])
		}
	}
}

func TestMoreAxes(t *testing.T) {
	x := truth(4, 6)
	for _, content := range [][]byte{
		npy("|u1", "(4, 2, 3)", flat(x, uint8(0), 1)),
		idx(8, []uint32{4, 2, 3}, flat(x, uint8(0), 1)),
	} {
		s, err := readBytes(content)
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, x, rbm.Bernoulli)
		if !slices.Equal(s.Shape, []int{2, 3}) {
			t.Errorf("shape %v, want [2 3]", s.Shape)
		}
	}
}

func TestNPZMembers(t *testing.T) {
	x, y := truth(3, 4), truth(2, 5)
	content := npz(zip.Deflate, npy("|u1", "(3, 4)", flat(x, uint8(0), 1)), npy("|u1", "(2, 5)", flat(y, uint8(0), 1)))
	for member, want := range map[string][][]uint8{"arr_0": x, "arr_1": y, "arr_1.npy": y} {
		s, err := memory(content, member).read(options{})
		if err != nil {
			t.Fatal(err)
		}
		same(t, s, want, rbm.Bernoulli)
	}
}

func TestLongLines(t *testing.T) {
	x := truth(2, 200_000) // longer than any buffer
	s, err := readBytes(textTable(x, "0.0", "1", ", ", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, s, x, rbm.Bernoulli)
}
