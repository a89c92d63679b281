package sample

import (
	"cmp"
	"context"
	"math"
	"slices"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// survey are the modes of the model that a Draw samples, with their shares of Z by AIS. Where units are held, it is that of the others
// given them. A model whose units are no bits has none. List has the largest share first.
type survey struct {
	*Modes
	share, stderr []float64 // of Z, by AIS
}

// A survey begins at searchStarts starts of each kind. AIS with few chains and steps finds the largest modes among those with the best
// bounds, and more of them measure these: a few hundred sweeps of all chains of a Draw in work, for some seconds at 784×500 units.
const (
	searchStarts   = 100
	screenedModes  = 32
	screenChains   = 16
	screenSteps    = 16
	measuredModes  = 8
	measuredChains = 100
	measuredSteps  = 100
)

const (
	watchedShare = 0.01 // the least share of a mode that chains begin in and that is watched
	watchedModes = 8    // the most modes that are watched
	baseShare    = 1e-4 // the least share of a mode that the base of tempering is a mean of
)

func newSurvey(
	ctx context.Context, model *rbm.Model, held map[int]bool, known rbm.Batch, key rng.Key, on *compute.Context,
) (*survey, error) {
	s := new(survey)
	if model.CheckBits() != nil {
		return s, nil
	}
	model = given(model, held)
	s.Modes = NewModes(model, on)
	if err := s.Search(ctx, searchStarts, known, key.Stream(rng.StreamRestart)); err != nil {
		return nil, err
	}
	if !s.several() {
		s.share, s.stderr = []float64{1}, []float64{0}
		return s, nil
	}
	conditionals := rbm.NewConditionals(model, on)
	for _, stage := range []struct{ modes, chains, steps int }{
		{screenedModes, screenChains, screenSteps}, {measuredModes, measuredChains, measuredSteps},
	} {
		key = key.Stream(rng.StreamEstimate)
		for k := range min(stage.modes, len(s.List)) {
			if err := s.AIS(ctx, k, stage.chains, stage.steps, conditionals, key.Stream(rng.Stream(k))); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(s.List, func(a, b Mode) int { return cmp.Compare(b.LogZ.Value, a.LogZ.Value) })
		s.separate()
	}
	s.divide()
	return s, nil
}

// given returns the model of the units that are not held: the held ones have no weights and lie at their values.
func given(model *rbm.Model, held map[int]bool) *rbm.Model {
	if len(held) == 0 {
		return model
	}
	model = model.Clone()
	n, means := model.N(), make([]float64, model.M())
	scale, offset := model.Visible.Line()
	for i := range model.M() { // in order, as the sums of c depend on it
		on, ok := held[i]
		if !ok {
			continue
		}
		if on {
			means[i] = 1
		}
		for j := range n {
			w := &model.W[i*n+j]
			model.C()[j] += float32((scale*means[i] + offset) * float64(*w))
			*w = 0
		}
	}
	sure := model.Visible.Clone()
	sure.SetBiasesFromMeans(means)
	for i := range held {
		model.B()[i] = sure.Biases()[i]
	}
	return model
}

// divide makes shares of the modes' log Z_k.
func (s *survey) divide() {
	logZ := s.LogZ().Value
	s.share, s.stderr = make([]float64, len(s.List)), make([]float64, len(s.List))
	squares := 0.0 // Σ (p_k σ_k)²
	for k, mode := range s.List {
		if s.share[k] = math.Exp(mode.LogZ.Value - logZ); !(s.share[k] >= 0) { // of energies too large for AIS
			s.share[k] = 0
		}
		own := float64(s.share[k] * mode.LogZ.Stderr)
		squares += float64(own * own)
	}
	for k, mode := range s.List { // d p_k = p_k (d log Z_k − Σ_l p_l d log Z_l)
		p, σ := s.share[k], mode.LogZ.Stderr
		variance := squares + float64((1-float64(2*p))*σ*σ)
		s.stderr[k] = p * math.Sqrt(max(0, variance))
	}
}

// count is the number of modes.
func (s *survey) count() int {
	if s.Modes == nil {
		return 0
	}
	return len(s.List)
}

func (s *survey) several() bool { return s.count() > 1 }

// starts returns configurations of the independent units of modes that may have a share of Z, in turn. It returns none for a model with a
// single mode.
func (s *survey) starts(share float64, count int, key rng.Key) (v rbm.Batch) {
	if !s.several() {
		return v
	}
	var from []rbm.Batch
	for k, mode := range s.List {
		if s.share[k]+float64(shareLimit*s.stderr[k]) >= share {
			base := IndependentModel(s.model)
			base.SetBiasesFromMeans(wide(mode.Visible))
			from = append(from, FromBiases(base, count, key))
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

// sharesOf returns the modes' shares of samples that are worth a number of independent ones for each mode.
func (s *survey) sharesOf(samples rbm.Batch, independent []float64) []ModeShare {
	if s.count() == 0 {
		return nil
	}
	labels, shares := make([]int, samples.Rows()), make([]ModeShare, s.count())
	s.Labels(labels, samples)
	for _, k := range labels {
		shares[k].Share++
	}
	for k := range shares {
		p := shares[k].Share / float64(len(labels))
		shares[k] = ModeShare{p, math.Sqrt(p * (1 - p) / independent[k]), s.share[k], s.stderr[k], s.List[k].Visible}
	}
	return shares
}

// SharesOfModes returns the shares that the modes of a model have of independent samples, as [Result] has them of those of chains. Of the
// options Seed and Compute count.
func SharesOfModes(ctx context.Context, model *rbm.Model, samples rbm.Batch, o Options) ([]ModeShare, error) {
	s, err := newSurvey(ctx, model, nil, rbm.Batch{}, rng.Seed(o.Seed).Stream(rng.StreamDraw), o.Compute)
	if err != nil {
		return nil, err
	}
	independent := make([]float64, s.count())
	for k := range independent {
		independent[k] = float64(samples.Rows())
	}
	return s.sharesOf(samples, independent), nil
}
