package exact_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/integrate/quad"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// value is a value that some units of a layer may have together, with the logarithm of its weight e^(−U): of real
// numbers times the weight of a point of a quadrature.
type value struct {
	first int // of the units
	units []float64
	log   float64
}

// values lists what the units of a layer may be, written from the energies in docs/math.md: a list for each unit, and
// one for each site of a categorical layer. Nothing is shared with the layers but their parameters.
func values(layer rbm.Layer) (lists [][]value) {
	parameter := func(name string, i int) float64 {
		at := 0
		for _, p := range layer.Parameters() {
			if p.Name == name {
				at = i - (layer.Units() - len(p.Values)) // of a mixed layer the last part alone has them
				if name == "biases" {
					at = i
				}
				return float64(p.Values[at])
			}
		}
		panic(name)
	}
	bias := func(i int) float64 { return parameter("biases", i) }
	reals := func(i int, from, to float64, u func(s float64) float64) (list []value) {
		const points = 200
		s, w := make([]float64, points), make([]float64, points)
		quad.Legendre{}.FixedLocations(s, w, from, to)
		for k, s := range s {
			list = append(list, value{i, []float64{s}, bias(i)*s - u(s) + math.Log(w[k])})
		}
		return list
	}
	i := 0
	for _, part := range rbm.LayoutOf(layer) {
		for _, q := range part.States {
			var list []value
			for a := range q {
				one := make([]float64, q)
				one[a] = 1
				list = append(list, value{i, one, bias(i + a)})
			}
			lists = append(lists, list)
			i += q
		}
		for range part.Units {
			switch part.Kind {
			case rbm.Categorical:
				continue
			case rbm.Bernoulli:
				lists = append(lists, []value{{i, []float64{0}, 0}, {i, []float64{1}, bias(i)}})
			case rbm.Spin:
				lists = append(lists, []value{{i, []float64{-1}, -bias(i)}, {i, []float64{1}, bias(i)}})
			case rbm.Gaussian, rbm.ReLU:
				γ, from := parameter("precisions", i), -16.0
				if part.Kind == rbm.ReLU {
					from = 0
				}
				lists = append(lists, reals(i, from, 16, func(s float64) float64 { return γ * s * s / 2 }))
			case rbm.DReLU:
				d := parameter("thresholds", i)
				up := reals(i, 0, 16, func(s float64) float64 { return parameter("precisions_plus", i)*s*s/2 + d*s })
				down := reals(i, -16, 0, func(s float64) float64 { return parameter("precisions_minus", i)*s*s/2 - d*s })
				lists = append(lists, append(up, down...))
			}
			i++
		}
	}
	return lists
}

func logSum(x []float64) float64 {
	most, sum := slices.Max(x), 0.0
	for _, x := range x {
		sum += math.Exp(x - most)
	}
	return most + math.Log(sum)
}

// logWeight is log Σ_s e^(−E(s,t)) without the energy of t alone, over all s of the visible layer: each of its units
// has a sum of its own.
func logWeight(model *rbm.Model, visible [][]value, t []float64) float64 {
	total := 0.0
	for _, list := range visible {
		var logs []float64
		for _, v := range list {
			x := v.log
			for k, s := range v.units {
				for j, t := range t {
					x += float64(model.W[(v.first+k)*model.N()+j]) * s * t
				}
			}
			logs = append(logs, x)
		}
		total += logSum(logs)
	}
	return total
}

// each calls f with every configuration of a finite layer, and log e^(−U) of it.
func each(lists [][]value, units int, f func(t []float64, log float64)) {
	t := make([]float64, units)
	var choose func(k int, log float64)
	choose = func(k int, log float64) {
		if k == len(lists) {
			f(t, log)
			return
		}
		for _, v := range lists[k] {
			copy(t[v.first:], v.units)
			choose(k+1, log+v.log)
		}
	}
	choose(0, 0)
}

// eachFinite calls f with the pairs of which a layer can be enumerated, as they are and turned so that it is the hidden
// one.
func eachFinite(t *testing.T, f func(t *testing.T, model, turned *rbm.Model)) {
	for _, pair := range kindtest.Pairs(0.6) {
		_, visible := rbm.AsFinite(pair.Model.Visible)
		_, hidden := rbm.AsFinite(pair.Model.Hidden)
		if !visible && !hidden {
			continue
		}
		turned := pair.Model
		if !hidden {
			turned = turned.Transpose()
		}
		t.Run(pair.Name, func(t *testing.T) { f(t, pair.Model, turned) })
	}
}

