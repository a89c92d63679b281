package rbm

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// reals is what kinds of units with real values have in common: units that are stored as they are, with parameters of
// which each unit has one of a name.
type reals struct{ parameters []Named } // the biases first

// newReals returns biases of 0, and parameters above 0 of 1 each.
func newReals(units int, positive ...string) reals {
	l := reals{[]Named{{Name: "biases", Values: make([]float32, units)}}}
	for _, name := range positive {
		p := Named{Name: name, Values: make([]float32, units), Positive: true}
		for i := range p.Values {
			p.Values[i] = 1
		}
		l.parameters = append(l.parameters, p)
	}
	return l
}

func (l reals) clone() reals {
	c := reals{slices.Clone(l.parameters)}
	for k := range c.parameters {
		c.parameters[k].Values = slices.Clone(c.parameters[k].Values)
	}
	return c
}

func (l reals) Units() int                    { return len(l.parameters[0].Values) }
func (l reals) Line() (scale, offset float64) { return 1, 0 }
func (l reals) Biases() []float32             { return l.parameters[0].Values }
func (l reals) Parameters() []Named           { return l.parameters }
func (l reals) NewBatch(rows int) Batch       { return NewReals(rows, 0, l.Units()) }

// at is parameter k of unit i.
func (l reals) at(k, i int) float64 { return float64(l.parameters[k].Values[i]) }

// spreads are the largest 1/√γ_i of parameters that are precisions, by their places.
func (l reals) spreads(precisions ...int) []float64 {
	σ := make([]float64, l.Units())
	for _, k := range precisions {
		for i := range σ {
			σ[i] = max(σ[i], 1/math.Sqrt(l.at(k, i)))
		}
	}
	return σ
}

// field is b_i + x of unit i.
func (l reals) field(i int, x float32) float64 { return l.at(0, i) + float64(x) }

// sum writes the sum of f over the units of each row of inputs.
func (l reals) sum(dst []float64, x []float32, f func(i int, x float32) float64) {
	n := l.Units()
	for r := range dst {
		dst[r] = 0
		for i, x := range x[r*n : (r+1)*n] {
			dst[r] += f(i, x)
		}
	}
}

// each writes f of each unit and its input.
func (l reals) each(dst, x []float32, f func(i int, x float32) float64) {
	n := l.Units()
	for k, x := range x {
		dst[k] = float32(f(k%n, x))
	}
}

// energy writes the sum of U_i(s_i) of each row.
func (l reals) energy(dst []float64, s Batch, u func(i int, s float64) float64) {
	checkUnits(l, s)
	for r := range dst {
		dst[r] = 0
		for i, x := range s.Reals(r) {
			dst[r] += u(i, float64(x))
		}
	}
}

// draw sets each unit to f of its input and two uniform random numbers of its own: unit i has the block of the address
// (step, row, 4i).
func (l reals) draw(dst Batch, x []float32, key rng.Key, step uint64, first uint32, f func(i int, x float32, u, v float64) float64) {
	checkUnits(l, dst)
	n := l.Units()
	for r := range dst.Rows() {
		row := dst.Reals(r)
		for i := range row {
			input := float32(0)
			if x != nil {
				input = x[r*n+i]
			}
			b := key.Block(rng.At(step, first+uint32(r), 4*uint32(i)))
			row[i] = float32(f(i, input, rng.Uniform64(b[0], b[1]), rng.Uniform64(b[2], b[3])))
		}
	}
}

// average writes the weighted means over rows of what f says of a unit in a row, one number for each parameter.
func (l reals) average(dst [][]float32, rows int, weights []float32, f func(moments []float64, r, i int)) {
	n, k := l.Units(), len(l.parameters)
	sums, moments, total := make([]float64, n*k), make([]float64, k), 0.0
	for r := range rows {
		w := 1.0
		if weights != nil {
			w = float64(weights[r])
		}
		total += w
		for i := range n {
			f(moments, r, i)
			for p, m := range moments {
				sums[i*k+p] += float64(w * m)
			}
		}
	}
	for i := range n {
		for p := range k {
			dst[p][i] = float32(sums[i*k+p] / total)
		}
	}
}

// averageBlocks bounds the number of blocks of rows that are summed apart.
const averageBlocks = 32

// momentsAndMeans is ofInputs on the workers of a context, block of rows by block, and turns the inputs into the first
// moments, the means.
func (l reals) momentsAndMeans(on *compute.Context, dst [][]float32, x, weights []float32, f unitMoments) {
	n, k := l.Units(), len(l.parameters)
	rows := len(x) / max(1, n)
	perBlock := max(blockRows, (rows+averageBlocks-1)/averageBlocks)
	blocks := (rows + perBlock - 1) / perBlock
	sums := make([]float64, blocks*n*k)
	on.Parallel(blocks, func(block int) {
		sums, moments := sums[block*n*k:(block+1)*n*k], make([]float64, k)
		for r := block * perBlock; r < min((block+1)*perBlock, rows); r++ {
			w, x := 1.0, x[r*n:(r+1)*n]
			if weights != nil {
				w = float64(weights[r])
			}
			for i, y := range x {
				f(moments, i, y)
				x[i] = float32(moments[0])
				for p, m := range moments {
					sums[i*k+p] += float64(w * m)
				}
			}
		}
	})
	total := float64(rows)
	if weights != nil {
		total = 0
		for _, w := range weights {
			total += float64(w)
		}
	}
	for i := range n {
		for p := range k {
			sum := 0.0
			for block := range blocks {
				sum += sums[(block*n+i)*k+p]
			}
			dst[p][i] = float32(sum / total)
		}
	}
}

// unitMoments are the moments of unit i with an input.
type unitMoments func(moments []float64, i int, x float32)

// ofRows is average for the values of a batch.
func (l reals) ofRows(dst [][]float32, s Batch, weights []float32, f func(moments []float64, i int, s float64)) {
	checkUnits(l, s)
	l.average(dst, s.Rows(), weights, func(moments []float64, r, i int) { f(moments, i, float64(s.Reals(r)[i])) })
}

// ofInputs is average for rows of inputs.
func (l reals) ofInputs(dst [][]float32, x, weights []float32, f unitMoments) {
	n := l.Units()
	l.average(dst, len(x)/n, weights, func(moments []float64, r, i int) { f(moments, i, x[r*n+i]) })
}

// solveBiases sets each bias to where the mean of the unit, which rises with it, is the given one. mean is ⟨s_i⟩ without
// inputs, at the biases as they are.
func (l reals) solveBiases(means []float64, mean func(i int) float64) {
	b := l.Biases()
	for i, want := range means {
		low, high := -1.0, 1.0
		for b[i] = float32(low); mean(i) > want && low > -1e6; b[i] = float32(low) {
			low *= 2
		}
		for b[i] = float32(high); mean(i) < want && high < 1e6; b[i] = float32(high) {
			high *= 2
		}
		for range 60 {
			middle := (low + high) / 2
			if b[i] = float32(middle); mean(i) < want {
				low = middle
			} else {
				high = middle
			}
		}
	}
}
