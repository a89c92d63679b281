package exact

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Moments writes the model's own averages of −∂E/∂λ over P(v,h) into dst, for all parameters: ⟨v_i⟩, ⟨h_j⟩ and ⟨v_i
// h_j⟩ in the values of its units, and those of the other parameters that its layers have. It is the negative phase of
// the gradient, exactly. It sums over all states twice, in float64. dst must have the model's shape. Errors are those
// of [LogZ].
func Moments(ctx context.Context, dst *rbm.Statistics, model *rbm.Model, o Options) error {
	if len(dst.V) != model.M() || len(dst.H) != model.N() || len(dst.VH) != model.M()*model.N() {
		panic(fmt.Sprintf("exact: Moments of %d×%d units into statistics of %d×%d", model.M(), model.N(), len(dst.V), len(dst.H)))
	}
	if isGaussian(model) {
		g, err := newGaussian(model)
		if err == nil {
			g.moments(dst, model)
		}
		return err
	}
	if model.CheckBits() != nil {
		l, err := newLayers(ctx, model, Options{Compute: o.Compute})
		if err != nil {
			return err
		}
		return l.moments(ctx, dst, model, o)
	}
	s, err := newSum(ctx, model, Options{Compute: o.Compute}, mostUnits)
	if err != nil {
		return err
	}
	shares := make([]moments, len(s.part))
	var free sync.Pool // collectors that are done with their part
	err = s.walk(ctx, o, func(part int) visitor {
		c, _ := free.Get().(*collector)
		if c == nil {
			c = newCollector(s)
		}
		c.begin()
		return visitor{visit: c.visit, done: func() {
			shares[part] = c.fold()
			free.Put(c)
		}}
	})
	if err != nil {
		return err
	}
	total := &shares[0]
	for k := range shares[1:] {
		total.add(&shares[1+k])
	}
	total.write(dst, model, s)
	return nil
}

// moments are averages of bits: of the summed layer (v), the enumerated one (h), and their products (m×k).
type moments struct{ v, h, vh []float64 }

func newMoments(s *sum) moments {
	all := make([]float64, s.m+s.k+s.m*s.k)
	return moments{v: all[:s.m], h: all[s.m:][:s.k], vh: all[s.m+s.k:]}
}

func (a *moments) add(b *moments) {
	for _, pair := range [][2][]float64{{a.v, b.v}, {a.h, b.h}, {a.vh, b.vh}} {
		for k, x := range pair[1] {
			pair[0][k] += x
		}
	}
}

// write turns averages of bits into averages of values, for the model's own order of layers.
func (a *moments) write(dst *rbm.Statistics, model *rbm.Model, s *sum) {
	v, h := a.v, a.h
	at := func(i, j int) float64 { return a.vh[i*s.k+j] }
	if s.transposed {
		v, h = h, v
		at = func(i, j int) float64 { return a.vh[j*s.k+i] }
	}
	sv, ov := model.Visible.Line()
	sh, oh := model.Hidden.Line()
	for i, x := range v {
		dst.V[i] = float32(sv*x + ov)
		for j, y := range h {
			dst.VH[i*len(h)+j] = float32(sv*sh*at(i, j) + sv*oh*x + ov*sh*y + ov*oh)
		}
	}
	for j, y := range h {
		dst.H[j] = float32(sh*y + oh)
	}
}

// collector gathers the moments of one part after the other. It keeps the products with the low group by state, m×2^low
// numbers, and folds them into products by unit at the end of a part.
type collector struct {
	*sum
	moments
	p      []float64 // probability of each state of the low group, summed over the high states so far
	now    []float64 // of the present high state
	lowVH  []float64 // Σ p σ(x_i), m×2^low
	onHigh []float64 // Σ_e p σ(x_i) of the present high state
}

func newCollector(s *sum) *collector {
	size := 1 << s.low
	return &collector{
		sum: s, p: make([]float64, size), now: make([]float64, size), lowVH: make([]float64, s.m*size), onHigh: make([]float64, s.m),
	}
}

