package sample

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// meanField is naive mean-field theory of a model. The means μ of independent bits obey
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
//
// Other layers have means ⟨s⟩ = ∂Γ/∂x of their own in place of σ, and the bound is
//
//	L(μ_v) = b·⟨v⟩ + H(μ_v) + Γ_h(Wᵀ⟨v⟩) ≤ log Z,
//
// as Γ_h is convex (Jensen), for visible units that are bits or sites with a linear energy. Means are of the numbers
// that a Batch stores; H is the entropy of independent bits and sites.
type meanField struct {
	m, n   int
	w, wt  []float32 // W (m×n) and Wᵀ (n×m), of the model in bits, or with the scale of the units that are multiplied
	b, c   []float32 // biases of the model in bits; else the inputs that units contribute whose stored numbers are 0
	offset float64
	all    *compute.Context // which divides the starts,
	on     *compute.Context // and in which they are iterated

	visible, hidden rbm.Layer // nil for pairs of bits
	sites           []rbm.Site
}

// CheckModes returns nil if mean-field theory can look for modes of a model, or else an error that names its kinds of
// units: visible units must be bits or sites with a linear energy. Hidden units may be any.
func CheckModes(model *rbm.Model) error {
	_, known := rbm.AsFinite(model.Visible)
	for _, part := range rbm.LayoutOf(model.Visible) {
		known = known && slices.Contains([]rbm.Kind{rbm.Bernoulli, rbm.Spin, rbm.Categorical}, part.Kind)
	}
	if known {
		return nil
	}
	return fmt.Errorf("modes of %s visible units can't be looked for, want %s, %s or %s ones",
		model.Visible.Kind(), rbm.Bernoulli, rbm.Spin, rbm.Categorical)
}

func newMeanField(model *rbm.Model, on *compute.Context) *meanField {
	f := &meanField{m: model.M(), n: model.N(), all: on, on: on.Alone()}
	on = f.on
	if model.CheckBits() == nil {
		var p *rbm.BitParameters
		if model.Visible.Kind() == rbm.Bernoulli && model.Hidden.Kind() == rbm.Bernoulli {
			p, f.w = model.BitBiases(), model.W
			if on.Engine() != nil { // on which w is bound
				f.w = slices.Clone(f.w)
			}
		} else {
			p = model.Bits()
			f.w = narrow(p.W)
		}
		f.offset, f.b, f.c = p.Offset, narrow(p.B), narrow(p.C)
		f.transpose()
		on.Bind(f.w, f.wt)
		return f
	}
	if err := CheckModes(model); err != nil {
		panic("sample: " + err.Error())
	}
	f.visible, f.hidden, f.sites = model.Visible.Clone(), model.Hidden.Clone(), rbm.SitesOf(model.Visible)
	f.w = slices.Clone(model.W)
	f.transpose()
	f.c = scaled(f.w, f.visible, f.n)
	f.b = scaled(f.wt, f.hidden, f.m)
	on.Bind(f.w, f.wt)
	return f
}

// scaled multiplies weights of a layer's units, row after row, by the scale of their values, and returns what its
// offset adds to the inputs.
func scaled(w []float32, from rbm.Layer, inputs int) []float32 {
	scale, offset := from.Line()
	rest := make([]float64, inputs)
	for k, x := range w {
		rest[k%inputs] += float64(offset * float64(x))
		w[k] = float32(scale * float64(x))
	}
	return narrow(rest)
}

// transpose makes Wᵀ, without an engine in memory that is lent.
func (f *meanField) transpose() {
	if f.on.Engine() == nil {
		f.wt = f.on.Lend(len(f.w))
	} else {
		f.wt = make([]float32, len(f.w))
	}
	for i := range f.m {
		for j := range f.n {
			f.wt[j*f.m+i] = f.w[i*f.n+j]
		}
	}
}

// end gives the memory of Wᵀ back: no means of visible units can be had after that.
func (f *meanField) end() {
	if f.on.Engine() == nil {
		f.on.Return(f.wt)
	}
	f.wt = nil
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for k, x := range x {
		y[k] = float32(x)
	}
	return y
}

// hiddenBits reports whether the hidden means are those of bits.
func (f *meanField) hiddenBits() bool {
	return f.hidden == nil || f.hidden.NewBatch(0).Bits() == f.n
}

// MostIterations is the largest number of mean-field iterations from a start. Most starts need about ten.
const MostIterations = 60

const (
	still   = 1e-6           // Σ_i (change of μ_i)² of the visible layer at which iterations stop
	certain = 1. / (1 << 13) // means this near to 0 or 1 are set to 0 or 1, which saves products
)

// fixedPoints are where mean-field iterations from starts have come to.
type fixedPoints struct {
	m, n    int
	numbers []float32 // of each start its visible and hidden means there, and the number of iterations
}

