package sample

import (
	"context"
	"math"

	"harmonium/compute"
	"harmonium/rbm"
)

// meanField is naive mean-field theory of a model of bits. The means μ of independent units obey
//
//	μ_h = σ(C + Wᵀμ_v),   μ_v = σ(B + W μ_h),
//
// where their variational bound
//
//	L(μ_v) = −Offset + B·μ_v + H(μ_v) + Σ_j log(1 + e^{x_j}) ≤ log Z,   x = C + Wᵀμ_v,
//
// is stationary. H is the entropy of independent bits, and the hidden means are those that maximise the bound given
// μ_v. Setting one layer after the other is coordinate ascent: L never falls (L. K. Saul, T. Jaakkola and M. I. Jordan,
// JAIR 4 (1996) 61).
type meanField struct {
	m, n   int
	w, wt  []float32 // W (m×n) and Wᵀ (n×m), of the model in bits
	b, c   []float32
	offset float64
	on     *compute.Context
}

func newMeanField(model *rbm.Model, on *compute.Context) *meanField {
	p := model.Bits()
	f := &meanField{m: model.M(), n: model.N(), offset: p.Offset, b: narrow(p.B), c: narrow(p.C), w: narrow(p.W), on: on}
	f.wt = make([]float32, len(f.w))
	for i := range f.m {
		for j := range f.n {
			f.wt[j*f.m+i] = f.w[i*f.n+j]
		}
	}
	return f
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for k, x := range x {
		y[k] = float32(x)
	}
	return y
}

// MostIterations is the largest number of mean-field iterations from a start. Most starts need about ten.
const MostIterations = 60

const (
	still   = 1e-6           // Σ_i (change of μ_i)² of the visible layer at which iterations stop
	certain = 1. / (1 << 13) // means this near to 0 or 1 are set to 0 or 1, which saves products
)

// iterate moves rows of visible means (rows×m) to fixed points: until an iteration changes them by no more than still,
// or for MostIterations. It returns the hidden means there (rows×n) and the number of iterations, each of one row.
func (f *meanField) iterate(ctx context.Context, visible []float32) (hidden []float32, iterations int, err error) {
	rows := len(visible) / f.m
	hidden = make([]float32, rows*f.n)
	v, h, next := append([]float32(nil), visible...), make([]float32, rows*f.n), make([]float32, rows*f.m)
	moving := make([]int, rows) // the rows of v, by their places in visible
	for r := range moving {
		moving[r] = r
	}
	for k := 1; len(moving) > 0; k++ {
		if ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		n := len(moving)
		iterations += n
		f.means(h[:n*f.n], f.c, f.w, v[:n*f.m], n)
		f.means(next[:n*f.m], f.b, f.wt, h[:n*f.n], n)
		kept := 0
		for a, r := range moving {
			moved := next[a*f.m : (a+1)*f.m]
			if k == MostIterations || squareDistance(moved, v[a*f.m:(a+1)*f.m], still) <= still {
				copy(visible[r*f.m:], moved)
				copy(hidden[r*f.n:], h[a*f.n:(a+1)*f.n])
				continue
			}
			moving[kept] = r
			copy(v[kept*f.m:], moved)
			kept++
		}
		moving = moving[:kept]
	}
	return hidden, iterations, nil
}

// means writes σ(bias + Σ_i x_ri w_i) of each row to dst.
func (f *meanField) means(dst, bias, w, x []float32, rows int) {
	const block = 16 // rows that share a row of w while it is in the first-level cache
	from, to := len(x)/rows, len(bias)
	f.on.Parallel((rows+block-1)/block, func(task int) {
		first, last := task*block, min((task+1)*block, rows)
		for r := first; r < last; r++ {
			copy(dst[r*to:(r+1)*to], bias)
		}
		for i := range from {
			for r := first; r < last; r++ {
				if μ := x[r*from+i]; μ != 0 {
					f.on.AddScaled(dst[r*to:(r+1)*to], μ, w[i*to:(i+1)*to])
				}
			}
		}
	})
	f.on.Sigmoids(dst, dst)
	for k, μ := range dst {
		if μ < certain {
			dst[k] = 0
		} else if μ > 1-certain {
			dst[k] = 1
		}
	}
}

// bound returns the variational bound L(μ_v) in nats.
func (f *meanField) bound(visible []float32) float64 {
	inputs := make([]float64, f.n)
	for j, c := range f.c {
		inputs[j] = float64(c)
	}
	sum := -f.offset
	for i, μ := range visible {
		if μ == 0 {
			continue
		}
		sum += float64(float64(μ)*float64(f.b[i])) + entropy(float64(μ))
		for j, w := range f.w[i*f.n : (i+1)*f.n] {
			inputs[j] += float64(float64(μ) * float64(w))
		}
	}
	for _, x := range inputs {
		sum += rbm.Softplus(x)
	}
	return sum
}

// entropy is −μ log μ − (1−μ) log(1−μ), that of a bit with mean μ, in nats.
func entropy(μ float64) float64 {
	if μ <= 0 || μ >= 1 {
		return 0
	}
	return -float64(μ*math.Log(μ)) - float64((1-μ)*math.Log1p(-μ))
}

// squareDistance is Σ (a_i − b_i)². It stops at the first partial sum above most.
func squareDistance(a, b []float32, most float64) float64 {
	sum := 0.0
	for i, x := range a {
		d := float64(x - b[i])
		if sum += float64(d * d); sum > most {
			break
		}
	}
	return sum
}
