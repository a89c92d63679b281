package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// gapsOf are rows of which each cell is known with probability ½, and every third row is whole.
func gapsOf(model *rbm.Model, rows int) *data.Set {
	v, known := model.Visible.NewBatch(rows), rbm.NewBatch(rows, model.M())
	model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
	source := rng.NewSource(rng.Seed(4), 0)
	for r := range rows {
		known.SetRow(r, func(int) bool { return r%3 == 0 || source.Float64() < 0.5 })
	}
	return &data.Set{States: v, Known: known}
}

// completions yields all states of the missing bits of row r, with the weight e^(−F).
func completions(model *rbm.Model, set *data.Set, r int, each func(v rbm.Batch, weight float64)) {
	var missing []int
	for i := range model.M() {
		if !set.Known.Bit(r, i) {
			missing = append(missing, i)
		}
	}
	v := set.States.Slice(r, r+1).Clone()
	for state := range 1 << len(missing) {
		for k, i := range missing {
			v.SetBit(0, i, state>>k&1 == 1)
		}
		each(v, math.Exp(-model.FreeEnergy(v)[0]))
	}
}

func manyBits(t *testing.T) *rbm.Model {
	t.Helper()
	model := rbm.New(9, 4, rng.Seed(1))
	for k := range model.W {
		model.W[k] *= 100
	}
	return model
}

