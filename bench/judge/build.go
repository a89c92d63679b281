package main

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// newModel returns a model of one kind of unit with all parameters 0.
func newModel(kind rbm.Kind, m, n int) *rbm.Model {
	return &rbm.Model{Visible: rbm.NewLayer(kind, m), Hidden: rbm.NewLayer(kind, n), W: make([]float32, m*n)}
}

// gaussian returns a model with w_ij from N(0, scale²) and biases from N(0, bias²).
func gaussian(r *rand.Rand, kind rbm.Kind, m, n int, scale, bias float64) *rbm.Model {
	model := newModel(kind, m, n)
	for _, p := range []struct {
		values []float32
		scale  float64
	}{{model.W, scale}, {model.B(), bias}, {model.C(), bias}} {
		for k := range p.values {
			p.values[k] = float32(p.scale * r.NormFloat64())
		}
	}
	return model
}

// bond couples two spins: −J s_i s_j in the energy.
type bond struct {
	i, j int
	J    float64
}

// pairwise returns the spin model whose visible units have the energy −Σ J_ij s_i s_j − Σ f_i s_i, with a hidden unit
// for each bond: log 2cosh(w(s_i+s_j)) is larger by log cosh 2w where the spins are equal, so that cosh 2w = e^(2J).
func pairwise(bonds []bond, field []float64) *rbm.Model {
	model := newModel(rbm.Spin, len(field), len(bonds))
	for i, f := range field {
		model.B()[i] = float32(f)
	}
	for k, b := range bonds {
		w := math.Acosh(math.Exp(2*math.Abs(b.J))) / 2
		model.W[b.i*len(bonds)+k] = float32(w)
		model.W[b.j*len(bonds)+k] = float32(math.Copysign(w, b.J))
	}
	return model
}

// lattice returns the bonds of an L×L square lattice with periodic boundaries, each with coupling J.
func lattice(L int, J float64) (bonds []bond) {
	for y := range L {
		for x := range L {
			i := y*L + x
			bonds = append(bonds, bond{i, y*L + (x+1)%L, J}, bond{i, (y+1)%L*L + x, J})
		}
	}
	return bonds
}

// hopfield returns a spin model with a mode at each pattern and at its negative: copies hidden units a pattern, with
// weights ±√(g/(m·copies)) along it. For a single pattern the visible units order where g > 1. field[p] is the strength
// of a field along pattern p.
func hopfield(patterns [][]bool, copies int, g float64, field []float64) *rbm.Model {
	m, n := len(patterns[0]), len(patterns)*copies
	model := newModel(rbm.Spin, m, n)
	w := math.Sqrt(g / float64(m*copies))
	for p, pattern := range patterns {
		for i, on := range pattern {
			model.B()[i] += float32(sign(on) * field[p])
			for q := range copies {
				model.W[i*n+p*copies+q] = float32(sign(on) * w)
			}
		}
	}
	return model
}

func sign(on bool) float64 {
	if on {
		return 1
	}
	return -1
}

// pattern draws a configuration of fair coins.
func pattern(r *rand.Rand, m int) []bool {
	p := make([]bool, m)
	for i := range p {
		p[i] = r.IntN(2) == 1
	}
	return p
}

// planting says how clusters are planted.
type planting struct {
	strength float64   // log-odds of a unit to be as its template, within a cluster
	copies   int       // hidden units a cluster
	logMass  []float64 // of the clusters, relative to each other
	// excess is log mass of the clusters above that of the state in which all hidden units are off, as a part of the
	// range within which one cluster has more mass than two at once: 0 makes a broad background of the same mass, ½
	// clusters alone.
	excess float64
}

// clusters returns a Bernoulli model with a mode at each template, held by a group of hidden units of its own, and the
// hidden states of the modes. With c_k the bias of a unit of group k, log mass = copies·c_k + Σ_i log(1 +
// e^(±strength)), which is solved for c_k.
func clusters(templates [][]bool, o planting) (model *rbm.Model, states rbm.Batch) {
	m, n := len(templates[0]), len(templates)*o.copies
	model, states = newModel(rbm.Bernoulli, m, n), rbm.NewBatch(len(templates), n)
	nearest := m
	for k, a := range templates {
		for _, b := range templates[:k] {
			d := 0
			for i := range a {
				if a[i] != b[i] {
					d++
				}
			}
			nearest = min(nearest, d)
		}
	}
	background := float64(m) * math.Ln2
	crowded := (o.strength - math.Ln2) * float64(nearest)
	level := background + o.excess*max(crowded-background, 0)
	for k, template := range templates {
		free := 0.0
		for i, on := range template {
			free += rbm.Softplus(sign(on) * o.strength)
			for q := range o.copies {
				model.W[i*n+k*o.copies+q] = float32(sign(on) * o.strength / float64(o.copies))
			}
		}
		for q := range o.copies {
			model.C()[k*o.copies+q] = float32((level + o.logMass[k] - free) / float64(o.copies))
			states.SetBit(k, k*o.copies+q, true)
		}
	}
	return model, states
}

func logZ(model *rbm.Model) (float64, error) {
	return exact.LogZ(context.Background(), model, exact.Options{})
}

// held is a number of units at fixed values.
type held struct {
	units []int
	on    []bool
}

