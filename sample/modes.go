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

// Modes are the modes of a model: fixed points of mean-field theory, as far as [Modes.Search] has found them. They
// partition the configurations. v belongs to the mode whose independent units make it most probable,
//
//	k(v) = argmax_k Π_i P(v_i | μ_ki),
//
// and log Z = log Σ_k Z_k, with the share Z_k = Σ_{v in k} e^(−F(v)) of mode k. [Modes.AIS] estimates a share from the
// mode's own units: a lower bound in probability, however far the mode is from everything else.
//
// A mode that no start of a search leads to is not found. Its configurations then belong to the modes that are.
type Modes struct {
	List       []Mode // the largest Bound first; at most MostModes
	Found      int    // number of fixed points found; beyond those that are kept one may count again in each search or part of a large one
	Iterations int    // number of mean-field iterations over all searches, each of one start

	model    *rbm.Model
	field    *meanField
	columns  int    // number of columns of W whose patterns have been starts
	all      []Mode // of which the first are List
	most     int    // of them
	together int    // number of starts that are iterated together

	cells *Cells // of List; nil until needed
}

// Mode is a fixed point of mean-field theory.
type Mode struct {
	Visible, Hidden []float32 // means of the numbers that a Batch stores: of bits the probabilities to be on
	Bound           float64   // variational bound L ≤ log Z of the independent units with these means, in nats
	Starts          int       // number of starts that led here
	LogZ            LogZ      // log Z_k by AIS; −Inf before AIS, and where none of its chains ended in the mode

	// oneChain is the logarithm of what one chain of AIS adds to Z in the mean, where chains with most of the weight left
	// the mode: as much of Z_k may have been missed by chance, which the spread of the others can't tell.
	oneChain float64
}

// MostModes is the largest number of modes that are listed. Labels of modes fit a byte, and AIS from each costs time.
const MostModes = 64

// sameMode is the squared distance Σ (μ − μ′)² over both layers below which two fixed points are the same mode. A
// single unit whose means differ by 1/2 makes two modes.
const sameMode = 0.25

// NewModes returns the modes of a model before any search: none. The model must not change afterwards. NewModes panics
// where [CheckModes] returns an error.
func NewModes(model *rbm.Model, on *compute.Context) *Modes {
	return &Modes{model: model, field: newMeanField(model, on), most: mostKept(model), together: together(model)}
}

// EndSearch gives memory for searches back, of the size of W. All but Search can go on.
func (s *Modes) EndSearch() { s.field.end() }

// SearchKinds times count is more than the starts of a [Modes.Search] with count rows of known: 5·count, and one column
// more where count is odd. Who pays for a search in advance counts with that.
const SearchKinds = 6

// Search looks for modes by mean-field iterations from count starts of each of four kinds: fair coins in the visible
// layer; fair coins in the hidden layer (of other units what they are without biases); independent units with the
// model's visible biases; and the signs of a column of W, the units with w_ij > 0 on or those with w_ij < 0, and each
// site in the state of the largest or of the least w. Each search takes the columns after those of the search before,
// in falling order of their norms, until none is left. The rows of known, such as data or states of chains, are starts
// too.
//
// List then has the MostModes modes with the largest bounds, and [Modes.Jumps] go to more. The error is that of ctx.
func (s *Modes) Search(ctx context.Context, count int, known rbm.Batch, key rng.Key) error {
	starts := slices.Concat(
		unpack(RandomStarts(s.model, 2*count, key)), s.fromHidden(count, key), s.fromColumns(count), unpack(known))
	return s.add(ctx, starts)
}

// unpack returns the stored numbers of v, row after row: of bits 0 and 1.
func unpack(v rbm.Batch) []float32 {
	x := make([]float32, v.Rows()*v.Units())
	for r := range v.Rows() {
		for i := range v.On(r) {
			x[r*v.Units()+i] = 1
		}
		copy(x[r*v.Units()+v.Bits():], v.Reals(r))
	}
	return x
}

// fromHidden returns visible means given hidden units without biases and weights: of bits σ(b + W h) given fair coins
// h.
func (s *Modes) fromHidden(count int, key rng.Key) []float32 {
	h := s.model.Hidden.NewBatch(count)
	withoutBiases(s.model.Hidden).Sample(h, nil, key.Stream(rng.StreamHidden), 0, 0)
	v := make([]float32, count*s.model.M())
	s.field.visibleMeans(v, unpack(h), count)
	return v
}

// SearchColumns is a search from the signs of every column of W.
func (s *Modes) SearchColumns(ctx context.Context) error {
	return s.add(ctx, s.fromColumns(2*s.model.N()))
}

