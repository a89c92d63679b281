package sample_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

func draw(t *testing.T, model *rbm.Model, o sample.Options) *sample.Result {
	t.Helper()
	r, err := sample.Draw(t.Context(), model, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// codes lists what was found.
func codes(r *sample.Result) (codes []string) {
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

// checkMoments holds P(v_i) and P(v_i, v_j) over the samples against a distribution, by the error that the effective
// sample size states.
func checkMoments(t *testing.T, r *sample.Result, p []float64) {
	t.Helper()
	m := r.Samples.Units()
	for i := range m {
		for j := range i + 1 {
			want, got, both := 0.0, 0.0, 1<<i|1<<j
			for v, p := range p {
				if v&both == both {
					want += p
				}
			}
			for k := range r.Samples.Rows() {
				if index(r.Samples, k)&both == both {
					got += 1 / float64(r.Samples.Rows())
				}
			}
			if stderr := math.Sqrt(want * (1 - want) / r.ESS); !(math.Abs(got-want) <= 4*stderr) {
				t.Errorf("P(v_%d=v_%d=1) is %.4f ± %.4f, want %.4f", i, j, got, stderr, want)
			}
		}
	}
}

// Samples of models that mix have the moments of the lecture's distribution, within the stated error, for every kind of
// unit and method.
func TestDrawMoments(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const count = 4000
	for _, visible := range kinds {
		for _, hidden := range kinds {
			model := randomModel(6, 4, visible, hidden, 21)
			p := distribution(model, everything)
			for _, method := range []sample.Method{sample.Auto, sample.Tempered} {
				t.Run(fmt.Sprintf("%v-%v %s", visible, hidden, method), func(t *testing.T) {
					r := draw(t, model, sample.Options{Count: count, Method: method, Seed: 1})
					if want := max(method, sample.Gibbs); r.Method != want || len(r.Findings) > 0 || r.Samples.Rows() != count {
						t.Errorf("%d samples by %q with findings %v", r.Samples.Rows(), r.Method, codes(r))
					}
					exchanges := r.Exchange != nil
					if !(r.ESS > count/2) || !(r.Rhat <= 1.01) || r.BurnIn < 1024 || exchanges != (method == sample.Tempered) {
						t.Errorf("ESS %.0f, R̂ %.4f, %d sweeps of burn-in, exchange %v", r.ESS, r.Rhat, r.BurnIn, r.Exchange)
					}
					checkMoments(t, r, p)
				})
			}
		}
	}
}

// Gibbs chains stay in one of two modes. Draw notices, goes over to tempering, and gives each mode its weight.
func TestDrawTempersWhereGibbsStays(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const m, exactly = 24, 20000
	model, _ := magnet(m, 6, 0.4, 0.04)
	upper := func(v rbm.Batch) (part float64) {
		for r := range v.Rows() {
			if up(v, r) {
				part += 1 / float64(v.Rows())
			}
		}
		return part
	}
	v, _, err := exact.Sample(t.Context(), model, exactly, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := draw(t, model, sample.Options{Seed: 2, BurnIn: 4096, Thin: 50})
	if r.Gibbs == nil || !slices.Contains(codes(r.Gibbs), "not-mixed") || r.Gibbs.Rhat < 1.01 || r.Gibbs.Samples.Rows() != 0 {
		t.Errorf("the Gibbs chains: %+v", r.Gibbs)
	}
	if r.Method != sample.Tempered || len(r.Findings) > 0 || r.Exchange.RoundTrips < sample.DefaultChains {
		t.Errorf("method %q, findings %v, exchange %+v", r.Method, codes(r), r.Exchange)
	}
	if e := r.Exchange; e.Temperatures == 12 || e.LeastSwapRate < 0.4 || e.LeastSwapRate > 0.6 {
		t.Errorf("the temperatures stay where they began: %+v", e)
	}
	want, got := upper(v), upper(r.Samples)
	if stderr := math.Sqrt(want * (1 - want) * (1/r.ESS + 1./exactly)); !(math.Abs(got-want) <= 4*stderr) || stderr > 0.03 {
		t.Errorf("%.3f ± %.3f of the samples are in the upper mode, want %.3f", got, stderr, want)
	}
	// Gibbs alone gives up its burn-in at the longest one, and says that it failed.
	r = draw(t, model, sample.Options{Seed: 2, Method: sample.Gibbs})
	if !slices.Contains(codes(r), "not-mixed") || r.Gibbs != nil || r.BurnIn != 16384 {
		t.Errorf("Gibbs alone: findings %v after %d sweeps", codes(r), r.BurnIn)
	}
}

// Replicas jump between the modes, so that a nearly independent sample takes fewer rounds: 23 here, where exchanges alone take
// 75. Each mode keeps its weight.
func TestDrawJumps(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	model, _ := magnet(40, 8, 0.3, 0.01)
	want, got := shareUp(t, model), 0.0
	r := draw(t, model, sample.Options{Method: sample.Tempered, Seed: 1})
	if len(r.Findings) > 0 || r.Thin > 40 {
		t.Errorf("findings %v, %d rounds from sample to sample", codes(r), r.Thin)
	}
	for k := range r.Samples.Rows() {
		if up(r.Samples, k) {
			got += 1 / float64(r.Samples.Rows())
		}
	}
	if stderr := math.Sqrt(want * (1 - want) / r.ESS); !(math.Abs(got-want) <= 4*stderr) {
		t.Errorf("%.3f ± %.3f of the samples are in the upper mode, want %.3f", got, stderr, want)
	}
}

// golfHole is a model of m units of which one hidden unit holds all on, with a weight about as large as that of all
// other configurations: a first-order transition, which chains at no temperature cross.
func golfHole(m int, w float64) *rbm.Model {
	model := rbm.New(m, 1, rng.Seed(1))
	for i := range model.W {
		model.W[i] = float32(w)
	}
	model.C()[0] = float32(float64(m) * (math.Ln2 - rbm.Softplus(w)))
	return model
}

// Where neither method mixes the findings say so, and what they say holds no flags of a command.
func TestDrawIsNeverSilent(t *testing.T) {
	const m = 200
	model := golfHole(m, 4)
	start := rbm.NewBatch(2, m) // one row in each mode
	for i := range m {
		start.SetBit(0, i, true)
		start.SetBit(1, i, i%2 == 0)
	}
	r := draw(t, model, sample.Options{Count: 200, Start: start, BurnIn: 512, Thin: 10})
	if r.Method != sample.Tempered || r.Gibbs == nil {
		t.Fatalf("method %q", r.Method)
	}
	for _, r := range []*sample.Result{r, r.Gibbs} {
		if !slices.Contains(codes(r), "not-mixed") {
			t.Errorf("%s: findings %v, R̂ %.3f", r.Method, codes(r), r.Rhat)
		}
		for _, f := range r.Findings {
			if f.Message == "" || f.Consequence == "" || f.Remedy != "" || strings.Contains(f.Message+f.Consequence, "--") {
				t.Errorf("%s: finding %+v", r.Method, f)
			}
			if worse := f.Value > f.Threshold; worse != (f.Code == "not-mixed") && f.Value == f.Value {
				t.Errorf("%s: %s found %v against %v", r.Method, f.Code, f.Value, f.Threshold)
			}
		}
	}
	// Samples too close to each other, and chains too short to be judged.
	slow, _ := magnet(40, 8, 0.07, 0)
	r = draw(t, slow, sample.Options{Method: sample.Gibbs, Count: 1000, Thin: 1})
	if !slices.Equal(codes(r), []string{"few-samples"}) || !(r.ESS < 100) {
		t.Errorf("samples close to each other: findings %v, ESS %.0f", r.Findings, r.ESS)
	}
	r = draw(t, slow, sample.Options{Count: 20, BurnIn: -1, Thin: 1})
	all := []string{"not-mixed", "few-samples", "few-round-trips"}
	if !slices.Equal(codes(r), all) || r.BurnIn != 0 || !math.IsNaN(r.Rhat) {
		t.Errorf("one sweep: findings %v, R̂ %v after %d sweeps", codes(r), r.Rhat, r.BurnIn)
	}
}

// The burn-in of chains that are slow but not caught goes on until they agree, and Thin follows the slowest of all that
// is watched: the samples are worth about what was asked for.
func TestDrawFollowsTheSlowest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	const count = 500
	model, want := twoModes(40, 8, 0.08, 0.5)
	for _, o := range []sample.Options{{Seed: 1}, {Seed: 2, BurnIn: 65536}} {
		o.Method, o.Count = sample.Gibbs, count
		r := draw(t, model, o)
		if len(r.Findings) > 0 || r.ESS < 0.9*count || r.BurnIn <= 16384 || r.Thin < 50 {
			t.Errorf("seed %d: findings %v, worth %.0f, %d sweeps before the first sample and %d between two",
				o.Seed, r.Findings, r.ESS, r.BurnIn, r.Thin)
		}
		if got := upperPart(r.Samples); math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/r.ESS) {
			t.Errorf("seed %d: %.3f of the samples are up, want %.3f", o.Seed, got, want)
		}
	}
}

// Chains that are caught cost no more than their usual burn-in and half of it again. Their R̂, which has no bounds, is
// told in words.
func TestDrawGivesUpChainsThatAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and a minute under the race detector")
	}
	model, _ := twoModes(12, 4, 0.6, 0.7)
	r := draw(t, model, sample.Options{Method: sample.Gibbs, Count: 500})
	if !slices.Equal(codes(r), []string{"not-mixed", "modes-unmixed", "few-samples"}) || r.BurnIn != 16384 || r.Thin*500/20 > 8192 {
		t.Errorf("findings %v, %d sweeps before the first sample, %d between two", codes(r), r.BurnIn, r.Thin)
	}
	if f := r.Findings[0]; !strings.Contains(f.Message, " is above 1000 over 20 chains") || !(f.Value > 1000) {
		t.Errorf("R̂ of %v: %q", f.Value, f.Message)
	}
}

