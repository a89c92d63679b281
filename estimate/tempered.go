package estimate

import (
	"context"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

const (
	replicaSets = 50 // of tempering
	groups      = 10 // of replica sets, for the errors of shares
	visitsApart = 4  // rounds between two looks at the modes that states are in
	fewestWorks = 50 // of each pair of temperatures and group of replica sets, for the acceptance ratios
)

// tempered estimates log Z from the exchanges of parallel tempering in about chainSteps chain steps, a third of them as
// burn-in, by [sample.Bennett]. All replicas of a set begin at its row of starts.
//
// by are log Z_k of the modes and regions by the states at the model, with errors by the same groups. states are the
// last of them.
func (e *estimator) tempered(ctx context.Context, starts rbm.Batch, chainSteps int64, key rng.Key) (
	z sample.LogZ, by seen, states rbm.Batch, err error,
) {
	t := sample.NewTempering(e.line(), starts, sample.FirstTemperatures, key)
	t.Jumps, t.JumpEvery = e.jumps, sample.JumpRounds
	end := e.done + chainSteps
	round := func() error {
		t.Round()
		e.report(t.ChainSteps())
		return ctx.Err()
	}
	for part := int64(12); part >= 3; part /= 2 { // spread after a twelfth, a sixth and a third
		for e.done < end-chainSteps+chainSteps/part {
			if err := round(); err != nil {
				return z, by, states, err
			}
		}
		t.Respace(sample.MaxTemperatures)
	}
	ratios := sample.NewBennett(t)
	var modes, regions visits
	if e.modes != nil {
		modes = newVisits(e.modes, len(e.modes.List))
	}
	if e.regions != nil {
		regions = newVisits(e.regions.cells, len(e.regions.list))
	}
	rounds := 0
	for e.done < end || ratios.Works() < fewestWorks {
		if err := round(); err != nil {
			return z, by, states, err
		}
		if rounds++; rounds%visitsApart == 0 {
			modes.count(t.Visible())
			regions.count(t.Visible())
		}
	}
	z = ratios.LogZ()
	return z, seen{modes.shares(z), regions.shares(z)}, t.Visible(), nil
}

// visits counts the states at the model in each part of a partition, by group of replica sets.
type visits struct {
	of     sample.Partition // nil where there is none
	counts [][groups]float64
	labels []int
}

func newVisits(of sample.Partition, parts int) visits {
	return visits{of, make([][groups]float64, parts), make([]int, replicaSets)}
}

func (v *visits) count(states rbm.Batch) {
	if v.of == nil {
		return
	}
	v.of.Labels(v.labels, states)
	for r, k := range v.labels {
		v.counts[k][r*groups/replicaSets]++
	}
}

// shares returns log Z_k = log Z + log(fraction of the states in part k). The errors are the spread of the parts over
// groups.
func (v *visits) shares(z sample.LogZ) []sample.LogZ {
	all := 0.0
	for _, of := range v.counts {
		for _, n := range of {
			all += n / groups // states of a group
		}
	}
	shares := make([]sample.LogZ, len(v.counts))
	for k, of := range v.counts {
		part, squares := 0.0, 0.0
		for _, n := range of {
			part += n / all / groups
		}
		for _, n := range of {
			squares += (n/all - part) * (n/all - part)
		}
		shares[k] = sample.LogZ{Value: math.Inf(-1)}
		if part > 0 {
			error := math.Sqrt(squares/(groups*(groups-1))) / part
			shares[k] = sample.LogZ{Value: z.Value + math.Log(part), Stderr: math.Hypot(z.Stderr, error)}
		}
	}
	return shares
}
