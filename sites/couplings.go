package sites

import (
	"context"
	"fmt"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Couplings are effective couplings J_ik(a,b) between the states of each two sites of the visible layer.
//
// Summed over the hidden units a model is F(v) = −Σ_i b_i(v_i) − Σ_j Γ_j(x_j) with x_j = Σ_l w_j(l,v_l), where Γ_j
// couples all sites at once. J_ik(a,b) is its part of two bodies: the mean of Σ_j Γ_j(x_j) at v_i = a and v_k = b over
// a background distribution of all other sites, in which these are independent, less what depends on a alone or b
// alone:
//
//	Σ_a J_ik(a,b) = Σ_b J_ik(a,b) = 0, the zero-sum gauge.
//
// With the uniform background that is the projection of −F on functions of two sites (G. Cossu, L. Del Debbio, T.
// Giani, A. Khamseh, M. Wilson, Physical Review B 100 (2019) 064304, for bits; A. Decelle, C. Furtlehner, A. J. Navas
// Gómez, B. Seoane, SciPost Physics 16 (2024) 095, for Ising spins; A. Decelle, A. J. Navas Gómez, B. Seoane, arXiv
// 2501.06108, for Potts units); with the frequencies of data it is the coupling that a mean sequence sees, as J.
// Tubiana, S. Cocco, R. Monasson, eLife 8 (2019) e39397, average over data.
//
// The one approximation is that of Decelle and others: the input of a hidden unit from all other sites, a sum of many
// independent terms, counts as a normal number of the right mean and variance. Nothing is approximated where Γ_j is
// quadratic (Gaussian hidden units: J = Σ_j w_j(i,a) w_j(k,b)/γ_j, centred), nor in a model of two sites.
type Couplings struct {
	Sites
	pairs      [][]float64 // of i < k, in the order (0,1), (0,2) … (1,2) …
	background [][]float64
}

// Options are the options of [NewCouplings].
type Options struct {
	// Background has the frequencies of the states of each site ([Sample.Background]); nil stands for equal ones.
	Background [][]float64
	Compute    *compute.Context // nil means the default; results don't depend on it

	// Progress is called with the part of the work that is done, from 0 to 1; may be nil.
	Progress func(done float64)
}

// NewCouplings returns the effective couplings of a model, whatever its hidden units are, in about [Cost] operations.
// The error says why the model has no sites, or is that of ctx.
func NewCouplings(ctx context.Context, model *rbm.Model, o Options) (*Couplings, error) {
	s, err := Of(model.Visible)
	if err != nil {
		return nil, fmt.Errorf("couplings of a model: %w", err)
	}
	e := newExpansion(model, s, o.Background)
	c := &Couplings{Sites: s, pairs: make([][]float64, s.Len()*(s.Len()-1)/2), background: o.Background}
	for i := range s.Len() - 1 { // a row of the triangle at a time, so that it can be left
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o.Compute.Parallel(s.Len()-1-i, func(task int) {
			k := i + 1 + task
			c.pairs[c.at(i, k)] = e.pair(i, k)
		})
		if o.Progress != nil {
			left := s.Len() - 1 - i
			o.Progress(1 - float64(left*(left-1)/2)/float64(len(c.pairs)))
		}
	}
	return c, nil
}

// Cost is about the number of values of a function that [NewCouplings] takes for a model, of some 100 ns each on one
// core; 0 for a model without sites. It is more where inputs vary by more than 3.
func Cost(model *rbm.Model) float64 {
	s, err := Of(model.Visible)
	if err != nil {
		return 0
	}
	e, L := newBlocks(model), float64(s.Len())
	states := float64(s.Units()) / L
	each := 0.0 // of a hidden unit
	if e.singles {
		each += chebyshevNodes*(2*normalEnd/normalStep+1) + states*states
	}
	if e.largest > 1 {
		each += states * states * 2 * float64(e.largest)
	}
	return L * (L - 1) / 2 * float64(model.N()) * each
}

// Pair returns J_ik(a,b) of two sites i < k at a·States[k]+b, which shares the memory of c.
func (c *Couplings) Pair(i, k int) []float64 { return c.pairs[c.at(i, k)] }

// at is the place of a pair.
func (c *Couplings) at(i, k int) int {
	if i < 0 || i >= k || k >= c.Len() {
		panic(fmt.Sprintf("sites: pair of sites %d and %d of %d", i, k, c.Len()))
	}
	return i*(2*c.Len()-i-1)/2 + k - i - 1
}

// expansion has what is the same for all pairs.
type expansion struct {
	Sites
	model   *rbm.Model
	n       int
	blocks  []block // of hidden units whose inputs go into one function Γ
	singles bool    // whether there is a block of a single unit
	largest int     // block, 1 if all are single units
	sites   []input // from each site
	total   input
}

// input is the distribution of inputs of all hidden units: the mean of each, and covariances within each block.
type input struct {
	mean   []float64
	spread [][]float64
}

// block is hidden units first to first+size−1: a unit alone, or the states of a hidden categorical site.
type block struct{ first, size int }

func newExpansion(model *rbm.Model, s Sites, background [][]float64) *expansion {
	e := newBlocks(model)
	e.Sites = s
	e.total = e.newInput()
	for site, states := range s.States {
		p := make([]float64, states)
		for a := range p {
			p[a] = 1 / float64(states)
		}
		if background != nil {
			p = background[site]
		}
		one := e.inputOf(site, p)
		e.sites = append(e.sites, one)
		for j, x := range one.mean {
			e.total.mean[j] += x
		}
		for at, c := range one.spread {
			for l, x := range c {
				e.total.spread[at][l] += x
			}
		}
	}
	return e
}

// newBlocks finds the blocks of hidden units.
func newBlocks(model *rbm.Model) *expansion {
	e := &expansion{model: model, n: model.N()}
	for _, part := range rbm.LayoutOf(model.Hidden) {
		sizes := part.States
		if part.Kind != rbm.Categorical {
			sizes = make([]int, part.Units)
			for k := range sizes {
				sizes[k] = 1
			}
		}
		first := 0
		if len(e.blocks) > 0 {
			last := e.blocks[len(e.blocks)-1]
			first = last.first + last.size
		}
		for _, size := range sizes {
			e.blocks = append(e.blocks, block{first, size})
			first += size
			e.singles, e.largest = e.singles || size == 1, max(e.largest, size)
		}
	}
	return e
}

func (e *expansion) newInput() input {
	in := input{make([]float64, e.n), make([][]float64, len(e.blocks))}
	for at, b := range e.blocks {
		in.spread[at] = make([]float64, b.size*b.size)
	}
	return in
}

// inputOf is the input from a site whose states have probabilities p.
func (e *expansion) inputOf(site int, p []float64) input {
	in := e.newInput()
	for a, p := range p {
		for j, w := range e.weights(site, a) {
			in.mean[j] += p * float64(w)
		}
	}
	for a, p := range p {
		w := e.weights(site, a)
		for at, b := range e.blocks {
			for k := range b.size {
				for l := range b.size {
					x, y := float64(w[b.first+k])-in.mean[b.first+k], float64(w[b.first+l])-in.mean[b.first+l]
					in.spread[at][k*b.size+l] += p * x * y
				}
			}
		}
	}
	return in
}

// weights of state a of a site to all hidden units.
func (e *expansion) weights(site, a int) []float32 {
	at := (e.First[site] + a) * e.n
	return e.model.W[at : at+e.n]
}

// pair returns the couplings of sites i and k.
func (e *expansion) pair(i, k int) []float64 {
	mean, spread := e.rest(i, k)
	sum := make([]float64, e.States[i]*e.States[k])
	if e.singles {
		e.addSingles(sum, i, k, mean, spread)
	}
	if e.largest > 1 {
		e.addBlocks(sum, i, k, mean, spread)
	}
	centre(sum, e.States[i], e.States[k])
	return sum
}

// rest returns mean and covariances of the inputs from all sites but i and k.
func (e *expansion) rest(i, k int) (mean []float64, spread [][]float64) {
	mean, spread = make([]float64, e.n), make([][]float64, len(e.blocks))
	for j, x := range e.total.mean {
		mean[j] = x - e.sites[i].mean[j] - e.sites[k].mean[j]
	}
	for at, c := range e.total.spread {
		spread[at] = make([]float64, len(c))
		for l, x := range c {
			spread[at][l] = x - e.sites[i].spread[at][l] - e.sites[k].spread[at][l]
		}
	}
	return mean, spread
}

// centre subtracts the means of rows and columns from a matrix, so that each sums to 0.
func centre(x []float64, rows, columns int) {
	row, column, all := make([]float64, rows), make([]float64, columns), 0.0
	for at, y := range x {
		row[at/columns] += y / float64(columns)
		column[at%columns] += y / float64(rows)
		all += y / float64(rows*columns)
	}
	for at := range x {
		x[at] -= row[at/columns] + column[at%columns] - all
	}
}