// log Z is the double sum of the definition, with integrals over real numbers by quadrature; so are log P of either
// layer at configurations, and the frequencies of samples.
func TestKindsAgainstTheDefinition(t *testing.T) {
	eachFinite(t, func(t *testing.T, model, turned *rbm.Model) {
		ctx, o := t.Context(), exact.Options{Compute: compute.New(2)}
		visible, hidden := values(turned.Visible), values(turned.Hidden)
		var logs []float64
		each(hidden, turned.N(), func(t []float64, log float64) { logs = append(logs, log+logWeight(turned, visible, t)) })
		want := logSum(logs)
		logZ, err := exact.LogZ(ctx, model, o)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", logZ, want, 1e-12)

		const count = 5000
		v, h, err := exact.Sample(ctx, model, count, rng.Seed(1), o)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := exact.SampleVisible(ctx, model, count, rng.Seed(1), o)
		if err != nil || !alone.Equal(v) {
			t.Errorf("SampleVisible: error %v, or other units than those of Sample", err)
		}
		probability, density := exact.LogProbHidden, exact.LogProb // of the finite layer, and of the other one
		states, others := h, v
		if turned != model {
			probability, density = exact.LogProb, exact.LogProbHidden
			states, others = v, h
		}
		finite, _ := rbm.AsFinite(turned.Hidden)
		all := finite.NewBatch(int(finite.Configurations()))
		for r := range all.Rows() {
			finite.Configure(all, r, uint64(r))
		}
		got, err := probability(ctx, model, all, o)
		if err != nil {
			t.Fatal(err)
		}
		table, total, k := make([]float64, 1<<turned.N()), 0.0, 0
		byState := map[string]float64{}
		each(hidden, turned.N(), func(t []float64, _ float64) { byState[fmt.Sprint(t)] = math.Exp(logs[k] - want); k++ })
		for r, log := range got {
			p, ok := byState[fmt.Sprint(valuesOf(turned.Hidden, all, r))]
			if !ok {
				t.Fatalf("configuration %d is none", r)
			}
			near(t, "P(t)", math.Exp(log), p, 1e-6)
			table[all.Index(r)] = p
			total += math.Exp(log)
		}
		near(t, "Σ P(t)", total, 1, 1e-6)
		lecturetest.Drawn(t, "samples", lecturetest.Rows(states), table)

		few := others.Slice(0, 5)
		got, err = density(ctx, model, few, o)
		if err != nil {
			t.Fatal(err)
		}
		other := turned.Transpose()
		for r, log := range got {
			var energy [1]float64
			turned.Visible.Energy(energy[:], few.Slice(r, r+1))
			near(t, "log P(s)", log, logWeight(other, hidden, valuesOf(turned.Visible, few, r))-energy[0]-want, 1e-6)
		}
		if z, of := kindtest.Deviation(model, v, kindtest.Of(model).Sample(count, rng.Seed(2))); !(z < 4.5) {
			t.Errorf("samples: %s is %.1f standard errors off", of, z)
		}
	})
}

func valuesOf(layer rbm.Layer, s rbm.Batch, r int) []float64 {
	scale, offset := layer.Line()
	row := make([]float64, s.Units())
	for i := range row {
		row[i] = scale*s.Value(r, i) + offset
	}
	return row
}

// Moments are the derivatives of log Z, by central differences, for every parameter of every pair that has a log Z.
func TestMomentsOfKindsAgainstDifferences(t *testing.T) {
	for _, pair := range kindtest.Pairs(0.3) { // small weights, so that pairs of Gaussian layers have a Z
		model, o := pair.Model, exact.Options{Compute: compute.New(1)}
		if exact.Feasible(model) != nil {
			continue
		}
		t.Run(pair.Name, func(t *testing.T) {
			s := rbm.NewStatistics(model)
			if err := exact.Moments(t.Context(), s, model, o); err != nil {
				t.Fatal(err)
			}
			for k, p := range model.Parameters() {
				for i, x := range p.Values {
					var logZ [2]float64
					var at [2]float32
					for side, h := range []float32{-0x1p-8, 0x1p-8} {
						at[side] = x + h
						p.Values[i] = at[side]
						var err error
						if logZ[side], err = exact.LogZ(t.Context(), model, o); err != nil {
							t.Fatal(err)
						}
					}
					p.Values[i] = x
					near(t, fmt.Sprintf("%s[%d]", p.Name, i), float64(s.Averages()[k][i]), (logZ[1]-logZ[0])/float64(at[1]-at[0]), 3e-5)
				}
			}
		})
	}
}

