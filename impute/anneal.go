package impute

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// The size of the annealing of a row. Independent batches of chains tell the error.
const (
	batches    = 16
	perBatch   = 8    // chains
	firstSteps = 32   // of AIS; twice as many as long as the error is above enough,
	mostSteps  = 4096 // and at most
	enough     = 0.1  // nats
	sweeps     = 16   // at the model, over which means are taken, and between draws
)

// A batch is one of the independent estimates of a row.
type batch struct {
	logZ           float64
	means, squares []float64 // of the free units
	hidden         []float64 // means of the hidden units, where they are wanted
	chains         *sample.WeightedChains
}

// anneal estimates by AIS.
func (row *Row) anneal(ctx context.Context, on *compute.Context, model *rbm.Model, o Options, key rng.Key) (rbm.Batch, error) {
	line := rbm.NewLine(independent(model), model, rbm.NewConditionals(model, on))
	var list [batches]batch
	most := cmp.Or(o.Steps, mostSteps)
	for steps := firstSteps; ; steps *= 2 { // until the error is small enough
		for b := range list {
			chains, _, err := sample.AIS(ctx, line, sample.Even(steps), perBatch, key.Stream(rng.Stream(b)), nil)
			if err != nil {
				return rbm.Batch{}, err
			}
			list[b] = batch{logZ: chains.LogZ().Value, chains: chains}
		}
		row.LogKnown, row.Stderr = logMean(&list)
		if row.Stderr <= enough || 2*steps > most {
			break
		}
	}
	conditionals := rbm.NewConditionals(model, on)
	draws := pick(&list, row.LogKnown, model, conditionals, o.Draws, key)
	var other missed
	if o.Judge || o.Rhat {
		var err error
		if other, err = row.judge(ctx, &list, model, on, key); err != nil {
			return rbm.Batch{}, err
		}
	}
	if !o.LogOnly || o.Rhat {
		for b := range list {
			list[b].average(conditionals, model, o.Hidden)
		}
		row.average(&list, model.Visible.NewBatch(0).Bits())
		if o.Rhat {
			row.setRhat(other)
		}
		if o.Hidden {
			row.Hidden, row.HiddenErrors = weighted(&list, model.N(), func(b, j int) float64 { return list[b].hidden[j] })
		}
	}
	return draws, nil
}

// independent is the base of the line to a model: independent units whose means are halfway between its mean field and ½,
// or 1/q for the states of sites, so that other modes are not beyond reach.
func independent(model *rbm.Model) *rbm.Model {
	m, n := model.M(), model.N()
	base := sample.IndependentModel(model)
	v, h, inputs := make([]float32, m), make([]float32, n), make([]float32, n)
	for range 5 {
		model.Hidden.Mean(h, inputs)
		clear(v)
		clear(inputs)
		for i := range m {
			for j, w := range model.W[i*n : (i+1)*n] {
				v[i] += w * h[j]
			}
		}
		model.Visible.Mean(v, v)
		for i := range m {
			for j, w := range model.W[i*n : (i+1)*n] {
				inputs[j] += w * v[i]
			}
		}
	}
	const sure = 0.5 // with 0.9, chains of 32 steps miss modes of 15 % of Z
	scale, offset := model.Visible.Line()
	means, bits := make([]float64, m), model.Visible.NewBatch(0).Bits()
	for i, x := range v {
		if means[i] = (float64(x) - offset) / scale; i < bits {
			means[i] = sure*means[i] + (1-sure)/2
		}
	}
	for _, s := range rbm.SitesOf(model.Visible) {
		for i := s.First; i < s.First+s.States; i++ {
			means[i] += (1 - sure) * (1/float64(s.States) - 0.5)
		}
	}
	base.SetMoments(means, nil)
	return base
}

// logMean is the logarithm of the mean of e^(log Z) over the batches, and its standard error by the jackknife.
func logMean(list *[batches]batch) (value, stderr float64) {
	z := make([]float64, batches)
	for b := range list {
		z[b] = list[b].logZ
	}
	value = floats.LogSumExp(z) - math.Log(batches)
	without := make([]float64, batches)
	for b := range without {
		without[b] = floats.LogSumExp(slices.Delete(slices.Clone(z), b, b+1)) - math.Log(batches-1)
	}
	return value, diag.JackknifeError(value, without)
}

// weightsOf are the parts of the batches in the sum of their Z, without one of them, or −1 for none.
func weightsOf(list *[batches]batch, without int) (weights [batches]float64) {
	largest, total := math.Inf(-1), 0.0
	for b := range list {
		if b != without {
			largest = max(largest, list[b].logZ)
		}
	}
	for b := range list {
		if b != without {
			weights[b] = math.Exp(list[b].logZ - largest)
			total += weights[b]
		}
	}
	for b := range weights {
		weights[b] /= total
	}
	return weights
}

