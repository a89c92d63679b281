package data

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/ulikunitz/xz"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// inShort is a set in short: its columns with their kinds, names of rows, and cells.
func inShort(s *Set) string {
	var b strings.Builder
	short := map[rbm.Kind]string{rbm.Bernoulli: "bit", rbm.Spin: "spin", rbm.Categorical: "category", rbm.Gaussian: "real"}
	if s.Columns == nil {
		fmt.Fprintf(&b, "%d %ss:", s.Units(), short[s.Values])
		for r := range s.Rows() {
			b.WriteByte(' ')
			for i := range s.Units() {
				if k := s.States.Bits(); i >= k {
					fmt.Fprintf(&b, "%g;", s.States.Value(r, i))
				} else {
					fmt.Fprint(&b, bit(s.States.Bit(r, i)))
				}
			}
		}
		return b.String()
	}
	for k, c := range s.Columns {
		if k > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", c.Name, short[c.Kind])
	}
	b.WriteByte(':')
	for r, cells := range texts(s) {
		b.WriteByte(' ')
		if s.Names != nil {
			b.WriteString(s.Names[r] + "=")
		}
		b.WriteString(strings.Join(cells, "/"))
	}
	return b.String()
}

// packedBy packs bytes with a writer.
func packedBy(content string, open func(w io.Writer) (io.WriteCloser, error)) string {
	var b bytes.Buffer
	w, err := open(&b)
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.String()
}

func zst(content string) string {
	return packedBy(content, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) })
}

func xzOf(content string) string {
	return packedBy(content, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) })
}

// bz2 is "0,1\n1,1\n" as bzip2 packs it.
const bz2 = "BZh91AY&SY\xceI\x0e\xe2\x00\x00\x02X\x00\x00\x10\x00\x04`\x00 \x00!\x9ah3M\x1a\xe6\x1c]\xc9\x14\xe1BC9$;\x88"

