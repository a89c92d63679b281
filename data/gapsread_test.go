package data

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Files with missing cells, what is known of them, and what they say without the option.
func TestGapsAreRead(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		content string
		want    [][]float64 // NaN: missing
	}{
		"table of bits":      {"a,b,c\n0,1,1\n1,NA,0\n0,0,1\n", [][]float64{{0, 1, 1}, {1, nan, 0}, {0, 0, 1}}},
		"one missing cell":   {"a,b\n0,1\n1,\n1,0\n", [][]float64{{0, 1}, {1, nan}, {1, 0}}},
		"rows without names": {"0,1,1\n1,NA,0\n0,0,1\n", [][]float64{{0, 1, 1}, {1, nan, 0}, {0, 0, 1}}},
		"spins":              {"a,b\n-1,1\n1,nan\n1,-1\n", [][]float64{{0, 1}, {1, nan}, {1, 0}}},
		"categories and reals": {
			"job,age\nx,1.5\nNA,2.5\ny,?\nz,7.25\n", [][]float64{{1, 0, 0, 1.5}, {nan, nan, nan, 2.5}, {0, 1, 0, nan}, {0, 0, 1, 7.25}},
		},
		"a row that knows little": {"a,b\n0,1\n,\n1,0\n", [][]float64{{0, 1}, {nan, nan}, {1, 0}}},
		"array of bits":           {string(npy("<f8", "(3, 2)", []float64{1, nan, 0, 1, 1, 0})), [][]float64{{1, nan}, {0, 1}, {1, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := readBytes([]byte(c.content), Gaps())
			if err != nil {
				t.Fatal(err)
			}
			checkGaps(t, s, c.want)
			if _, err := readBytes([]byte(c.content)); err == nil {
				t.Error("read without the option")
			}
			// What is written is read again.
			for _, file := range []string{"x.csv", "x.npy"} {
				if strings.HasSuffix(file, ".npy") && s.Columns != nil && s.Values != rbm.Bernoulli && s.Values != rbm.Spin {
					continue // names and categories are lost
				}
				path := filepath.Join(t.TempDir(), file)
				if err := WriteSet(path, s); err != nil {
					t.Fatal(err)
				}
				again, err := Open(path, Gaps())
				if err != nil {
					text, _ := os.ReadFile(path)
					t.Fatalf("%v of %q", err, text)
				}
				checkGaps(t, again, c.want)
			}
		})
	}
	s, err := readBytes(npy("<f8", "(3, 2)", []float64{7, nan, 3, 7, 3, 3}), Gaps(), Select(Selection{Categories: []string{"all"}}))
	if err != nil {
		t.Fatal(err)
	}
	checkGaps(t, s, [][]float64{{0, 1, nan, nan}, {1, 0, 0, 1}, {1, 0, 1, 0}})
	_, err = readBytes(npy("<f8", "(1, 2)", []float64{nan, nan}), Gaps(), Select(Selection{Categories: []string{"all"}}))
	if err == nil || !strings.Contains(err.Error(), "all values are missing: want two categories or more") {
		t.Errorf("an array of NaN: error %v", err)
	}
	s, err = readBytes(npy("<f8", "(3, 2)", []float64{1.5, nan, 0, 1, 1, 0}), Gaps(), Reals())
	if err != nil {
		t.Fatal(err)
	}
	checkGaps(t, s, [][]float64{{1.5, nan}, {0, 1}, {1, 0}})
}

func checkGaps(t *testing.T, s *Set, want [][]float64) {
	t.Helper()
	if s.Rows() != len(want) || s.Units() != len(want[0]) || s.Missing() == 0 {
		t.Fatalf("%d rows of %d units, %d missing, want %v", s.Rows(), s.Units(), s.Missing(), want)
	}
	for r, row := range want {
		for i, x := range row {
			if known := x == x; s.Known.Bit(r, i) != known || known && s.States.Value(r, i) != x {
				t.Errorf("row %d, unit %d is %v (known: %v), want %v", r, i, s.States.Value(r, i), s.Known.Bit(r, i), x)
			}
		}
	}
}

