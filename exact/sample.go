package exact

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Sample draws count independent configurations (v,h) from P(v,h): the smaller layer from its exact distribution by
// inversion, the other from its conditional; of pairs of other kinds than bits the layer that is enumerated comes
// first. Row r depends on the key and r alone. It sums over all states twice.
func Sample(ctx context.Context, model *rbm.Model, count int, key rng.Key, o Options) (v, h rbm.Batch, err error) {
	drawn, visible, err := sampleSmaller(ctx, model, count, key, o)
	if err != nil {
		return v, h, err
	}
	if !visible {
		return drawVisible(model, drawn, key, o), drawn, nil
	}
	h = model.Hidden.NewBatch(count)
	rbm.NewConditionals(model, o.Compute).SampleHidden(h, drawn, key.Stream(rng.StreamHidden), 0)
	return drawn, h, nil
}

// SampleVisible draws the v of [Sample] alone: hidden units that need not be drawn take no memory.
func SampleVisible(ctx context.Context, model *rbm.Model, count int, key rng.Key, o Options) (rbm.Batch, error) {
	drawn, visible, err := sampleSmaller(ctx, model, count, key, o)
	if err != nil || visible {
		return drawn, err
	}
	return drawVisible(model, drawn, key, o), nil
}

// sampleSmaller draws the smaller layer, or that which is enumerated, and tells whether that is the visible one.
func sampleSmaller(ctx context.Context, model *rbm.Model, count int, key rng.Key, o Options) (drawn rbm.Batch, visible bool, err error) {
	if isGaussian(model) {
		g, err := newGaussian(model)
		if err != nil {
			return drawn, false, err
		}
		return g.draw(count, key), g.visible, nil
	}
	if model.CheckBits() != nil {
		l, err := newLayers(ctx, model, Options{Compute: o.Compute})
		if err != nil {
			return drawn, false, err
		}
		drawn, err = l.draw(ctx, count, key, o)
		return drawn, l.visible, err
	}
	s, err := newSum(ctx, model, Options{Compute: o.Compute}, mostUnits)
	if err != nil {
		return drawn, false, err
	}
	drawn = rbm.NewBatch(count, s.k)
	shares := deal(s.part, s.logZ, count, key)
	err = s.walk(ctx, o, func(part int) visitor {
		in := inversion{share: shares[part], logPart: s.part[part], write: drawn.SetIndex}
		return visitor{visit: func(state uint64, w weights, _ []float64) { in.visit(state<<s.low, w) }, done: in.done}
	})
	return drawn, s.transposed, err
}

func drawVisible(model *rbm.Model, h rbm.Batch, key rng.Key, o Options) rbm.Batch {
	v := model.Visible.NewBatch(h.Rows())
	rbm.NewConditionals(model, o.Compute).SampleVisible(v, h, key.Stream(rng.StreamVisible), 0)
	return v
}

// target is a row whose uniform number falls into a part, with its place there: the cumulated weight of
// the states before its own is below u, that up to its own is u or more, in units of the part's weight.
type target struct {
	row int
	u   float64
}

// deal finds the part of Z that each row's uniform number falls into. logs are the logarithms of the parts.
func deal(logs []float64, logZ float64, count int, key rng.Key) [][]target {
	key = key.Stream(rng.StreamExact)
	cumulated := make([]float64, len(logs))
	total := 0.0
	for k, x := range logs {
		total += math.Exp(x - logZ)
		cumulated[k] = total
	}
	shares := make([][]target, len(logs))
	for r := range count {
		block := key.Block(rng.At(0, uint32(r), 0))
		u := rng.Uniform64(block[0], block[1]) * total
		part, _ := slices.BinarySearch(cumulated, u)
		before := 0.0
		if part > 0 {
			before = cumulated[part-1]
		}
		shares[part] = append(shares[part], target{r, (u - before) / math.Exp(logs[part]-logZ)})
	}
	for _, share := range shares {
		slices.SortFunc(share, func(a, b target) int { return cmp.Compare(a.u, b.u) })
	}
	return shares
}

// inversion walks along the cumulated weights of a part and writes the number of the configuration of each target.
type inversion struct {
	share     []target // that are still to come
	logPart   float64
	write     func(row int, number uint64)
	cumulated float64
	last      uint64 // configuration that has a weight
}

// visit takes the weights of the configurations from number first on.
func (in *inversion) visit(first uint64, w weights) {
	if len(in.share) == 0 {
		return
	}
	unit := math.Exp(w.scale - in.logPart)
	for e, x := range w.x {
		p := x * unit
		if p == 0 {
			continue
		}
		in.cumulated, in.last = in.cumulated+p, first+uint64(e)
		for len(in.share) > 0 && in.share[0].u <= in.cumulated {
			in.write(in.share[0].row, in.last)
			in.share = in.share[1:]
		}
	}
}

// done writes what is left: rounding may leave the last targets a hair above the cumulated weight, and they take the
// last configuration that has any.
func (in *inversion) done() {
	for _, t := range in.share {
		in.write(t.row, in.last)
	}
}
