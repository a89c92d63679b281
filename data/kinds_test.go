package data

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// opened writes a file and opens it.
func opened(t *testing.T, name, content string, options ...Option) (*Set, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, options...)
	if err != nil {
		err = fmt.Errorf("%s", strings.TrimPrefix(err.Error(), path+": "))
	}
	return s, err
}

// texts are all cells of a set in the table's words.
func texts(s *Set) [][]string {
	var all [][]string
	for r := range s.Rows() {
		var row []string
		for k, span := range rbm.Spans(s.Columns) {
			row = append(row, s.text(r, span, s.Columns[k]))
		}
		all = append(all, row)
	}
	return all
}

func TestAlignments(t *testing.T) {
	for _, c := range []struct{ name, content, letters, want string }{
		{"protein", ">a\nAC-D\n>b\nWY-A\n", "-ACDEFGHIKLMNPQRSTVWY", "[[A C - D] [W Y - A]]"},
		{"protein without gaps", ">a\r\nMK\r\nL\r\n>b\r\nMK\nV", "-ACDEFGHIKLMNPQRSTVWY", "[[M K L] [M K V]]"},
		{"DNA", "\n>a\nACGT\n\n>b\nGGTT", "-ACGT", "[[A C G T] [G G T T]]"},
		{"RNA", ">a\nACGU\n>b\nGG-U", "-ACGU", "[[A C G U] [G G - U]]"},
		{"insertions", ">a\nAa.Cgg-\n>b\nM.L-\n", "-ACDEFGHIKLMNPQRSTVWY", "[[A C -] [M L -]]"},
	} {
		for _, pack := range []func([]byte) []byte{func(x []byte) []byte { return x }, gz} {
			s, err := opened(t, "a.fasta", string(pack([]byte(c.content))))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if got := fmt.Sprint(texts(s)); got != c.want || strings.Join(s.Columns[0].Categories, "") != c.letters || s.Names[1] != "b" {
				t.Errorf("%s: %s of %v, names %v; want %s of %s", c.name, got, s.Columns[0].Categories, s.Names, c.want, c.letters)
			}
		}
	}
	s, err := opened(t, "a", ">a\nAXC\n>b\nMLB\n", OddLettersAsGaps())
	if err != nil || fmt.Sprint(texts(s)) != "[[A - C] [M L -]]" {
		t.Errorf("odd letters as gaps: %v, %v", s, err)
	}
}

// A part of an alignment has the states of the whole, gaps among them; columns of a model that has no gaps are kept.
func TestPartsOfAnAlignment(t *testing.T) {
	s, err := opened(t, "a.fasta", ">a\nMKL\n>b\nMKV\n")
	if err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		">c\nM-L\n": "[[M - L]]", ">c\nMMM\n": "[[M M M]]", ">c\nAC-\n": "[[A C -]]",
	} {
		other, err := opened(t, "b.fasta", content, ForColumns(s.Columns))
		if err == nil {
			err = other.Fit(s.Columns)
		}
		if err != nil || fmt.Sprint(texts(other)) != want {
			t.Errorf("%q after a part without gaps: %v, %v, want %s", content, other, err, want)
		}
	}
	gapless := slices.Clone(s.Columns)
	for k := range gapless {
		gapless[k].Categories = gapless[k].Categories[1:]
	}
	for content, want := range map[string]string{
		">c\nMKL\n": "", ">c\nM-L\n": `row 1, column 2 (2): found "-", want one of A, C, D`,
	} {
		other, err := opened(t, "b.fasta", content, ForColumns(gapless))
		if err == nil {
			err = other.Fit(gapless)
		}
		if want == "" && (err != nil || other.Units() != 60) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q for a model without gaps: %v, %v, want %q", content, other, err, want)
		}
	}
}