// A category that is called as missing cells are is a category where a schema or a model says so.
func TestCategoriesThatLookMissing(t *testing.T) {
	columns := []rbm.Column{{Name: "odor", Kind: rbm.Categorical, Categories: []string{"?", "a", "b"}}}
	s, err := readBytes([]byte("odor\na\n?\nb\n"), Gaps(), ForColumns(columns))
	if err != nil || s.Known.Rows() > 0 || !s.States.Bit(1, 0) {
		t.Errorf("%v, %d cells missing", err, s.Missing())
	}
}

func TestColumnsWithoutKnownCellsAreRefused(t *testing.T) {
	_, err := readBytes([]byte("a,b\n0,NA\n1,NA\n"), Gaps())
	if err == nil || !strings.Contains(err.Error(), "column b is missing in all 2 rows: leave it out") {
		t.Errorf("error %v", err)
	}
}

// Whole rows are those without gaps, a second set has its gaps where its columns go, and descriptions count them.
func TestGapsOfSets(t *testing.T) {
	s, err := readBytes([]byte("job,age\nx,1\nNA,2\ny,NA\nz,7.5\n"), Gaps())
	if err != nil {
		t.Fatal(err)
	}
	if whole := s.WholeRows(); whole.Rows() != 2 || whole.Known.Rows() != 0 {
		t.Errorf("%d whole rows", whole.Rows())
	}
	info := Describe(s)
	if info.Missing != 2 || info.Columns[0].Missing != 1 || info.Columns[1].Mean != 3.5 || info.Columns[1].Min != 1 || info.Distinct != 4 {
		t.Errorf("%+v", info)
	}
	other, err := readBytes([]byte("job,age\nNA,1\nx,2\ny,3.5\nz,NA\n"), Gaps())
	if err != nil {
		t.Fatal(err)
	}
	s.Standardize()
	if err := other.Fit(s.Columns); err != nil {
		t.Fatal(err)
	}
	known := [][]uint8{{0, 0, 0, 1}, {1, 1, 1, 1}, {1, 1, 1, 1}, {1, 1, 1, 0}}
	if moved := cmp.Diff(known, other.Known.Bytes()); moved != "" || !other.States.Bit(0, 0) {
		t.Errorf("the gaps have moved: %s", moved)
	}
	if age := other.value(2, rbm.Span{From: 3, To: 4}, other.Columns[1]); !near(age, 3.5, 1e-6) {
		t.Errorf("age is %v, want 3.5", age)
	}
}

// A table for a model may lack a column that it says so of, which is missing in all rows, whatever else the table has.
func TestLackingColumns(t *testing.T) {
	nan := math.NaN()
	bits := []rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "y", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}}
	texts := []rbm.Column{
		{Name: "age", Kind: rbm.Gaussian}, {Name: "job", Kind: rbm.Categorical, Categories: []string{"x", "y", "z"}},
		{Name: "sex", Kind: rbm.Bernoulli, Categories: []string{"f", "m"}},
	}
	for name, c := range map[string]struct {
		columns []rbm.Column
		lack    string
		content string
		want    [][]float64
	}{
		"bits":        {bits, "y", "a,b\n0,1\n1,0\n", [][]float64{{0, nan, 1}, {1, nan, 0}}},
		"it is there": {bits, "y", "a,b,y\n0,1,1\n1,,0\n", [][]float64{{0, 1, 1}, {1, 0, nan}}},
		"categories":  {texts, "job", "sex,age\nm,2\nf,3\n", [][]float64{{1, nan, nan, nan, 2}, {0, nan, nan, nan, 3}}},
		"two values":  {texts, "sex", "age,job\n2,z\n3,x\n", [][]float64{{nan, 0, 0, 1, 2}, {nan, 1, 0, 0, 3}}},
		"one row":     {texts, "sex", "age,job\n2,z\n", [][]float64{{nan, 0, 0, 1, 2}}},
		"row names":   {texts, "sex", ",age,job\n0,2,z\n1,3,x\n", [][]float64{{nan, 0, 0, 1, 2}, {nan, 1, 0, 0, 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := readBytes([]byte(c.content), Gaps(), ForColumns(c.columns), MayLack(c.lack))
			if err != nil {
				t.Fatal(err)
			}
			checkGaps(t, s, c.want)
		})
	}
	if _, err := readBytes([]byte("a,y\n0,1\n1,0\n"), Gaps(), ForColumns(bits), MayLack("y")); err == nil {
		t.Error("a table without another column is read")
	}
}
