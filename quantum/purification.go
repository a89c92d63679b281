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
type purified struct {
	d      []float64
	x, y   []float64    // U^λ σ and U^μ σ, configuration after configuration
	half   []complex128 // −(F_λ+iF_μ)/2
	pairs  index
	of     []int32 // numbers of pairs, outcome after outcome
	first  []int   // of each outcome
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

// load takes over the parameters, and computes what a number of configurations need.
func (p *purified) load(model *rbm.Model, v rbm.Batch) {
	n, a := model.N(), model.State.Auxiliary()
	p.d = p.d[:0]
	for _, d := range model.C()[n-a:] {
		p.d = append(p.d, float64(d))
	}
	p.x, p.y, p.half = zeroed(p.x, v.Rows()*a), zeroed(p.y, v.Rows()*a), resized(p.half, v.Rows())
	F, φ := hiddenOf(model).FreeEnergy(v), model.State.Phase.FreeEnergy(v)
	for r := range v.Rows() {
		p.half[r] = complex(-F[r]/2, -φ[r]/2)
		x, y := p.x[r*a:(r+1)*a], p.y[r*a:(r+1)*a]
		for i := range v.On(r) {
			u, w := model.State.U[i*a:(i+1)*a], model.W[i*n+n-a:(i+1)*n]
			for k := range x {
				x[k] += float64(w[k])
				y[k] += float64(u[k])
			}
		}
	}
}

// element returns ρ(σ,σ') of two configurations, and writes s_a.
func (p *purified) element(s []complex128, i, j int) scaled {
	a := len(p.d)
	log, product := p.half[i]+cmplx.Conj(p.half[j]), complex128(1)
	for k, d := range p.d {
		z := complex((p.x[i*a+k]+p.x[j*a+k])/2+d, (p.y[i*a+k]-p.y[j*a+k])/2)
		var one complex128 // 1 + e^(−|Re z|+…)
		if real(z) > 0 {
			e := cmplx.Exp(-z)
			one = 1 + e
			s[k] = 1 / one
			log += z
		} else {
			e := cmplx.Exp(z)
			one = 1 + e
			s[k] = e / one
		}
		if one == 0 {
			s[k] = 0
		}
		product *= one
	}
	r := scaledExp(log)
	r.x *= product
	return r
}

// evaluate computes ρ of all pairs that the outcomes mix.
func (p *purified) evaluate(model *rbm.Model, l *Likelihood) {
	p.load(model, l.v)
	p.pairs.reset()
	p.of, p.first = p.of[:0], p.first[:0]
	for k := range l.outcomes {
		terms := l.outcomes[k].terms
		p.first = append(p.first, len(p.of))
		for s, i := range terms {
			for _, j := range terms[s:] {
				p.of = append(p.of, p.pairs.number(uint64(min(i, j))<<32|uint64(max(i, j))))
			}
		}
	}
	a := len(p.d)
	p.rho, p.s = resized(p.rho, len(p.pairs.keys)), resized(p.s, len(p.pairs.keys)*a)
	for k, key := range p.pairs.keys {
		p.rho[k] = p.element(p.s[k*a:(k+1)*a], int(key>>32), int(key&math.MaxUint32))
	}
}

// sum returns P_b(o) of outcome k as a multiple of 2^exponent, its logarithm, and what of it is rounding. It leaves the
// factors U_b(o,σ).
func (p *purified) sum(k int, l *Likelihood) (P, rounding float64, exponent int32, log float64) {
	o := &l.outcomes[k]
	l.factors = o.factors(l.factors, o.index)
	of := p.of[p.first[k]:]
	of = of[:len(o.terms)*(len(o.terms)+1)/2]
	exponent = math.MinInt32
	for _, pair := range of {
		exponent = max(exponent, p.rho[pair].exponent)
	}
	sum := 0.0
	p.eachTerm(o, of, l.factors, exponent, func(_ int32, term complex128) {
		P += real(term)
		sum += math.Abs(real(term))
	})
	return P, pairNoise * sum, exponent, math.Log(max(P, 0)) + math.Ln2*float64(exponent)
}

// pairNoise is the part of the sum of |terms| below which P_b(o) is rounding: all of it is in float64.
const pairNoise = 1e-14

// eachTerm calls f with each pair of an outcome, and with its part of P_b(o), as a multiple of 2^exponent, together with
// that of the other order, whose conjugate it is.
func (p *purified) eachTerm(o *outcome, of []int32, factors []complex128, exponent int32, f func(pair int32, term complex128)) {
	at := 0
	for s, i := range o.terms {
		for t := s; t < len(o.terms); t++ {
			pair := of[at]
			at++
			term := factors[s] * cmplx.Conj(factors[t])
			if i > o.terms[t] { // the pair is (σ_t, σ_s)
				term = cmplx.Conj(term)
			}
			term *= p.rho[pair].at(exponent)
			if s != t {
				term *= 2
			}
			f(pair, term)
		}
	}
}

// addWeights adds up the weights of pairs over the rows, and what they mean for configurations.
func (p *purified) addWeights(model *rbm.Model, l *Likelihood, total float64) {
	p.evaluate(model, l)
	p.w = zeroed(p.w, len(p.rho))
	for k := range l.outcomes {
		o := &l.outcomes[k]
		P, rounding, exponent, _ := p.sum(k, l)
		by := complex(o.weight/total/max(P, rounding), 0)
		p.eachTerm(o, p.of[p.first[k]:], l.factors, exponent, func(pair int32, term complex128) { p.w[pair] += by * term })
	}
	a := len(p.d)
	p.re, p.im = zeroed(p.re, l.v.Rows()*a), zeroed(p.im, l.v.Rows()*a)
	for k, key := range p.pairs.keys {
		i, j, w := int(key>>32), int(key&math.MaxUint32), p.w[k]/2
		l.re[i] += real(w)
		l.re[j] += real(w)
		l.im[i] += imag(w)
		l.im[j] -= imag(w)
		for c, s := range p.s[k*a : (k+1)*a] {
			q := w * s
			p.re[i*a+c] += real(q)
			p.re[j*a+c] += real(q)
			p.im[i*a+c] -= imag(q)
			p.im[j*a+c] += imag(q)
		}
	}
}

// write writes the averages of U^λ, d and U^μ.
func (p *purified) write(dst *rbm.Statistics, v rbm.Batch) {
	a, n := len(p.d), len(dst.H)
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
