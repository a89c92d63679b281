package quantum

import (
	"math"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// purified is the density matrix of a model with auxiliary units (G. Torlai and R. G. Melko, PRL 120 (2018) 240503),
//
//	ρ(σ,σ') = exp[−(F_λ(σ)+F_λ(σ'))/2 − i(F_μ(σ)−F_μ(σ'))/2] Π_a (1 + e^z_a),
//	z_a = d_a + Σ_i [U^λ_ia (σ_i+σ'_i) + i U^μ_ia (σ_i−σ'_i)]/2.
//
// F_λ is that of the visible units and the hidden units that are not auxiliary, so that ρ(σ,σ) = e^(−F(σ)) of the whole
// model, whose last hidden units are the auxiliary ones with weights U^λ and biases d. The probability of an outcome is
// a sum over pairs,
//
//	P_b(o) = Σ_σσ' U_b(o,σ) ρ(σ,σ') U_b(o,σ')*/Z,
//
// and its gradient is made of averages over pairs with the weights w of its terms, whose sum is 1: half of w goes to
// each of σ and σ' in the averages of F_λ, and w ∂ log(1+e^z_a) = w s_a ∂z_a, s_a = e^z_a/(1+e^z_a), to U and d. ρ is
// hermitian, so that half of the pairs are enough.
//
// As z_a = ζ_a(σ) + ζ_a(σ')* with ζ_a = [d_a + Σ_i (U^λ_ia + i U^μ_ia) σ_i]/2, and the first exponent is such a sum too,
// exponential functions are computed of configurations, and pairs have products of them.
type purified struct {
	units  int            // auxiliary ones, a
	half   []scaled       // exp[−(F_λ+iF_μ)/2]
	each   []halfExponent // ζ_a, configuration after configuration
	pairs  index
	keys   []uint64 // both configurations of each pair
	of     []int32  // numbers of pairs, outcome after outcome
	first  []int    // of each outcome
	rho    []scaled
	s      []complex128 // s_a of pairs
	w      []complex128 // Σ w over the rows, of pairs
	re, im []float64    // what configurations have of averages of U^λ and U^μ
}

// hiddenOf is the model without its auxiliary units.
func hiddenOf(model *rbm.Model) *rbm.Model {
	n, hidden := model.N(), model.N()-model.State.Auxiliary()
	part := &rbm.Model{Visible: model.Visible, Hidden: rbm.NewLayer(rbm.Bernoulli, hidden)}
	copy(part.C(), model.C())
	for i := range model.M() {
		part.W = append(part.W, model.W[i*n:i*n+hidden]...)
	}
	return part
}

// halfExponent is ζ_a of a configuration.
type halfExponent struct {
	real     float64
	up, down scaled // e^ζ and e^−ζ
}

// load takes over the parameters, and computes what a number of configurations with F_λ and F_μ need.
func (p *purified) load(model *rbm.Model, v rbm.Batch, F, φ []float64) {
	n, a := model.N(), model.State.Auxiliary()
	p.units, p.half, p.each = a, resized(p.half, v.Rows()), resized(p.each, v.Rows()*a)
	ζ := make([]complex128, a)
	for r := range v.Rows() {
		p.half[r] = scaledExp(complex(-F[r]/2, -φ[r]/2))
		for k, d := range model.C()[n-a:] {
			ζ[k] = complex(float64(d), 0)
		}
		for i := range v.On(r) {
			u, w := model.State.U[i*a:(i+1)*a], model.W[i*n+n-a:(i+1)*n]
			for k := range ζ {
				ζ[k] += complex(float64(w[k]), float64(u[k]))
			}
		}
		for k, z := range ζ {
			z = times(0.5, z)
			p.each[r*a+k] = halfExponent{real(z), scaledExp(z), scaledExp(-z)}
		}
	}
}

// loadExactly is load with free energies in float64.
func (p *purified) loadExactly(model *rbm.Model, v rbm.Batch) {
	p.load(model, v, hiddenOf(model).FreeEnergy(v), model.State.Phase.FreeEnergy(v))
}

// element returns ρ(σ,σ') of two configurations, and writes s_a.
func (p *purified) element(s []complex128, i, j int) scaled {
	r := timesConjugate(&p.half[i], &p.half[j])
	exponent, product := int(r.exponent), complex128(1)
	for k := range s {
		a, b := &p.each[i*p.units+k], &p.each[j*p.units+k]
		e, numerator := timesConjugate(&a.up, &b.up), complex128(1)
		if a.real+b.real > 0 { // 1 + e^z = e^z (1 + e^−z)
			r.x, exponent = mul(r.x, e.x), exponent+int(e.exponent)
			e = timesConjugate(&a.down, &b.down)
		} else {
			numerator = e.at(0)
		}
		one := 1 + e.at(0) // |e| ≤ 1
		s[k] = 0
		if one != 0 {
			s[k] = mul(numerator, inverse(one))
		}
		product = mul(product, one)
	}
	return scaled{mul(r.x, product), int32(max(min(exponent, math.MaxInt32/2), -math.MaxInt32/2))}
}

// evaluate computes ρ of all pairs that the outcomes mix.
func (p *purified) evaluate(model *rbm.Model, l *Likelihood) {
	p.load(model, l.v, l.free, l.φ)
	p.number(l)
	a := p.units
	p.rho, p.s = resized(p.rho, len(p.keys)), resized(p.s, len(p.keys)*a)
	l.inBlocks(len(p.keys), func(from, to int) {
		for k := from; k < to; k++ {
			i, j := pairOf(p.keys[k])
			p.rho[k] = p.element(p.s[k*a:(k+1)*a], i, j)
		}
	})
}

func pairOf(key uint64) (i, j int) { return int(key >> 32), int(key & math.MaxUint32) }

// number gives pairs their numbers: all of them where that is no more than the outcomes have, and else those that they
// have.
func (p *purified) number(l *Likelihood) {
	p.first = p.first[:0]
	count, all := 0, len(l.free)*(len(l.free)+1)/2
	for k := range l.outcomes {
		p.first = append(p.first, count)
		count += l.outcomes[k].pairs()
	}
	p.of = resized(p.of, count)
	if all > count {
		p.pairs.reset()
		for k := range l.outcomes {
			p.eachPair(k, l, func(at, i, j int) { p.of[at] = p.pairs.number(uint64(i)<<32 | uint64(j)) })
		}
		p.keys = append(p.keys[:0], p.pairs.keys...)
		return
	}
	p.keys = p.keys[:0]
	for j := range l.free {
		for i := range j + 1 {
			p.keys = append(p.keys, uint64(i)<<32|uint64(j))
		}
	}
	l.parallel(count, len(l.outcomes), func(k int) {
		p.eachPair(k, l, func(at, i, j int) { p.of[at] = int32(j*(j+1)/2 + i) })
	})
}

// pairs is the number of pairs of configurations that the outcome mixes.
func (o *outcome) pairs() int { return len(o.terms) * (len(o.terms) + 1) / 2 }

// eachPair calls f with the places of an outcome's pairs, and both configurations, the lower number first.
func (p *purified) eachPair(k int, l *Likelihood, f func(at, i, j int)) {
	at, terms := p.first[k], l.outcomes[k].terms
	for s, i := range terms {
		for _, j := range terms[s:] {
			f(at, int(min(i, j)), int(max(i, j)))
			at++
		}
	}
}

// memory is what sum needs of products: the pairs' parts of P_b(o), and the factors U_b(o,σ).
func (o *outcome) memory() int { return o.pairs() + len(o.terms) }

// sum writes what each pair of outcome k has in P_b(o), together with the pair in the other order, whose part is the
// conjugate. It returns P_b(o), and what of it is rounding; all are multiples of 2^exponent.
func (p *purified) sum(k int, l *Likelihood, parts []complex128) (P, rounding float64, exponent int32) {
	o := &l.outcomes[k]
	of, factors := p.of[p.first[k]:][:o.pairs()], o.factors(parts[o.pairs():][:0], o.index)
	exponent = math.MinInt32
	for _, pair := range of {
		exponent = max(exponent, p.rho[pair].exponent)
	}
	at := 0
	for s, i := range o.terms {
		for t := s; t < len(o.terms); t++ {
			part := mul(factors[s], cmplx.Conj(factors[t]))
			if i > o.terms[t] { // the pair is (σ_t, σ_s)
				part = cmplx.Conj(part)
			}
			part = mul(part, p.rho[of[at]].at(exponent))
			if s != t {
				part = times(2, part)
			}
			parts[at] = part
			P += real(part)
			rounding += math.Abs(real(part))
			at++
		}
	}
	return P, noise * rounding, exponent
}

// logs writes log Z·P_b(o) of outcomes.
func (p *purified) logs(dst []float64, l *Likelihood) {
	l.eachOutcome((*outcome).memory, func(k int, parts []complex128) {
		P, _, exponent := p.sum(k, l, parts)
		dst[k] = math.Log(max(P, 0)) + math.Ln2*float64(exponent)
	}, func(int, []complex128) {})
}

// addWeights adds up the weights of pairs over the rows, and what they mean for configurations.
func (p *purified) addWeights(model *rbm.Model, l *Likelihood, total float64) {
	p.evaluate(model, l)
	p.w = zeroed(p.w, len(p.rho))
	l.eachOutcome((*outcome).memory, func(k int, parts []complex128) {
		o := &l.outcomes[k]
		P, rounding, _ := p.sum(k, l, parts)
		by := o.weight / total / max(P, rounding)
		for at := range o.pairs() {
			parts[at] = times(by, parts[at])
		}
	}, func(k int, weights []complex128) {
		for at, pair := range p.of[p.first[k]:][:l.outcomes[k].pairs()] {
			p.w[pair] += weights[at]
		}
	})
	a := p.units
	p.re, p.im = zeroed(p.re, l.v.Rows()*a), zeroed(p.im, l.v.Rows()*a)
	for k, key := range p.keys {
		i, j := pairOf(key)
		w := times(0.5, p.w[k])
		l.re[i] += real(w)
		l.re[j] += real(w)
		l.im[i] += imag(w)
		l.im[j] -= imag(w)
		for c, s := range p.s[k*a : (k+1)*a] {
			q := mul(w, s)
			p.re[i*a+c] += real(q)
			p.re[j*a+c] += real(q)
			p.im[i*a+c] -= imag(q)
			p.im[j*a+c] += imag(q)
		}
	}
}

// write writes the averages of U^λ, d and U^μ.
func (p *purified) write(dst *rbm.Statistics, v rbm.Batch) {
	a, n := p.units, len(dst.H)
	sums := make([]float64, 2*v.Units()*a+a)
	lambda, mu, d := sums[:v.Units()*a], sums[v.Units()*a:2*v.Units()*a], sums[2*v.Units()*a:]
	for r := range v.Rows() {
		re, im := p.re[r*a:(r+1)*a], p.im[r*a:(r+1)*a]
		for k, x := range re {
			d[k] += x
		}
		for i := range v.On(r) {
			for k, x := range re {
				lambda[i*a+k] += x
				mu[i*a+k] += im[k]
			}
		}
	}
	for k, x := range d {
		dst.H[n-a+k] = float32(x)
	}
	for i := range v.Units() {
		for k := range a {
			dst.VH[i*n+n-a+k] = float32(lambda[i*a+k])
			dst.State[3][i*a+k] = float32(mu[i*a+k])
		}
	}
}
