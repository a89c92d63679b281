package exact

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Sums are where an enumeration of log Z stands. The smaller layer's states are in parts of equal size, and
// e^Most[k]·Sum[k] is Z of the first ones of part k: of Done states of the units after the first six, and all states of
// these. Another enumeration of the same model goes on from there to the same log Z, to the bit, on any number of
// processes and workers.
type Sums struct {
	Done      uint64
	Most, Sum []float64
}

// Share is how much of all states of a model the sums are over, from 0 to 1.
func (s *Sums) Share(model *rbm.Model) float64 {
	high := max(0, min(model.M(), model.N())-lowUnits)
	return float64(s.Done) * float64(len(s.Most)) / math.Exp2(float64(high))
}

// roundCost is the number of elementary steps ([Cost]) after which an enumeration says where it stands: 50 s of a core.
const roundCost = 1e12

// LogZFrom is [LogZ] of a pair of bits by an enumeration that may be interrupted: it goes on from sums that an earlier
// one has kept, of the same model, or begins with nil. It calls keep with its sums each 10^12 steps ([Cost]) and at
// its end. An error of keep ends it. It sums by the workers of o alone, not by a device. Where several processes
// divide the work all of them call keep, with the same sums.
func LogZFrom(ctx context.Context, model *rbm.Model, o Options, from *Sums, keep func(*Sums) error) (float64, error) {
	return logZFrom(ctx, model, o, from, keep, roundCost)
}

func logZFrom(ctx context.Context, model *rbm.Model, o Options, from *Sums, keep func(*Sums) error, cost float64) (float64, error) {
	if err := model.CheckBits(); err != nil {
		return 0, fmt.Errorf("only enumerations of bits can go on where they were interrupted: %w", err)
	}
	s, err := prepared(model, o, mostLogZUnits)
	if err != nil {
		return 0, err
	}
	if from == nil {
		from = newSums(len(s.part))
	}
	if err := from.check(len(s.part), s.states()); err != nil {
		return 0, err
	}
	round := refresh * max(1, int(cost/s.cost()*float64(s.states()))/refresh)
	err = s.sumFrom(ctx, o, from, round, keep)
	return s.logZ, err
}

func newSums(parts int) *Sums {
	s := &Sums{Most: make([]float64, parts), Sum: make([]float64, parts)}
	for k := range s.Most {
		s.Most[k] = math.Inf(-1)
	}
	return s
}

// check refuses sums of another shape, or that can't be sums.
func (s *Sums) check(parts, states int) error {
	if len(s.Most) != parts || len(s.Sum) != parts || s.Done > uint64(states) || s.Done < uint64(states) && s.Done%refresh != 0 {
		return fmt.Errorf("sums over %d states of %d and %d parts for an enumeration of %d states of %d parts",
			s.Done, len(s.Most), len(s.Sum), states, parts)
	}
	for k, most := range s.Most {
		begun := math.Abs(most) <= math.MaxFloat64 && s.Sum[k] > 0 && s.Sum[k] <= math.MaxFloat64
		if begun != (s.Done > 0) {
			return fmt.Errorf("the sum of part %d is e^%g·%g", k, most, s.Sum[k])
		}
	}
	return nil
}

// sumFrom adds the states that are left, round after round of as many states of each part, and ends with log Z. Where
// one of several processes is interrupted, all of them are: none has the others' sums of that round then.
func (s *sum) sumFrom(ctx context.Context, o Options, sums *Sums, round int, keep func(*Sums) error) error {
	n := len(s.part)
	from, to := s.compute.Part(n)
	progress := s.progress(o, float64(to-from)/float64(n), int(sums.Done))
	type stand = [3]float64 // of a part: its most and sum, and 1 once they are those of the round's end
	stands := make([]float64, len(stand{})*n)
	for done := int(sums.Done); done < s.states(); {
		clear(stands)
		end := min(done+round, s.states())
		s.compute.Divide(stands, n, func(from, to int) {
			// Whether ctx has interrupted it, the stands say.
			_ = s.walkParts(ctx, span{from, to, done, end}, progress, func(part int) visitor {
				total := &logSum{sums.Most[part], sums.Sum[part]}
				return visitor{
					visit: func(_ uint64, w weights, _ []float64) { total.add(w.scale, w.sum()) },
					done:  func() { copy(stands[len(stand{})*part:], []float64{total.most, total.sum, 1}) },
				}
			})
		})
		next := newSums(n)
		for part := range n {
			at := (stand)(stands[len(stand{})*part:])
			if at[2] == 0 {
				return cmp.Or(ctx.Err(), context.Canceled)
			}
			next.Most[part], next.Sum[part] = at[0], at[1]
		}
		done, next.Done, sums = end, uint64(end), next
		if keep != nil {
			if err := keep(sums); err != nil {
				return err
			}
		}
	}
	for part := range n {
		s.part[part] = (&logSum{sums.Most[part], sums.Sum[part]}).log()
	}
	s.logZ = logSumExp(s.part)
	return nil
}
