package sample

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Options are those of [Draw]. The zero value draws DefaultCount nearly independent samples from DefaultChains chains,
// whose burn-in lasts until they agree.
type Options struct {
	Count    int              // samples; 0 means DefaultCount
	Chains   int              // Gibbs chains, or replica sets of tempering, at most Count; 0 means DefaultChains
	Method   Method           // Auto, Gibbs or Tempered
	BurnIn   int              // sweeps before the first sample of each chain; 0: until the chains agree; negative: none
	Thin     int              // sweeps from a sample of a chain to the next; 0: so many that the samples are worth 90 % of their number
	Start    rbm.Batch        // chains begin at its rows, drawn by FromRows; without rows in the modes, or at FromBiases where there is one
	Seed     uint64           // of all random numbers
	Compute  *compute.Context // nil means the default; results don't depend on it
	Progress func(Progress)   // called after every sweep, before the first one of each phase, and in the survey; may be nil
}

// What the zero value of Options stands for.
const (
	DefaultCount  = 1000
	DefaultChains = 20
)

// Method is a kind of Markov chain.
type Method string

const (
	Auto     Method = ""         // block Gibbs; where its samples come with a finding, tempering
	Gibbs    Method = "gibbs"    // block Gibbs sampling
	Tempered Method = "tempered" // replica exchange (parallel tempering)
)

// Result is a batch of samples with the diagnostics of the chains that they come from. It depends on the model and the
// Options alone.
type Result struct {
	Samples  rbm.Batch // v, one a row
	Method   Method    // Gibbs or Tempered
	BurnIn   int       // sweeps before the first sample of each chain
	Thin     int       // sweeps from a sample of a chain to the next
	Rhat     float64   // largest R̂ of all that is watched along the chains; NaN for chains too short to tell
	ESS      float64   // least effective sample size of all that is watched, at most the number of samples; may be NaN
	Exchange *Exchange // of tempering; nil for Gibbs
	Gibbs    *Result   // of Auto: the Gibbs chains, without their samples, whose findings made tempering follow; nil where it did not

	Modes   []ModeShare // of the model, the largest share by AIS first; none where [CheckModes] has an error
	Changes int         // of chains from one mode to another, where both have 1 % or more, as far as the chains were watched

	// Findings say why the samples are not to be trusted, by code: not-mixed, modes-unmixed, few-samples, mode-missing,
	// few-round-trips. None: no reason was found.
	Findings []diag.Finding
}

// ModeShare is how much of a model is in one of its modes.
type ModeShare struct {
	Share, Stderr  float64   // of the samples; the error is that of their effective number for this mode
	AIS, AISStderr float64   // of Z, by AIS from the mode
	Visible        []float32 // means of the visible bits there
}

// Exchange tells how states travel between the model and independent units while samples are drawn.
type Exchange struct {
	Temperatures  int     // of a replica set
	LeastSwapRate float64 // mean probability of the exchanges between the two neighbouring temperatures where it is the least
	RoundTrips    int     // of states from the model to independent units and back, over all replica sets
}

// Progress is how far a Draw has come: in the survey of the model's modes, in the burn-in, and then in sampling.
type Progress struct {
	Method       Method // that was asked for, in the survey
	Surveying    bool   // before all chains
	Modes        int    // found so far
	Sampling     bool   // and no longer burning in
	Done, Total  int    // sweeps of this phase; a burn-in until the chains agree may end before its total, which may grow
	Chains       int
	Temperatures int     // of tempering, so far
	RoundTrips   int     // of tempering, since the last stage of the burn-in
	Gibbs        *Result // as in Result
}

