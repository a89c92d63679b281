package rbm_test

import (
	"fmt"
	"math"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// A conformant is a layer of a kind of unit that is stored in bits, with what the suite needs to know of it: the energy
// of a configuration of values, +Inf where there is no such configuration, and means that its units may have.
type conformant struct {
	layer  rbm.Layer
	energy func(l rbm.Layer, values []float64) float64
	means  []float64 // of stored numbers
}

func linearEnergy(l rbm.Layer, values []float64) float64 {
	u := 0.0
	for i, b := range l.Biases() {
		u -= float64(b) * values[i]
	}
	return u
}

// onSites is the energy of a layer whose first units are bits of their own, and the others sites of these numbers of
// states.
func onSites(bits int, states ...int) func(l rbm.Layer, values []float64) float64 {
	return func(l rbm.Layer, values []float64) float64 {
		at := bits
		for _, q := range states {
			on := 0.0
			for _, v := range values[at : at+q] {
				on += v
			}
			if on != 1 {
				return math.Inf(1)
			}
			at += q
		}
		return linearEnergy(l, values)
	}
}

// mixed returns a mixed layer of bits and sites.
func mixed(layers ...rbm.Layer) rbm.Layer {
	l, err := rbm.NewMixed(layers...)
	if err != nil {
		panic(err)
	}
	return l
}

var means = []float64{0.25, 0.5, 0.875}

var conformants = []conformant{
	{rbm.NewLayer(rbm.Bernoulli, 3), linearEnergy, means},
	{rbm.NewLayer(rbm.Spin, 3), linearEnergy, means},
	{lecturetest.NewLayer(lecturetest.Foreign, 3), func(l rbm.Layer, values []float64) float64 {
		u := linearEnergy(l, values)
		for i, a := range l.Parameters()[1].Values {
			u += float64(a) * values[i] * values[i] / 2
		}
		return u
	}, means},
	{rbm.NewCategorical(2, 3), onSites(0, 2, 3), []float64{0.25, 0.75, 0.125, 0.375, 0.5}},
	{mixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3)), onSites(2, 3), []float64{0.25, 0.75, 0.125, 0.375, 0.5}},
}

// Every kind of unit passes: what Layer says is held against the sum over all configurations and against differences.
func TestLayers(t *testing.T) {
	for _, c := range conformants {
		t.Run(string(c.layer.Kind()), func(t *testing.T) {
			s := newLayerSuite(c)
			t.Run("parameters", s.parameters)
			t.Run("energy", s.checkEnergy)
			t.Run("cumulants", s.cumulants)
			t.Run("samples", s.samples)
			t.Run("moments", s.moments)
			t.Run("biases from means", s.biasesFromMeans)
		})
	}
}

const suiteRows = 4

// layerSuite is a layer with parameters of order one, all of its configurations with their values, and rows of inputs.
type layerSuite struct {
	conformant
	kind   rbm.Kind
	units  int
	all    rbm.Batch // those that are none too
	values [][]float64
	x      []float32 // suiteRows×units
}

func newLayerSuite(c conformant) *layerSuite {
	s := &layerSuite{conformant: c, kind: c.layer.Kind(), units: c.layer.Units()}
	s.layer, s.all, s.x = c.layer.Clone(), rbm.AllStates(s.units), make([]float32, suiteRows*s.units)
	source := rng.NewSource(rng.Seed(3), 0)
	for _, p := range s.layer.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(2*source.Float64() - 1)
		}
	}
	for k := range s.x {
		s.x[k] = float32(4*source.Float64() - 2)
	}
	for r := range s.all.Rows() {
		s.values = append(s.values, lecturetest.Values(s.kind, s.all, r))
	}
	return s
}

// probabilities returns P(s|x) of all configurations for a row of inputs, and Γ(x), by summing over them.
func (s *layerSuite) probabilities(x []float32) (p []float64, cgf float64) {
	z := 0.0
	for _, v := range s.values {
		e := -s.energy(s.layer, v)
		for i := range v {
			e += float64(x[i]) * v[i]
		}
		p = append(p, math.Exp(e))
		z += math.Exp(e)
	}
	for a := range p {
		p[a] /= z
	}
	return p, math.Log(z)
}

func (s *layerSuite) row(r int) []float32 { return s.x[r*s.units : (r+1)*s.units] }

func (s *layerSuite) cgf(x []float32) []float64 {
	dst := make([]float64, len(x)/s.units)
	s.layer.CGF(dst, x)
	return dst
}

