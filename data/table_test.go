package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// column makes a table of one column, called x beside one called n that is fine, of values.
func column(values ...string) string {
	var b strings.Builder
	b.WriteString("n,x\n")
	for k, v := range values {
		fmt.Fprintf(&b, "%g,%s\n", float64(k)+0.5, v)
	}
	return b.String()
}

// numbersTo are the numbers below n as texts, with a prefix.
func numbersTo(n int, prefix string) []string {
	list := make([]string, n)
	for k := range list {
		list[k] = fmt.Sprint(prefix, k)
	}
	return list
}

// What a column is taken for, and why.
func TestGuesses(t *testing.T) {
	for _, c := range []struct {
		values     []string
		kind       rbm.Kind
		categories string
		reason     string
	}{
		{[]string{"0", "1", "1"}, rbm.Bernoulli, "[]", "all values are 0 and 1"},
		{[]string{"1.0", "0", "1"}, rbm.Bernoulli, "[]", "all values are 0 and 1"},
		{[]string{"2", "1", "1"}, rbm.Bernoulli, "[1 2]", "two different values, 2 is 1"},
		{[]string{"-1", "1", "1"}, rbm.Bernoulli, "[-1 1]", "two different values, 1 is 1"},
		{[]string{"yes", "no", "no"}, rbm.Bernoulli, "[no yes]", "two different values, yes is 1"},
		{[]string{"3", "1", "20", "1.0"}, rbm.Categorical, "[1 3 20]", "3 different whole numbers"},
		{numbersTo(11, ""), rbm.Gaussian, "[]", "more than 10 different whole numbers"},
		{[]string{"1", "2.5", "1e1"}, rbm.Gaussian, "[]", "numbers, not all whole"},
		{[]string{"b", "a", "c", "3", "3"}, rbm.Categorical, "[3 a b c]", "4 different texts"},
		{[]string{"007", "001", "120"}, rbm.Categorical, "[120 001 007]", "3 different texts"},
		{[]string{`"a, ""b"""`, "c", "d"}, rbm.Categorical, `[a, "b" c d]`, "3 different texts"},
	} {
		s, err := readBytes([]byte(column(c.values...)))
		if err != nil {
			t.Errorf("%v: %v", c.values, err)
			continue
		}
		x := s.Columns[1]
		if x.Name != "x" || x.Kind != c.kind || fmt.Sprint(x.Categories) != c.categories || s.Reasons[1] != c.reason {
			t.Errorf("%v: %s is %s of %v: %s", c.values, x.Name, x.Kind, x.Categories, s.Reasons[1])
		}
		if info := Describe(s); info.Columns[1].Reason != c.reason {
			t.Errorf("%v: described as %v", c.values, info.Columns[1])
		}
	}
}