// Draw draws visible configurations v ~ P(v) by Markov chains, and judges them by R̂ and effective sample size (A.
// Vehtari et al., Bayesian Analysis 16 (2021) 667) of all that is watched along the chains: the free energy F(v), the
// shares of the model's modes ([Modes]), together and each with 1 % or more, and the projections of v on the leading left
// singular vectors of W. The effective sample size is that of samples at the distance that they have. F alone can't
// tell modes of equal free energy apart.
//
// Parallel block-Gibbs chains begin apart, in the modes that may have 1 % of Z by AIS, in turn. They burn in until R̂ ≤
// 1.008, for 1,024 to 16,384 sweeps, or up to 131,072 where R̂ says that these are enough, and then give a sample each
// after every Thin sweeps. R̂ ≤ 1.01 is asked of the samples. If these come with a finding, replica exchange
// ([Tempering]) from the model to independent units follows, on as many replica sets, which also jump between the modes
// that were found ([Jumps]). It finds its temperatures by itself during the burn-in, and counts round trips. Samples
// that can't be trusted come with Findings. Nothing is known of a mode that neither the search nor a chain has found.
//
// Errors: an option that means nothing, one that does not fit the model, or a cancelled ctx. Models whose smaller layer
// has up to about 30 units need no chains: harmonium/exact draws independent samples.
func Draw(ctx context.Context, model *rbm.Model, o Options) (*Result, error) {
	if err := o.check(model); err != nil {
		return nil, err
	}
	d, err := newDrawing(ctx, model, o)
	if err != nil {
		return nil, err
	}
	if o.Method == Tempered {
		return d.tempered(ctx)
	}
	result, err := d.gibbs(ctx)
	if err != nil || o.Method == Gibbs || len(result.Findings) == 0 {
		return result, err
	}
	result.Samples = rbm.Batch{} // a large batch need not wait for the other
	d.failed = result
	return d.tempered(ctx)
}

// check says what is wrong with an option, and puts in the defaults.
func (o *Options) check(model *rbm.Model) error {
	for _, c := range []struct {
		name  string
		value int
	}{{"Count", o.Count}, {"Chains", o.Chains}, {"Thin", o.Thin}} {
		if c.value < 0 {
			return fmt.Errorf("sample: %s is %d, want 1 or more, or 0 for the default", c.name, c.value)
		}
	}
	o.Count = cmp.Or(o.Count, DefaultCount)
	o.Chains = min(cmp.Or(o.Chains, DefaultChains), o.Count)
	if o.Method != Auto && o.Method != Gibbs && o.Method != Tempered {
		return fmt.Errorf("sample: method %q, want %q, %q or %q for either", o.Method, Gibbs, Tempered, Auto)
	}
	if o.Thin == 0 && o.BurnIn != 0 && o.BurnIn < LeastBurnIn {
		return fmt.Errorf("sample: Thin is 0, to be measured during the burn-in, but BurnIn is %d: want %d sweeps or more",
			o.BurnIn, LeastBurnIn)
	}
	if o.Start.Rows() > 0 && o.Start.Units() != model.M() {
		return fmt.Errorf("sample: Start has %d units a row, the model has %d visible units", o.Start.Units(), model.M())
	}
	return nil
}

// drawing is a Draw under way.
type drawing struct {
	Options
	model  *rbm.Model
	key    rng.Key
	start  rbm.Batch
	watch  *watch
	failed *Result // Gibbs chains that were given up for tempering
}

func newDrawing(ctx context.Context, model *rbm.Model, o Options) (*drawing, error) {
	d := &drawing{Options: o, model: model, key: rng.Seed(o.Seed).Stream(rng.StreamDraw)}
	if o.Start.Rows() > 0 {
		d.start = FromRows(o.Start, o.Chains, d.key)
	}
	d.reportSurvey(0, 0)
	modes, err := NewSurvey(ctx, model, SurveyOptions{Known: o.Start, Seed: o.Seed, Compute: o.Compute, Progress: d.reportSurvey})
	if err != nil {
		return nil, err
	}
	d.reportSurvey(modes.count(), 1)
	d.watch = newWatch(model, modes, o.Compute)
	if d.start.Rows() == 0 {
		d.start = d.startsIn(watchedShare)
	}
	return d, nil
}

// startsIn returns configurations in the modes that may have a share of Z, by the biases where there is one mode, and
// RandomStarts for units that have none.
func (d *drawing) startsIn(share float64) rbm.Batch {
	if v := d.watch.modes.starts(share, d.Chains, d.key); v.Rows() > 0 {
		return v
	}
	if d.watch.modes.count() == 0 { // nothing is known of modes
		return RandomStarts(d.model, d.Chains, d.key)
	}
	return FromBiases(d.model, d.Chains, d.key)
}