// What is no alignment or table is refused, with what was found, where, and the way out.
func TestBadAlignmentsAndTables(t *testing.T) {
	for _, c := range []struct {
		name, content, want string
		options             []Option
	}{
		{"lengths", ">a\nACD\n>b\nAC\n", "sequence 2 (b) has 2 sites, sequence 1 (a) has 3: want an alignment", nil},
		{"odd letter", ">a\nACM\n>b\nAXM\n",
			"sequence 2 (b, below line 3), site 2: found 'X', want one of -ACDEFGHIKLMNPQRSTVWY: other letters can be taken as gaps", nil},
		{"odd nucleotide", ">a\nACG\n>b\nANG\n", "sequence 2 (b, below line 3), site 2: found 'N', want one of -ACGT", nil},
		{"digit", ">a\nAC1\n", "sequence 1 (a), line 2, column 3: found '1', want a letter, a dash or a dot", nil},
		{"empty sequence", ">a\n>b\nAC\n", "sequence 1 (a) has no letters outside insertions", nil},
		{"no first name", "ACDE\n>b\nACDE\n", "a line begins with >, as the names of an alignment in FASTA format do", nil},
		{"threshold", ">a\nAC\n", "a FASTA alignment has letters", []Option{Threshold(1)}},
		{"missing cells", "x,y,z\n1,a,\n2,NA,2.5\n3,b,nan\n",
			"3 cells are missing (y 1, z 2), the first in row 1 (line 2), column 3 (z): found \"\"", nil},
		{"names twice", "x,x\na,1\nb,2\n", `columns 1 and 2 (line 1) are both called "x": want different names`, nil},
		{"short row", "x,y\na,1\nb\n", "line 3", nil},
		{"identifiers", "y,id\n" + identifiers(60), "column id has 60 different texts in 60 rows", nil},
		{"no rows", "x,y\n", "no rows", nil},
		{"schema for another table", "x,y\na,1\nb,2\n", `the schema has a column "w"`, schemaOption(t, "w,real\n")},
		{"not real", "x,y\na,1\nb,2\n", `row 1 (line 2), column x: found "a", want a finite number`, schemaOption(t, "x,real\n")},
		{"another category", "x,y\na,1\nb,2\nc,5\n",
			`row 3 (line 4), column x: found "c", want one of a, b`, schemaOption(t, "x,categorical,a,b\n")},
		{"real numbers", "0.5,1\n2,inf\n", "row 2, column 2: found +Inf, want a finite number", []Option{Reals()}},
	} {
		_, err := opened(t, "f", c.content, c.options...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"x\n": "line 1: found \"x\", want name,kind", "x,number\n": `line 1: found "number", want binary, categorical, real or drop`,
		"x,real\n\nx,drop\n": `line 3 names the column "x" again`,
	} {
		if _, err := ParseSchema(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("schema %q: error %v, want one with %q", text, err, want)
		}
	}
}

func identifiers(n int) string {
	rows := ""
	for k := range n {
		rows += fmt.Sprintf("%d,name%d\n", k, k)
	}
	return rows
}

func schemaOption(t *testing.T, text string) []Option {
	t.Helper()
	s, err := ParseSchema(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return []Option{WithSchema(s)}
}

const people = ",age,sex,\"job\",income,smokes,grade\n" +
	"0,31.5,f,\"clerk, senior\",2000.25,1,3\n1,60,m,nurse,1800,0,1\n2,25.125,f,smith,2600.5,0,2\n3,44,m,nurse,1500,1,2\n"

// A second alignment has the alphabet of the first, whatever its own letters fit.
func TestAlignmentForColumns(t *testing.T) {
	first, err := opened(t, "a.fasta", ">a\nWC-D\n>b\nWY-A\n")
	if err != nil {
		t.Fatal(err)
	}
	second, err := opened(t, "b.fasta", ">a\nACGT\n>b\nA-GT\n", ForColumns(first.Columns))
	if err == nil {
		err = second.Fit(first.Columns)
	}
	if err != nil || fmt.Sprint(texts(second)) != "[[A C G T] [A - G T]]" || len(second.Columns[0].Categories) != 21 {
		t.Errorf("%v, %v", second, err)
	}
}

// Columns are told apart by their cells, or as a schema says, and keep their order, names and texts.
func TestTables(t *testing.T) {
	s, err := opened(t, "people.csv", people)
	if err != nil {
		t.Fatal(err)
	}
	kinds := func(s *Set) (all []string) {
		for _, c := range s.Columns {
			all = append(all, c.Name+":"+string(c.Kind))
		}
		return all
	}
	want := "[age:gaussian sex:bernoulli job:categorical income:gaussian smokes:bernoulli grade:categorical]"
	if got := fmt.Sprint(kinds(s)); got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if got := fmt.Sprint(texts(s)[0]); got != "[31.5 f clerk, senior 2000.25 1 3]" {
		t.Errorf("row 1 is %s", got)
	}
	if layer, err := s.Layer(); err != nil || layer.Kind() != rbm.Mixed || layer.Units() != s.Units() || s.Units() != 2+3+3+2 {
		t.Errorf("layer %v of %d units, %v", layer, s.Units(), err)
	}
	schema := schemaOption(t, "# what the columns are\ngrade,real\nage,drop\nsex,categorical,m,f\n")
	if s, err = opened(t, "people.csv", people, schema...); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(kinds(s)), "[sex:categorical job:categorical income:gaussian smokes:bernoulli grade:gaussian]"; got != want {
		t.Errorf("columns %s, want %s", got, want)
	}
	if s.Columns[0].Categories[0] != "m" {
		t.Errorf("categories of sex are %v, want the schema's order", s.Columns[0].Categories)
	}
	// A table of bits has bits, whatever its names, which stay.
	s, err = opened(t, "bits.csv", "a,b\n0,1\n1,1\n")
	if err != nil || fmt.Sprint(kinds(s)) != "[a:bernoulli b:bernoulli]" || s.Values != rbm.Bernoulli {
		t.Errorf("a table of bits: %+v, %v", s, err)
	}
}

// Standardised columns have mean 0 and variance 1, and come back out in the table's units; a second file is fitted to
// the first's columns, whatever order its categories have.
func TestStandardizeAndFit(t *testing.T) {
	s, err := opened(t, "people.csv", people)
	if err != nil {
		t.Fatal(err)
	}
	before := texts(s)
	s.Standardize()
	means, variances := s.Means(), s.Variances()
	for k, span := range rbm.Spans(s.Columns) {
		if s.Columns[k].Kind == rbm.Gaussian && (math.Abs(means[span.From]) > 1e-6 || math.Abs(variances[span.From]-1) > 1e-6) {
			t.Errorf("%s has mean %v and variance %v", s.Columns[k].Name, means[span.From], variances[span.From])
		}
	}
	if after := texts(s); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("cells are %v, before %v", after, before)
	}
	const others = ",age,sex,job,income,smokes,grade\n9,50,m,smith,1000,0,2\n10,20,m,nurse,1000,1,1\n"
	second, err := opened(t, "second.csv", others, ForColumns(s.Columns))
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Fit(s.Columns); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(texts(second)); got != "[[50 m smith 1000 0 2] [20 m nurse 1000 1 1]]" {
		t.Errorf("fitted cells are %s", got)
	}
	mean := s.Columns[0].Mean
	if x := second.States.Reals(0)[0]; math.Abs(float64(x)*s.Columns[0].Scale+mean-50) > 1e-5 {
		t.Errorf("50 years are %v", x)
	}
	for name, c := range map[string]struct{ content, want string }{
		"category": {",age,sex,job,income,smokes,grade\n9,50,m,pilot,1000,0,2\n", `row 1 (line 2), column job: found "pilot"`},
		"columns":  {"age,sex\n1,m\n2,f\n", `the table has no columns "job", "income", "smokes", "grade", which are wanted: it has age, sex`},
	} {
		_, err := opened(t, "bad.csv", c.content, ForColumns(s.Columns))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// What is written is read back: tables, alignments, real numbers, one-hot states.
func TestWrittenKinds(t *testing.T) {
	table, err := opened(t, "people.csv", people)
	if err != nil {
		t.Fatal(err)
	}
	table.Standardize()
	alignment, err := opened(t, "a.fasta", ">a\nAC-D\n>b\nWY-A\n")
	if err != nil {
		t.Fatal(err)
	}
	reals, err := opened(t, "r.csv", "0.5,1\n2,-3.25\n", Reals())
	if err != nil {
		t.Fatal(err)
	}
	texted, err := opened(t, "b.csv", "smokes,sex\nno,m\nyes,f\nno,f\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		set     *Set
		options []Option
	}{
		{"t.csv", table, nil}, {"t.csv.gz", table, nil}, {"a.fasta", alignment, nil}, {"a.fasta.gz", alignment, nil},
		{"a.csv", alignment, []Option{ForColumns(alignment.Columns)}},
		{"t.npy", table, []Option{ForColumns(table.Columns)}}, {"a.npy", alignment, []Option{ForColumns(alignment.Columns)}},
		{"b.npy", texted, []Option{ForColumns(texted.Columns)}},
		{"r.csv", reals, []Option{Reals()}}, {"r.npy", reals, []Option{Reals()}},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := WriteSet(path, c.set); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		again, err := Open(path, c.options...)
		if err == nil {
			err = again.Fit(c.set.Columns)
		}
		if err != nil || c.set.Columns != nil && fmt.Sprint(texts(again)) != fmt.Sprint(texts(c.set)) ||
			c.set.Columns == nil && !again.States.Equal(c.set.States) {
			t.Errorf("%s: read back as %v, %v", c.name, again, err)
		}
	}
	if err := WriteSet(filepath.Join(t.TempDir(), "t.fasta"), table); err == nil || !strings.Contains(err.Error(), "only an alignment") {
		t.Errorf("a table as FASTA: %v", err)
	}
	hot := npy("|u1", "(2, 2, 3)", []byte{0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0})
	s, err := opened(t, "hot.npy", string(hot), OneHot())
	if err != nil || fmt.Sprint(texts(s)) != "[[1 0] [2 1]]" {
		t.Errorf("one-hot states: %v, %v", s, err)
	}
	hot = npy("|u1", "(1, 2, 3)", []byte{0, 1, 1, 1, 0, 0})
	_, err = opened(t, "hot.npy", string(hot), OneHot())
	if err == nil || !strings.Contains(err.Error(), "row 1, column 1 (1): found 2 of its 3 states that are 1") {
		t.Errorf("two states at once: %v", err)
	}
}

// An array for the columns of a table must have the numbers of their units: bits, one-hot states, real numbers.
func TestUnitsOfColumns(t *testing.T) {
	table, err := opened(t, "t.csv", "sex,job,age\nf,a,1.5\nm,b,2\nm,c,2.5\n")
	if err != nil {
		t.Fatal(err)
	}
	table.Standardize()
	for content, want := range map[string]string{
		"0,0,1,0,1.25\n1,1,0,0,-3\n": "[[f b 1.25] [m a -3]]",
		"0,0,1,0\n":                  "found 4 columns, want those of 5 units, one-hot states and numbers: 1 bernoulli units and 1 sites of 3",
		"0,0,1,0,1\n0.5,0,1,0,1\n":   "row 2, column 1 (sex): found 0.5 in the place of unit 1, which is 0 or 1",
		"0,0,1,0,1\n0,0,1,1,1\n":     "row 2, column 2 (job): found 2 of its 3 states that are 1, want one",
		"0,0,1,0,nan\n":              "row 1, column 5: found NaN, want a finite number",
	} {
		s, err := opened(t, "units.csv", content, ForColumns(table.Columns))
		if err == nil {
			err = s.Fit(table.Columns)
		}
		if err != nil && strings.Contains(err.Error(), want) {
			continue
		}
		if err != nil || fmt.Sprint(texts(s)) != want {
			t.Errorf("%q: %v, %v, want %s", content, s, err, want)
		}
	}
	_, err = opened(t, "units.csv", "0,0,1,0,1.25\n", ForColumns(table.Columns), Threshold(0.5))
	if err == nil || !strings.Contains(err.Error(), "a threshold or bernoulli exclude each other") {
		t.Errorf("real columns with a threshold: %v", err)
	}
}

// Parts and joins of tables keep names and columns.
func TestPartsOfTables(t *testing.T) {
	s, err := opened(t, "a.fasta", ">a\nAC\n>b\nWY\n>c\nAY\n")
	if err != nil {
		t.Fatal(err)
	}
	part := s.Subset([]int{2, 0})
	if !slices.Equal(part.Names, []string{"c", "a"}) || fmt.Sprint(texts(part)) != "[[A Y] [A C]]" {
		t.Errorf("part %v of %v", texts(part), part.Names)
	}
	whole, err := Merge(s, part)
	if err != nil || whole.Rows() != 5 || fmt.Sprint(texts(whole)[3]) != "[A Y]" {
		t.Errorf("joined: %v, %v", whole, err)
	}
	other, err := opened(t, "b.fasta", ">a\nAC\n>b\nGT\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Merge(s, other); err == nil {
		t.Error("proteins and DNA were joined")
	}
}

// Real columns that never change are found, whatever rounding makes of their mean.
// Real numbers whose squares float32 doesn't hold are refused by their column, on the scale that a model has.
func TestRealsOnTheScaleOfAModel(t *testing.T) {
	s, err := readBytes([]byte("a,b,c\n1,0.5,1e20\n0,2.5,3e20\n1,7.25,5e20\n"), Reals())
	if err != nil {
		t.Fatal(err)
	}
	err = s.CheckReals(s.Means(), s.Variances())
	if err == nil || err.Error() != "column 3 (c) has numbers of about 3.42e+20 on the model's scale, want at most 1e+19: "+ErrScale.Error() {
		t.Errorf("error %v", err)
	}
	s.Standardize()
	if err := s.CheckReals(s.Means(), s.Variances()); err != nil {
		t.Error(err)
	}
}

func TestConstantReals(t *testing.T) {
	for content, want := range map[string]string{
		"1.5,2\n1.5,3\n":                    "1 column of real numbers never change, the first is column 1, which float32 holds as 1.5 in",
		"1,0.1,0.3\n2,0.1,0.3\n3,0.1,0.3\n": "2 columns of real numbers never change, the first is column 2, which float32 holds as 0.1 in",
		"1e-46,2\n2e-46,3\n":                "1 column of real numbers never change, the first is column 1, which float32 holds as 0 in",
		"1e20,2\n1.000000001e20,3\n":        "1 column of real numbers never change, the first is column 1, which float32 holds as 1e+20 in",
		"1,2\n1,3\n2,3\n":                   "",
	} {
		s, err := opened(t, "r.csv", content, Reals())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // as they are, and standardised
			f := s.ConstantReals()
			got := fmt.Sprint(f)
			if f != nil {
				got = strings.Replace(f.Message, " (1)", "", 1) // the name that columns have once they are standardised
				got = strings.Replace(got, " (2)", "", 1)
			}
			if (f == nil) != (want == "") || f != nil && !strings.HasPrefix(got, want) {
				t.Errorf("%q: %s, want %q", content, got, want)
			}
			s.Standardize()
		}
	}
}