func (p fixedPoints) row(r int) []float32     { return p.numbers[r*p.width() : (r+1)*p.width()] }
func (p fixedPoints) width() int              { return p.m + p.n + 1 }
func (p fixedPoints) visible(r int) []float32 { return p.row(r)[:p.m] }
func (p fixedPoints) hidden(r int) []float32  { return p.row(r)[p.m : p.m+p.n] }
func (p fixedPoints) iterations(r int) int    { return int(p.row(r)[p.m+p.n]) }

// iterate moves rows of visible means (rows×m), which it overwrites, to fixed points: until an iteration changes them by
// no more than still, or for MostIterations. Processes of a group move a part of the rows each. The error is that of ctx,
// whichever process it was cancelled on.
func (f *meanField) iterate(ctx context.Context, starts []float32) (fixedPoints, error) {
	rows := len(starts) / f.m
	p := fixedPoints{m: f.m, n: f.n}
	p.numbers = make([]float32, rows*p.width())
	f.all.Deal(p.numbers, rows, func(first, step int) { f.iterateSome(ctx, p, starts, first, step) })
	for r := range rows {
		if p.iterations(r) == 0 {
			return p, cmp.Or(ctx.Err(), context.Canceled)
		}
	}
	return p, nil
}

// iterateSome moves the rows first, first+step, first+2·step, … to fixed points. Those that it leaves when ctx is
// cancelled have no iterations.
func (f *meanField) iterateSome(ctx context.Context, p fixedPoints, starts []float32, first, step int) {
	var moving []int // rows, in the order of v
	for r := first; r*f.m < len(starts); r += step {
		moving = append(moving, r)
	}
	rows := len(moving)
	v, h, next := starts, make([]float32, rows*f.n), make([]float32, rows*f.m)
	for a, r := range moving {
		copy(v[a*f.m:(a+1)*f.m], starts[r*f.m:])
	}
	for k := 1; len(moving) > 0 && ctx.Err() == nil; k++ {
		n := len(moving)
		f.hiddenMeans(h[:n*f.n], v[:n*f.m], n)
		f.visibleMeans(next[:n*f.m], h[:n*f.n], n)
		kept := 0
		for a, r := range moving {
			moved := next[a*f.m : (a+1)*f.m]
			if k == MostIterations || squareDistance(moved, v[a*f.m:(a+1)*f.m], still) <= still {
				copy(p.visible(r), moved)
				copy(p.hidden(r), h[a*f.n:(a+1)*f.n])
				p.row(r)[f.m+f.n] = float32(k)
				continue
			}
			moving[kept] = r
			copy(v[kept*f.m:], moved)
			kept++
		}
		moving = moving[:kept]
	}
}

// hiddenMeans writes μ_h given the visible means v of each row.
func (f *meanField) hiddenMeans(dst, v []float32, rows int) {
	f.means(dst, f.hidden, f.c, f.w, v, rows)
}

// visibleMeans writes μ_v given the hidden means h of each row.
func (f *meanField) visibleMeans(dst, h []float32, rows int) {
	f.means(dst, f.visible, f.b, f.wt, h, rows)
}

// means writes σ(bias + Σ_i x_ri w_i) of each row to dst, or the means of another layer than bits.
func (f *meanField) means(dst []float32, layer rbm.Layer, bias, w, x []float32, rows int) {
	f.on.Affine(dst, bias, w, x, rows)
	if layer != nil {
		scale, offset := layer.Line()
		units := layer.Units()
		f.on.Parallel(rows, func(r int) {
			row := dst[r*units : (r+1)*units]
			layer.Mean(row, row)
			for i, value := range row {
				row[i] = float32((float64(value) - offset) / scale)
			}
		})
		return
	}
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
	if f.visible != nil {
		return f.boundOfLayers(visible)
	}
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

// boundOfLayers is bound for other pairs than bits. The means of a site are divided by their sum, which is 1 but for
// rounding: the bound holds for probabilities alone.
func (f *meanField) boundOfLayers(visible []float32) float64 {
	p, sum := wide(visible), 0.0
	atSite := make([]bool, f.m)
	for _, s := range f.sites {
		states, total := p[s.First:s.First+s.States], 0.0
		for _, μ := range states {
			total += μ
		}
		for a := range states {
			states[a] /= total
			atSite[s.First+a] = true
			if μ := states[a]; μ > 0 {
				sum -= float64(μ * math.Log(μ))
			}
		}
	}
	scale, offset := f.visible.Line()
	inputs := make([]float64, f.n)
	for j, c := range f.c {
		inputs[j] = float64(c)
	}
	for i, μ := range p {
		if !atSite[i] {
			sum += entropy(μ)
		}
		sum += float64((float64(scale*μ) + offset) * float64(f.visible.Biases()[i]))
		for j, w := range f.w[i*f.n : (i+1)*f.n] {
			inputs[j] += float64(μ * float64(w))
		}
	}
	var cgf [1]float64
	f.hidden.CGF(cgf[:], narrow(inputs))
	return sum + cgf[0]
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