// A quantity that is the same in all sweeps of all chains says nothing of them.
func TestDrawWhereAllIsConstant(t *testing.T) {
	flat := rbm.New(40, 30, rng.Seed(1)) // F is the same for all states
	clear(flat.W)
	certain := flat.Clone() // one state
	for i := range certain.B() {
		certain.B()[i] = 500
	}
	huge := randomModel(40, 30, rbm.Bernoulli, rbm.Bernoulli, 29)
	for k := range huge.W {
		huge.W[k] *= 1e4
	}
	nearly := rbm.New(6, 2, rng.Seed(1)) // one of 64 states has another F
	for i := range 6 {
		nearly.W[2*i], nearly.W[2*i+1] = 50, 0
	}
	nearly.C()[0] = -305
	for name, model := range map[string]*rbm.Model{
		"W = 0": flat, "certain": certain, "huge": huge, "one unit": rbm.New(1, 30, rng.Seed(1)), "nearly": nearly,
	} {
		if testing.Short() && name != "certain" && name != "nearly" {
			continue
		}
		for _, o := range []sample.Options{{Method: sample.Gibbs}, {Method: sample.Tempered}, {Chains: 1}} {
			o.Count = 300
			r := draw(t, model, o)
			if len(r.Findings) > 0 || !(r.ESS > 0.8*float64(o.Count)) || !(r.Rhat <= 1.01) { // automatic samples are worth 90 %
				t.Errorf("%s, %q, %d chains: findings %v, worth %.0f, R̂ %v", name, o.Method, o.Chains, r.Findings, r.ESS, r.Rhat)
			}
		}
	}
	// Chains too short to tell are still refused.
	r := draw(t, flat, sample.Options{Method: sample.Gibbs, Count: 20, BurnIn: -1, Thin: 1})
	if !slices.Equal(codes(r), []string{"not-mixed", "few-samples"}) || !math.IsNaN(r.ESS) || strings.Contains(r.Findings[1].Message, "NaN") {
		t.Errorf("one sweep: findings %v, worth %v", r.Findings, r.ESS)
	}
}

