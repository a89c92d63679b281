package sample

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Survey is the modes of a model with their parts of Z by AIS, the largest first. A model that [CheckModes]
// refuses has no modes; a model with one mode has the share 1 ± 0.
type Survey struct {
	*Modes
	Share, Stderr []float64 // Z_k/Z of each mode, between 0 and 1, and its standard error
}

// SurveyOptions are the options of [NewSurvey].
type SurveyOptions struct {
	Known   rbm.Batch        // the search also begins at some of its rows, such as data
	Seed    uint64           // of all random numbers
	Compute *compute.Context // nil means the default; results don't depend on it

	// Progress is called with the number of modes found and the part of the AIS steps done, from 0 to 1; may be nil.
	Progress func(modes int, done float64)
}

// The size of a survey: as much work as 4,000 sweeps of the 20 chains of a Draw, some seconds at 784×500 units.
const (
	searchStarts = 100    // of each kind
	surveySteps  = 80000  // chain steps of AIS, about
	surveyLength = 200    // steps of a chain, at most
	surveyAsked  = 160000 // chain steps of AIS, at most, from modes that chains leave,
	mostAsked    = 400    // by as many chains at most
	askedShare   = 2e-3   // where one chain may stand for this part of Z
)

const (
	watchedShare = 0.01 // the least share of a mode that chains begin in and that is watched
	watchedModes = 8    // the most modes that are watched
	baseShare    = 1e-4 // the least share of a mode that counts in the means of the base of tempering
)