// Parameters have names and are the layer's own memory; a clone has its own; the kind is found by its name.
func (s *layerSuite) parameters(t *testing.T) {
	l, list := s.layer, s.layer.Parameters()
	if l.Kind() != s.kind || l.Units() != s.units || list[0].Name != "biases" || &list[0].Values[0] != &l.Biases()[0] {
		t.Errorf("a layer of %d %s units, first parameters %+v", l.Units(), l.Kind(), list[0])
	}
	names := map[string]bool{}
	for _, p := range list {
		if p.Name == "" || names[p.Name] {
			t.Errorf("the name %q is empty or comes twice", p.Name)
		}
		names[p.Name] = true
	}
	clone := l.Clone()
	if !reflect.DeepEqual(clone, l) {
		t.Errorf("the clone is %+v, want %+v", clone, l)
	}
	for k, p := range clone.Parameters() {
		before := list[k].Values[0]
		if p.Values[0] += 1; list[k].Values[0] != before {
			t.Errorf("the clone shares %s", p.Name)
		}
	}
	if clone.Parameters()[0].Values[0] != clone.Biases()[0] {
		t.Error("the clone's parameters are not its biases")
	}
	scale, offset := l.Line()
	for r, values := range s.values {
		for i, bit := range lecturetest.Row(s.all, r) {
			if scale*bit+offset != values[i] {
				t.Errorf("values are %v·stored + %v, but a stored %v is %v", scale, offset, bit, values[i])
			}
		}
	}
	if kind, err := rbm.ParseKind(string(s.kind)); err == nil {
		if a, b := kind.Line(); a != scale || b != offset {
			t.Errorf("values are %v·stored + %v, of the kind %v·stored + %v", scale, offset, a, b)
		}
	}
	if b := l.NewBatch(5); b.Rows() != 5 || b.Units() != s.units {
		t.Errorf("a batch of %d×%d, want 5×%d", b.Rows(), b.Units(), s.units)
	}
}

func (s *layerSuite) checkEnergy(t *testing.T) {
	got := make([]float64, s.all.Rows())
	s.layer.Energy(got, s.all)
	for r, v := range s.values {
		if want := s.energy(s.layer, v); !math.IsInf(want, 1) && math.Abs(got[r]-want) > 1e-12 {
			t.Errorf("U%v = %v, want %v", v, got[r], want)
		}
	}
}

// Γ(x) = log Σ_s e^(x·s − U(s)), and ⟨s_i⟩ = ∂Γ/∂x_i is the mean over all configurations.
func (s *layerSuite) cumulants(t *testing.T) {
	mean, cgf := make([]float32, len(s.x)), s.cgf(s.x)
	s.layer.Mean(mean, s.x)
	for r := range suiteRows {
		p, want := s.probabilities(s.row(r))
		if math.Abs(cgf[r]-want) > 1e-12 {
			t.Errorf("Γ%v = %v, want %v", s.row(r), cgf[r], want)
		}
		for i := range s.units {
			want := 0.0
			for a, v := range s.values {
				want += p[a] * v[i]
			}
			k, x := r*s.units+i, s.x[r*s.units+i]
			if math.Abs(float64(mean[k])-want) > 1e-6 {
				t.Errorf("⟨s_%d⟩ = %v, want %v", i, mean[k], want)
			}
			got := derivative(&s.x[k], func() float64 { return s.cgf(s.x)[r] })
			if s.x[k] != x || math.Abs(got-want) > 1e-5 {
				t.Errorf("∂Γ/∂x_%d = %v, want %v", i, got, want)
			}
		}
	}
}

// derivative is the central difference of f in *x. With a step of 2^−8 it is off by 2^−16/6 of the third derivative, which for the
// functions here is 2 or less.
func derivative(x *float32, f func() float64) float64 {
	const step = 1. / 256
	at := *x
	defer func() { *x = at }()
	*x = at + step
	up, high := float64(*x), f()
	*x = at - step
	return (high - f()) / (up - float64(*x))
}

// Samples have the distribution P(s|x); a unit depends on its address alone; no inputs are inputs of 0.
func (s *layerSuite) samples(t *testing.T) {
	const count = 20000
	for r := range suiteRows {
		x := make([]float32, 0, count*s.units)
		for range count {
			x = append(x, s.row(r)...)
		}
		drawn := s.layer.NewBatch(count)
		s.layer.Sample(drawn, x, rng.Seed(1), uint64(r), 0)
		p, _ := s.probabilities(s.row(r))
		lecturetest.Drawn(t, fmt.Sprint("inputs ", s.row(r)), lecturetest.Rows(drawn), p)

		fewer, another := s.layer.NewBatch(100), s.layer.NewBatch(100)
		s.layer.Sample(fewer, x[:100*s.units], rng.Seed(1), uint64(r), 0)
		s.layer.Sample(another, x[:100*s.units], rng.Seed(1), uint64(r+1), 0)
		if !fewer.Equal(drawn.Slice(0, 100)) {
			t.Error("a row depends on the number of rows")
		}
		if another.Equal(fewer) {
			t.Error("another step draws the same")
		}
	}
	none, zeros := s.layer.NewBatch(100), s.layer.NewBatch(100)
	s.layer.Sample(none, nil, rng.Seed(1), 0, 0)
	if s.layer.Sample(zeros, make([]float32, 100*s.units), rng.Seed(1), 0, 0); !none.Equal(zeros) {
		t.Error("no inputs and inputs of 0 draw differently")
	}
}

