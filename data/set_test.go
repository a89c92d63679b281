package data

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// rows numbered by their bits: row r holds r in binary, lowest bit first.
func numbered(rows, units int) *Set {
	s := &Set{States: rbm.NewBatch(rows, units), Values: rbm.Bernoulli, Path: "numbered"}
	for r := range rows {
		s.States.SetIndex(r, uint64(r))
	}
	return s
}

func numbers(s *Set) []int {
	var n []int
	for r := range s.Rows() {
		n = append(n, int(s.States.Index(r)))
	}
	return n
}

func TestMeans(t *testing.T) {
	s := numbered(6, 3)
	if got := s.Means(); !slices.Equal(got, []float64{3. / 6, 2. / 6, 2. / 6}) {
		t.Errorf("means %v", got)
	}
	s.Weights = []float64{1, 2, 0, 0, 0, 5} // rows 000, 100, 101
	if got := s.Means(); !slices.Equal(got, []float64{7. / 8, 0, 5. / 8}) {
		t.Errorf("weighted means %v", got)
	}
}

func TestSubset(t *testing.T) {
	s := numbered(6, 3)
	s.Weights = []float64{0, 1, 2, 3, 4, 5}
	sub := s.Subset([]int{4, 1, 4})
	if !slices.Equal(numbers(sub), []int{4, 1, 4}) || !slices.Equal(sub.Weights, []float64{4, 1, 4}) {
		t.Errorf("rows %v, weights %v", numbers(sub), sub.Weights)
	}
	sub.States.SetBit(0, 0, true)
	if s.States.Bit(4, 0) {
		t.Error("the subset shares bits with the set")
	}
}