func (c *collector) begin() {
	c.moments = newMoments(c.sum)
	clear(c.p)
	clear(c.lowVH)
}

func (c *collector) visit(state uint64, w weights, a []float64) {
	weight, unit := 0.0, math.Exp(w.scale-c.logZ)
	for e, x := range w.x {
		c.now[e] = x * unit
		c.p[e] += c.now[e]
		weight += c.now[e]
	}
	if weight == 0 {
		return
	}
	for i := range a {
		c.onHigh[i] = collect(c.lowVH[i<<c.low:(i+1)<<c.low], c.now, c.row(i), a[i])
	}
	for _, i := range c.sum.steep {
		c.onHigh[i] = c.collectSteep(i, state)
	}
	forBits(state, func(j int) {
		c.h[c.low+j] += weight
		for i, x := range c.onHigh {
			c.vh[i*c.k+c.low+j] += x
		}
	})
}

// collect adds p(e)·A·T(e)/(1 + A·T(e)) to dst and returns its sum.
func collect(dst, p, table []float64, a float64) float64 {
	total := 0.0
	for e, t := range table {
		x := a * t
		x = float64(p[e] * (x / (1 + x))) // rounded, so that no compiler fuses it with the sums
		dst[e] += x
		total += x
	}
	return total
}

func (c *collector) collectSteep(i int, state uint64) float64 {
	w := c.sum.p.W[i*c.k : (i+1)*c.k]
	x := c.sum.p.B[i]
	forBits(state, func(j int) { x += w[c.low+j] })
	total := 0.0
	for e, p := range c.now {
		y := x
		forBits(uint64(e), func(j int) { y += w[j] })
		y = float64(p * rbm.Sigmoid(y))
		c.lowVH[i<<c.low+e] += y
		total += y
	}
	return total
}

// fold sums over the states of the low group, one after the other.
func (c *collector) fold() moments {
	for e, p := range c.p {
		forBits(uint64(e), func(j int) { c.h[j] += p })
	}
	for i := range c.m {
		c.v[i] = sumByBits(c.vh[i*c.k:][:c.low], c.lowVH[i<<c.low:(i+1)<<c.low])
	}
	return c.moments
}

// sumByBits returns Σ_e x(e), and adds to dst[j] the x(e) with bit j of e, in order. Eight states at a time have the same
// higher bits, and there are as many sums under way as bits, which a processor adds at the same time.
func sumByBits(dst, x []float64) (total float64) {
	if len(x) < 8 {
		for e, x := range x {
			total += x
			forBits(uint64(e), func(j int) { dst[j] += x })
		}
		return total
	}
	low, high := dst[:3], dst[3:]
	for e := 0; e < len(x); e += 8 {
		x := x[e:][:8]
		total = total + x[0] + x[1] + x[2] + x[3] + x[4] + x[5] + x[6] + x[7]
		low[0] = low[0] + x[1] + x[3] + x[5] + x[7]
		low[1] = low[1] + x[2] + x[3] + x[6] + x[7]
		low[2] = low[2] + x[4] + x[5] + x[6] + x[7]
		for j := range high {
			if e>>(3+j)&1 == 1 {
				high[j] = high[j] + x[0] + x[1] + x[2] + x[3] + x[4] + x[5] + x[6] + x[7]
			}
		}
	}
	return total
}

// Gradient writes the exact gradient −∂C/∂λ of the mean log-likelihood of v into dst: ⟨·⟩_data − ⟨·⟩_model with P(h|v)
// on the data. weights gives each row's weight; nil means equal ones.
func Gradient(ctx context.Context, dst *rbm.Statistics, model *rbm.Model, v rbm.Batch, weights []float32, o Options) error {
	if err := Moments(ctx, dst, model, o); err != nil {
		return err
	}
	data := rbm.NewStatistics(model)
	rbm.NewConditionals(model, o.Compute).Statistics(data, v, weights)
	for k, average := range dst.Averages() {
		for i, x := range data.Averages()[k] {
			average[i] = x - average[i]
		}
	}
	return nil
}
