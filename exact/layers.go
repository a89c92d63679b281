package exact

import (
	"context"
	"fmt"
	"math"
	"slices"

	"harmonium/compute"
	"harmonium/rbm"
	"harmonium/rng"
)

// Models with other units than bits are summed over all configurations of one layer, of bits or categorical sites, with
// the sum or integral over the other layer in closed form, e^(−F) of each configuration ([rbm.Model.FreeEnergyFunc]). A
// Gaussian layer beside an enumerated one is a mixture of Gaussians.

const (
	// mostConfigurations is how many configurations are enumerated at most.
	mostConfigurations = 1 << 24
	// blockConfigurations is how many are computed at once.
	blockConfigurations = 256
	// layerCost is the cost of a unit of a configuration beside that of bits.
	layerCost = 100
)

// layerSum is a model turned so that the layer to be enumerated is the visible one, with its sum.
type layerSum struct {
	model      *rbm.Model
	finite     rbm.Finite
	transposed bool // the enumerated layer is the model's hidden one
	count      int  // configurations
	compute    *compute.Context

	part []float64 // log of each part of Z
	logZ float64
}

// enumerable returns the layer to be enumerated, with the fewer configurations, and whether that is the hidden one; nil
// if there is none.
func enumerable(model *rbm.Model) (layer rbm.Finite, hidden bool) {
	v, visible := rbm.AsFinite(model.Visible)
	h, ok := rbm.AsFinite(model.Hidden)
	switch {
	case ok && (!visible || h.Configurations() <= v.Configurations()):
		return h, true
	case visible:
		return v, false
	}
	return nil, false
}

// feasibleLayers is [Feasible] for models with other units than bits.
func feasibleLayers(model *rbm.Model) error {
	layer, _ := enumerable(model)
	if layer == nil {
		return fmt.Errorf("enumeration of %s visible and %s hidden units: want a layer of bits or categorical sites",
			model.Visible.Kind(), model.Hidden.Kind())
	}
	if n := layer.Configurations(); n > mostConfigurations {
		return fmt.Errorf("enumeration of %.3g configurations of %s units is refused: it would take about %s on one core; the limit is %d",
			n, layer.Kind(), duration(Cost(model)/unitRate), mostConfigurations)
	}
	return nil
}

func newLayerSum(ctx context.Context, model *rbm.Model, o Options) (*layerSum, error) {
	if err := feasibleLayers(model); err != nil {
		return nil, err
	}
	layer, hidden := enumerable(model)
	s := &layerSum{model: model, finite: layer, transposed: hidden, count: int(layer.Configurations()), compute: o.Compute}
	if hidden {
		s.model = model.Transpose()
	}
	s.part = make([]float64, min(parts, (s.count+blockConfigurations-1)/blockConfigurations))
	err := s.walk(ctx, o, func(part int) func(states rbm.Batch, from int, logs []float64) {
		s.part[part] = math.Inf(-1)
		return func(_ rbm.Batch, _ int, logs []float64) {
			s.part[part] = logSumExp([]float64{s.part[part], logSumExp(logs)})
		}
	})
	s.logZ = logSumExp(s.part)
	return s, err
}

// walk goes through all configurations, part by part on several workers: what begin returns is called with blocks of
// them, the number of the first, and −F of each.
func (s *layerSum) walk(ctx context.Context, o Options, begin func(part int) func(states rbm.Batch, from int, logs []float64)) error {
	progress := newProgress(o, uint64(s.count))
	s.compute.Parallel(len(s.part), func(part int) {
		visit, free := begin(part), s.model.FreeEnergyFunc()
		from, to := s.count*part/len(s.part), s.count*(part+1)/len(s.part)
		states := s.finite.NewBatch(blockConfigurations)
		for ; from < to && ctx.Err() == nil; from += blockConfigurations {
			block := states.Slice(0, min(blockConfigurations, to-from))
			for r := range block.Rows() {
				s.finite.Configure(block, r, uint64(from+r))
			}
			logs := free(block)
			for r, f := range logs {
				logs[r] = -f
			}
			visit(block, from, logs)
			progress.add(uint64(block.Rows()))
		}
	})
	return ctx.Err()
}

// moments writes the averages of −∂E/∂λ into dst, in the order of the model's parameters. Inputs have the resolution of
// [rbm.Conditionals].
func (s *layerSum) moments(ctx context.Context, dst *rbm.Statistics, o Options) error {
	shares := make([][][]float64, len(s.part))
	err := s.walk(ctx, o, func(part int) func(states rbm.Batch, from int, logs []float64) {
		c, average := rbm.NewConditionals(s.model, compute.New(1)), rbm.NewStatistics(s.model)
		for _, x := range average.Averages() {
			shares[part] = append(shares[part], make([]float64, len(x)))
		}
		weights := make([]float32, blockConfigurations)
		return func(states rbm.Batch, _ int, logs []float64) {
			largest, total := slices.Max(logs), 0.0
			for r, x := range logs {
				weights[r] = float32(math.Exp(x - largest))
				total += float64(weights[r])
			}
			c.Statistics(average, states, weights[:len(logs)])
			total *= math.Exp(largest - s.logZ)
			for k, x := range average.Averages() {
				for i, x := range x {
					shares[part][k][i] += float64(total * float64(x))
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, share := range shares[1:] {
		for k, x := range share {
			for i, x := range x {
				shares[0][k][i] += x
			}
		}
	}
	s.write(dst, shares[0])
	return nil
}

// write turns averages of the turned model into those of the model.
func (s *layerSum) write(dst *rbm.Statistics, sums [][]float64) {
	list := dst.Averages()
	if s.transposed {
		first := len(s.finite.Parameters()) // of the hidden layer, which is the turned model's visible one
		turned := slices.Concat([][]float64{make([]float64, len(sums[0]))}, sums[1+first:], sums[1:1+first])
		m, n := s.model.N(), s.model.M()
		for i := range m {
			for j := range n {
				turned[0][i*n+j] = sums[0][j*m+i]
			}
		}
		sums = turned
	}
	for k, x := range sums {
		for i, x := range x {
			list[k][i] = float32(x)
		}
	}
}

// draw draws configurations of the enumerated layer by inversion.
func (s *layerSum) draw(ctx context.Context, count int, key rng.Key, o Options) (rbm.Batch, error) {
	drawn := s.finite.NewBatch(count)
	shares := deal(s.part, s.logZ, count, key)
	err := s.walk(ctx, o, func(part int) func(states rbm.Batch, from int, logs []float64) {
		share, cumulated := shares[part], 0.0
		return func(_ rbm.Batch, from int, logs []float64) {
			last := from+len(logs) == s.count*(part+1)/len(s.part)
			for r, x := range logs {
				cumulated += math.Exp(x - s.part[part])
				for len(share) > 0 && (share[0].u <= cumulated || last && r == len(logs)-1) {
					s.finite.Configure(drawn, share[0].row, uint64(from+r))
					share = share[1:]
				}
			}
		}
	})
	return drawn, err
}
