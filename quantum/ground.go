package quantum

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

const (
	residualLimit = 1e-11 // |Hψ − Eψ| over the norm of H: rounding errors are near 10^−15
	mostRestarts  = 2000
	sameState     = 1e-6 // 1 − |⟨a|b⟩|² of one and the same ground state that was found from two starts

	mostVectors  = 60 // of a Krylov space, where they take little memory
	leastVectors = 20
	krylovBytes  = 1 << 26
)

func basisSize(amplitudes int) int {
	return min(amplitudes, mostVectors, max(leastVectors, krylovBytes/(16*amplitudes)))
}

// Ground is a ground state with its energy.
type Ground struct {
	State    State
	Energy   float64
	Residual float64 // |Hψ − Eψ|; the energy is above the true one by Residual²/gap at most
	Positive bool    // all amplitudes are ≥ 0, as far as rounding goes
}

// Options say who computes a state, and who is told how far it is.
type Options struct {
	Compute  *compute.Context   // nil means the default; results don't depend on it
	Progress func(part float64) // from 0 to 1: of the time of an evolution, of the digits of a ground state; may be nil
}

func (o Options) report(part float64) {
	if o.Progress != nil {
		o.Progress(part)
	}
}

// GroundState returns the ground state of a Hamiltonian by the method of Lanczos with full reorthogonalisation,
// restarted. Where all elements off the diagonal are ≤ 0, as they are, or with σ^z applied at each second site (W.
// Marshall 1955), it starts at a vector that has these signs, which the ground state has by Perron and Frobenius, and
// thus all symmetries of it; else at random. A degenerate ground state is an error, found by a second start, unless
// single flips at all sites make it unique. Other errors: no convergence, sites beyond 20 or those of the terms, or ctx
// is cancelled.
func GroundState(ctx context.Context, h PauliSum, sites int, o Options) (*Ground, error) {
	if sites < 1 || sites > MaxSites {
		return nil, fmt.Errorf("a ground state of %d sites, want 1 to %d", sites, MaxSites)
	}
	if err := h.Check(sites); err != nil {
		return nil, err
	}
	op := newOperator(h, sites, o.Compute)
	start, signed := op.signedStart(sites)
	if !signed {
		start = randomStart(sites, 1)
	}
	starts := 1.0
	if !signed || !op.flipsEverySite(sites) {
		starts = 2
	}
	g, err := op.lowest(ctx, start, func(part float64) { o.report(part / starts) })
	if err != nil {
		return nil, err
	}
	if starts == 2 {
		other, err := op.lowest(ctx, randomStart(sites, 2), func(part float64) { o.report((1 + part) / starts) })
		if err != nil {
			return nil, err
		}
		if o := 1 - probability(g.State.Overlap(other.State)); o > sameState {
			return nil, fmt.Errorf("the ground state is degenerate: of energy %.9g there are two that overlap by %.3g, "+
				"want a Hamiltonian with a single one", g.Energy, 1-o)
		}
	}
	g.fixPhase()
	return g, nil
}

// signedStart returns a vector of equal moduli, with the signs by which all elements of H off the diagonal become ≤ 0,
// where one of two patterns does that: all equal, or those of σ^z at each second site.
func (h *operator) signedStart(sites int) (State, bool) {
	second := 0
	for i := 1; i < sites; i += 2 {
		second |= 1 << (sites - 1 - i)
	}
	for _, mask := range []int{0, second} {
		if !h.stoquastic(mask) {
			continue
		}
		x := make(State, len(h.diagonal))
		for a := range x {
			x[a] = complex(math.Pow(2, -float64(sites)/2)*sign(a&mask), 0)
		}
		return x, true
	}
	return nil, false
}

// sign is (−1)^(number of bits).
func sign(mask int) float64 { return float64(1 - bits.OnesCount(uint(mask))&1*2) }

func (h *operator) stoquastic(mask int) bool {
	for _, g := range h.flips {
		for a := range h.diagonal {
			if x := g.element(a) * complex(sign(g.flip&mask), 0); real(x) > 0 || imag(x) != 0 {
				return false
			}
		}
	}
	return true
}

