package sample

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Jumps are moves of chains between modes, by an independence sampler (L. Tierney, Ann. Statist. 22 (1994) 1701) that
// proposes independent units with the means of a mode,
//
//	q(v) = Σ_k a_k Π_i P(v_i|μ_ki).
//
// A state v gives way to v' ~ q with probability min(1, e^(F(v)−F(v')) q(v)/q(v')), which leaves P(v) as it is whatever
// the modes are: the closer q is to the model in a mode, the more often jumps to it are taken. Half of a_k is the same
// for all modes, and half is in proportion to e^(L_k), with the variational bounds L_k.
type Jumps struct {
	// Means are the μ_ki, mode after mode, at least 10⁻³ away from 0 and 1, and Bounds the L_k. They are only read;
	// Reweigh takes over other Bounds.
	Means  []float32
	Bounds []float64

	layer    rbm.Layer
	units    int
	sites    []rbm.Site        // after units that are bits of their own
	observer *rbm.Conditionals // its hidden inputs are log Π_i P(v_i|μ_ki)
	sums     []float64         // Σ_l≤k a_l
	logs     []float32         // log a_k, at least log 1/(2·MostJumps)
	scores   []float32         // scratch
	logQ     []float64         // scratch
}

// MostJumps is the largest number of modes to jump to.
const MostJumps = 400

// JumpRounds is the number of rounds of tempering after which some of its sets jump again where chains are run for samples
// or for log Z. A jump costs about a sweep, so that this is 3 % of the work of 50 sets, and 7 % of that of 20.
const JumpRounds = 3

// FindJumps looks for modes by mean-field iterations from known states and count patterns of each kind
// ([Modes.Search]).
func FindJumps(model *rbm.Model, known rbm.Batch, count int, key rng.Key, on *compute.Context) *Jumps {
	modes := NewModes(model, on)
	_ = modes.Search(context.Background(), count, known, key) // never cancelled
	modes.EndSearch()
	return modes.Jumps()
}

// Jumps are those to all modes that were found, at most MostJumps, and fewer of models of more than 40,000 units.
func (s *Modes) Jumps() *Jumps {
	var means []float32
	var bounds []float64
	for _, mode := range s.all {
		means, bounds = append(means, mode.Visible...), append(bounds, mode.Bound)
	}
	return NewJumps(s.model.Visible, means, bounds, s.field.all)
}

// Samples returns count samples of q.
func (j *Jumps) Samples(count int, key rng.Key) rbm.Batch {
	return j.propose(j.layer.NewBatch(count), key, 0)
}

// Within returns the jumps between the modes whose likeliest configurations are in part k: nil where fewer than two are.
func (j *Jumps) Within(p Partition, k int) *Jumps {
	likeliest, labels := j.layer.NewBatch(len(j.Bounds)), make([]int, len(j.Bounds))
	j.Known().Rows(likeliest, j.layer)
	p.Labels(labels, likeliest)
	var means []float32
	var bounds []float64
	for l, bound := range j.Bounds {
		if labels[l] == k {
			means, bounds = append(means, j.Means[l*j.units:(l+1)*j.units]...), append(bounds, bound)
		}
	}
	if len(bounds) < 2 {
		return nil
	}
	return NewJumps(j.layer, means, bounds, j.observer.Compute())
}

// KnownModes are what a checkpoint holds of Jumps: their Means and Bounds.
type KnownModes struct {
	Means  []float32
	Bounds []float64
}

// Known are the modes.
func (j *Jumps) Known() KnownModes { return KnownModes{j.Means, j.Bounds} }

// Rows writes the configurations of a layer nearest to the modes with the largest bounds, which come first, to the rows
// of v.
func (k KnownModes) Rows(v rbm.Batch, layer rbm.Layer) {
	m, sites := v.Units(), rbm.SitesOf(layer)
	for r := range v.Rows() {
		means := k.Means[r*m : (r+1)*m]
		for i, μ := range means {
			v.SetBit(r, i, μ > 0.5)
		}
		for _, site := range sites {
			states := means[site.First : site.First+site.States]
			likely := slices.Index(states, slices.Max(states))
			for a := range states {
				v.SetBit(r, site.First+a, a == likely)
			}
		}
	}
}

// Check returns an error if a mean is none, or a bound not finite.
func (k KnownModes) Check() error {
	for _, μ := range k.Means {
		if !(μ >= 0 && μ <= 1) {
			return fmt.Errorf("a mode with a mean of %v, want one between 0 and 1", μ)
		}
	}
	for _, bound := range k.Bounds {
		if math.IsNaN(bound) || math.IsInf(bound, 0) {
			return fmt.Errorf("a mode with a bound of %v, want a finite number", bound)
		}
	}
	return nil
}

// NewJumps returns jumps to modes of a visible layer. It panics unless there are as many means for each bound.
func NewJumps(layer rbm.Layer, means []float32, bounds []float64, on *compute.Context) *Jumps {
	units := layer.Units()
	if len(means) != units*len(bounds) {
		panic(fmt.Sprintf("sample: %d means and %d bounds of modes of %d units", len(means), len(bounds), units))
	}
	for i, μ := range means {
		means[i] = min(max(μ, leastMean), 1-leastMean)
	}
	j := &Jumps{Means: means, Bounds: bounds, layer: layer, units: units, sites: rbm.SitesOf(layer), observer: observer(layer, means, on)}
	j.Reweigh()
	return j
}

