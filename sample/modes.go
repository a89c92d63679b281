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

// Modes are the modes of a model that a search has found: fixed points of mean-field theory. Every configuration
// belongs to the mode whose independent units make it most probable,
//
//	k(v) = argmax_k Π_i P(v_i | μ_ki),
//
// so that the modes share all configurations out, and log Z is the sum of their shares Z_k = Σ_{v in k} e^(−F(v)). A
// share is estimated by AIS from the mode's own units ([Modes.AIS]): a lower bound in probability, however far the mode
// is from everything else.
//
// A search finds what its starts lead to. A mode that none of them leads to has no share of its own.
type Modes struct {
	List       []Mode // the largest Bound first; at most MostModes
	Found      int    // fixed points, with those beyond MostModes
	Iterations int    // of mean-field theory, each of one start, over all searches

	model   *rbm.Model
	field   *meanField
	columns int               // of W whose patterns have been starts
	labels  *rbm.Conditionals // of a model whose hidden inputs are log Π_i P(v_i|μ_ki), a hidden unit a mode; nil until it is needed
	scores  []float32
}

// Mode is a fixed point of mean-field theory.
type Mode struct {
	Visible, Hidden []float32 // means of the bits
	Bound           float64   // L ≤ log Z of the independent units with these means
	Starts          int       // of the search that led here
	LogZ            LogZ      // log Z_k as AIS has estimated it; −Inf before, and where none of its chains has ended in the mode
}

// MostModes is how many modes are kept.
const MostModes = 64

// sameMode is the squared distance of means, a quarter of that of a unit's two values, below which two fixed points are
// one.
const sameMode = 0.25

// NewModes returns the modes of a model before any search. The model must not change. It panics if a layer has units
// that are no bits.
func NewModes(model *rbm.Model, on *compute.Context) *Modes {
	return &Modes{model: model, field: newMeanField(model, on)}
}

// SearchKinds is the number of kinds of starts of a search, with one of known states and one more of columns where their number is odd.
const SearchKinds = 6

// Search looks for modes from count starts of each kind: fair coins in the visible layer, and in the hidden one; units
// with the model's biases; and patterns of single hidden units, 1 where w_ij > 0 or where it is below, of other units
// in each search; and from the rows of known, such as data or the states of chains.
func (s *Modes) Search(ctx context.Context, count int, known rbm.Batch, key rng.Key) error {
	starts := slices.Concat(
		unpack(RandomStarts(s.model, 2*count, key)), s.fromHidden(count, key), s.fromColumns(count), unpack(known))
	return s.add(ctx, starts)
}

// unpack returns rows·units numbers 0 and 1, row after row.
func unpack(v rbm.Batch) []float32 {
	x := make([]float32, v.Rows()*v.Units())
	for r := range v.Rows() {
		for i := range v.On(r) {
			x[r*v.Units()+i] = 1
		}
	}
	return x
}

// fromHidden are the visible means given fair coins in the hidden layer.
func (s *Modes) fromHidden(count int, key rng.Key) []float32 {
	h := s.model.Hidden.NewBatch(count)
	rbm.NewLayer(s.model.Hidden.Kind(), s.model.N()).Sample(h, nil, key.Stream(rng.StreamHidden), 0)
	v := make([]float32, count*s.model.M())
	s.field.means(v, s.field.b, s.field.wt, unpack(h), count)
	return v
}

// fromColumns are patterns of columns of W, both signs of each: those with the largest norms in the first search, and the
// ones after them in the next.
func (s *Modes) fromColumns(count int) []float32 {
	m, n := s.model.M(), s.model.N()
	norms, order := make([]float64, n), make([]int, n)
	for j := range n {
		order[j] = j
		for i := range m {
			w := float64(s.field.w[i*n+j])
			norms[j] += float64(w * w)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(norms[b], norms[a]) })
	starts, columns := make([]float32, 0, count*m), min(n, (count+1)/2)
	for k := range columns {
		j := order[(s.columns+k)%n]
		for _, sign := range []float32{1, -1} {
			for i := range m {
				on := float32(0)
				if sign*s.field.w[i*n+j] > 0 {
					on = 1
				}
				starts = append(starts, on)
			}
		}
	}
	s.columns += columns
	return starts
}

// add takes in the fixed points that starts lead to.
func (s *Modes) add(ctx context.Context, v []float32) error {
	h, iterations, err := s.field.iterate(ctx, v)
	if err != nil {
		return err
	}
	s.Iterations += iterations
	m, n := s.field.m, s.field.n
	for r := range len(v) / m {
		visible, hidden := v[r*m:(r+1)*m], h[r*n:(r+1)*n]
		k := slices.IndexFunc(s.List, func(o Mode) bool {
			d := squareDistance(o.Visible, visible, sameMode)
			return d < sameMode && d+squareDistance(o.Hidden, hidden, sameMode) < sameMode
		})
		if k < 0 {
			k = len(s.List)
			s.List = append(s.List, Mode{slices.Clone(visible), slices.Clone(hidden), s.field.bound(visible), 0, LogZ{Value: math.Inf(-1)}})
			s.Found++
		}
		s.List[k].Starts++
	}
	slices.SortStableFunc(s.List, func(a, b Mode) int { return cmp.Compare(b.Bound, a.Bound) })
	s.List = s.List[:min(len(s.List), MostModes)]
	s.labels = nil
	return nil
}