// Tables and divergences count the configurations of sites.
func TestDivergencesOfSites(t *testing.T) {
	var pair kindtest.Pair
	for _, p := range kindtest.Pairs(0.6) {
		if p.Name == "categorical-relu" {
			pair = p
		}
	}
	p, err := exact.Distribution(t.Context(), pair.Model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	total := 0.0
	for _, p := range p {
		total += p
	}
	near(t, "Σ P", total, 1, 1e-6)
	kl, err := exact.KL(t.Context(), p, pair.Model, exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "KL from the model itself", kl, 0, 1e-6)
	uniform, want := make([]float64, len(p)), 0.0
	for a := range uniform {
		uniform[a] = 1 / float64(len(p))
		want += uniform[a] * math.Log(uniform[a]/p[a])
	}
	if kl, err = exact.KL(t.Context(), uniform, pair.Model, exact.Options{}); err != nil || want < 0.01 {
		t.Fatal(err, want)
	}
	near(t, "KL from the uniform distribution", kl, want, 1e-6)
	if len(p) != 24 {
		t.Errorf("%d probabilities for sites of 3, 2 and 4 states, want 24", len(p))
	}
}

// Units that package rbm doesn't know are summed as any others, over the layer that it knows: the lecture has log Z.
func TestForeignUnits(t *testing.T) {
	for _, hidden := range []rbm.Kind{rbm.Spin, rbm.Bernoulli} {
		model := rbm.NewModel(lecturetest.NewLayer(lecturetest.Foreign, 5), rbm.NewLayer(hidden, 4), rng.Seed(1))
		source := rng.NewSource(rng.Seed(3), 0)
		for _, p := range model.Parameters() {
			for k := range p.Values {
				p.Values[k] = float32(2*source.Float64() - 1)
			}
		}
		bits, offset := lecturetest.Bits(model)
		logZ, err := exact.LogZ(t.Context(), model, exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log Z", logZ, bits.LogZ()-offset, 1e-13)
		s := rbm.NewStatistics(model)
		if err := exact.Moments(t.Context(), s, model, exact.Options{}); err != nil {
			t.Fatal(err)
		}
		want := lecturetest.OfUnits(model, bits.Average(bits.Distribution()))
		for k, want := range slices.Concat(append(want.W, want.B, want.C)...) {
			near(t, fmt.Sprintf("average %d", k), float64(slices.Concat(s.VH, s.V, s.H)[k]), want, 1e-6)
		}
	}
}

// Results are equal, in every bit, whatever the number of workers.
func TestWorkersChangeNothingOfKinds(t *testing.T) {
	for _, visible := range []rbm.Layer{
		rbm.NewCategorical(slices.Repeat([]int{5}, 6)...), rbm.NewLayer(rbm.Gaussian, 30), rbm.NewLayer(rbm.DReLU, 5),
	} {
		model := rbm.NewModel(visible, rbm.NewLayer(rbm.Spin, 11), rng.Seed(1))
		for k := range model.W {
			model.W[k] *= 20
		}
		type answer struct {
			logZ     float64
			averages [][]float32
			v        rbm.Batch
		}
		ask := func(workers int) (a answer) {
			o := exact.Options{Compute: compute.New(workers)}
			s := rbm.NewStatistics(model)
			logZ, err := exact.LogZ(t.Context(), model, o)
			v, errOfSample := exact.SampleVisible(t.Context(), model, 50, rng.Seed(2), o)
			if err := errors.Join(err, errOfSample, exact.Moments(t.Context(), s, model, o)); err != nil {
				t.Fatal(err)
			}
			return answer{logZ, s.Averages(), v}
		}
		want := ask(1)
		for _, workers := range []int{2, 3} {
			got := ask(workers)
			if got.logZ != want.logZ || !slices.EqualFunc(got.averages, want.averages, slices.Equal) || !got.v.Equal(want.v) {
				t.Errorf("%s: %d workers give other bits than one", visible.Kind(), workers)
			}
		}
	}
}

func TestRefusalsOfKinds(t *testing.T) {
	of := func(v, h rbm.Layer) *rbm.Model { return rbm.NewModel(v, h, rng.Seed(1)) }
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewLayer(rbm.Gaussian, 2))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model *rbm.Model
		want  string // "" if it is feasible
	}{
		{of(rbm.NewLayer(rbm.Gaussian, 500), rbm.NewLayer(rbm.Bernoulli, 24)), ""},
		{of(rbm.NewLayer(rbm.Gaussian, 500), rbm.NewLayer(rbm.Bernoulli, 25)), "3.36e+07 configurations of the hidden layer is refused"},
		{of(rbm.NewCategorical(4, 4, 4), rbm.NewLayer(rbm.Bernoulli, 500)), ""},
		{of(rbm.NewCategorical(slices.Repeat([]int{21}, 100)...), rbm.NewLayer(rbm.ReLU, 5)), "of the visible layer is refused"},
		{of(rbm.NewLayer(rbm.Bernoulli, 3000), rbm.NewLayer(rbm.ReLU, 5)), "years on one core"},
		{of(rbm.NewLayer(rbm.Gaussian, 3), rbm.NewLayer(rbm.ReLU, 5)), "3 gaussian visible and 5 relu hidden units: neither layer has"},
		{of(mixed, rbm.NewLayer(rbm.Gaussian, 5)), "4 mixed visible and 5 gaussian hidden units: neither layer has"},
		{&rbm.Model{Visible: rbm.NewLayer(rbm.Gaussian, 9000), Hidden: rbm.NewLayer(rbm.Gaussian, 8193)}, "8193×8193"},
		{of(lecturetest.NewLayer(lecturetest.Foreign, 3), rbm.NewLayer(rbm.Gaussian, 3)), "3 foreign visible and 3 gaussian hidden units"},
	} {
		err := exact.Feasible(c.model)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
		if err == nil || c.model.M() > 1000 {
			continue
		}
		v, s, o := c.model.Visible.NewBatch(3), rbm.NewStatistics(c.model), exact.Options{}
		for name, ask := range map[string]func() error{
			"LogZ":    func() error { _, err := exact.LogZ(t.Context(), c.model, o); return err },
			"LogProb": func() error { _, err := exact.LogProb(t.Context(), c.model, v, o); return err },
			"Moments": func() error { return exact.Moments(t.Context(), s, c.model, o) },
			"Sample":  func() error { _, _, err := exact.Sample(t.Context(), c.model, 10, rng.Seed(1), o); return err },
		} {
			if got := ask(); got == nil || got.Error() != err.Error() {
				t.Errorf("%s: error %v, want that of Feasible, %v", name, got, err)
			}
		}
	}
	model := of(rbm.NewLayer(rbm.Gaussian, 20), rbm.NewLayer(rbm.Bernoulli, 16))
	_, err = exact.Distribution(t.Context(), model, exact.Options{})
	if err == nil || !strings.Contains(err.Error(), "gaussian units is refused") {
		t.Errorf("a table of real numbers: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = exact.LogZ(ctx, model, exact.Options{Compute: compute.New(2), Progress: func(done, total uint64) {
		if total != 1<<16 {
			t.Errorf("total is %d, want 2^16", total)
		}
		calls++
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || calls == 0 || calls > 10 {
		t.Errorf("cancelled after %d reports: %v", calls, err)
	}
	model.B()[0] = 3e20
	if _, err := exact.LogZ(t.Context(), model, exact.Options{}); err == nil || !strings.Contains(err.Error(), "mean nothing in float64") {
		t.Errorf("energies beyond float64: %v", err)
	}
}

func BenchmarkLogZOfKinds(b *testing.B) {
	for _, visible := range []rbm.Layer{
		rbm.NewCategorical(slices.Repeat([]int{21}, 20)...), rbm.NewLayer(rbm.Gaussian, 400), rbm.NewLayer(rbm.DReLU, 400),
	} {
		b.Run(string(visible.Kind()), func(b *testing.B) {
			model := rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 12), rng.Seed(1))
			for b.Loop() {
				if _, err := exact.LogZ(b.Context(), model, exact.Options{Compute: compute.New(1)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(exact.Cost(model)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gsteps/s")
		})
	}
}