func utf16Of(text string, bigEndian bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// zipOf is a zip file of members, of names and contents in turn.
func zipOf(members ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for k := 0; k < len(members); k += 2 {
		w, err := z.Create(members[k])
		if err != nil {
			panic(err)
		}
		io.WriteString(w, members[k+1])
	}
	z.Close()
	return b.String()
}

// sparseOf is a sparse matrix as scipy.sparse.save_npz writes it; members are names and arrays in turn.
func sparseOf(format string, rows, units int64, data []uint8, members ...any) string {
	all := []string{
		"format.npy", string(npyRaw("{'descr': '|S3', 'fortran_order': False, 'shape': (), }", []byte(format))),
		"shape.npy", string(npy("<i8", "(2,)", []int64{rows, units})),
		"data.npy", string(npy("|u1", fmt.Sprintf("(%d,)", len(data)), data)),
	}
	for k := 0; k < len(members); k += 2 {
		numbers := members[k+1].([]int32)
		all = append(all, members[k].(string)+".npy", string(npy("<i4", fmt.Sprintf("(%d,)", len(numbers)), numbers)))
	}
	return zipOf(all...)
}

type parquetRow struct {
	Age    float64  `parquet:"age"`
	Sex    string   `parquet:"sex,dict"`
	Smokes bool     `parquet:"smokes"`
	Grade  *int32   `parquet:"grade,optional"`
	Tags   []string `parquet:"tags,list"`
}

func parquetOf(rows ...parquetRow) string {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[parquetRow](&b, parquet.Compression(&parquet.Snappy))
	if _, err := w.Write(rows); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// Tables as people have them are read, or refused with the way out.
func TestTablesAsPeopleHaveThem(t *testing.T) {
	grade := func(x int32) *int32 { return &x }
	people := []parquetRow{{31.5, "f", true, grade(1), nil}, {60, "m", false, grade(3), nil}, {25.125, "f", false, grade(2), nil}}
	const arrowPeople = "age real, sex bit, grade category, pay category, smokes bit: " +
		"31.5/f/1.5/-1/True 60/m/300/70000/False 7.5/m/4/5/False 25.125/f/1.5/-1/True 2/m/300/70000/False 7.5/m/4/5/False"
	const abc = "a real, b bit: 1.5/x 2.5/y -3/x"
	sparse := "4 bits: 0110 1000"
	csr := sparseOf("csr", 2, 4, []uint8{1, 1, 1}, "indptr", []int32{0, 2, 3}, "indices", []int32{2, 1, 0})
	const twice = "refused: sparse matrix: a place has two numbers: call x.sum_duplicates() before it is saved"
	countedColumns := []rbm.Column{{Name: "1", Kind: rbm.Bernoulli, Categories: []string{"x", "y"}}, {Name: "2", Kind: rbm.Bernoulli}}
	named := []rbm.Column{{Name: "x", Kind: rbm.Bernoulli}, {Name: "y", Kind: rbm.Bernoulli}}
	model := ForColumns([]rbm.Column{{Name: "a", Kind: rbm.Gaussian}, {Name: "b", Kind: rbm.Bernoulli, Categories: []string{"x", "y"}}})
	pick := func(s Selection) []Option { return []Option{Select(s)} }
	identified := "who,a\n"
	for k := range 11 {
		identified += fmt.Sprintf("p%d,%d\n", k, k%3)
	}
	for _, c := range []struct {
		name, content string
		options       []Option
		want          string // inShort, or "refused: " and a part of the error
	}{
		// Separators, quotes, ends of lines.
		{"commas", "a,b\n1.5,x\n2.5,y\n-3,x\n", nil, abc},
		{"semicolons", "a;b\n1.5;x\n2.5;y\n-3;x\n", nil, abc},
		{"tabs", "a\tb\n1.5\tx\n2.5\ty\n-3\tx\n", nil, abc},
		{"bars", "a|b\n1.5|x\n2.5|y\n-3|x\n", nil, abc},
		{"blanks", "a  b\n1.5 x\n2.5   y\n-3 x \n", nil, abc},
		{"a line that names the separator", "sep=;\na;b\n1.5;x\n2.5;y\n-3;x\n", nil, abc},
		{"CRLF and a mark of UTF-8", "\ufeffa,b\r\n1.5,x\r\n2.5,y\r\n-3,x\r\n", nil, abc},
		{"quotes around all", "\"a\",\"b\"\n\"1.5\",\"x\"\n\"2.5\",\"y\"\n\"-3\",\"x\"\n", nil, abc},
		{"quoted bits", "\"a\",\"b\"\n\"1\",\"0\"\n\"0\",\"1\"\n", nil, "a bit, b bit: 1/0 0/1"},
		{"quoted bits without names", "\"1\",\"0\"\n\"0\",\"1\"\n", nil, "2 bits: 10 01"},
		{"a quote in a field", "a,b\n1.5,5\" disk\n2,y\n", nil, "refused: line 2: found a quote in a place where none may be"},
		{"separators at the ends", "a,b,\n1.5,x,\n2.5,y,\n-3,x,\n", nil, abc},
		{"separators at the ends, but for the names", "a,b\n1.5,x,\n2.5,y,\n-3,x,\n", nil, abc},
		{"separators after the names alone", "a,b,\n1.5,x\n2.5,y\n-3,x\n", nil, abc},
		{"empty columns of a spreadsheet", "a;b;;\n1.5;x;;\n2.5;y;;\n-3;x;;\n", nil, abc},
		{"bits with separators at the ends", "0,1,\n1,1,\n", nil, "2 bits: 01 11"},
		{"comments", "# a table\n#\na,b\n1.5,x\n# half way\n2.5,y\n-3,x\n#\n", nil, abc},
		{"comments between bits", "# bits\n0,1\n# more\n1,1\n", nil, "2 bits: 01 11"},
		{"a short row", "a,b\n1.5,x\n2.5\n", nil, "refused: row 2 (line 3): found 1 column, want 2 as there are names (line 1)"},
		// Encodings.
		{"UTF-16", utf16Of("a\tb\r\n1.5\té\r\n2.5\t😀\r\n", false), nil, "a bit, b bit: 1.5/é 2.5/😀"},
		{"UTF-16, the other order", utf16Of("0,1\n1,1\n", true), nil, "2 bits: 01 11"},
		{"half of UTF-16", utf16Of("a,b\n", false) + "1", nil, "refused: damaged UTF-16 text: an odd number of bytes"},
		{"Latin-1", "a,b\n1.5,\xe9t\xe9\n2.5,x\n", nil, "refused: line 2, byte 5 is 0xe9: the text is not in UTF-8, but perhaps in Latin-1 " +
			"(Windows-1252), as older programs write it; convert it: iconv -f WINDOWS-1252 -t UTF-8"},
		{"Latin-1 far below", "a,b\n" + strings.Repeat("1.5,x\n2.5,y\n", 90) + "3.5,\xe9t\xe9\n", nil,
			"refused: row 181 (line 182), column b: found \"\\xe9t\\xe9\": the text is not in UTF-8"},
		{"Latin-1 in names", strings.Repeat("# long\n", 90) + "a,\xe9\n1.5,x\n2.5,y\n", nil,
			"refused: the name \"\\xe9\" (line 91): the text is not in UTF-8"},
		{"Latin-1 in names of bits", strings.Repeat("# long\n", 90) + "a,\xe9\n1,0\n0,1\n", nil,
			"refused: the name \"\\xe9\" (line 91): the text is not in UTF-8"},
		{"Latin-1 at the end", "A\xd2\n0", nil, "refused: line 1, byte 2 is 0xd2"},
		// Names of rows and columns.
		{"an index of pandas", ",a,b\n0,1.5,x\n1,2.5,y\n2,-3,x\n", nil, abc},
		{"an index that was written twice", "Unnamed: 0,a,b\n0,1.5,x\n1,2.5,y\n2,-3,x\n", nil, abc},
		{"an index of texts", ",a,b\nr1,1.5,x\nr2,2.5,y\nr3,-3,x\n", nil, "a real, b bit: r1=1.5/x r2=2.5/y r3=-3/x"},
		{"an index between tabs", "\ta\tb\nr1\t1.5\tx\nr2\t2.5\ty\n", nil, "a bit, b bit: r1=1.5/x r2=2.5/y"},
		{"a table of R", "\"a\" \"b\"\n\"r1\" 1.5 \"x\"\n\"r2\" 2.5 \"y\"\n", nil, "a bit, b bit: r1=1.5/x r2=2.5/y"},
		{"bits of R", "\"a\" \"b\"\n\"1\" 1 0\n\"2\" 0 1\n", nil, "a bit, b bit: 1/0 0/1"},
		{"bits of pandas", ",0,1,2\n0,0,1,1\n1,1,0,1\n", nil, "0 bit, 1 bit, 2 bit: 0/1/1 1/0/1"},
		{"numbered names", "1,2,3,4\nx,0.5,1,1\ny,1.5,0,1\nx,2,0,0\n", nil, "1 bit, 2 real, 3 bit, 4 bit: x/0.5/1/1 y/1.5/0/1 x/2/0/0"},
		{"a column of identifiers", "id,a\n" + func() (s string) {
			for k := range 12 {
				s += fmt.Sprintf("p%d,%d.5\n", k, k)
			}
			return s
		}(), pick(Selection{LastRow: 11}), "a real: p0=0.5 p1=1.5 p2=2.5 p3=3.5 p4=4.5 p5=5.5 p6=6.5 p7=7.5 p8=8.5 p9=9.5 p10=10.5"},
		{"a column that counts", "ID,a\n1,0.5\n2,1.5\n3,2\n", nil, "a real: 0.5 1.5 2"},
		{"names of rows by another column", "a,who\n0.5,x\n1.5,y\n2,z\n", pick(Selection{RowNames: "who"}), "a real: x=0.5 y=1.5 z=2"},
		{"identifiers beside genotypes", identified, pick(Selection{Genotypes: allColumns}),
			"a>=1 bit, a>=2 bit: p0=0/0 p1=1/0 p2=1/1 p3=0/0 p4=1/0 p5=1/1 p6=0/0 p7=1/0 p8=1/1 p9=0/0 p10=1/0"},
		{"identifiers beside categories", identified, pick(Selection{Categories: allColumns}),
			"a category: p0=0 p1=1 p2=2 p3=0 p4=1 p5=2 p6=0 p7=1 p8=2 p9=0 p10=1"},
		{"identifiers beside real numbers", identified, []Option{Reals()},
			"a real: p0=0 p1=1 p2=2 p3=0 p4=1 p5=2 p6=0 p7=1 p8=2 p9=0 p10=1"},
		{"identifiers as categories by name", identified, pick(Selection{Categories: []string{"who", "a"}}),
			"who category, a category: p0/0 p1/1 p2/2 p3/0 p4/1 p5/2 p6/0 p7/1 p8/2 p9/0 p10/1"},
		{"a column that counts beside genotypes", "ID,a\n1,0\n2,1\n3,2\n", pick(Selection{Genotypes: allColumns}),
			"a>=1 bit, a>=2 bit: 0/0 1/0 1/1"},
		{"a column that counts beside real numbers", "ID,a\n1,0\n2,1\n3,2\n", []Option{Reals()}, "a real: 0 1 2"},
		{"too few identifiers beside genotypes", "who,a\np,0\nq,1\nr,2\n", pick(Selection{Genotypes: allColumns}),
			`refused: row 1 (line 2), column who: found "p", want 0, 1 or 2, the copies of an allele`},
		{"an index as a column", ",a\n0,0.5\n1,1.5\n2,2\n", pick(Selection{Columns: []string{"a"}}), "a real: 0.5 1.5 2"},
		{"names that come twice", "a,a\n1.5,x\n2.5,y\n", nil, `refused: columns 1 and 2 (line 1) are both called "a": want different names`},
		{"bits whose names come twice", "a,a\n1,0\n0,1\n", nil,
			`refused: columns 1 and 2 (line 1) are both called "a": want different names`},
		{"a column without a name", "a,,b\n1.5,u,x\n2.5,v,y\n", nil, "refused: column 2 (line 1) has no name: want one"},
		{"no names, a text in each row", "5.1,3,setosa\n4.9,3.5,other\n5,2,other\n", nil,
			"1 real, 2 real, 3 bit: 5.1/3/setosa 4.9/3.5/other 5/2/other"},
		{"no names, texts alone", "p,x\ne,s\ne,x\n", []Option{WithoutNames()}, "1 bit, 2 bit: p/x e/s e/x"},
		{"no names, words for truth", "True,False\nFalse,True\n", nil, "1 bit, 2 bit: True/False False/True"},
		{"no names, numbers", "0.5,2\n1.5,3\n", nil,
			"refused: row 1, column 1: found 0.5, want 0 or 1 (or -1 and 1 for spins); grey values need"},
		{"no names, real numbers", "0.5,2\n1.5,3\n", []Option{Reals()}, "2 reals: 0.5;2; 1.5;3;"},
		{"no names, one cell of text", "0,1\n0,x\n", nil, `refused: row 2, column 2: found "x", want a number`},
		{"no names, some cells missing", "0,NA,1\n1,0,NA\n", nil,
			`refused: 2 cells are missing (2 1, 3 1), the first in row 1 (line 1), column 2 (2): found "NA"`},
		// What cells hold.
		{"words for truth", "a,b\nTrue,yes\nFalse,no\n", nil, "a bit, b bit: True/yes False/no"},
		{"missing cells", "a,b,c\n1.5,,x\nNaN,2,NA\n#N/A,3,<NA>\n", nil,
			`refused: 5 cells are missing (a 2, b 1, c 2), the first in row 1 (line 2), column 2 (b): found "": fill them in, or leave out`},
		{"missing cells of a column that is left out", "a,b\n1.5,\n2.5,NA\n2,\n", pick(Selection{Drop: []string{"b"}}), "a real: 1.5 2.5 2"},
		{"decimal commas", "a;b\n1,5;x\n2,5;y\n-3;x\n", []Option{DecimalComma()}, abc},
		{"decimal commas between commas", "a,b\n\"1,5\",x\n\"2,5\",y\n-3,x\n", []Option{DecimalComma()}, abc},
		{"decimal commas without names", "1,5;0,25\n2;3\n", []Option{DecimalComma(), Reals()}, "2 reals: 1.5;0.25; 2;3;"},
		{"decimal commas that nothing says", "a;b\n" + strings.Repeat("1,5;x\n2,5;y\n3;x\n4;y\n5;y\n", 3), nil,
			"refused: row 1 (line 2), column a: found \"1,5\", want numbers with a decimal point, or a schema that says a,categorical"},
		{"few decimal commas that nothing says", "a;b\n1,5;x\n2;y\n", nil, "refused: row 1 (line 2), column a: found \"1,5\", want numbers"},
		{"genotypes", "0,1,2\n2,1,0\n0,0,1\n", pick(Selection{Categories: []string{"all"}}),
			"1 category, 2 category, 3 category: 0/1/2 2/1/0 0/0/1"},
		{"categories by name", "a,b\n1,0\n0,1\n", pick(Selection{Categories: []string{"b"}}), "a bit, b category: 1/0 0/1"},
		{"an array of categories", string(npy("<i4", "(2, 2)", []int32{3, 0, 7, 3})), pick(Selection{Categories: []string{"all"}}),
			"1 category, 2 category: 3/0 7/3"},
		{"some categories of an array", string(npy("<i4", "(2, 2)", []int32{3, 0, 7, 3})), pick(Selection{Categories: []string{"1"}}),
			"refused: in an array, columns are categories all or none: say all"},
		{"an array of a model's categories", string(npy("<i4", "(1, 2)", []int32{7, 0})), []Option{ForColumns(numberedSites(2, 8))},
			"1 category, 2 category: 7/0"},
		{"names, for a model of a file without them", ",a,b\n0,x,1\n1,y,0\n", []Option{ForColumns(countedColumns)}, "1 bit, 2 bit: x/1 y/0"},
		{"an alignment as categories", ">a\nAC\n", pick(Selection{Categories: []string{"all"}}), "refused: a FASTA alignment has sites"},
		{"rows of an alignment", ">a\nAC\n>b\nCC\n>c\nGC\n", pick(Selection{FirstRow: 2}), "1 category, 2 category: b=C/C c=G/C"},
		// Rows and columns that are asked for.
		{"columns by name, in another order", "a,b,c\n1.5,x,0\n2.5,y,1\n2,y,1\n", pick(Selection{Columns: []string{"c", "a"}}),
			"c bit, a real: 0/1.5 1/2.5 1/2"},
		{"bits by name", "a,b,c\n1,0,0\n0,1,1\n", pick(Selection{Columns: []string{"c", "a"}}), "c bit, a bit: 0/1 1/0"},
		{"bits by number", "1 0 0\n0 1 1\n", pick(Selection{Columns: []string{"3", "1:2"}}), "3 bits: 010 101"},
		{"columns of an array left out", string(npy("|u1", "(2, 3)", []uint8{1, 0, 9, 0, 1, 7})), pick(Selection{Drop: []string{"3"}}),
			"2 bits: 10 01"},
		{"a column that there is not", "a,b\n1.5,x\n2.5,y\n", pick(Selection{Columns: []string{"z"}}),
			`refused: the table has no column "z": it has a, b`},
		{"a number that there is not", "1 0\n0 1\n", pick(Selection{Drop: []string{"3"}}), `refused: found "3", want a number from 1 to 2`},
		{"a column asked for twice", "a,b\n1,0\n", pick(Selection{Columns: []string{"a", "a"}}), "refused: column 1 is asked for twice"},
		{"all columns left out", "a,b\n1,0\n", pick(Selection{Drop: []string{"a", "b"}}), "refused: all of the 2 columns are left out"},
		{"some rows", "a,b\n9,z\n1.5,x\n2.5,y\n-3,x\nz,9\n", pick(Selection{FirstRow: 2, LastRow: 4}), abc},
		{"some rows of bits", "0 0\n0 1\n1 1\n0 0\n", pick(Selection{FirstRow: 2, LastRow: 3}), "2 bits: 01 11"},
		{"rows that there are not", "0 0\n0 1\n", pick(Selection{FirstRow: 3}), "refused: found 2 rows, want some from row 3 on"},
		{"rows that the table has not", "a,b\n1.5,x\n2.5,y\n", pick(Selection{FirstRow: 3}),
			"refused: found 2 rows, want some from row 3 on"},
		{"a bad cell of chosen rows", "0 0\n0 1\n7 1\n", pick(Selection{FirstRow: 2, Columns: []string{"2", "1"}}),
			"refused: row 3, column 1: found 7"},
		// Columns of a model.
		{"another order than the model's", "b,a\nx,1.5\ny,2.5\nx,-3\n", []Option{model}, abc},
		{"more columns than the model's", "c,b,a\n9,x,1.5\n9,y,2.5\n9,x,-3\n", []Option{model}, abc},
		{"fewer columns than the model's", "c,a\n9,1.5\n", []Option{model},
			`refused: the table has no column "b", which is wanted: it has c, a`},
		{"no names, for a model", "1.5,x\n2.5,y\n-3,x\n", []Option{model}, abc},
		{"bits in another order than the model's", "y,x\n1,0\n1,1\n", []Option{ForColumns(named)}, "x bit, y bit: 0/1 1/1"},
		{"more bits than the model's", "z,y,x\n7,1,0\n8,1,1\n", []Option{ForColumns(named)}, "x bit, y bit: 0/1 1/1"},
		// Packed files.
		{"zstd", zst("a,b\n1.5,x\n2.5,y\n-3,x\n"), nil, abc},
		{"xz", xzOf("a,b\n1.5,x\n2.5,y\n-3,x\n"), nil, abc},
		{"bzip2", bz2, nil, "2 bits: 01 11"},
		{"an array in zstd", zst(string(npy("|u1", "(2, 2)", []uint8{0, 1, 1, 1}))), nil, "2 bits: 01 11"},
		{"half of zstd", zst(strings.Repeat("0,1,1\n", 99))[:20], nil, "refused: the zstd data end early, the file is truncated"},
		{"half of xz", xzOf("0,1\n1,1\n")[:30], nil, "refused: the xz data end early, the file is truncated"},
		{"half of bzip2", bz2[:30], nil, "refused: the bzip2 data end early, the file is truncated"},
		// Arrays.
		{"float16", string(npy("<f2", "(2, 2)", []uint16{0, 0x3c00, 0x3c00, 0x3c00})), nil, "2 bits: 01 11"},
		{"packed bits", string(npy("|u1", "(2, 2)", []uint8{0x81, 0x80, 0x7f, 0x40})), []Option{PackedBits(10)},
			"10 bits: 1000000110 0111111101"},
		{"packed bits of other units", string(npy("|u1", "(1, 2)", []uint8{0x81, 0x80})), []Option{PackedBits(17)},
			"refused: 17 units of packed bits are 3 bytes a row; found 2"},
		{"bits beyond the last", string(npy("|u1", "(1, 2)", []uint8{0x81, 0x01})), []Option{PackedBits(10)},
			"refused: row 1, column 2: found the byte 0x1, want its last 6 bits 0"},
		{"packed bits of no bytes", string(npy("<i4", "(1, 2)", []int32{1, 1})), []Option{PackedBits(10)}, "refused: packed bits are bytes"},
		{"packed bits of text", "129,128\n", []Option{PackedBits(10)}, "refused: packed bits are in an array of bytes"},
		{"texts in an array", string(npy("<U2", "(1, 1)", []uint32{65, 66})), nil, `refused: the .npy header "{'descr': '<U2', ` +
			`'fortran_order': False, 'shape': (1, 1), }": found type "<U2", want a boolean, an integer or a float of 2, 4 or 8 bytes: ` +
			`save texts as a table`},
		{"a sparse matrix of rows", csr, nil, sparse},
		{"a sparse matrix of columns", sparseOf("csc", 2, 4, []uint8{1, 1, 1}, "indptr", []int32{0, 1, 2, 3, 3}, "indices", []int32{1, 0, 0}),
			nil, sparse},
		{"a sparse matrix of places", sparseOf("coo", 2, 4, []uint8{1, 1, 1}, "row", []int32{1, 0, 0}, "col", []int32{0, 1, 2}), nil, sparse},
		{"a sparse matrix of grey values", sparseOf("coo", 1, 2, []uint8{9}, "row", []int32{0}, "col", []int32{1}), nil,
			"refused: row 1, column 2: found 9, want 0 or 1"},
		{"a threshold of a sparse matrix", sparseOf("coo", 1, 2, []uint8{9}, "row", []int32{0}, "col", []int32{1}), []Option{Threshold(-1)},
			"2 bits: 11"},
		{"columns of a sparse matrix", csr, pick(Selection{Columns: []string{"2:3"}, LastRow: 1}), "2 bits: 11"},
		{"a sparse matrix of blocks", sparseOf("bsr", 2, 4, []uint8{1}), nil,
			`refused: found a sparse matrix of the format "bsr", want csr, csc or coo`},
		{"a sparse matrix without places", sparseOf("csr", 2, 4, []uint8{1}), nil, "refused: sparse matrix: there is no member indptr"},
		{"a place beyond a sparse matrix", sparseOf("coo", 1, 2, []uint8{1}, "row", []int32{0}, "col", []int32{2}), nil,
			"refused: sparse matrix: member col has 2, want a number from 0 to 1"},
		{"a place with two numbers", sparseOf("coo", 1, 2, []uint8{1, 1}, "row", []int32{0, 0}, "col", []int32{1, 1}), nil, twice},
		{"a row with a place twice", sparseOf("csr", 1, 2, []uint8{1, 1}, "indptr", []int32{0, 2}, "indices", []int32{1, 1}), nil, twice},
		{"a huge sparse matrix", sparseOf("coo", 1<<31, 1<<31, []uint8{1}, "row", []int32{0}, "col", []int32{2}), nil,
			"refused: a sparse matrix of 2147483648×2147483648 has 4.61e+18 cells"},
		{"rows of a sparse matrix that don't end", sparseOf("csr", 2, 4, []uint8{1}, "indptr", []int32{0, 1, 0}, "indices", []int32{1}), nil,
			"refused: sparse matrix: member indptr goes from 1 to 0"},
		// Other files.
		{"Parquet", parquetOf(people...), pick(Selection{Drop: []string{"tags.list.element"}}),
			"age real, sex bit, smokes bit, grade category: 31.5/f/True/1 60/m/False/3 25.125/f/False/2"},
		{"lists in Parquet", parquetOf(people...), nil,
			"refused: column tags.list.element holds lists or structures: want numbers, texts or true and false"},
		{"missing cells in Parquet", parquetOf(append(people, parquetRow{Age: 1, Sex: "f"})...),
			pick(Selection{Drop: []string{"tags.list.element"}}),
			`refused: 1 cell is missing (grade 1), the first in row 4, column 4 (grade): found ""`},
		{"Parquet for a model", parquetOf(people...), []Option{ForColumns([]rbm.Column{{Name: "age", Kind: rbm.Gaussian}})},
			"age real: 31.5 60 25.125"},
		{"half of Parquet", parquetOf(people...)[:60], nil, "refused: damaged Parquet file: it does not end with a footer and PAR1"},
		{"Parquet in gzip", string(gz([]byte(parquetOf(people...)))), nil, "refused: found a Parquet file within gzip, want it as it is"},
		{"Arrow", arrowOf(false, 2), nil, arrowPeople}, {"an Arrow stream", arrowOf(true, 2), nil, arrowPeople},
		{"missing cells in Arrow", arrowOf(false, 1), nil,
			`refused: 4 cells are missing (grade 2, pay 2), the first in row 2, column 3 (grade): found ""`},
		{"columns of an Arrow file", arrowOf(false, 1), pick(Selection{Columns: []string{"sex", "age"}}),
			"sex bit, age real: f/31.5 m/60 m/7.5 f/25.125 m/2 m/7.5"},
		{"dates in Arrow", arrowOf(true, 0), nil, "refused: column born holds values of the type date32: want numbers, texts or true and false"},
		{"lists in Arrow", arrowOf(true, 0), pick(Selection{Drop: []string{"born"}}), "refused: column tags holds lists or structures"},
		{"half of Arrow", arrowOf(false, 2)[:500], nil, "refused: damaged Arrow file: "},
		{"half of an Arrow stream", arrowOf(true, 2)[:900], nil, "refused: damaged Arrow file: "},
		{"Arrow in gzip", string(gz([]byte(arrowOf(false, 2)))), nil, "refused: found an Arrow file within gzip, want it as it is"},
		{"Feather of version 1", "FEA1\x00\x00\xff\xff\xff\xff", nil, "refused: found a file of the format Feather of version 1"},
		{"a spreadsheet", zipOf("[Content_Types].xml", "<a/>", "xl/workbook.xml", "<a/>"), nil, "refused: found a zip file of"},
		{"an old spreadsheet", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 99), nil,
			"refused: found a file of the format Excel (.xls)"},
	} {
		s, err := readBytes([]byte(c.content), c.options...)
		refusal, refused := strings.CutPrefix(c.want, "refused: ")
		switch {
		case err != nil && (!refused || !strings.HasPrefix(err.Error(), "x: "+refusal)):
			t.Errorf("%s: error\n%v\nwant\n%s", c.name, err, c.want)
		case err == nil && inShort(s) != c.want:
			t.Errorf("%s: read\n%s\nwant\n%s", c.name, inShort(s), c.want)
		}
	}
}

// What is packed may stand for far more than it is.
func TestUnpacked(t *testing.T) {
	const table = "a,b\n0,1\n1,1\n"
	for _, text := range []string{table, utf16Of(table, false), string(npy("|u1", "(2, 2)", []uint8{0, 1, 1, 1}))} {
		if s, err := readBytes([]byte(text), Unpacked()); err != nil || s.Rows() != 2 {
			t.Errorf("%q: %v, %v", text, s, err)
		}
	}
	array := npy("|u1", "(2, 2)", []uint8{0, 1, 1, 1})
	for name, text := range map[string]string{
		"gzip": string(gz([]byte(table))), "gzip, UTF-16": string(gz([]byte(utf16Of(table, true)))), "zstd": zst(table), "xz": xzOf(table),
		"bzip2": bz2, "npz": zipOf("x.npy", string(array)), "Parquet": parquetOf(parquetRow{}),
		"Arrow": arrowOf(false, 2), "stream": arrowOf(true, 2),
	} {
		if s, err := readBytes([]byte(text), Unpacked()); err == nil || !strings.Contains(err.Error(), "not packed") {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}
