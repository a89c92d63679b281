package data

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// FuzzPacked reads what zstd, xz and bzip2 data may be, and what may call itself such.
func FuzzPacked(f *testing.F) {
	for _, s := range []string{
		zst("0,1\n1,1\n"), xzOf("0,1\n1,1\n"), bz2, zst(""), xzOf(""), zst("a,b\n1.5,x\n2,y\n")[:12], zst(zst("0,1\n")),
		zst(strings.Repeat("0", 1<<12)), xzOf(strings.Repeat("0,", 1<<10)), xzOf("0,1\n") + xzOf("1,1\n"),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isPacked(content) {
			content = append([]byte(packings[len(content)%len(packings)].magic), content...)
		}
		var s *Set
		var err error
		used := allocated(func() { s, err = readWhole(content) })
		sameInBlocks(content, options{}, s, err)
		if err == nil && len(s.SHA256) != 64 {
			t.Fatalf("%d×%d, sha256 %q", s.Rows(), s.Units(), s.SHA256)
		}
		if used > 8*mostWindow {
			t.Fatalf("%d bytes: %d allocated", len(content), used)
		}
	})
}

// FuzzSparse reads zip files with the members of a sparse matrix.
func FuzzSparse(f *testing.F) {
	for _, format := range []string{"csr", "csc", "coo", "bsr"} {
		f.Add(format, int64(2), int64(3), []byte{1, 1}, []byte{0, 1, 2, 2}, []byte{1, 2})
		f.Add(format, int64(2), int64(2), []byte{1, 9, 0}, []byte{0, 1}, []byte{1, 2, 0})
	}
	f.Fuzz(func(t *testing.T, format string, rows, units int64, data, first, second []byte) {
		if rows > 1<<8 || units > 1<<8 {
			t.Skip("sizes that nothing vouches for")
		}
		wide := func(b []byte) (list []int32) {
			for _, x := range b {
				list = append(list, int32(int8(x)))
			}
			return list
		}
		content := []byte(sparseOf(format, rows, units, data, "indptr", wide(first), "indices", wide(second),
			"row", wide(first), "col", wide(second)))
		for _, opts := range [][]Option{nil, {Threshold(0.5)}, {Reals()}} {
			s, err := readBytes(content, opts...)
			if err == nil && (s.Rows() != int(rows) || s.Units() != int(units)) {
				t.Fatalf("read %d×%d, want %d×%d", s.Rows(), s.Units(), rows, units)
			}
		}
	})
}

// FuzzParquet reads damaged Parquet files.
func FuzzParquet(f *testing.F) {
	f.Add([]byte(parquetOf(parquetRow{31.5, "f", true, nil, nil}, parquetRow{60, "m", false, nil, []string{"x"}})))
	f.Add([]byte(parquetOf()))
	f.Add([]byte("PAR1\x00PAR1"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isParquet(content) {
			content = append([]byte("PAR1"), content...)
		}
		s, err := readBytes(content, Select(Selection{Drop: []string{"tags.list.element", "grade"}}))
		if err == nil && s.Rows() < 1 {
			t.Fatalf("read %d rows", s.Rows())
		}
	})
}

// FuzzArrow reads damaged Arrow files and streams. Memory is that of the file, and of what a byte may stand for.
func FuzzArrow(f *testing.F) {
	for kind := range 3 {
		f.Add([]byte(arrowOf(false, kind)))
		f.Add([]byte(arrowOf(true, kind)))
	}
	for _, name := range []string{"people.feather", "people.arrows", "polars.arrow"} {
		content, err := os.ReadFile(filepath.Join("testdata", "foreign", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isArrow(content) {
			content = append([]byte(arrowMagic), content...)
		}
		s, err := readBytes(content, Gaps(), Select(Selection{Drop: []string{"tags", "born"}}))
		if err != nil {
			s, err = readBytes(content, Gaps())
		}
		if err == nil && s.Rows() < 1 {
			t.Fatalf("read %d rows", s.Rows())
		}
	})
}

// FuzzTextForms reads texts in the ways that options say. Rows and columns are those that are asked for.
func FuzzTextForms(f *testing.F) {
	for _, s := range []string{
		"a,b,c\n1.5,x,0\n2.5,y,1\n", "1;0,5\n2;1\n", "a b\n\"r\" 1 2\n", "sep=|\na|b\n1|0\n", utf16Of("0,1\n1,1\n", false),
		",0,1\nx,1,0\ny,0,0\n", "0,1,2\n2,1,0\n", "id,x\n1,2\n2,3\n3,4\n", "a,b,\n0,1,\n",
	} {
		f.Add([]byte(s), uint8(0), 1, 2)
		f.Add([]byte(s), uint8(255), 2, 0)
	}
	f.Fuzz(func(t *testing.T, content []byte, form uint8, first, last int) {
		if isPacked(content) || isZip(content) || isFASTA(content) || isParquet(content) || isArrow(content) || first < 0 || last < 0 {
			t.Skip("other targets")
		}
		var opts []Option
		if form&1 != 0 {
			opts = append(opts, WithoutNames())
		}
		if form&2 != 0 {
			opts = append(opts, DecimalComma())
		}
		if form&4 != 0 {
			opts = append(opts, Reals())
		}
		s := Selection{FirstRow: first, LastRow: last}
		if form&8 != 0 && form&4 == 0 {
			s.Categories = []string{"all"}
		}
		if form&16 != 0 {
			s.Columns = []string{"2", "1"}
		}
		if form&32 != 0 {
			opts = append(opts, ForColumns([]rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}}))
		}
		set, err := readBytes(content, append(opts, Select(s))...)
		switch {
		case err != nil:
		case last > 0 && set.Rows() > last-max(0, first-1):
			t.Fatalf("read %d rows, asked for %d:%d", set.Rows(), first, last)
		case s.Columns != nil && form&32 == 0 && set.Columns != nil && len(set.Columns) > 2:
			t.Fatalf("read %d columns, asked for two", len(set.Columns))
		case set.Names != nil && len(set.Names) != set.Rows():
			t.Fatalf("read %d names of %d rows", len(set.Names), set.Rows())
		}
		if err == nil && set.Columns != nil {
			var b bytes.Buffer
			if err := writeTable(&b, set); err != nil {
				t.Fatal(err)
			}
		}
	})
}