func TestSplit(t *testing.T) {
	s := numbered(1000, 10)
	parts, err := Split(s, []float64{0.7, 0.1, 0.2}, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Split(s, []float64{0.7, 0.1, 0.2}, rng.Seed(1))
	other, _ := Split(s, []float64{0.7, 0.1, 0.2}, rng.Seed(2))
	var all []int
	for k, want := range []int{700, 100, 200} {
		n := numbers(parts[k])
		if len(n) != want {
			t.Errorf("part %d has %d rows, want %d", k, len(n), want)
		}
		if !slices.Equal(n, numbers(again[k])) || slices.Equal(n, numbers(other[k])) {
			t.Errorf("part %d does not depend on the seed alone", k)
		}
		// The mean of a part without replacement: 499.5 with variance (10^6/12)/n·(1−n/1000), within 4σ.
		sum := 0
		for _, x := range n {
			sum += x
		}
		sigma := math.Sqrt(1e6 / 12 / float64(want) * (1 - float64(want)/1000))
		if mean := float64(sum) / float64(want); math.Abs(mean-499.5) > 4*sigma {
			t.Errorf("part %d has mean %v, want 499.5 ± %v", k, mean, sigma)
		}
		all = append(all, n...)
	}
	slices.Sort(all)
	if !slices.Equal(all, numbers(s)) {
		t.Error("the parts together are not the set")
	}
	for _, c := range []struct {
		fractions []float64
		want      string
	}{
		{[]float64{0.5, 0.4}, "the fractions add up to 0.9, want 1"},
		{[]float64{1, 0}, "fraction 2 is 0, want a number in (0,1]"},
		{[]float64{math.NaN()}, "fraction 1 is NaN, want a number in (0,1]"},
		{[]float64{0.9999, 0.0001}, "fraction 2 of 0.0001 leaves none of the 1000 rows"},
		{nil, "the fractions add up to 0, want 1"},
	} {
		if _, err := Split(s, c.fractions, rng.Seed(1)); err == nil || err.Error() != c.want {
			t.Errorf("%v: error %v, want %s", c.fractions, err, c.want)
		}
	}
}

func TestMerge(t *testing.T) {
	a, b := numbered(3, 4), numbered(2, 4)
	b.Path, b.Weights = "b", []float64{7, 8}
	a.Shape, b.Shape = []int{2, 2}, []int{2, 2}
	m, err := Merge(a, b, a)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(numbers(m), []int{0, 1, 2, 0, 1, 0, 1, 2}) {
		t.Errorf("rows %v", numbers(m))
	}
	if !slices.Equal(m.Weights, []float64{1, 1, 1, 7, 8, 1, 1, 1}) {
		t.Errorf("weights %v", m.Weights)
	}
	if m.Path != "numbered, b, numbered" || !slices.Equal(m.Shape, []int{2, 2}) || len(m.SHA256) != 64 {
		t.Errorf("path %q, shape %v, sha256 %q", m.Path, m.Shape, m.SHA256)
	}
	c := numbered(1, 4)
	c.Values = rbm.Spin
	for _, bad := range []struct {
		set  *Set
		want string
	}{
		{numbered(2, 5), "numbered has 5 units, numbered has 4"},
		{c, "numbered holds spin units, numbered bernoulli units"},
	} {
		if _, err := Merge(a, bad.set); err == nil || err.Error() != bad.want {
			t.Errorf("error %v, want %s", err, bad.want)
		}
	}
	if _, err := Merge(); err == nil {
		t.Error("merged nothing")
	}
}

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	for _, size := range []struct{ rows, units int }{{1, 1}, {3, 70}, {200, 64}} {
		x := truth(size.rows, size.units)
		x[0][0] = 0
		for _, ending := range []string{".npy", ".csv", ".npy.gz", ".CSV.gz"} {
			for _, values := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
				states, err := rbm.FromBytes(x)
				if err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(folder, "a"+ending)
				if err := Write(path, states, values, nil); err != nil {
					t.Fatal(err)
				}
				s, err := Open(path)
				if err != nil {
					t.Fatal(err)
				}
				same(t, s, x, values)
				if packed := strings.HasSuffix(s.Format, "gzip"); packed != strings.HasSuffix(ending, ".gz") {
					t.Errorf("%s has the format %s", ending, s.Format)
				}
			}
		}
	}
	const want = ": unknown ending, want .npy, .csv or .fasta, or one of these and .gz"
	for name, want := range map[string]string{"a.txt": "a.txt" + want, "a.gz": "a.gz" + want, "a.csv.xz": "a.csv.xz" + want} {
		for _, err := range []error{CheckName(name), Write(name, rbm.NewBatch(1, 1), rbm.Bernoulli, nil)} {
			if err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
	if err := CheckName("b/A.NPY"); err != nil {
		t.Error(err)
	}
	if err := Write("a.fasta", rbm.NewBatch(1, 1), rbm.Bernoulli, nil); err == nil || !strings.Contains(err.Error(), "only an alignment") {
		t.Errorf("bits as FASTA: %v", err)
	}
}

// The bytes that numpy.save writes for numpy.array([[-1, 1, 1]], dtype=numpy.int8).
func TestWriteNPYBytes(t *testing.T) {
	states, _ := rbm.FromSpins([][]int8{{-1, 1, 1}})
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := Write(path, states, rbm.Spin, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := fmt.Sprintf("%-117s\n", "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 3), }")
	if want := "\x93NUMPY\x01\x00\x76\x00" + header + "\xff\x01\x01"; string(got) != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

// The layout of a row survives.
func TestWriteShape(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	states := rbm.NewBatch(3, 6)
	states.SetBit(1, 4, true)
	if err := Write(path, states, rbm.Bernoulli, []int{2, 3}); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(set.Shape, []int{2, 3}) || set.Rows() != 3 || !set.States.Bit(1, 4) {
		t.Errorf("%d rows of the shape %v", set.Rows(), set.Shape)
	}
}

// Rows of a group are in one part, whose size is off by less than a group; so are those of merged sets, whose groups are
// others, and their order depends on the key.
func TestSplitKeepsGroupsTogether(t *testing.T) {
	set := &Set{States: rbm.NewBatch(100, 3)}
	for r := range 100 {
		set.Groups = append(set.Groups, r/2%40) // of 2 rows, or 4
	}
	merged, err := Merge(set, &Set{States: rbm.NewBatch(50, 3)}, set)
	if err != nil {
		t.Fatal(err)
	}
	part := func(s *Set, key uint64) map[int]int {
		parts, err := Split(s, []float64{0.7, 0.2, 0.1}, rng.Seed(key))
		if err != nil {
			t.Fatal(err)
		}
		in, rows := map[int]int{}, 0
		for k, p := range parts {
			rows += p.Rows()
			if far := rows - []int{s.Rows() * 7 / 10, s.Rows() * 9 / 10, s.Rows()}[k]; far < -2 || far > 2 {
				t.Errorf("part %d ends %d rows late", k, far)
			}
			for _, g := range p.Groups {
				if at, ok := in[g]; ok && at != k {
					t.Errorf("group %d is in parts %d and %d", g, at, k)
				}
				in[g] = k
			}
		}
		return in
	}
	if a, b := part(set, 1), part(set, 2); len(a) != 40 || fmt.Sprint(a) == fmt.Sprint(b) {
		t.Errorf("%d groups, dealt out the same by two keys: %v", len(a), fmt.Sprint(a) == fmt.Sprint(b))
	}
	few := set.Subset([]int{0, 1, 2, 3}) // two groups
	if parts, err := Split(few, []float64{0.8, 0.2}, rng.Seed(1)); err != nil || parts[0].Rows() != 2 || parts[1].Rows() != 2 {
		t.Errorf("two groups of two rows in parts of 0.8 and 0.2: %v", err)
	}
	_, err = Split(few.Subset([]int{0, 1}), []float64{0.5, 0.5}, rng.Seed(1))
	if err == nil || !strings.Contains(err.Error(), "belong together") {
		t.Errorf("one group in two parts: %v", err)
	}
	if in := part(merged, 1); len(in) != 130 {
		t.Errorf("%d groups of merged sets, want 130", len(in))
	}
}

// Notes of a file are told where it doesn't fit a model too.
func TestNotesOfFilesThatDoNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte(",a,b\n0,1,0\n1,0,1\n2,1,1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	model := rbm.New(2, 1, rng.Seed(1))
	for _, names := range []string{"ab", "ac"} {
		model.Columns = []rbm.Column{{Name: names[:1], Kind: rbm.Bernoulli}, {Name: names[1:], Kind: rbm.Bernoulli}}
		for _, open := range []func(opts ...Option) error{
			func(opts ...Option) error { _, err := Open(path, opts...); return err },
			func(opts ...Option) error {
				s, err := OpenStream(path, opts...)
				if err == nil {
					s.Close()
				}
				return err
			},
		} {
			var notes []string
			err := open(ForModel(model), Noting(func(list []string) { notes = append(notes, list...) }))
			if (err == nil) != (names == "ab") || len(notes) > 1 || err == nil && len(notes) != 1 {
				t.Errorf("%s: %v, notes %q", names, err, notes)
			}
		}
	}
	var notes []string
	model = rbm.New(3, 1, rng.Seed(1))
	_, err := Open(path, ForModel(model), Noting(func(list []string) { notes = append(notes, list...) }))
	if err == nil || len(notes) != 1 || !strings.Contains(notes[0], "index") {
		t.Errorf("%v, notes %q", err, notes)
	}
}

// Units that are missing in all rows are found, and are no constant ones.
func TestMissingColumns(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		values         []float32
		opts           []Option
		missing, still bool
	}{
		{[]float32{0, nan, 1, nan, 1, nan}, nil, true, false},
		{[]float32{1, nan, 1, nan, 1, nan}, nil, true, true},
		{[]float32{0, 1, 1, nan, 1, nan}, nil, false, false},
		{[]float32{0.5, nan, 2, nan, 1, nan}, []Option{Reals()}, true, false},
		{[]float32{0.5, nan, 2, 1, 1, 1}, []Option{Reals()}, false, true},
	} {
		s, err := readBytes(npy("<f4", "(3, 2)", c.values), append(c.opts, Gaps())...)
		if err != nil {
			t.Fatal(err)
		}
		f := s.MissingColumns()
		if (f != nil) != c.missing || f != nil && f.Message != "1 unit is missing in all 3 rows, the first is unit 2" {
			t.Errorf("%v: %v", c.values, f)
		}
		if still := Constant(s.Means(), s.Variances()) != nil || s.ConstantReals() != nil; still != c.still {
			t.Errorf("%v: constant: %v", c.values, still)
		}
		if _, err := json.Marshal(Describe(s)); err != nil {
			t.Errorf("%v: %v", c.values, err)
		}
	}
}