// Moments are −∂U/∂θ and ∂Γ/∂θ, averaged with the weights of rows.
func (s *layerSuite) moments(t *testing.T) {
	rows := s.all.Slice(0, suiteRows)
	for _, weights := range [][]float32{nil, {1, 0, 2.5, 0.5}} {
		ofRows, ofInputs := s.layer.Clone().Parameters(), s.layer.Clone().Parameters()
		s.layer.Moments(valuesOf(ofRows), rows, weights)
		s.layer.InputMoments(valuesOf(ofInputs), s.x, weights)
		average := func(x []float64) float64 {
			sum, total := 0.0, 0.0
			for r, x := range x {
				w := 1.0
				if weights != nil {
					w = float64(weights[r])
				}
				sum, total = sum+w*x, total+w
			}
			return sum / total
		}
		for k, p := range s.layer.Parameters() {
			for i := range p.Values {
				energy := func() float64 {
					u := make([]float64, suiteRows)
					s.layer.Energy(u, rows)
					return average(u)
				}
				if want := -derivative(&p.Values[i], energy); math.Abs(float64(ofRows[k].Values[i])-want) > 1e-5 {
					t.Errorf("weights %v: moment %d of %s is %v, want −∂U/∂θ = %v", weights, i, p.Name, ofRows[k].Values[i], want)
				}
				cgf := func() float64 { return average(s.cgf(s.x)) }
				if want := derivative(&p.Values[i], cgf); math.Abs(float64(ofInputs[k].Values[i])-want) > 1e-5 {
					t.Errorf("weights %v: moment %d of %s from inputs is %v, want ∂Γ/∂θ = %v",
						weights, i, p.Name, ofInputs[k].Values[i], want)
				}
			}
		}
	}
}

func valuesOf(list []rbm.Named) [][]float32 {
	var values [][]float32
	for _, p := range list {
		values = append(values, p.Values)
	}
	return values
}

// Units without inputs have the means that their biases were set from.
func (s *layerSuite) biasesFromMeans(t *testing.T) {
	l, want := s.layer.Clone(), s.means
	l.SetMoments(want, nil)
	got := make([]float32, s.units)
	l.Mean(got, make([]float32, s.units))
	scale, offset := l.Line()
	for i := range got {
		if mean := (float64(got[i]) - offset) / scale; math.Abs(mean-want[i]) > 1e-6 {
			t.Errorf("the mean of unit %d is %v, want %v", i, mean, want[i])
		}
	}
}

// foreign is a layer that the kernels don't know, so that Conditionals and energies go through Layer alone.
type foreign struct{ rbm.Layer }

func (f foreign) Clone() rbm.Layer { return foreign{f.Layer.Clone()} }

// Through Layer alone and by the kernels all numbers are the same, up to the rounding of float32 and fixed point.
func TestGenericPathAgrees(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		const m, n, rows = 70, 9, 37
		model, v := wild(m, n, rows, visible, hidden)
		other := &rbm.Model{Visible: foreign{model.Visible}, Hidden: model.Hidden, W: model.W}
		h := rbm.NewBatch(rows, n)
		model.Hidden.Sample(h, nil, rng.Seed(1), 0, 0)
		weights := make([]float32, rows)
		for r := range weights {
			weights[r] = float32(r % 4)
		}
		fast, generic := everyNumber(model, v, h, weights), everyNumber(other, v, h, weights)
		for name, want := range fast {
			for k, got := range generic[name] {
				if math.Abs(got-want[k]) > 1e-5*(1+math.Abs(want[k])) {
					t.Fatalf("%s: number %d is %v, from the kernels %v", name, k, got, want[k])
				}
			}
		}
		panics(t, "bits", "rbm: ", func() { other.Bits() })
		if err := model.CheckBits(); err != nil {
			t.Errorf("bits: error %v", err)
		}
		want, err := model.PseudoLogLikelihood(v, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := other.PseudoLogLikelihood(v, nil)
		if err != nil {
			t.Fatal(err)
		}
		for r, x := range got {
			if math.Abs(x-want[r]) > 1e-5*(1+math.Abs(want[r])) {
				t.Errorf("row %d: pseudo-log-likelihood %v, from the bits %v", r, x, want[r])
			}
		}
	})
}

// crowded is a foreign layer that notices when several goroutines ask for its line at the same time.
type crowded struct {
	foreign
	inside, most *atomic.Int32
}