// fromColumns returns the patterns of columns of W by falling norm, with both signs of each. A search goes on at the
// column where the search before ended, as a pattern leads to the same fixed point each time, until none is left.
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
	starts, columns := make([]float32, 0, count*m), min(n-s.columns, (count+1)/2)
	for k := range columns {
		j := order[s.columns+k]
		for _, sign := range []float32{1, -1} {
			for i := range m {
				on := float32(0)
				if sign*s.field.w[i*n+j] > 0 {
					on = 1
				}
				starts = append(starts, on)
			}
			pattern := starts[len(starts)-m:]
			for _, site := range s.field.sites {
				largest := 0
				for a := range site.States {
					pattern[site.First+a] = 0
					if sign*s.field.w[(site.First+a)*n+j] > sign*s.field.w[(site.First+largest)*n+j] {
						largest = a
					}
				}
				pattern[site.First+largest] = 1
			}
		}
	}
	s.columns += columns
	return starts
}

// searchBytes bounds the memory of starts that are iterated together. A start takes startBytes for each unit: means
// before and after an iteration, and the fixed point.
const (
	searchBytes = 256 << 20
	startBytes  = 16
)

// mostKept is the number of fixed points that are kept: MostJumps, but fewer of the largest models, whose means take no
// more than keptBytes, and as many as are listed at least.
func mostKept(model *rbm.Model) int {
	return min(max(MostModes, keptBytes/(numberBytes*(model.M()+model.N()))), MostJumps)
}

const (
	keptBytes   = 64 << 20
	numberBytes = 4 // of a mean
)

// together is the number of starts that are iterated together: all of them, but in the largest models.
func together(model *rbm.Model) int { return max(1, searchBytes/(startBytes*(model.M()+model.N()))) }