// Samples of the model given some units, beside these, have the conditional distribution, by both methods.
func TestDrawGiven(t *testing.T) {
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Spin, 22)
	p := distribution(model, func(v, _ int) bool { return v>>1&1 == 1 && v>>4&1 == 0 })
	known := rbm.NewBatch(1, 6)
	known.SetBit(0, 1, true)
	given, err := model.Given(known, 0, func(i int) bool { return i == 1 || i == 4 })
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []sample.Method{sample.Gibbs, sample.Tempered} {
		r := draw(t, given.Model, sample.Options{Count: 3000, Method: method})
		if len(r.Findings) > 0 {
			t.Errorf("%s: findings %v", method, codes(r))
		}
		r.Samples = given.Whole(r.Samples)
		checkMoments(t, r, p)
	}
}

// Chains begin at the rows of Start, and without a burn-in stay in their mode.
func TestDrawStarts(t *testing.T) {
	model, _ := magnet(40, 8, 1, 0)
	for _, on := range []bool{false, true} {
		start := rbm.NewBatch(1, 40)
		for i := range 40 {
			start.SetBit(0, i, on)
		}
		r := draw(t, model, sample.Options{Count: 30, Chains: 7, Method: sample.Gibbs, BurnIn: -1, Thin: 2, Start: start})
		for k := range r.Samples.Rows() {
			if up(r.Samples, k) != on {
				t.Fatalf("sample %d is in the other mode than its start", k)
			}
		}
	}
}