// average takes the means of the batch over some sweeps: of ⟨v|h⟩, of v² for deviations of real numbers, and of ⟨h|v⟩.
func (b *batch) average(conditionals *rbm.Conditionals, model *rbm.Model, hidden bool) {
	c, m, n := b.chains.Chains, model.M(), model.N()
	rows, largest, total := c.Visible.Rows(), slices.Max(b.chains.LogWeights), 0.0
	b.means, b.squares = make([]float64, m), make([]float64, m)
	p, q := make([]float32, rows*m), []float32(nil)
	if hidden {
		b.hidden, q = make([]float64, n), make([]float32, rows*n)
	}
	scale, offset := model.Hidden.Line()
	for range sweeps {
		c.Sweep(conditionals, 1)
		conditionals.VisibleProbs(p, c.Hidden)
		if hidden {
			conditionals.HiddenProbs(q, c.Visible)
		}
		for r := range rows {
			w := math.Exp(b.chains.LogWeights[r] - largest)
			total += w
			for i := range m {
				b.means[i] += float64(w * float64(p[r*m+i]))
			}
			for j := range b.hidden {
				b.hidden[j] += float64(w * (float64(scale*float64(q[r*n+j])) + offset))
			}
			for k, x := range c.Visible.Reals(r) {
				b.squares[c.Visible.Bits()+k] += float64(w * float64(x) * float64(x))
			}
		}
	}
	for i := range m {
		b.means[i] /= total
		b.squares[i] /= total
	}
	for j := range b.hidden {
		b.hidden[j] /= total
	}
}

// weighted takes the means of numbers over the batches, each with its Z as weight, and their standard errors by the
// jackknife.
func weighted(list *[batches]batch, count int, of func(b, k int) float64) (means, errors []float64) {
	all := weightsOf(list, -1)
	var rest [batches][batches]float64
	for b := range rest {
		rest[b] = weightsOf(list, b)
	}
	mean := func(weights *[batches]float64, k int) (mean float64) {
		for b, w := range weights {
			mean += float64(w * of(b, k))
		}
		return mean
	}
	means, errors = make([]float64, count), make([]float64, count)
	without := make([]float64, batches)
	for k := range count {
		for b := range without {
			without[b] = mean(&rest[b], k)
		}
		means[k] = mean(&all, k)
		errors[k] = diag.JackknifeError(means[k], without)
	}
	return means, errors
}

// average takes the means of the row over the batches. The first units are bits.
func (row *Row) average(list *[batches]batch, bits int) {
	row.Means, row.Errors = weighted(list, len(row.Missing), func(b, i int) float64 { return list[b].means[i] })
	squares, _ := weighted(list, len(row.Missing), func(b, i int) float64 { return list[b].squares[i] })
	row.Deviations = make([]float64, len(row.Missing))
	for i, mean := range row.Means {
		variance := mean * (1 - mean)
		if i >= bits {
			variance = squares[i] - mean*mean
		}
		row.Deviations[i] = math.Sqrt(max(0, variance))
	}
}

// pick draws states of the chains: a batch in proportion to its Z, and a chain of it in proportion to its weight. Sweeps
// of their own take draws of the same state apart.
func pick(
	list *[batches]batch, logMean float64, model *rbm.Model, conditionals *rbm.Conditionals, draws int, key rng.Key,
) rbm.Batch {
	v := list[0].chains.Chains.Visible.Like(draws)
	if draws == 0 {
		return v
	}
	source := rng.NewSource(key.Stream(rng.StreamDraw), 0)
	for k := range draws {
		b := inverse(source.Float64(), batches, func(b int) float64 { return list[b].logZ - logMean })
		weights := list[b].chains.LogWeights
		r := inverse(source.Float64(), perBatch, func(r int) float64 { return weights[r] })
		v.Slice(k, k+1).Copy(list[b].chains.Chains.Visible.Slice(r, r+1))
	}
	apart := sample.NewChains(v, model.Hidden, key.Stream(rng.StreamRestart))
	apart.Sweep(conditionals, sweeps)
	return apart.Visible
}

// inverse is the inverse of the distribution function of the weights e^log(k), k = 0, …, count−1.
func inverse(u float64, count int, log func(k int) float64) int {
	largest, total := math.Inf(-1), 0.0
	for k := range count {
		largest = max(largest, log(k))
	}
	for k := range count {
		total += math.Exp(log(k) - largest)
	}
	for k := range count {
		if u -= math.Exp(log(k)-largest) / total; u < 0 {
			return k
		}
	}
	return count - 1
}