// flipsEverySite reports whether H has an element for each single flip, so that it leads from any configuration to any
// other.
func (h *operator) flipsEverySite(sites int) bool {
	single := 0
	for _, g := range h.flips {
		if g.flip&(g.flip-1) == 0 && len(g.signs) == 1 && g.coefficients[0] != 0 {
			single |= g.flip
		}
	}
	return single == 1<<sites-1
}

func randomStart(sites int, seed uint64) State {
	source, x := rng.NewSource(rng.Seed(seed).Stream(rng.StreamGenerate), 0), make(State, 1<<sites)
	for a := range x {
		x[a] = complex(source.Float64()-0.5, source.Float64()-0.5)
	}
	return x.scaled(complex(1/math.Sqrt(x.norm()), 0))
}

// lowest restarts Lanczos at the vector of lowest energy in the space so far. It reports how many of the digits that the
// residual has to lose are gone.
func (h *operator) lowest(ctx context.Context, x State, report func(part float64)) (*Ground, error) {
	limit, first, part := residualLimit*h.scale(), 0.0, 0.0
	for range mostRestarts {
		k, err := h.span(ctx, x, basisSize(len(x)))
		if err != nil {
			return nil, err
		}
		values, vectors := k.eigen()
		last := len(k.vectors) - 1
		residual := k.beta[last] * math.Abs(vectors.At(last, 0))
		x = h.combine(k, func(a int) complex128 { return complex(vectors.At(a, 0), 0) })
		x = x.scaled(complex(1/math.Sqrt(real(h.dot(x, x))), 0))
		if residual <= limit {
			report(1)
			return &Ground{State: x, Energy: values[0], Residual: residual}, nil
		}
		first = max(first, k.beta[0]) // |Hx − Ex| of the start
		part = max(part, math.Log(first/residual)/math.Log(first/limit))
		report(part)
	}
	return nil, errors.New("the ground state did not converge: the gap above it is too small")
}

// fixPhase makes the largest amplitude positive and drops imaginary parts that are rounding errors.
func (g *Ground) fixPhase() {
	largest, whole := complex128(0), 0.0
	for _, a := range g.State {
		if cmplx.Abs(a) > cmplx.Abs(largest)*(1+1e-9) {
			largest = a
		}
	}
	turn := cmplx.Conj(largest) / complex(cmplx.Abs(largest), 0)
	for _, a := range g.State {
		whole = max(whole, math.Abs(imag(a*turn)))
	}
	g.Positive = whole < 1e-9
	for k, a := range g.State {
		a *= turn
		if whole < 1e-9 {
			a = complex(real(a), 0)
		}
		g.State[k] = a
		g.Positive = g.Positive && real(a) > -1e-9
	}
}

// evolveLimit bounds the error of each step of Evolve.
const evolveLimit = 1e-12

// Evolve returns e^(−iHt) ψ, by steps in Krylov spaces (T. J. Park and J. C. Light, J. Chem. Phys. 85 (1986) 5870), of
// which the part that leads out of the space bounds the error. Errors are those of [PauliSum.Check], or ctx is
// cancelled.
func Evolve(ctx context.Context, h PauliSum, psi State, t float64, o Options) (State, error) {
	if err := h.Check(psi.Sites()); err != nil {
		return nil, err
	}
	op := newOperator(h, psi.Sites(), o.Compute)
	for left := t; left != 0; {
		k, err := op.span(ctx, psi, basisSize(len(psi)))
		if err != nil {
			return nil, err
		}
		values, vectors := k.eigen()
		last := len(k.vectors) - 1
		step := left
		var c func(a int) complex128
		for ; ; step /= 2 {
			c = func(a int) complex128 {
				sum := complex128(0)
				for e, value := range values {
					sum += cmplx.Rect(vectors.At(a, e)*vectors.At(0, e), -value*step)
				}
				return sum
			}
			if k.beta[last]*cmplx.Abs(c(last)) <= evolveLimit*op.scale() {
				break
			}
		}
		psi = op.combine(k, c)
		psi = psi.scaled(complex(1/math.Sqrt(psi.norm()), 0))
		left -= step
		o.report(1 - left/t)
	}
	return psi, nil
}