// leastMean keeps the probabilities of bits away from 0 and 1.
const leastMean = 1e-3

// separate makes the model that labels configurations.
func (s *Modes) separate() {
	m, k := s.field.m, len(s.List)
	observer := &rbm.Model{Visible: rbm.NewLayer(rbm.Bernoulli, m), Hidden: rbm.NewLayer(rbm.Bernoulli, k), W: make([]float32, m*k)}
	for j, mode := range s.List {
		sum := 0.0
		for i, μ := range mode.Visible {
			p := min(max(float64(μ), leastMean), 1-leastMean)
			sum += math.Log1p(-p)
			observer.W[i*k+j] = float32(math.Log(p / (1 - p)))
		}
		observer.C()[j] = float32(sum)
	}
	s.labels = rbm.NewConditionals(observer, s.field.on)
}

// Labels writes the mode of each row of v to dst, by its place in List.
func (s *Modes) Labels(dst []int, v rbm.Batch) {
	if s.labels == nil {
		s.separate()
	}
	k := len(s.List)
	if cap(s.scores) < len(dst)*k {
		s.scores = make([]float32, len(dst)*k)
	}
	scores := s.scores[:len(dst)*k]
	s.labels.HiddenInputs(scores, v)
	for r := range dst {
		dst[r] = 0
		row := scores[r*k : (r+1)*k]
		for l, x := range row {
			if x > row[dst[r]] {
				dst[r] = l
			}
		}
	}
}

// AIS estimates the share of mode k by AIS with count chains in steps, from the mode's own independent units: on the
// straight line to the model their means stay a fixed point. It leaves the conditionals at the model.
func (s *Modes) AIS(ctx context.Context, k, count, steps int, c *rbm.Conditionals, key rng.Key) error {
	base := IndependentModel(s.model)
	base.Visible.SetBiasesFromMeans(wide(s.List[k].Visible))
	base.Hidden.SetBiasesFromMeans(wide(s.List[k].Hidden))
	chains, _, err := AIS(ctx, Path{base, s.model}, Even(steps), count, c, key, nil)
	if err != nil {
		return err
	}
	labels := make([]int, count)
	s.Labels(labels, chains.Chains.Visible)
	s.List[k].LogZ = chains.LogZIn(func(r int) bool { return labels[r] == k })
	return nil
}

// The chain steps of [Modes.Measure]: a part, screening, for a first look at each mode, by screenChains in short runs, and
// the rest for modes that may have smallestShare of Z or more, by ModeChains.
const (
	ModeChains    = 40
	screening     = 0.25
	screenChains  = 16
	fewestSteps   = 8
	smallestShare = 1e-4
)

// Measure estimates the shares of the modes by AIS, with about budget chain steps in all and at most steps for a chain:
// of all new modes first, and then of the promising ones. report, which may be nil, gets the chain steps of each AIS.
func (s *Modes) Measure(
	ctx context.Context, budget float64, steps int, c *rbm.Conditionals, key rng.Key, report func(chainSteps int),
) error {
	unknown := func(m Mode) bool { return m.LogZ.ESS == 0 }
	if err := s.measure(ctx, unknown, screenChains, steps, screening*budget, c, key.Stream(1), report); err != nil {
		return err
	}
	least := s.LogZ().Value
	for _, m := range s.List {
		least = max(least, m.Bound)
	}
	least += math.Log(smallestShare)
	promising := func(m Mode) bool { return max(m.LogZ.Value, m.Bound) > least }
	return s.measure(ctx, promising, ModeChains, steps, (1-screening)*budget, c, key.Stream(2), report)
}

// measure estimates the shares of some modes, with about budget chain steps in all.
func (s *Modes) measure(
	ctx context.Context, of func(Mode) bool, chains, steps int, budget float64, c *rbm.Conditionals, key rng.Key,
	report func(chainSteps int),
) error {
	var list []int
	for k, m := range s.List {
		if of(m) {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		return nil
	}
	steps = min(max(int(budget)/(len(list)*chains), fewestSteps), steps)
	for _, k := range list {
		if err := s.AIS(ctx, k, chains, steps, c, key.Stream(rng.Stream(k))); err != nil {
			return err
		}
		if report != nil {
			report(chains * steps)
		}
	}
	return nil
}

// Shares are the shares of all modes by weighted chains of the model, each with the error of [WeightedChains.LogZIn].
func (s *Modes) Shares(p *WeightedChains) []LogZ {
	labels := make([]int, len(p.LogWeights))
	s.Labels(labels, p.Chains.Visible)
	shares := make([]LogZ, len(s.List))
	for k := range shares {
		shares[k] = p.LogZIn(func(r int) bool { return labels[r] == k })
	}
	return shares
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, x := range x {
		y[i] = float64(x)
	}
	return y
}

// LogZ is the logarithm of the sum of all shares, as far as they have been estimated.
func (s *Modes) LogZ() LogZ {
	var parts []LogZ
	for _, mode := range s.List {
		parts = append(parts, mode.LogZ)
	}
	return SumLogZ(parts...)
}