// add iterates mean-field theory from starts v, which it overwrites, and adds the fixed points.
func (s *Modes) add(ctx context.Context, v []float32) error {
	for part := range slices.Chunk(v, s.together*s.field.m) {
		if err := s.addTogether(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *Modes) addTogether(ctx context.Context, v []float32) error {
	points, err := s.field.iterate(ctx, v)
	if err != nil {
		return err
	}
	known := len(s.all)
	for r := range len(v) / s.field.m {
		visible, hidden := points.visible(r), points.hidden(r)
		s.Iterations += points.iterations(r)
		k := slices.IndexFunc(s.all, func(o Mode) bool {
			d := squareDistance(o.Visible, visible, sameMode)
			if !s.field.hiddenBits() { // of any scale; they follow from the visible means
				return d < sameMode
			}
			return d < sameMode && d+squareDistance(o.Hidden, hidden, sameMode) < sameMode
		})
		if k < 0 {
			k = len(s.all)
			none := math.Inf(-1)
			s.all = append(s.all, Mode{slices.Clone(visible), slices.Clone(hidden), 0, 0, LogZ{Value: none}, none})
			s.Found++
		}
		s.all[k].Starts++
	}
	found := s.all[known:]
	bounds := make([]float64, len(found))
	s.field.all.Each(bounds, func(k int) float64 { return s.field.bound(found[k].Visible) })
	for k, bound := range bounds {
		found[k].Bound = bound
	}
	slices.SortStableFunc(s.all, func(a, b Mode) int { return cmp.Compare(b.Bound, a.Bound) })
	kept := min(len(s.all), s.most)
	clear(s.all[kept:]) // of means, which may be large
	s.all = s.all[:kept]
	s.List = s.all[:min(kept, MostModes)]
	s.cells = nil
	return nil
}

// cellsOn returns those of the listed modes in a context.
func (s *Modes) cellsOn(on *compute.Context) *Cells {
	if s.cells != nil && on == s.field.all {
		return s.cells
	}
	var means []float32
	for _, mode := range s.List {
		means = append(means, mode.Visible...)
	}
	c := NewCells(s.model.Visible, means, on)
	if on == s.field.all {
		s.cells = c
	}
	return c
}

// Labels writes k(v) of each row of v, as a place in List, to dst. It panics before the first [Modes.Search].
func (s *Modes) Labels(dst []int, v rbm.Batch) {
	s.cellsOn(s.field.all).Labels(dst, v)
}

// AIS estimates log Z_k of each of a list of modes by annealed importance sampling with count chains in a number of steps,
// on the straight line from the mode's own independent units to the model. The means of the mode are a fixed point all
// along that line. List[k].LogZ has the result with the error of [WeightedChains.LogZIn], by the random numbers of key(k).
// The conditionals are those of the model; processes of a group divide the modes, and then make their own unless these
// are of [compute.Context.Alone]. report, which may be nil, is called with the chain steps since the last call. The error
// is that of ctx.
func (s *Modes) AIS(
	ctx context.Context, list []int, count, steps int, c *rbm.Conditionals, key func(k int) rng.Key, report func(chainSteps int),
) error {
	if len(list) == 0 {
		return nil
	}
	on, reported := s.field.on, 0
	if c.Compute() != on {
		c = rbm.NewConditionals(s.model, on)
	}
	cells := s.cellsOn(on)
	shares := make([]float64, numbersOfShare*len(list))
	s.field.all.Divide(shares, len(list), func(from, to int) {
		for at := from; at < to; at++ {
			k := list[at]
			z, oneChain, err := s.anneal(ctx, k, count, steps, rbm.NewLine(s.base(k), s.model, c), cells, key(k))
			if err != nil { // the share stays as it is, which tells all processes
				return
			}
			copy(shares[numbersOfShare*at:], []float64{1, z.Value, z.Stderr, z.ESS, oneChain})
			if report != nil {
				done := len(list) * (at + 1 - from) / (to - from)
				report((done - reported) * count * steps)
				reported = done
			}
		}
	})
	if report != nil && reported < len(list) { // a process without modes counts the same, as budgets go by it
		report((len(list) - reported) * count * steps)
	}
	for at, k := range list {
		share := shares[numbersOfShare*at:]
		if share[0] == 0 {
			return cmp.Or(ctx.Err(), context.Canceled)
		}
		s.List[k].LogZ, s.List[k].oneChain = LogZ{share[1], share[2], share[3]}, share[4]
	}
	return nil
}

// numbersOfShare is how many numbers AIS from a mode has: 1 where it was not cancelled, LogZ and oneChain.
const numbersOfShare = 5

// base returns the independent units of mode k.
func (s *Modes) base(k int) *rbm.Model {
	base := IndependentAt(s.model, s.List[k].Visible)
	base.Hidden.SetMoments(wide(s.List[k].Hidden), nil)
	return base
}

// anneal is AIS from one mode along a line.
func (s *Modes) anneal(
	ctx context.Context, k, count, steps int, line *rbm.Line, cells *Cells, key rng.Key,
) (z LogZ, oneChain float64, err error) {
	chains, _, err := AIS(ctx, line, Even(steps), count, key, nil)
	if err != nil {
		return LogZ{}, 0, err
	}
	labels := make([]int, count)
	cells.Labels(labels, chains.Chains.Visible)
	z, oneChain = chains.LogZIn(func(r int) bool { return labels[r] == k }), math.Inf(-1)
	if whole := chains.LogZ().Value; z.Value < whole-math.Ln2 {
		oneChain = whole - math.Log(float64(count))
	}
	return z, oneChain, nil
}

// ModeChains is the number of chains of AIS from a mode that may have a share of Z.
const ModeChains = 40

// Measure spends the part screening of its chain steps on a first look at each new mode, by screenChains. The rest goes
// to modes that may have smallestShare of Z or more, by ModeChains. AIS from a mode is the straight way within that
// mode: a few chains in short runs tell whether the mode matters (docs/decisions/0069).
const (
	screening     = 0.25
	screenChains  = 16
	fewestSteps   = 8 // of a chain
	smallestShare = 1e-4
)

// Measure estimates the shares of the modes by [Modes.AIS] with about budget chain steps in all, and at most steps for
// a chain: first of the modes that have no estimate yet, and then of any that may have 10⁻⁴ of Z. report, which may
// be nil, is called with the chain steps of each AIS. The error is that of ctx.
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

// measure estimates the shares of the modes for which of is true, with about budget chain steps in all.
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
	return s.AIS(ctx, list, chains, steps, c, func(k int) rng.Key { return key.Stream(rng.Stream(k)) }, report)
}

// Shares returns log Z_k of all modes by weighted chains of the model, each with the error of [WeightedChains.LogZIn].
func (s *Modes) Shares(p *WeightedChains) []LogZ { return p.LogZOf(s, len(s.List)) }

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, x := range x {
		y[i] = float64(x)
	}
	return y
}

// LogZ returns log Σ_k Z_k over the shares that AIS has estimated: a lower bound of log Z in probability.
func (s *Modes) LogZ() LogZ {
	var parts []LogZ
	for _, mode := range s.List {
		parts = append(parts, mode.LogZ)
	}
	return SumLogZ(parts...)
}
