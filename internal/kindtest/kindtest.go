// Package kindtest has small models of all pairs of kinds of units, with log Z and samples from the definition
// P(v) = e^(−F(v))/Z: by enumeration of what is discrete, and by quadrature over real numbers.
package kindtest

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Pair is a model of a pair of kinds.
type Pair struct {
	Name  string
	Model *rbm.Model
}

// Pairs are models of a few units of every pair of kinds, with weights of a size. Of reals in the visible layer there
// are at most two.
func Pairs(size float64) []Pair {
	visible := []func() rbm.Layer{
		func() rbm.Layer { return rbm.NewLayer(rbm.Bernoulli, 5) },
		func() rbm.Layer { return rbm.NewLayer(rbm.Spin, 5) },
		func() rbm.Layer { return rbm.NewCategorical(3, 2, 4) },
		func() rbm.Layer { return rbm.NewLayer(rbm.Gaussian, 2) },
		func() rbm.Layer {
			mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 2), rbm.NewCategorical(3), rbm.NewLayer(rbm.Gaussian, 1))
			if err != nil {
				panic(err)
			}
			return mixed
		},
	}
	hidden := []func() rbm.Layer{
		func() rbm.Layer { return rbm.NewLayer(rbm.Bernoulli, 3) },
		func() rbm.Layer { return rbm.NewLayer(rbm.Spin, 3) },
		func() rbm.Layer { return rbm.NewCategorical(3, 2) },
		func() rbm.Layer { return rbm.NewLayer(rbm.Gaussian, 3) },
		func() rbm.Layer { return rbm.NewLayer(rbm.ReLU, 3) },
		func() rbm.Layer { return rbm.NewLayer(rbm.DReLU, 3) },
	}
	var pairs []Pair
	for a, v := range visible {
		for b, h := range hidden {
			model := rbm.NewModel(v(), h(), rng.Seed(1))
			source := rng.NewSource(rng.Seed(uint64(10*a+b)), 0)
			for k := range model.W {
				model.W[k] = float32(size * (2*source.Float64() - 1))
			}
			for _, p := range model.Parameters()[1:] {
				for k := range p.Values {
					if p.Values[k] = float32(source.Float64() - 0.5); p.Positive {
						p.Values[k] = float32(1 + 0.5*source.Float64())
					}
				}
			}
			pairs = append(pairs, Pair{fmt.Sprint(model.Visible.Kind(), "-", model.Hidden.Kind()), model})
		}
	}
	return pairs
}

// The points of the quadrature by the midpoint rule, which converges faster than any power of their distance for the
// smooth densities here.
const (
	width  = 8 // of each side of 0
	points = 128
	apart  = 2. * width / points
)

// Truth is a model's distribution, as the probabilities of configurations and of cells of real numbers.
type Truth struct {
	LogZ  float64
	nodes rbm.Batch
	sums  []float64 // cumulative probabilities
	model *rbm.Model
}

// Of sums up and integrates e^(−F(v)).
func Of(model *rbm.Model) Truth {
	discrete, reals := States(model), model.M()-model.Visible.NewBatch(0).Bits()
	cells := 1
	for range reals {
		cells *= points
	}
	nodes := model.Visible.NewBatch(discrete.Rows() * cells)
	for r := range nodes.Rows() {
		for i := range discrete.Units() {
			nodes.SetBit(r, i, discrete.Bit(r/cells, i))
		}
		cell := r % cells
		for k := range reals {
			nodes.Reals(r)[k] = float32(-width + (float64(cell%points)+0.5)*apart)
			cell /= points
		}
	}
	free := model.FreeEnergy(nodes)
	least := slices.Min(free)
	sums, sum := make([]float64, len(free)), 0.0
	for r, f := range free {
		sum += math.Exp(least - f)
		sums[r] = sum
	}
	for r := range sums {
		sums[r] /= sum
	}
	return Truth{math.Log(sum) - least + float64(reals)*math.Log(apart), nodes, sums, model}
}

// States are all configurations of the bits of the visible layer.
func States(model *rbm.Model) rbm.Batch {
	bits := model.Visible.NewBatch(0).Bits()
	states := rbm.AllStates(bits)
	sites := rbm.SitesOf(model.Visible)
	var keep []int
	for r := range states.Rows() {
		allowed := !slices.ContainsFunc(sites, func(s rbm.Site) bool {
			on := 0
			for i := s.First; i < s.First+s.States; i++ {
				if states.Bit(r, i) {
					on++
				}
			}
			return on != 1
		})
		if allowed {
			keep = append(keep, r)
		}
	}
	kept := rbm.NewBatch(len(keep), bits)
	kept.Gather(states, keep)
	return kept
}

// Sample draws independent samples of P(v), by inversion.
func (t Truth) Sample(count int, key rng.Key) rbm.Batch {
	v, source := t.model.Visible.NewBatch(count), rng.NewSource(key, 0)
	for r := range count {
		at, _ := slices.BinarySearch(t.sums, source.Float64())
		at = min(at, len(t.sums)-1)
		v.Slice(r, r+1).Copy(t.nodes.Slice(at, at+1))
		for k := range v.Reals(r) {
			v.Reals(r)[k] += float32((source.Float64() - 0.5) * apart)
		}
	}
	return v
}

// Deviation is the largest difference, in standard errors, between two samples in the means of the stored numbers, of
// their products in pairs, and of F. rows of each must be independent of each other.
func Deviation(model *rbm.Model, a, b rbm.Batch) (largest float64, of string) {
	compare := func(name string, f func(v rbm.Batch, r int) float64) {
		ma, va := meanOf(a, f)
		mb, vb := meanOf(b, f)
		if z := math.Abs(ma-mb) / math.Sqrt(va+vb+1e-12); z > largest {
			largest, of = z, name
		}
	}
	for i := range model.M() {
		compare(fmt.Sprint("unit ", i), func(v rbm.Batch, r int) float64 { return v.Value(r, i) })
		for j := range i + 1 {
			compare(fmt.Sprint("units ", i, " and ", j), func(v rbm.Batch, r int) float64 { return v.Value(r, i) * v.Value(r, j) })
		}
	}
	free := map[int][]float64{0: model.FreeEnergy(a), 1: model.FreeEnergy(b)}
	fa, sa := moments(free[0])
	fb, sb := moments(free[1])
	if z := math.Abs(fa-fb) / math.Sqrt(sa+sb+1e-12); z > largest {
		largest, of = z, "F"
	}
	return largest, of
}

func meanOf(v rbm.Batch, f func(v rbm.Batch, r int) float64) (mean, variance float64) {
	x := make([]float64, v.Rows())
	for r := range x {
		x[r] = f(v, r)
	}
	return moments(x)
}

// moments are the mean, and the variance of the mean.
func moments(x []float64) (mean, variance float64) {
	n := float64(len(x))
	for _, y := range x {
		mean += y / n
	}
	for _, y := range x {
		variance += (y - mean) * (y - mean) / n
	}
	return mean, variance / n
}

// Moments are the means and variances of the stored numbers of the rows.
func Moments(v rbm.Batch) (means, variances []float64) {
	for i := range v.Units() {
		mean, variance := meanOf(v, func(v rbm.Batch, r int) float64 { return v.Value(r, i) })
		means, variances = append(means, mean), append(variances, variance*float64(v.Rows()))
	}
	return means, variances
}