// The number of workers changes nothing. Samples, diagnostics and progress are functions of the options.
func TestDrawRepeats(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds, and long under the race detector")
	}
	model := randomModel(70, 33, rbm.Spin, rbm.Bernoulli, 23)
	for _, o := range []sample.Options{
		{Count: 90, Chains: 8, Method: sample.Gibbs}, {Count: 30, Chains: 8, Method: sample.Tempered, BurnIn: 40, Thin: 3},
		{Count: 30, Chains: 8, BurnIn: 64, Thin: 4},
	} {
		var want *sample.Result
		var steps []sample.Progress
		for _, workers := range []int{1, 7} {
			var seen []sample.Progress
			o.Compute, o.Progress = compute.New(workers), func(p sample.Progress) { p.Gibbs = nil; seen = append(seen, p) }
			got := draw(t, model, o)
			if want == nil {
				want, steps = got, seen
			}
			if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(seen, steps) {
				t.Errorf("%q: %d workers give another result than one", o.Method, workers)
			}
		}
		for _, isa := range compute.ISAs() {
			if o.Compute = compute.NewISA(2, isa); !reflect.DeepEqual(draw(t, model, o), want) {
				t.Errorf("%q: %v gives another result", o.Method, isa)
			}
		}
		o.Compute, o.Seed = compute.New(1), 1
		if draw(t, model, o).Samples.Equal(want.Samples) {
			t.Errorf("%q: another seed gives the same samples", o.Method)
		}
	}
}

// Progress tells of each phase from its first sweep to its last one.
func TestDrawProgress(t *testing.T) {
	model, _ := magnet(40, 8, 0.3, 0.01)
	type phase struct {
		method              sample.Method
		surveying, sampling bool
	}
	var phases []phase
	var last sample.Progress
	r := draw(t, model, sample.Options{Count: 100, BurnIn: 64, Thin: 5, Progress: func(p sample.Progress) {
		now := phase{p.Method, p.Surveying, p.Sampling}
		if len(phases) == 0 || now != phases[len(phases)-1] {
			if p.Done != 0 || last.Done != last.Total {
				t.Errorf("%+v after %+v", p, last)
			}
			phases = append(phases, now)
		} else if p.Done != last.Done+1 && !p.Surveying || p.Done < last.Done {
			t.Errorf("%+v after %+v", p, last)
		}
		if p.Modes != 2 && p.Done+p.Modes > 0 {
			t.Errorf("%+v, of a model with two modes", p)
		}
		if (p.Gibbs != nil) != (p.Method == sample.Tempered) || (p.Temperatures > 0) != (p.Method == sample.Tempered) || p.Chains != 20 {
			t.Errorf("%+v", p)
		}
		last = p
	}})
	want := []phase{
		{sample.Auto, true, false}, {sample.Gibbs, false, false}, {sample.Gibbs, false, true},
		{sample.Tempered, false, false}, {sample.Tempered, false, true},
	}
	if !slices.Equal(phases, want) || last.Done != 25 || last.Total != 25 || last.RoundTrips != r.Exchange.RoundTrips {
		t.Errorf("phases %v, ended at %+v", phases, last)
	}
}