// Tables in all the ways that they are written are read as the same.
func TestWaysToWriteTables(t *testing.T) {
	want := "[[1.5 a] [2.5 b] [-3 c]]"
	for name, content := range map[string]string{
		"commas": "x,y\n1.5,a\n2.5,b\n-3,c\n", "semicolons": "x;y\n1.5;a\n2.5;b\n-3;c", "tabs": "x\ty\n1.5\ta\n2.5\tb\n-3\tc\n",
		"CRLF": "x,y\r\n1.5,a\r\n2.5,b\r\n-3,c\r\n", "BOM": "\ufeffx,y\n1.5,a\n2.5,b\n-3,c\n",
		"quotes and BOM": "\ufeff\"x\",\"y\"\n\"1.5\",a\n2.5,b\n-3,c\n",
		"comments":       "# a table\n\n# of two columns\nx,y\n1.5,a\n2.5,b\n-3,c\n", "blanks": "x, y\n 1.5 , a\n2.5,b \n-3, \"c\"\n",
		"blank lines": "x,y\n1.5,a\n\n2.5,b\n-3,c\n\n", "an index": ",x,y\n0,1.5,a\n1,2.5,b\n2,-3,c\n",
	} {
		for _, pack := range []func([]byte) []byte{func(b []byte) []byte { return b }, gz} {
			s, err := readBytes(pack([]byte(content)))
			if err != nil || fmt.Sprint(texts(s)) != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
	s, err := readBytes([]byte(",x,y\n0,1.5,a\n1,2.5,b\n2,-3,c\n"))
	if err != nil || fmt.Sprint(s.Notes) != "[the first column has no name and is left out, as an index of the rows]" {
		t.Errorf("notes %v, %v", s.Notes, err)
	}
}

func TestBadTables(t *testing.T) {
	schema := func(text string) []Option {
		s, err := ParseSchema(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return []Option{WithSchema(s)}
	}
	mostly := append(numbersTo(12, "1."), "12,5")
	for _, c := range []struct {
		name, content string
		opts          []Option
		want          string
	}{
		// A file of bits with one damaged cell is one of bits.
		{"a damaged bit", "a,b\n0,1\n1,2\n", nil, "row 2 (line 3), column 2: found 2, want 0 or 1 (or -1 and 1 for spins); " +
			"grey values need a threshold, or to be drawn as probabilities"},
		{"a missing bit", "a,b\n0,1\n,1\n", nil, `row 2 (line 3), column 1: found "", want a number`},
		{"bits of a short row", "a,b\n0,1\n1\n", nil, "row 2: found 1 column, want 2 as in row 1"},
		{"a short row", "# c\na,b\n0.5,x\n\n3\n", nil, "row 2 (line 5): found 1 column, want 2 as there are names (line 2)"},
		{"a long row", "a,b\n0.5,x\n3,y,z\n", nil, "row 2 (line 3): found 3 columns, want 2 as there are names (line 1)"},
		{"a lonely quote", "a,b\n0.5,x\n3,\"y\n", nil, "line 3: found a quote in a place where none may be; " +
			"want quotes around a whole field, and doubled inside"},
		{"missing cells", "a,b\n0.5,x\nNA,y\nnull,?\n", nil, "3 cells are missing (a 2, b 1), the first in row 2 (line 3), column 1 (a): " +
			`found "NA": fill them in, or leave out these rows or columns`},
		{"the same value", "a,b\n0.5,x\n2.5,x\n", nil, `column b is "x" in all 2 rows: there is nothing to learn from it; ` +
			"leave it out, by the line b,drop in a schema"},
		{"the same number", "a,b\n7.5,x\n7.5,y\n", nil, `column a is "7.5" in all 2 rows: there is nothing to learn from it; ` +
			"leave it out, by the line a,drop in a schema"},
		{"names of rows", column(numbersTo(40, "p")...), nil, `column x has 40 different texts in 40 rows, such as "p0" and "p1": of names ` +
			"and identifiers nothing can be learned; a schema can drop the column (x,drop), or take it as it is (x,categorical)"},
		{"a decimal comma", "n;x\n1;0,5\n2;1,5\n3;2,5\n4;0\n" + commas(30), nil,
			`row 1 (line 2), column x: found "0,5", want numbers with a decimal point, or a schema that says x,categorical`},
		{"a text among numbers", column(append(numbersTo(12, "1."), "many")...), nil, `row 13 (line 14), column x: found "many", ` +
			"want a number as in 12 of the 13 rows, or a schema that says x,categorical"},
		{"a comma too many", column(mostly...), nil, "row 13 (line 14): found 3 columns, want 2 as there are names (line 1)"},
		{"infinite", column("1.5", "2.5", "1e39"), nil, `row 3 (line 4), column x: found "1e39", want a finite number that float32 holds`},
		{"far from zero", column("1600000000", "1600000001.5", "1600000002"), nil,
			"column x has numbers near 1.6e+09 that differ by 0.85 only, " +
				"for which float32 has no room: subtract 1.6e+09 from all"},
		{"a schema for three", column("a", "b", "c"), schema("x,binary"), "column x has 3 different values, and the schema says two"},
		{"a schema for numbers", column("1", "b", "2"), schema("x,real"), `row 2 (line 3), column x: found "b", want a finite number`},
		{"a schema for others", column("1", "b"), schema("x,categorical,1,2"), `row 2 (line 3), column x: found "b", want one of 1, 2`},
		{"a schema for another table", column("1", "b"), schema("z,real"),
			`the schema has a column "z", which the table does not have: it has n, x`},
		{"a schema that drops all", "a,b\n0.5,x\n2.5,y\n", schema("a,drop\nb,drop"),
			"the table has no columns, or the schema drops all of them"},
		{"a schema without names", "1,2\n3,4\n", schema("x,real"), `the schema has a column "x", which the table does not have: it has 1, 2`},
		{"a schema for an array", string(npy("|u1", "(1, 2)", []byte{0, 1})), schema("x,real"),
			"a schema is for a table with names at its top, which this file is not"},
		{"real columns with a text", "a,b\n0.5,x\n1,2\n", []Option{Reals()}, `row 1 (line 2), column b: found "x", want a finite number`},
	} {
		_, err := readBytes([]byte(c.content), c.opts...)
		if err == nil || err.Error() != "x: "+c.want {
			t.Errorf("%s: error\n%v\nwant\nx: %s", c.name, err, c.want)
		}
	}
}

// commas are rows of a number with a decimal comma.
func commas(n int) string {
	rows := ""
	for k := range n {
		rows += fmt.Sprintf("%d;1%d,25\n", k, k)
	}
	return rows
}

// A few rows are enough for a second file: they are read as the columns of the first.
func TestTableForColumns(t *testing.T) {
	first, err := readBytes([]byte("a,b,c\n1,x,0\n2,y,1\n3,x,0\n4,x,0\n5,x,0\n6,x,0\n7,x,0\n8,x,0\n9,x,0\n10,x,0\n11,x,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := readBytes([]byte("b,extra,c,a\ny,7,1,3\n"), ForColumns(first.Columns))
	if err == nil {
		err = second.Fit(first.Columns)
	}
	if err != nil || fmt.Sprint(texts(second)) != "[[3 y 1]]" ||
		fmt.Sprint(second.Notes) != "[1 column is left out, which the model does not have: extra]" {
		t.Fatalf("%v, %v", second, err)
	}

	for text, names := range map[string]string{
		"who,b,c,a,extra\np,y,1,3,7\nq,x,0,2,8\n": "[p q]", // another text in every row of the first column
		"id,b,c,a,extra\n7,y,1,3,7\n9,x,0,2,8\n":  "[7 9]", // or other numbers, and a name that says so
		"who,b,c,a,extra\np,y,1,3,7\np,x,0,2,8\n": "[]",
		"n,b,c,a,extra\n7,y,1,3,7\n9,x,0,2,8\n":   "[]",
		"who,b,c,a,extra\n,y,1,3,7\nq,x,0,2,8\n":  "[]",
		"b,who,c,a,extra\ny,p,1,3,7\nx,q,0,2,8\n": "[]",
	} {
		set, err := readBytes([]byte(text), ForColumns(first.Columns))
		if err != nil || fmt.Sprint(texts(set)) != "[[3 y 1] [2 x 0]]" || fmt.Sprint(set.Names) != names {
			t.Errorf("%q: %v, names %v", text, err, set.Names)
		}
		notes := fmt.Sprint(set.Notes)
		if strings.Count(notes, "left out") != 1 || strings.Contains(notes, "kept as names of the rows") != (names != "[]") {
			t.Errorf("%q: notes %q", text, notes)
		}
	}
}

// So are the rows of a table for a model of bits, whose reader comes first, and those of a column that is asked for.
func TestNamesForColumns(t *testing.T) {
	bits := []rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}}
	spins := []rbm.Column{{Name: "a", Kind: rbm.Spin}, {Name: "b", Kind: rbm.Spin}}
	for _, c := range []struct {
		columns          []rbm.Column
		text, rows, want string // the column that is asked for, and the names
		notes            string
	}{
		{bits, "id,a,b\n7,0,1\n9,1,1\n", "", "[7 9]", "[the first column (id) is kept as names of the rows]"},
		{bits, "id,a,b\n1,0,1\n2,1,1\n", "", "[]", "[the first column (id) is left out, as an index of the rows]"},
		{bits, "price,a,b\n7,0,1\n9,1,1\n", "", "[]", "[1 column is left out, which the model does not have: price]"},
		{spins, "id,a,b\n7,-1,1\n9,1,1\n", "", "[7 9]", "[the first column (id) is kept as names of the rows]"},
		{bits, "Unnamed: 0,a,b\n0,0,1\n1,1,1\n", "", "[]", "[the first column (Unnamed: 0) is left out, as an index of the rows]"},
		{bits, "x,b,extra,a,who\n1,1,5,0,p\n1,1,5,1,q\n", "who", "[p q]",
			"[column 5 (who) is kept as names of the rows 2 columns are left out, which the model does not have: x, extra]"},
	} {
		set, err := readBytes([]byte(c.text), ForColumns(c.columns), Select(Selection{RowNames: c.rows}))
		if err == nil {
			err = set.Fit(c.columns)
		}
		if err != nil || set.Rows() != 2 || set.Units() != 2 || set.States.Bit(0, 0) || !set.States.Bit(0, 1) ||
			!set.States.Bit(1, 0) || !set.States.Bit(1, 1) || fmt.Sprint(set.Names) != c.want || fmt.Sprint(set.Notes) != c.notes {
			t.Errorf("%q: %v, %v", c.text, set, err)
		}
	}
}

// One cell of a table of bits that is none is found in its place, also beside names of the rows.
func TestDamagedBitsBesideNames(t *testing.T) {
	columns := []rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}}
	for _, cell := range []string{"x", "7", "0.5"} {
		for _, names := range []string{"id,p", "id,", ",p", ",", "Unnamed: 0,"} {
			name, prefix, _ := strings.Cut(names, ",")
			text := name + ",a,b\n"
			for k := range 20 {
				text += fmt.Sprintf("%s%d,%d,%d\n", prefix, k, k%2, k%3%2)
			}
			text += prefix + "20,0," + cell + "\n"
			for _, options := range [][]Option{nil, {ForColumns(columns)}} {
				s, err := readBytes([]byte(text), options...)
				if err == nil || !strings.HasPrefix(err.Error(), "x: row 21 (line 22), column 3: found ") {
					t.Errorf("%q beside %q: %v, %v", cell, names, s, err)
				}
			}
		}
	}
	// With two of them, it is a table.
	s, err := readBytes([]byte("id,a,b\np1,0,x\np2,1,y\np3,0,x\np4,0,x\np5,0,x\np6,0,x\np7,0,x\np8,0,x\np9,0,x\np10,0,x\n" +
		"p11,0,x\n"))
	if err != nil || len(s.Columns) != 2 || s.Columns[1].Categories == nil {
		t.Errorf("%v, %v", s, err)
	}
}

// Whole numbers that are categories keep their digits, also where float64 can't tell them apart.
func TestWholeNumbersAsCategories(t *testing.T) {
	s, err := opened(t, "codes.csv", "code,kind\n12345678901234567890,x\n12345678901234567891,y\n16777217,z\n16777217.0,x\n-0,y\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0", "16777217", "12345678901234567890", "12345678901234567891"}
	if got := s.Columns[0].Categories; !slices.Equal(got, want) {
		t.Errorf("categories %q, want %q", got, want)
	}
}
