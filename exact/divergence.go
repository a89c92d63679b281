package exact

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// LogLikelihood returns the mean of log P(v) over the rows of v in nats a row, and its standard error as the rows are a
// sample of their source; log Z is exact. weights gives each row's weight; nil means equal ones.
func LogLikelihood(ctx context.Context, model *rbm.Model, v rbm.Batch, weights []float64, o Options) (mean, stderr float64, err error) {
	logs, err := LogProb(ctx, model, v, o)
	if err != nil {
		return 0, 0, err
	}
	mean, stderr = diag.WeightedMean(logs, weights)
	return mean, stderr, nil
}

// KL returns D_KL(P‖P_λ) = Σ_v P(v) log(P(v)/P_λ(v)) ≥ 0 in nats, from a known distribution P over all visible
// configurations, in the order of [Distribution], to the model. It is zero if and only if they are equal.
func KL(ctx context.Context, p []float64, model *rbm.Model, o Options) (float64, error) {
	layer, err := tabulated(model)
	if err != nil {
		return 0, err
	}
	if c := layer.Configurations(); float64(len(p)) != c {
		panic(fmt.Sprintf("exact: KL of %d probabilities from a model of %g visible configurations", len(p), c))
	}
	logZ, err := LogZ(ctx, model, o)
	if err != nil {
		return 0, err
	}
	v, free := layer.NewBatch(1), model.FreeEnergyFunc()
	divergence := 0.0
	for a, p := range p {
		if p > 0 {
			layer.Configure(v, 0, uint64(a))
			divergence += float64(p * (math.Log(p) + free(v)[0] + logZ))
		}
	}
	return divergence, nil
}

// DataKL returns D_KL(P_D‖P_λ) = C_λ − H_D in nats, from the empirical distribution of rows (with their weights, nil
// meaning equal ones) to the model: [KL] without a table, so that rows may have any number of units.
func DataKL(ctx context.Context, model *rbm.Model, v rbm.Batch, weights []float64, o Options) (float64, error) {
	mean, _, err := LogLikelihood(ctx, model, v, weights, o)
	return -mean - Entropy(v, weights), err
}

// Entropy returns H_D = −Σ_v P_D(v) log P_D(v) in nats of the empirical distribution of rows: equal rows count
// together.
func Entropy(v rbm.Batch, weights []float64) float64 {
	order := make([]int, v.Rows())
	for r := range order {
		order[r] = r
	}
	slices.SortStableFunc(order, func(a, b int) int { return v.Compare(a, v, b) })
	total, same, sum := 0.0, 0.0, 0.0
	for k, r := range order {
		w := 1.0
		if weights != nil {
			w = weights[r]
		}
		total += w
		same += w
		if k+1 == len(order) || v.Compare(r, v, order[k+1]) != 0 {
			if same > 0 {
				sum += float64(same * math.Log(same))
			}
			same = 0
		}
	}
	return math.Log(total) - sum/total
}

// ModelEntropy returns −Σ_v P_λ(v) log P_λ(v) in nats, which the mean of −log P(v) over samples of the model comes to,
// for models that have a [Distribution].
func ModelEntropy(ctx context.Context, model *rbm.Model, o Options) (float64, error) {
	p, err := Distribution(ctx, model, o)
	entropy := 0.0
	for _, p := range p {
		if p > 0 {
			entropy -= float64(p * math.Log(p))
		}
	}
	return entropy, err
}