// A cancelled Draw ends at the next sweep, in every phase.
func TestDrawCancelled(t *testing.T) {
	model, _ := magnet(40, 8, 0.3, 0.01)
	for _, at := range []sample.Progress{
		{Surveying: true}, {Method: sample.Gibbs, Done: 10}, {Method: sample.Gibbs, Sampling: true, Done: 3},
		{Method: sample.Tempered, Done: 10}, {Method: sample.Tempered, Sampling: true, Done: 3},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		after := 0
		r, err := sample.Draw(ctx, model, sample.Options{Count: 100, BurnIn: 64, Thin: 5, Progress: func(p sample.Progress) {
			if ctx.Err() != nil {
				after++
			}
			if p.Method == at.Method && p.Surveying == at.Surveying && p.Sampling == at.Sampling && p.Done == at.Done {
				cancel()
			}
		}})
		if r != nil || !errors.Is(err, context.Canceled) || after > 0 {
			t.Errorf("%+v: result %v, error %v, %d sweeps after it was cancelled", at, r, err, after)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sample.Draw(ctx, model, sample.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before it began: error %v", err)
	}
}

// The memory for diagnostics is at most 100 kB a chain, as ChainMemory counts, however long the chains run.
func TestDrawMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const chains, sweeps = 10, 100_000 // a byte kept of each sweep would be too much
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Bernoulli, 25)
	live := func() int64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return int64(now.HeapAlloc)
	}
	before, ends := live(), 0
	draw(t, model, sample.Options{
		Count: chains, Method: sample.Gibbs, Chains: chains, BurnIn: sweeps, Thin: sweeps, Compute: compute.New(1),
		Progress: func(p sample.Progress) {
			if p.Done == p.Total {
				ends++
				if got := live() - before; got > chains*100_000 {
					t.Errorf("%d chains after %d sweeps hold %d bytes, sampling %v", chains, sweeps, got, p.Sampling)
				}
			}
		},
	})
	if ends != 3 { // of the survey too
		t.Errorf("%d phases ended", ends)
	}
}

func TestDrawRefuses(t *testing.T) {
	model := randomModel(6, 4, rbm.Bernoulli, rbm.Bernoulli, 26)
	for want, o := range map[string]sample.Options{
		"Count is -1, want 1 or more":              {Count: -1},
		"Chains is -2, want 1 or more":             {Chains: -2},
		"Thin is -3, want 1 or more":               {Thin: -3},
		`method "magic", want "gibbs", "tempered"`: {Method: "magic"},
		"but BurnIn is 1023: want 1024 sweeps":     {BurnIn: 1023},
		"but BurnIn is -1: want 1024 sweeps":       {BurnIn: -1},
		"Start has 5 units a row, the model has 6": {Start: rbm.NewBatch(2, 5)},
	} {
		if r, err := sample.Draw(t.Context(), model, o); r != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func ExampleDraw() {
	model := rbm.New(6, 3, rng.Seed(1)) // weights near zero
	model.B()[0] = 3                    // P(v_0=1) = σ(3) = 0.953

	r, err := sample.Draw(context.Background(), model, sample.Options{Count: 500})
	if err != nil {
		panic(err)
	}
	on := 0.0
	for k := range r.Samples.Rows() {
		if r.Samples.Bit(k, 0) {
			on++
		}
	}
	mean := on / 500
	fmt.Printf("%d samples by %s, R̂ = %.2f, findings %v\n", r.Samples.Rows(), r.Method, r.Rhat, r.Findings)
	fmt.Printf("P(v_0=1) = %.3f ± %.3f\n", mean, math.Sqrt(mean*(1-mean)/r.ESS))
	// Output:
	// 500 samples by gibbs, R̂ = 1.00, findings []
	// P(v_0=1) = 0.932 ± 0.011
}
