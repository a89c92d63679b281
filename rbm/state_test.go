package rbm_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// ofState returns a model of a quantum state, all of whose numbers differ.
func ofState(t testing.TB, kind rbm.StateKind) *rbm.Model {
	t.Helper()
	model := rbm.New(3, 5, rng.Seed(1))
	auxiliary := 0
	if kind == rbm.StateDensity {
		auxiliary = 2
	}
	var err error
	if model.State, err = rbm.NewState(kind, model, 4, auxiliary, rng.Seed(2)); err != nil {
		t.Fatal(err)
	}
	return model
}

// A model of a state is the same after writing and reading, as a copy, and after Copy.
func TestStateFile(t *testing.T) {
	for _, kind := range rbm.StateKinds() {
		model := ofState(t, kind)
		var text bytes.Buffer
		if err := model.Write(&text); err != nil {
			t.Fatal(err)
		}
		read, err := rbm.Read(bytes.NewReader(text.Bytes()), int64(text.Len()))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		other := ofState(t, kind)
		for _, p := range other.Parameters() {
			clear(p.Values)
		}
		other.Copy(model)
		for _, got := range []*rbm.Model{read, model.Clone(), other} {
			if got.State.Kind != kind || got.State.Auxiliary() != model.State.Auxiliary() {
				t.Errorf("%s: a %s state of %d auxiliary units", kind, got.State.Kind, got.State.Auxiliary())
			}
			for k, p := range model.Parameters() {
				if q := got.Parameters()[k]; q.Name != p.Name || !slices.Equal(q.Values, p.Values) {
					t.Errorf("%s: parameter %s is %s %v, want %v", kind, p.Name, q.Name, q.Values, p.Values)
				}
			}
		}
		model.Clone().Parameters()[len(model.Parameters())-1].Values[0]++
		if last := model.Parameters()[len(model.Parameters())-1]; last.Values[0] != read.Parameters()[len(model.Parameters())-1].Values[0] {
			t.Errorf("%s: a copy shares %s with the model", kind, last.Name)
		}
	}
}

// brokenStates are files of states that can't be.
func brokenStates(t testing.TB) map[string][]byte {
	changed := func(change func(f *safetensors.File)) []byte {
		var text, out bytes.Buffer
		if err := ofState(t, rbm.StateDensity).Write(&text); err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Read(bytes.NewReader(text.Bytes()), int64(text.Len()))
		if err != nil {
			t.Fatal(err)
		}
		change(f)
		f.Seal()
		if err := safetensors.Write(&out, f); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	tensor := func(name string, shape ...int) func(f *safetensors.File) {
		return func(f *safetensors.File) {
			count := 1
			for _, n := range shape {
				count *= n
			}
			for k := range f.Tensors {
				if f.Tensors[k].Name == name {
					f.Tensors[k].Shape, f.Tensors[k].Data = shape, make([]float32, count)
				}
			}
		}
	}
	return map[string][]byte{
		`state "mixed", want wavefunction, complex or density`: changed(func(f *safetensors.File) { f.Metadata["state"] = "mixed" }),
		"want these":               changed(func(f *safetensors.File) { f.Metadata["visible"] = "spin" }),
		"the file holds 7 tensors": changed(func(f *safetensors.File) { delete(f.Metadata, "state") }),
		"the file holds 7 tensors, want W, b, c, phase.W":    changed(func(f *safetensors.File) { f.Metadata["state"] = "complex" }),
		"tensor phase.W has 2 rows, want one for each of 3":  changed(tensor("phase.W", 2, 4)),
		"tensor phase.W has shape [12], want 2 axes":         changed(tensor("phase.W", 12)),
		"tensor phase.U is of 5 auxiliary units, want fewer": changed(tensor("phase.U", 3, 5)),
		"tensor phase.b has 4 numbers":                       changed(tensor("phase.b", 4)),
		"tensor phase.c has 5 numbers":                       changed(tensor("phase.c", 5)),
	}
}

func TestReadRefusesBrokenStates(t *testing.T) {
	for want, text := range brokenStates(t) {
		if _, err := rbm.Read(bytes.NewReader(text), int64(len(text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// Auxiliary units that are on with the probability q leave the geometric mean (1−q)^a of a coherence.
func TestNewStateIsNearlyPure(t *testing.T) {
	for _, a := range []int{1, 2, 40} {
		model := rbm.New(3, 2+a, rng.Seed(1))
		if _, err := rbm.NewState(rbm.StateDensity, model, 2, a, rng.Seed(1)); err != nil {
			t.Fatal(err)
		}
		coherence := 1.0
		for j, c := range model.C() {
			if j < 2 && c != 0 {
				t.Errorf("%d auxiliary units: the bias of hidden unit %d is %v, want 0", a, j, c)
			}
			if j >= 2 {
				coherence *= 1 - 1/(1+math.Exp(-float64(c)))
			}
		}
		if math.Abs(coherence-0.9) > 1e-6 {
			t.Errorf("%d auxiliary units leave %.7f of a coherence, want 0.9", a, coherence)
		}
	}
}

// First weights of any standard deviation are the same normal numbers, those of the default too.
func TestDrawWeights(t *testing.T) {
	model := rbm.New(3, 4+2, rng.Seed(5))
	var err error
	if model.State, err = rbm.NewState(rbm.StateDensity, model, 4, 2, rng.Seed(5)); err != nil {
		t.Fatal(err)
	}
	drawn := model.Clone()
	drawn.DrawWeights(0.5, rng.Seed(5))
	for k, factor := range map[string]float64{"W": 50, "phase.W": 0.1, "phase.U": 0.1, "b": 1, "c": 1, "phase.b": 1, "phase.c": 1} {
		before, after := named(model, k), named(drawn, k)
		for i := range before {
			if want := factor * float64(before[i]); math.Abs(float64(after[i])-want) > 1e-6*math.Abs(want) {
				t.Errorf("%s[%d] is %g, want %g", k, i, after[i], want)
			}
		}
	}
}

func named(model *rbm.Model, name string) []float32 {
	for _, p := range model.Parameters() {
		if p.Name == name {
			return p.Values
		}
	}
	return nil
}

func TestNewStateRefuses(t *testing.T) {
	bits := rbm.New(3, 4, rng.Seed(1))
	spins := rbm.NewModel(rbm.NewLayer(rbm.Spin, 3), rbm.NewLayer(rbm.Spin, 4), rng.Seed(1))
	for _, c := range []struct {
		model            *rbm.Model
		kind             rbm.StateKind
		phase, auxiliary int
		want             string
	}{
		{spins, rbm.StateComplex, 2, 0, "want bernoulli ones"},
		{bits, rbm.StateComplex, 0, 0, "0 hidden units of the phase"},
		{bits, rbm.StateDensity, 2, 4, "4 of 4 hidden units are auxiliary"},
		{bits, rbm.StateDensity, 2, 0, "0 of 4 hidden units are auxiliary"},
	} {
		if _, err := rbm.NewState(c.kind, c.model, c.phase, c.auxiliary, rng.Seed(1)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}