// With returns jumps to modes of the same layer that were known before too: at most MostJumps in all, and of the largest
// layers no more than either has.
func (j *Jumps) With(before KnownModes) *Jumps {
	most := max(len(j.Bounds), len(before.Bounds), min(MostJumps, keptBytes/(numberBytes*j.units)))
	more := min(len(before.Bounds), most-len(j.Bounds))
	means := slices.Concat(j.Means, before.Means[:more*j.units])
	return NewJumps(j.layer, means, slices.Concat(j.Bounds, before.Bounds[:more]), j.observer.Compute())
}

// Reweigh makes the weights a_k those of the Bounds as they are now. [Jumps.Move] must not run at the same time.
func (j *Jumps) Reweigh() {
	bounds := j.Bounds
	j.sums, j.logs = j.sums[:0], j.logs[:0]
	largest, all, sum := math.Inf(-1), 0.0, 0.0
	for _, bound := range bounds {
		largest = max(largest, bound)
	}
	for _, bound := range bounds {
		all += math.Exp(bound - largest)
	}
	for _, bound := range bounds {
		a := 0.5/float64(len(bounds)) + 0.5*math.Exp(bound-largest)/all
		sum += a
		j.sums, j.logs = append(j.sums, sum), append(j.logs, float32(math.Log(a)))
	}
}

// Move lets each state jump once, for the distribution e^(−F(v)) of free, which writes F of the rows of v, and returns
// the places of the ones that did. Row r has the random numbers at (key, step, r).
func (j *Jumps) Move(states rbm.Batch, free func(dst []float64, v rbm.Batch), key rng.Key, step uint64) []int {
	moved, _, _ := j.move(states, free, key, step)
	return moved
}

// move is Move, and returns F(v) + log q(v) of the states before and of the proposals too.
func (j *Jumps) move(states rbm.Batch, free func(dst []float64, v rbm.Batch), key rng.Key, step uint64) (
	moved []int, ofStates, ofProposals []float64,
) {
	rows := states.Rows()
	if rows == 0 || len(j.Bounds) == 0 {
		return nil, nil, nil
	}
	proposals := j.propose(states, key, step)
	var scores [2][]float64
	for k, v := range []rbm.Batch{states, proposals} {
		scores[k] = make([]float64, rows)
		free(scores[k], v)
		j.AddLogQ(scores[k], v)
	}
	for r := range rows {
		word := key.Block(rng.At(step, uint32(r), 0))[1]
		if math.Log(float64(rng.Uniform(word))) < scores[0][r]-scores[1][r] {
			states.Slice(r, r+1).Copy(proposals.Slice(r, r+1))
			moved = append(moved, r)
		}
	}
	return moved, scores[0], scores[1]
}

// propose returns samples of q, as many as there are states.
func (j *Jumps) propose(states rbm.Batch, key rng.Key, step uint64) rbm.Batch {
	rows, last := states.Rows(), len(j.sums)-1
	modes := rbm.NewBatch(rows, len(j.sums)) // the hidden units of the observer: one is on
	chosen := make([]int, rows)
	for r := range chosen {
		u := float64(rng.Uniform(key.Block(rng.At(step, uint32(r), 0))[0])) * j.sums[last]
		for chosen[r] < last && u >= j.sums[chosen[r]] {
			chosen[r]++
		}
		modes.SetBit(r, chosen[r], true)
	}
	v := states.Like(rows)
	j.observer.SampleVisible(v, modes, key.Stream(rng.StreamJumps), step)
	if len(j.sites) > 0 { // which have one state, and are no bits
		j.observer.Compute().Parallel(rows, func(r int) {
			means := j.Means[chosen[r]*j.units : (chosen[r]+1)*j.units]
			for _, site := range j.sites {
				j.proposeSite(v, r, site, siteMeans(means, site), key, step)
			}
		})
	}
	return v
}

// proposeSite sets a site of row r of v to a state with probabilities p, as Layer.Sample draws it.
func (j *Jumps) proposeSite(v rbm.Batch, r int, site rbm.Site, p []float64, key rng.Key, step uint64) {
	u, chosen := float64(rng.Uniform(key.Block(rng.At(step, uint32(r), uint32(4+site.First)))[site.First%4])), 0
	for a, p := range p {
		v.SetBit(r, site.First+a, false)
		if u >= 0 {
			chosen = a
		}
		u -= p
	}
	v.SetBit(r, site.First+chosen, true)
}

// AddLogQ adds log q(v) of each row of v. There must be modes.
func (j *Jumps) AddLogQ(dst []float64, v rbm.Batch) {
	k, on := len(j.logs), j.observer.Compute()
	if cap(j.logQ) < len(dst) {
		j.scores, j.logQ = make([]float32, len(dst)*k), make([]float64, len(dst))
	}
	scores, logQ := j.scores[:len(dst)*k], j.logQ[:len(dst)]
	j.observer.HiddenInputs(scores, v)
	on.Divide(logQ, len(dst), func(from, to int) {
		some := scores[from*k : to*k]
		on.Alone().AddRow(some, 1, j.logs)
		on.Alone().SumLogSumExp(logQ[from:to], some, []int{k})
	})
	for r, x := range logQ {
		dst[r] += x
	}
}