// Scores of rows with gaps are log Σ e^(−F(v)) − log Z over what is missing, and 0 is their error.
func TestScoresOfGaps(t *testing.T) {
	model := manyBits(t)
	set := gapsOf(model, mostRows+30) // two blocks
	j := &judged{path: "model", model: model, stream: set.Stream(), logZ: &logZResult{Value: 2}}
	s, err := (&scoreOptions{}).scorers(quiet(2), []*judged{j})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.survey(t.Context(), quiet(2), 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s.npy")
	if err := s.write(t.Context(), quiet(2), path); err != nil {
		t.Fatal(err)
	}
	got := readDoubles(t, path, 3*set.Rows())
	for r := 0; r < set.Rows(); r += 7 {
		sum := 0.0
		completions(model, set, r, func(_ rbm.Batch, weight float64) { sum += weight })
		if want := math.Log(sum) - 2; got[3*r] != float64(r+1) || math.Abs(got[3*r+1]-want) > 1e-5 || got[3*r+2] != 0 {
			t.Fatalf("row %d: %v, want %v and no error", r+1, got[3*r:3*r+3], want)
		}
	}
}

// Free energies of rows with gaps are −log Σ e^(−F(v)) in the units of the model, whatever the scales of what is
// missing. Log-likelihoods are densities of what is known, in the units of the table, and so is the order of the rows.
func TestFreeEnergiesOfGapsHaveNoScales(t *testing.T) {
	layer, err := rbm.NewLayers(rbm.Part{Kind: rbm.Gaussian, Units: 2})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(layer, rbm.NewLayer(rbm.Bernoulli, 3), rng.Seed(1))
	model.Columns = []rbm.Column{{Kind: rbm.Gaussian, Scale: 100}, {Kind: rbm.Gaussian, Scale: 7}}
	set := &data.Set{States: layer.NewBatch(3), Known: rbm.NewBatch(3, 2)}
	for r, known := range [][]bool{{false, false}, {false, true}, {true, true}} {
		set.Known.SetRow(r, func(i int) bool { return known[i] })
	}
	z, err := exact.LogZ(t.Context(), model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	j := &judged{path: "model", model: model, stream: set.Stream(), logZ: &logZResult{Value: z}}
	s, err := (&scoreOptions{top: 3}).scorers(quiet(1), []*judged{j})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.survey(t.Context(), quiet(1), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.write(t.Context(), quiet(1), ""); err != nil {
		t.Fatal(err)
	}
	free := s.block[0].free
	if math.Abs(free[0]+z) > 1e-6 || math.Abs(s.log(0, 0)) > 1e-6 {
		t.Errorf("nothing is known: free energy %v and log-likelihood %v, want %v and 0", free[0], s.log(0, 0), -z)
	}
	for r, scale := range []float64{0, math.Log(7), math.Log(700)} {
		if want := -free[r] - z - scale; math.Abs(s.log(0, r)-want) > 1e-6 {
			t.Errorf("row %d: log-likelihood %v, want %v", r+1, s.log(0, r), want)
		}
	}
	if least := s.least(); least[0].Row != 3 || least[1].Row != 2 || least[2].Row != 1 {
		t.Errorf("the least likely rows are %v", least)
	}
}

// Means of hidden units are ⟨h|k⟩ = Σ P(v'|k)·P(h=1|v',k), and drawn ones have these means. Whole rows are as ever.
func TestTransformOfGaps(t *testing.T) {
	model := manyBits(t)
	const rows = 1500
	set, n := gapsOf(model, rows), model.N()
	for r := rows / 2; r < rows; r++ { // copies of one row
		set.States.Slice(r, r+1).Copy(set.States.Slice(1, 2))
		set.Known.Slice(r, r+1).Copy(set.Known.Slice(1, 2))
	}
	path := filepath.Join(t.TempDir(), "h.npy")
	read := func(set *data.Set, o transformOptions) []float32 {
		o.out, o.seed = path, 5
		h, err := quiet(2).writeHidden(t.Context(), &o, model, set.Stream())
		if err != nil {
			t.Fatal(err)
		}
		if set.Missing() > 0 && (h.gaps.Rows != len(set.RowsWithGaps()) || h.gaps.Estimated != 0) {
			t.Errorf("%+v, want %d rows with gaps, all exact", h.gaps, len(set.RowsWithGaps()))
		}
		return readNPY(t, path, set.Rows()*n)
	}
	means, drawn := read(set, transformOptions{}), read(set, transformOptions{draw: true})
	conditionals := rbm.NewConditionals(model, nil)
	for r := 1; r < rows/2; r += 7 {
		want, sum, p := make([]float64, n), 0.0, make([]float32, n)
		completions(model, set, r, func(v rbm.Batch, weight float64) {
			conditionals.HiddenProbs(p, v)
			sum += weight
			for j := range n {
				want[j] += weight * float64(p[j])
			}
		})
		for j := range n {
			if math.Abs(float64(means[r*n+j])-want[j]/sum) > 1e-5 {
				t.Fatalf("row %d: h%d is %v, want %v", r+1, j+1, means[r*n+j], want[j]/sum)
			}
		}
	}
	for j := range n {
		count, mean := 0.0, float64(means[n+j])
		for r := rows / 2; r < rows; r++ {
			count += float64(drawn[r*n+j])
		}
		if x := count / (rows / 2); math.Abs(x-mean) > 4.5*math.Sqrt(mean*(1-mean)/(rows/2)) {
			t.Errorf("drawn h%d is on in %v of the rows, want %v", j+1, x, mean)
		}
	}
	whole := set.WholeRows()
	for k, x := range read(whole, transformOptions{}) {
		if r := 3 * (k / n); r < rows/2 && x != means[r*n+k%n] {
			t.Fatalf("whole row %d is %v, among rows with gaps %v", r+1, x, means[r*n+k%n])
		}
	}
}

// Columns without names are called by the number of their first unit, from 1, as --columns and --label call them.
func TestNumberedColumns(t *testing.T) {
	layer, err := rbm.NewLayers(rbm.Part{Kind: rbm.Bernoulli, Units: 2}, rbm.Part{Kind: rbm.Categorical, Units: 5, States: []int{3, 2}})
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(layer, rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	var names []string
	for _, c := range numberedColumns(model) {
		names = append(names, c.Name)
	}
	if want := []string{"1", "2", "3", "6"}; !slices.Equal(names, want) {
		t.Errorf("columns %q, want %q", names, want)
	}
}

// farModes is a model whose modes are a few patterns of all units, on and off together with a hidden unit each, so far
// from each other and from anything else that annealing misses them. It is too large to enumerate.
func farModes(m, modes int, strength float64) *rbm.Model {
	model, source := rbm.New(m, m, rng.Seed(1)), rng.NewSource(rng.Seed(1), 7)
	clear(model.W)
	for j := range modes {
		sum := 0.0
		for i := range m {
			w := strength
			if source.Float64() < 0.5 {
				w = -w
			}
			model.W[i*m+j] = float32(w)
			sum += math.Log(1+math.Exp(w)) - math.Ln2
		}
		model.C()[j] = float32(-sum) // on or off, each has the same Z
	}
	return model
}

// complete has findings of rows whose chains don't agree, exit status 3, and a line for each row in a file; not so
// where they agree. eval says that their log-likelihoods are too low.
func TestCompleteTellsMissedModes(t *testing.T) {
	const m = 40
	folder := t.TempDir()
	for name, c := range map[string]struct {
		model *rbm.Model
		codes []string
	}{
		"far":  {farModes(m, 4, 5), []string{"unmixed-rows", "missed-modes"}},
		"near": {farModes(m, 4, 0.5), nil},
	} {
		path := filepath.Join(folder, name+".safetensors")
		if err := c.model.Save(path); err != nil {
			t.Fatal(err)
		}
		rows := filepath.Join(folder, "rows.csv")
		line := strings.Repeat(",NA", m-2)
		if err := os.WriteFile(rows, []byte("1,0"+line+"\n0,1"+line+"\n"+strings.Repeat("1,", m-1)+"0\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		term := quiet(2)
		term.stdout, term.json = &out, true
		o := &completeOptions{data: rows, copies: 1, convergence: filepath.Join(folder, name+".csv"), dataFlags: dataFlags{terminal: term}}
		o.seed = 1
		err := complete(t.Context(), term, o, path)
		var status *statusError
		if untrusted := errors.As(err, &status) && status.status == exitUntrusted; untrusted != (c.codes != nil) {
			t.Errorf("%s: error %v", name, err)
		}
		for _, code := range c.codes {
			if !strings.Contains(out.String(), `"code":"`+code+`"`) {
				t.Errorf("%s: no finding %s in %s", name, code, out.String())
			}
		}
		text, err := os.ReadFile(o.convergence)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || len(lines) != 3 || strings.Join(lines[0], " ") != "row name missing method error ess rhat missed" {
			t.Fatalf("%s: error %v, lines %q", name, err, lines)
		}
		for r, line := range lines[1:] {
			rhat, err := strconv.ParseFloat(line[6], 64)
			if err != nil || line[0] != strconv.Itoa(r+1) || line[2] != strconv.Itoa(m-2) || line[3] != "ais" || (rhat > 1.1) != (c.codes != nil) {
				t.Errorf("%s: line %q, error %v", name, line, err)
			}
		}
		j := &judged{path: name, model: c.model, set: &data.Set{States: rbm.NewBatch(2, m), Known: rbm.NewBatch(2, m)}}
		if err := j.complete(t.Context(), quiet(2), 1); err != nil {
			t.Fatal(err)
		}
		if told := slices.ContainsFunc(j.findings, func(f diag.Finding) bool { return f.Code == "missed-modes" }); told != (c.codes != nil) {
			t.Errorf("%s: findings of log-likelihoods %+v", name, j.findings)
		}
	}
}
