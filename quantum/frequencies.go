package quantum

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Frequencies are the outcomes of measurements in one basis beside what a state predicts of them: of each site, and of
// each pair of sites, the mean of the product of the eigenvalues z = ±1 (1 for the bit 0).
type Frequencies struct {
	Basis    Basis
	Rows     int
	Products []Product // of single sites, then of pairs
}

// Product is the mean of z of a site, or of z·z' of a pair. Stderr is the standard error of the mean of as many outcomes
// of the state: √((1 − predicted² + 1/N)/N) of N rows, where 1/N stands for what rounds to certainty.
type Product struct {
	Sites                       []int
	Measured, Stderr, Predicted float64
}

// Deviation is the difference in standard errors.
func (p Product) Deviation() float64 { return (p.Measured - p.Predicted) / p.Stderr }

// RMS is the root mean square of the deviations. It is about 1 where the state is the one that was measured, and less
// for rows that it was fitted to.
func (f Frequencies) RMS() float64 {
	sum := 0.0
	for _, p := range f.Products {
		sum += p.Deviation() * p.Deviation()
	}
	return math.Sqrt(sum / float64(len(f.Products)))
}

// CompareFrequencies returns those of each basis, in alphabetical order, of outcomes with weights (nil for equal ones).
// N is the number of rows of equal weight that are as good, (Σw)²/Σw². It panics where [Basis.Check] has an error.
func CompareFrequencies(state Known, outcomes rbm.Batch, bases []string, weights []float64, u Unitaries) []Frequencies {
	n := state.Sites()
	masks := productMasks(n)
	of := map[string][]int{}
	for r, b := range bases {
		of[b] = append(of[b], r)
	}
	var list []Frequencies
	for basis, rows := range of {
		f := Frequencies{Basis: Basis(basis), Rows: len(rows)}
		predicted, measured := make([]float64, len(masks)), make([]float64, len(masks))
		for index, p := range state.Probabilities(f.Basis, u) {
			addSigns(predicted, masks, index, p)
		}
		total, squares := 0.0, 0.0
		for _, r := range rows {
			w := 1.0
			if weights != nil {
				w = weights[r]
			}
			total, squares = total+w, squares+w*w
			addSigns(measured, masks, Index(outcomes, r), w)
		}
		if total == 0 {
			continue
		}
		N := total * total / squares
		for k, mask := range masks {
			p := Product{Measured: measured[k] / total, Predicted: predicted[k]}
			p.Stderr = math.Sqrt((max(0, 1-p.Predicted*p.Predicted) + 1/N) / N)
			for i := range n {
				if mask>>(n-1-i)&1 == 1 {
					p.Sites = append(p.Sites, i)
				}
			}
			f.Products = append(f.Products, p)
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Frequencies) int { return strings.Compare(string(a.Basis), string(b.Basis)) })
	return list
}

// productMasks are the bits of single sites and of pairs in an index, site 0 the most significant bit.
func productMasks(n int) (masks []int) {
	for i := range n {
		masks = append(masks, 1<<(n-1-i))
	}
	for i := range n {
		for j := range i {
			masks = append(masks, 1<<(n-1-j)|1<<(n-1-i))
		}
	}
	return masks
}

// addSigns adds the weight of an outcome to each product, with its sign.
func addSigns(sums []float64, masks []int, index int, weight float64) {
	for k, mask := range masks {
		if bits.OnesCount(uint(index&mask))%2 == 0 {
			sums[k] += weight
		} else {
			sums[k] -= weight
		}
	}
}
