package kernel

// An Ascender is an [Engine] that also makes the optimiser's step, so that parameters and averages can stay on it.
type Ascender interface {
	Engine
	// Ascend makes an update. It returns Σ g² over the gradient of all parameters, and whether all parameters are
	// finite and within ±[MaxParameter] after it. When it returns, b and c are current on the host too.
	Ascend(a *Ascent) (squares float64, sound bool)
}

// MaxParameter bounds the magnitude of parameters: see rbm.Named.Sound.
const MaxParameter = 1e29

// An Ascent is the second half of an update of W (m×n, row-major), b and c, in the steps and with the roundings of
// package train:
//
//	g = positive − negative,   g_W ← g_W − μ g_cᵀ − g_b νᵀ − L2·W − L1·sign W,
//
// then the optimiser's step by g, and |w| ≤ Clip. The step ΔW was that of centered parameters, so that b ← b − ΔW ν and
// c ← c − ΔWᵀ μ follow. The order of all sums is fixed. W is taken in blocks of Rows rows. Σ g² is the sum of
// [Context.Dot] of b, of c, and of block after block. ΔW ν is Dot of each row. ΔWᵀ μ is summed within a block in
// float32, and c is diminished by the sums of one block after the other.
//
// Slices marked as bound must be ([Context.Bind]). Averages may be: others are copied from the host.
type Ascent struct {
	Parameters         [][]float32 // W, b and c, as rbm.Model.Parameters lists them: bound
	Positive, Negative [][]float32 // ⟨·⟩_data and ⟨·⟩_model of each; where Negative is nil, Positive is the difference
	Rows               int         // of a block: Rows·n ≤ 4096, or 1

	// Where Follow is above 0, ν ← ν + Follow·(⟨h⟩_data − ν) comes first; where it is 1, ν ← ⟨h⟩_data.
	CenterV, CenterH []float32 // μ and ν: bound; nil for the plain gradient
	Follow           float32

	L1, L2, Clip float32 // 0: none
	Rule         Rule
}

// A Rule is an optimiser's step of a parameter p with gradient g, of which Mean and Square are optional:
//
//	a = mean ← Decay·mean + Gain·g, or g itself,
//	p ← p + Adam.Rate·a without Square, or [Context.StepAdam] of p, a, g and Square.
type Rule struct {
	Decay, Gain float32
	Adam        Adam
	Mean        [][]float32 // of the gradient of each of the parameters: bound; nil for none
	Square      [][]float32 // its mean square: bound; nil for none
}

// Step makes the step of numbers from…from+len(p)−1 of parameters k.
func (r *Rule) Step(c *Context, k, from int, p, g []float32) {
	a := g
	if r.Mean != nil {
		a = r.Mean[k][from:][:len(p)]
		for i, x := range g {
			a[i] = float32(r.Decay*a[i]) + float32(r.Gain*x)
		}
	}
	if r.Square == nil {
		c.AddScaled(p, r.Adam.Rate, a)
		return
	}
	c.StepAdam(&r.Adam, p, a, g, r.Square[k][from:][:len(p)])
}

// Penalise subtracts the gradient of l1·Σ|w| + ½·l2·Σw² from g.
func Penalise(g, w []float32, l1, l2 float32) {
	if l1 == 0 && l2 == 0 {
		return
	}
	for k, x := range w {
		g[k] -= float32(l2 * x)
		switch {
		case x > 0:
			g[k] -= l1
		case x < 0:
			g[k] += l1
		}
	}
}

// Clip bounds the magnitude of weights; 0 means no bound.
func Clip(w []float32, bound float32) {
	if bound == 0 {
		return
	}
	for k, x := range w {
		w[k] = min(max(x, -bound), bound)
	}
}

// Sound reports whether all numbers are within ±[MaxParameter], which NaN is not.
func (c *Context) Sound(x []float32) bool {
	if c.Dot(x, x) <= MaxParameter*MaxParameter { // the usual case, and fast
		return true
	}
	for _, x := range x {
		if !(-MaxParameter <= x && x <= MaxParameter) {
			return false
		}
	}
	return true
}
