package exact

import (
	"context"
	"fmt"
	"math"
	"time"

	"harmonium/compute"
	"harmonium/rbm"
)

// Options are the same for every sum.
type Options struct {
	Compute  *compute.Context         // nil means the default; results don't depend on it
	Progress func(done, total uint64) // states so far and in all, called from any goroutine, one call at a time; may be nil
}

// mostUnits is the number of units of the smaller layer above which enumeration is refused.
const mostUnits = 34

// unitRate is how many units of the larger layer, in how many states, one core with AVX-512 sums a second
// (docs/performance.md). It only serves to tell how long something refused would take.
const unitRate = 2e10

// Cost is the number of elementary steps of one sum over all states, 2^min(m,n) · max(m,n) for bits. It is +Inf where
// no layer can be enumerated.
func Cost(model *rbm.Model) float64 {
	m, n := model.M(), model.N()
	if model.CheckBits() == nil {
		return math.Exp2(float64(min(m, n))) * float64(max(m, n))
	}
	layer, hidden := enumerable(model)
	switch {
	case layer == nil:
		return math.Inf(1)
	case hidden:
		return layerCost * layer.Configurations() * float64(m)
	}
	return layerCost * layer.Configurations() * float64(n)
}

// Memory is about how many bytes a sum takes beside the model: its copies and weights in float64, and for each unit of the larger layer the
// table of the low group's states and two factors for each unit of the smaller one.
func Memory(model *rbm.Model) float64 {
	m, n := float64(model.M()), float64(model.N())
	if model.CheckBits() != nil {
		return 32*m*n + parts*blockConfigurations*8*(m+n)
	}
	return 32*m*n + 8*max(m, n)*(tableStates+2*min(m, n))
}

// Feasible returns nil if a model can be enumerated. Else the error says why not: the smaller layer has more than 34 units, and how long
// the sum would take. For other units than bits one of the layers must be of bits or categorical sites, with at most 2^24
// configurations.
func Feasible(model *rbm.Model) error {
	if model.CheckBits() != nil {
		return feasibleLayers(model)
	}
	if k := min(model.M(), model.N()); k > mostUnits {
		return fmt.Errorf("enumeration of 2^%d states is refused: it would take about %s on one core; the limit is 2^%d states, "+
			"so at most %[3]d units in the smaller layer", k, duration(Cost(model)/unitRate), mostUnits)
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

// LogZ returns the logarithm of the partition function Z = Σ_{v,h} e^(−E(v,h)). Errors: that of [Feasible], energies beyond 10^15, or
// ctx is cancelled.
func LogZ(ctx context.Context, model *rbm.Model, o Options) (float64, error) {
	if model.CheckBits() != nil {
		s, err := newLayerSum(ctx, model, o)
		if err != nil {
			return 0, err
		}
		return s.logZ, nil
	}
	s, err := newSum(ctx, model, o)
	if err != nil {
		return 0, err
	}
	return s.logZ, nil
}

// LogProb returns log P(v) = −F(v) − log Z of each row.
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

// maxTable is the number of visible units up to which all 2^m configurations are tabulated.
const maxTable = 26

// Distribution returns P(v) of all 2^m visible configurations; bit i of the index is unit i. Models of more than 26 visible
// units are refused.
func Distribution(ctx context.Context, model *rbm.Model, o Options) ([]float64, error) {
	m := model.M()
	if err := model.CheckBits(); err != nil {
		return nil, fmt.Errorf("a table of probabilities of %w", err)
	}
	if m > maxTable {
		return nil, fmt.Errorf("a table of 2^%d probabilities is refused: the limit is 2^%d", m, maxTable)
	}
	logs, err := LogProb(ctx, model, rbm.AllStates(m), o)
	for a, x := range logs {
		logs[a] = math.Exp(x)
	}
	return logs, err
}