// walker moves the states that samples are taken from.
type walker interface {
	method() Method
	visible() rbm.Batch // at the model, one row a chain
	sweep()
	endStage(stage int)                  // of the burn-in, from 0, if it had two sweeps or more
	exchange() (temperatures, trips int) // of tempering, trips since the last stage; zero for Gibbs
}

// gibbsWalker is a walker of block-Gibbs chains.
type gibbsWalker struct {
	chains       *Chains
	conditionals *rbm.Conditionals
}

func (g gibbsWalker) method() Method                      { return Gibbs }
func (g gibbsWalker) visible() rbm.Batch                  { return g.chains.Visible }
func (g gibbsWalker) sweep()                              { g.chains.Sweep(g.conditionals, 1) }
func (g gibbsWalker) endStage(int)                        {}
func (g gibbsWalker) exchange() (temperatures, trips int) { return 0, 0 }

func (d *drawing) newGibbs(start rbm.Batch) gibbsWalker {
	return gibbsWalker{NewChains(start, d.model.Hidden, d.key), rbm.NewConditionals(d.model, d.Compute)}
}

func (d *drawing) gibbs(ctx context.Context) (*Result, error) {
	return d.collect(ctx, d.newGibbs(d.start))
}

// pilotSweeps of Gibbs sampling in all modes give the means of the independent units: a base near one mode would leave
// the states of the others caught at the model. After each of the first respacings stages of the burn-in the
// temperatures are moved.
const (
	pilotSweeps = 200
	respacings  = 3
)

// temperedWalker is a walker of replica sets, which draws from their chains at the model.
type temperedWalker struct{ *Tempering }

func (t temperedWalker) method() Method     { return Tempered }
func (t temperedWalker) visible() rbm.Batch { return t.Visible() }
func (t temperedWalker) sweep()             { t.Round() }

func (t temperedWalker) endStage(stage int) {
	if stage < respacings {
		t.Respace(MaxTemperatures)
	}
	t.Reset()
}

func (t temperedWalker) exchange() (temperatures, trips int) { return len(t.Betas()), t.RoundTrips() }

func (d *drawing) tempered(ctx context.Context) (*Result, error) {
	pilot := d.newGibbs(d.startsIn(baseShare))
	for range pilotSweeps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		pilot.sweep()
	}
	base := IndependentModel(d.model)
	base.SetMoments(moments(pilot.visible()))
	line := rbm.NewLine(base, d.model, rbm.NewConditionals(d.model, d.Compute))
	t := NewTempering(line, d.start, FirstTemperatures, d.key.Stream(rng.StreamExchange))
	if d.watch.modes.several() {
		t.Jumps, t.JumpEvery = d.watch.modes.Jumps(), JumpRounds
	}
	result, err := d.collect(ctx, temperedWalker{t})
	if err != nil {
		return nil, err
	}
	result.Gibbs = d.failed
	result.Exchange = &Exchange{Temperatures: len(t.Betas()), LeastSwapRate: slices.Min(t.SwapRates()), RoundTrips: t.RoundTrips()}
	result.judgeTrips(d.Chains)
	return result, nil
}

// moments are the means of the stored numbers over the rows, for bits the parts in which they are on, and the variances
// where there are real numbers.
func moments(v rbm.Batch) (means, variances []float64) {
	means = make([]float64, v.Units())
	rows, bits := float64(v.Rows()), v.Bits()
	for i, count := range v.Counts() {
		means[i] = float64(count) / rows
	}
	if bits == v.Units() {
		return means, nil
	}
	variances = make([]float64, v.Units())
	for i, p := range means[:bits] {
		variances[i] = p * (1 - p)
	}
	for i := bits; i < v.Units(); i++ {
		for r := range v.Rows() {
			means[i] += v.Value(r, i) / rows
		}
		for r := range v.Rows() {
			d := v.Value(r, i) - means[i]
			variances[i] += float64(d*d) / rows
		}
	}
	return means, variances
}
