package exact

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Options are the same for every sum.
type Options struct {
	Compute  *compute.Context         // nil means the default; results don't depend on it
	Progress func(done, total uint64) // states so far and in all, called from any goroutine, one call at a time; may be nil
}

// mostUnits is the number of units of the smaller layer above which enumeration is refused.
const mostUnits = 34

// mostLogZUnits is that number for log Z alone, which can go on where it was interrupted.
const mostLogZUnits = 40

// unitRate is how many units of the larger layer, in how many states, one core with AVX-512 sums a second
// (docs/performance.md). It only serves to tell how long something refused would take.
const unitRate = 2e10

// Cost is the number of elementary steps of one sum over all states: 2^min(m,n) · max(m,n) for bits, of which units
// with inputs beyond ±600 count 125 times. Of other pairs of layers it is what takes as long; +Inf where neither layer
// can be enumerated.
func Cost(model *rbm.Model) float64 {
	switch {
	case model.CheckBits() == nil && min(model.M(), model.N()) <= mostUnits:
		return turned(model).cost()
	case model.CheckBits() == nil:
		return bitCost(model.M(), model.N())
	case isGaussian(model):
		return gaussianCost(model.M(), model.N())
	}
	return cheaper(model).cost
}

func bitCost(m, n int) float64 { return math.Exp2(float64(min(m, n))) * float64(max(m, n)) }

// Memory is about how many bytes a sum takes beside the model: its copies and weights in float64, and for each unit of
// the larger layer the table of the low group's states and two factors for each unit of the smaller one. Of other pairs
// than bits it is weights and averages in float64 and blocks of configurations, or matrices of the smaller layer.
func Memory(model *rbm.Model) float64 {
	m, n := float64(model.M()), float64(model.N())
	switch {
	case model.CheckBits() == nil:
		return 32*m*n + 8*max(m, n)*(tableStates+2*min(m, n))
	case isGaussian(model):
		return 24*m*n + 32*min(m, n)*min(m, n)
	}
	const blocks = 32 // on as many workers
	s := cheaper(model)
	summed := m
	if s.visible {
		summed = n
	}
	return 8*m*n*(1+min(parts, math.Ceil(s.configurations/blockRows))) + 12*blockRows*blocks*summed
}

// Feasible returns nil if log Z can be had exactly:
//
//   - of pairs of bits by a sum over the smaller layer, of at most 34 units;
//   - of pairs of which one layer has at most 2^24 configurations, by a sum over these ([rbm.Finite]), whatever the
//     other one is: it may be of real numbers;
//   - of two Gaussian layers by a determinant. Weights that are too large for it, as Z is infinite, are an error of the
//     functions that need Z.
//
// Else the error says why not, and how long the sum would take.
func Feasible(model *rbm.Model) error { return feasible(model, mostUnits) }

// FeasibleLogZ is [Feasible] of [LogZ] alone, which sums over up to 40 units of bits, for hours.
func FeasibleLogZ(model *rbm.Model) error { return feasible(model, mostLogZUnits) }

func feasible(model *rbm.Model, most int) error {
	switch {
	case model.CheckBits() == nil:
	case isGaussian(model):
		if k := min(model.M(), model.N()); k > mostGaussian {
			return fmt.Errorf("the determinant of %d×%[1]d numbers is refused: it would take about %s on one core; the limit is %d units "+
				"in the smaller layer", k, duration(gaussianCost(model.M(), model.N())/unitRate), mostGaussian)
		}
		return nil
	default:
		return cheaper(model).feasible(model)
	}
	if k := min(model.M(), model.N()); k > most {
		return fmt.Errorf("enumeration of 2^%d states is refused: it would take about %s on one core; the limit is 2^%d states, "+
			"so at most %[3]d units in the smaller layer", k, duration(bitCost(model.M(), model.N())/unitRate), most)
	}
	return nil
}

func duration(seconds float64) string {
	const year = 365.25 * 24 * 3600
	if seconds > year {
		return fmt.Sprintf("%.2g years", seconds/year)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// LogZ returns the logarithm of the partition function Z = Σ_{v,h} e^(−E(v,h)), with an integral in place of the sum
// over real numbers. Errors: that of [FeasibleLogZ], energies beyond 10^15, an infinite Z, or ctx is cancelled.
func LogZ(ctx context.Context, model *rbm.Model, o Options) (float64, error) {
	if isGaussian(model) {
		g, err := newGaussian(model)
		if err != nil {
			return 0, err
		}
		return g.logZ, nil
	}
	if model.CheckBits() != nil {
		l, err := newLayers(ctx, model, o)
		if err != nil {
			return 0, err
		}
		return l.logZ, nil
	}
	s, err := newSum(ctx, model, o, mostLogZUnits)
	if err != nil {
		return 0, err
	}
	return s.logZ, nil
}

// LogProb returns log P(v) = −F(v) − log Z of each row: of real numbers the logarithm of a density. F is
// [rbm.Model.FreeEnergy], which has the precision of float64 for bits, and of float32 inputs for other kinds: 10^−7 of
// an input times its unit's mean.
func LogProb(ctx context.Context, model *rbm.Model, v rbm.Batch, o Options) ([]float64, error) {
	logZ, err := LogZ(ctx, model, o)
	if err != nil {
		return nil, err
	}
	return normalised(model.FreeEnergy(v), logZ), nil
}

// LogProbHidden returns log P(h) = −F(h) − log Z of each row: [LogProb] with the layers exchanged.
func LogProbHidden(ctx context.Context, model *rbm.Model, h rbm.Batch, o Options) ([]float64, error) {
	return LogProb(ctx, model.Transpose(), h, o)
}

func normalised(free []float64, logZ float64) []float64 {
	for r, f := range free {
		free[r] = -f - logZ
	}
	return free
}

// maxTable is log2 of the number of visible configurations up to which all are tabulated.
const maxTable = 26

// Distribution returns P(v) of all visible configurations. Models with more than 2^26 of them are refused, and real
// numbers. The index is the number that [rbm.Finite] has for a configuration: of bits, bit i of it is unit i.
func Distribution(ctx context.Context, model *rbm.Model, o Options) ([]float64, error) {
	layer, err := tabulated(model)
	if err != nil {
		return nil, err
	}
	v := layer.NewBatch(int(layer.Configurations()))
	for r := range v.Rows() {
		layer.Configure(v, r, uint64(r))
	}
	logs, err := LogProb(ctx, model, v, o)
	for a, x := range logs {
		logs[a] = math.Exp(x)
	}
	return logs, err
}

// tabulated returns the visible layer as one whose configurations can be tabulated.
func tabulated(model *rbm.Model) (rbm.Finite, error) {
	layer, ok := rbm.AsFinite(model.Visible)
	if !ok {
		return nil, fmt.Errorf("a table of probabilities of %s units is refused: their configurations can't be numbered", model.Visible.Kind())
	}
	if c := layer.Configurations(); c > 1<<maxTable {
		return nil, fmt.Errorf("a table of 2^%.4g probabilities is refused: the limit is 2^%d", math.Log2(c), maxTable)
	}
	return layer, nil
}
