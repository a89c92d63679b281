package exact

import (
	"context"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// enumeration describes the sum for a [kernel.Enumerator]. The model must have no steep units, and a low group of
// lowUnits.
func (s *sum) enumeration() *kernel.Enumeration {
	e := &kernel.Enumeration{
		Units: s.m, High: s.p.C[s.low:], Table: s.table, Most: s.most, Flip: s.flip, Unflip: s.unflip, Cuts: s.cuts, Constant: s.p.Offset,
		Parts: len(s.part), Stretch: min(refresh, s.outer()/len(s.part)),
		Start: func(a []float64, index uint64) { s.startAt(a, index^index>>1) },
	}
	for _, b := range s.bias {
		e.BiasMantissa, e.BiasExponent = append(e.BiasMantissa, b.mantissa), append(e.BiasExponent, b.exponent)
	}
	return e
}

// enumerate sums the parts of Z by weights that e computes.
func (s *sum) enumerate(ctx context.Context, o Options, e kernel.Enumerator, of *kernel.Enumeration) error {
	totals := make([]*logSum, len(s.part))
	for part := range totals {
		totals[part] = newLogSum()
	}
	progress := s.progress(o, 1, 0)
	err := e.Enumerate(ctx, s.compute, of, func(part int, weights []kernel.Weight) {
		for _, w := range weights {
			totals[part].add(w.Scale, w.Sum)
		}
		progress(len(weights))
	})
	for part, total := range totals {
		s.part[part] = total.log()
	}
	return err
}