func (c crowded) Clone() rbm.Layer { return crowded{c.foreign.Clone().(foreign), c.inside, c.most} }

func (c crowded) Line() (scale, offset float64) {
	if now := c.inside.Add(1); now > c.most.Load() {
		c.most.Store(now)
	}
	time.Sleep(time.Millisecond)
	c.inside.Add(-1)
	return c.foreign.Line()
}

// Free energies in float64 are computed in the caller's goroutine: there is no context that could bound the workers.
func TestFreeEnergyTakesOneWorker(t *testing.T) {
	model, v := wild(6, 4, 20, rbm.Spin, rbm.Bernoulli)
	layer := crowded{foreign{model.Visible}, new(atomic.Int32), new(atomic.Int32)}
	model.Visible = layer
	if model.FreeEnergy(v); layer.most.Load() != 1 {
		t.Errorf("%d goroutines compute at the same time", layer.most.Load())
	}
}

// everyNumber asks a model and its conditionals for all they tell.
func everyNumber(model *rbm.Model, v, h rbm.Batch, weights []float32) map[string][]float64 {
	c := rbm.NewConditionals(model, compute.New(2))
	all := map[string][]float64{
		"energy": model.Energy(v, h), "free energy": model.FreeEnergy(v), "free energy of h": model.FreeEnergyHidden(h),
	}
	add := func(name string, x []float32) {
		for _, x := range x {
			all[name] = append(all[name], float64(x))
		}
	}
	x, y := make([]float32, v.Rows()*model.N()), make([]float32, v.Rows()*model.M())
	c.HiddenInputs(x, v)
	add("hidden inputs", x)
	c.HiddenProbs(x, v)
	add("hidden probabilities", x)
	c.VisibleInputs(y, h)
	add("visible inputs", y)
	c.VisibleProbs(y, h)
	add("visible probabilities", y)
	quick, drawn := make([]float64, v.Rows()), make([]float64, v.Rows())
	c.FreeEnergy(quick, v)
	c.SampleHiddenFree(h.Clone(), drawn, v, rng.Seed(2), 1)
	all["quick free energy"], all["free energy beside draws"] = quick, drawn
	s := rbm.NewStatistics(model)
	for _, weights := range [][]float32{nil, weights} {
		c.Statistics(s, v, weights)
		for k, x := range s.Averages() {
			add(fmt.Sprint("average ", k), x)
		}
	}
	return all
}

// Gibbs chains that start at exact samples of P(v) stay distributed as P(v), by the kernels and through Layer alone.
func TestConditionalsDoNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long in an emulator, and is one goroutine")
	}
	const m, n, chains, sweeps = 5, 4, 20000, 5
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, _ := wild(m, n, 1, visible, hidden)
		bits, _ := lecturetest.Bits(model)
		p := bits.Distribution()
		for name, model := range map[string]*rbm.Model{
			"kernels": model, "layers": {Visible: foreign{model.Visible}, Hidden: foreign{model.Hidden}, W: model.W},
		} {
			v, h := model.Visible.NewBatch(chains), model.Hidden.NewBatch(chains)
			source := rng.NewSource(rng.Seed(9), 0)
			for r := range chains {
				index, u := uint64(0), source.Float64()-p[0]
				for ; u > 0 && int(index) < len(p)-1; u -= p[index] {
					index++
				}
				v.SetIndex(r, index)
			}
			lecturetest.Drawn(t, name+": start", lecturetest.Rows(v), p)
			c := rbm.NewConditionals(model, compute.New(1))
			for step := range uint64(sweeps) {
				c.SampleHidden(h, v, rng.Seed(10), step)
				c.SampleVisible(v, h, rng.Seed(11), step)
			}
			lecturetest.Drawn(t, name, lecturetest.Rows(v), p)
		}
	})
}

// Parameters are sound where files may hold them.
func TestSound(t *testing.T) {
	for _, c := range []struct {
		values   []float32
		positive bool
		want     bool
	}{
		{nil, false, true},
		{[]float32{0, -1, 2}, false, true},
		{[]float32{1e29, -1e29, 9e28, 9e28}, false, true},
		{[]float32{0, 1.0000001e29}, false, false},
		{[]float32{0, float32(math.Inf(-1))}, false, false},
		{[]float32{float32(math.NaN()), 0}, false, false},
		{[]float32{1e-45, 1e29}, true, true},
		{[]float32{1, 0}, true, false},
		{[]float32{1, -1}, true, false},
		{[]float32{1, 2e29}, true, false},
	} {
		if got := (rbm.Named{Values: c.values, Positive: c.positive}).Sound(nil); got != c.want {
			t.Errorf("%v, positive %v: sound is %v", c.values, c.positive, got)
		}
	}
}