// NewSurvey looks for the modes of a model by [Modes.Search] and estimates their shares of Z by [Modes.Measure]. The
// result depends on the model, Known and Seed alone. The error is that of ctx.
func NewSurvey(ctx context.Context, model *rbm.Model, o SurveyOptions) (*Survey, error) {
	s := &Survey{Modes: new(Modes)}
	if CheckModes(model) != nil {
		return s, nil
	}
	key := rng.Seed(o.Seed).Stream(rng.StreamDraw)
	known := o.Known
	if known.Rows() > 0 {
		known = FromRows(known, min(searchStarts, known.Rows()), key)
	}
	s.Modes = NewModes(model, o.Compute)
	if err := s.Search(ctx, searchStarts, known, key.Stream(rng.StreamRestart)); err != nil {
		return nil, err
	}
	if !s.several() {
		s.Share, s.Stderr = []float64{1}, []float64{0}
		return s, nil
	}
	done := 0
	report := func(chainSteps int) {
		if done += chainSteps; o.Progress != nil {
			o.Progress(s.count(), min(1, float64(done)/surveySteps))
		}
	}
	report(0)
	c := rbm.NewConditionals(model, o.Compute.Alone())
	if err := s.Measure(ctx, surveySteps, surveyLength, c, key.Stream(rng.StreamEstimate), report); err != nil {
		return nil, err
	}
	if err := s.ask(ctx, c, key.Stream(rng.StreamEstimate)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(s.List, func(a, b Mode) int { return cmp.Compare(b.LogZ.Value, a.LogZ.Value) })
	s.cells = nil
	s.divide()
	return s, nil
}

// ask repeats AIS, by more chains, from modes that most of the weight has left and that may have a share of Z that counts.
func (s *Survey) ask(ctx context.Context, c *rbm.Conditionals, key rng.Key) error {
	least, left := s.LogZ().Value+math.Log(askedShare), []int(nil)
	for k, mode := range s.List {
		if mode.oneChain > least {
			left = append(left, k)
		}
	}
	chains := min(surveyAsked/(surveyLength*max(1, len(left))), mostAsked)
	if chains < 2*ModeChains {
		return nil
	}
	return s.AIS(ctx, left, chains, surveyLength, c, func(k int) rng.Key { return key.Stream(rng.Stream(len(s.List) + k)) }, nil)
}

// divide sets Share = Z_k/Σ_l Z_l, and Stderr by propagation of the errors of Z_k.
func (s *Survey) divide() {
	logZ := s.LogZ().Value
	s.Share, s.Stderr = make([]float64, len(s.List)), make([]float64, len(s.List))
	own, squares := make([]float64, len(s.List)), 0.0 // errors of Z_k/Z, and the sum of their squares
	for k, mode := range s.List {
		if s.Share[k] = math.Exp(mode.LogZ.Value - logZ); !(s.Share[k] >= 0) { // of energies too large for AIS
			s.Share[k] = 0
			continue
		}
		// Weights have the mean Z. A single huge one says more of the others than of what this mode lacks.
		missed := math.Exp(min(mode.oneChain-logZ, -math.Log(screenChains)))
		own[k] = max(float64(s.Share[k]*mode.LogZ.Stderr), missed)
		squares += float64(own[k] * own[k])
	}
	for k, p := range s.Share { // d p_k = d Z_k/Z − p_k Σ_l d Z_l/Z
		variance := float64(p*p*squares) + float64((1-float64(2*p))*own[k]*own[k])
		s.Stderr[k] = math.Sqrt(max(0, variance))
	}
}

// count is the number of modes.
func (s *Survey) count() int { return len(s.List) }

func (s *Survey) several() bool { return s.count() > 1 }

// starts returns configurations of the modes' independent units, in turn of each mode that may have a share of Z: its
// Share and shareLimit errors of log Z_k reach it. What chains have left without a trace is no place to begin in: they
// leave it again. It returns none for a model with a single mode.
func (s *Survey) starts(share float64, count int, key rng.Key) (v rbm.Batch) {
	if !s.several() {
		return v
	}
	var from []rbm.Batch
	for k, mode := range s.List {
		if float64(s.Share[k]*(1+float64(shareLimit*mode.LogZ.Stderr))) >= share {
			from = append(from, FromBiases(IndependentAt(s.model, mode.Visible), count, key))
		}
	}
	if len(from) == 0 {
		return v
	}
	v = from[0]
	for r := range count {
		v.Slice(r, r+1).Copy(from[r%len(from)].Slice(r, r+1))
	}
	return v
}

// Parts returns the part of the rows of v in each mode, Σ_{r in k} w_r / Σ_r w_r. nil weights are equal weights.
func (s *Survey) Parts(v rbm.Batch, weights []float64) []float64 {
	const block = 4096 // rows
	if s.count() == 0 {
		return nil
	}
	parts, sum := make([]float64, s.count()), 0.0
	labels := make([]int, min(block, v.Rows()))
	for from := 0; from < v.Rows(); from += block {
		to := min(from+block, v.Rows())
		s.Labels(labels[:to-from], v.Slice(from, to))
		for r, k := range labels[:to-from] {
			weight := 1.0
			if weights != nil {
				weight = weights[from+r]
			}
			parts[k] += weight
			sum += weight
		}
	}
	for k := range parts {
		parts[k] /= sum
	}
	return parts
}

// sharesOf returns the modes' shares of samples, worth n = independent[k] independent ones of mode k, with the errors
// √(q(1−q)/n) for q = (np + 2)/(n + 4) (A. Agresti and B. A. Coull, Am. Stat. 52 (1998) 119): a share p of 0 or 1 is not
// certain, and few samples in a mode tell their own scatter badly. The share of a single mode is 1 ± 0.
func (s *Survey) sharesOf(samples rbm.Batch, independent []float64) []ModeShare {
	var shares []ModeShare
	for k, p := range s.Parts(samples, nil) {
		n := independent[k]
		q := (float64(n*p) + 2) / (n + 4)
		stderr := math.Sqrt(q * (1 - q) / n)
		if !s.several() {
			stderr = 0
		}
		shares = append(shares, ModeShare{p, stderr, s.Share[k], s.Stderr[k], s.List[k].Visible})
	}
	return shares
}

// SharesOfModes returns the modes' shares of independent samples, as the Modes of a [Result] for samples of chains. Of
// the options it takes Seed and Compute. The error is that of ctx.
func SharesOfModes(ctx context.Context, model *rbm.Model, samples rbm.Batch, o Options) ([]ModeShare, error) {
	s, err := NewSurvey(ctx, model, SurveyOptions{Seed: o.Seed, Compute: o.Compute})
	if err != nil {
		return nil, err
	}
	independent := make([]float64, s.count())
	for k := range independent {
		independent[k] = float64(samples.Rows())
	}
	return s.sharesOf(samples, independent), nil
}