// hold draws a pattern on count of m units.
func hold(r *rand.Rand, m, count int) held {
	return held{r.Perm(m)[:count], pattern(r, count)}
}

// massOf returns P(S) of all configurations in which visible units of a Bernoulli model are held, as log-odds: that of
// Z of the model of the other units, whose hidden biases include the inputs from those held.
func massOf(model *rbm.Model, h held) (logOdds float64, err error) {
	m, n := model.M(), model.N()
	is, rest := map[int]bool{}, []int(nil)
	c, energy := append([]float32(nil), model.C()...), 0.0
	for k, i := range h.units {
		is[i] = true
		if h.on[k] {
			energy += float64(model.B()[i])
			for j := range n {
				c[j] += model.W[i*n+j]
			}
		}
	}
	for i := range m {
		if !is[i] {
			rest = append(rest, i)
		}
	}
	whole, err := logZ(model)
	if err != nil {
		return 0, err
	}
	part := 0.0
	if len(rest) > 0 {
		reduced := newModel(rbm.Bernoulli, len(rest), n)
		copy(reduced.C(), c)
		for k, i := range rest {
			reduced.B()[k] = model.B()[i]
			copy(reduced.W[k*n:(k+1)*n], model.W[i*n:(i+1)*n])
		}
		if part, err = logZ(reduced); err != nil {
			return 0, err
		}
	} else {
		for _, x := range c {
			part += rbm.Softplus(float64(x))
		}
	}
	p := energy + part - whole
	return p - math.Log(-math.Expm1(min(p, -1e-15))), nil
}

// withNeedle adds hidden units to a Bernoulli model that see whether the held visible units have their values. The mass
// of these configurations grows to about e^logOdds times that of all others, which gain next to nothing. The needle
// stands alone: with one held unit off, the hidden units have no effect. In a funnel configurations gain the more the
// nearer they are, and those nearby weigh little in sum.
func withNeedle(base *rbm.Model, h held, copies int, funnel bool, logOdds float64) (*rbm.Model, error) {
	before, err := massOf(base, h)
	if err != nil {
		return nil, err
	}
	gain := max(logOdds-before, 0.1) / float64(copies)
	at := gain + math.Log(-math.Expm1(-gain)) // log(1+e^at) = gain
	miss := (4 + math.Log(float64(len(h.units)))) / math.Sqrt(float64(copies))
	if !funnel {
		miss += gain
	}
	m, n := base.M(), base.N()
	model := newModel(rbm.Bernoulli, m, n+copies)
	copy(model.B(), base.B())
	copy(model.C(), base.C())
	for i := range m {
		copy(model.W[i*(n+copies):], base.W[i*n:(i+1)*n])
	}
	for q := range copies {
		c := at
		for k, i := range h.units {
			model.W[i*(n+copies)+n+q] = float32(sign(h.on[k]) * miss)
			if h.on[k] {
				c -= miss
			}
		}
		model.C()[n+q] = float32(c)
	}
	return model, nil
}

// withCopies returns a Bernoulli model with every hidden unit repeated.
func withCopies(base *rbm.Model, copies int) *rbm.Model {
	n := base.N() * copies
	model := newModel(base.Visible.Kind(), base.M(), n)
	copy(model.B(), base.B())
	for j := range n {
		model.C()[j] = base.C()[j/copies]
		for i := range base.M() {
			model.W[i*n+j] = base.W[i*base.N()+j/copies]
		}
	}
	return model
}

// directSum puts models of one kind side by side, without weights between them: Z is the product of theirs.
func directSum(models ...*rbm.Model) *rbm.Model {
	m, n := 0, 0
	for _, part := range models {
		m, n = m+part.M(), n+part.N()
	}
	model := newModel(models[0].Visible.Kind(), m, n)
	i, j := 0, 0
	for _, part := range models {
		copy(model.B()[i:], part.B())
		copy(model.C()[j:], part.C())
		for k := range part.M() {
			copy(model.W[(i+k)*n+j:], part.W[k*part.N():(k+1)*part.N()])
		}
		i, j = i+part.M(), j+part.N()
	}
	return model
}

// asBits returns the Bernoulli model with the probabilities of a spin model: s = 2v − 1.
func asBits(spins *rbm.Model) *rbm.Model {
	bits, model := spins.Bits(), newModel(rbm.Bernoulli, spins.M(), spins.N())
	narrow(model.W, bits.W)
	narrow(model.B(), bits.B)
	narrow(model.C(), bits.C)
	return model
}

func narrow(to []float32, from []float64) {
	for k, x := range from {
		to[k] = float32(x)
	}
}

// asSpins returns the spin model with the probabilities of a Bernoulli model: v = (1+s)/2.
func asSpins(bits *rbm.Model) *rbm.Model {
	m, n := bits.M(), bits.N()
	model := newModel(rbm.Spin, m, n)
	for i, b := range bits.B() {
		model.B()[i] = b / 2
	}
	for j, c := range bits.C() {
		model.C()[j] = c / 2
	}
	for k, w := range bits.W {
		model.W[k] = w / 4
		model.B()[k/n] += w / 4
		model.C()[k%n] += w / 4
	}
	return model
}
