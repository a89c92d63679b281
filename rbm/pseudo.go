package rbm

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
)

// steepWeight bounds |w| for the product form of gain: the range of Context.LogProduct.
const steepWeight = 30

// siteRows is the largest number of rows that are scored together: the factors of a unit stay in the first-level cache
// meanwhile, the rows' probabilities in the second. Rows of many hidden units are fewer, so that they take siteBytes at
// most, or are one.
const (
	siteRows  = 16
	siteBytes = 64 << 20
)

// PseudoLogLikelihood returns Σ_i log P(v_i|v_{−i}) of each row of v in nats, in float64: the
// log-probability of every unit given all the others, summed over all units, none drawn at random
// (J. Besag, The Statistician 24 (1975) 179). It needs no Z. It is not the log-likelihood,
// and for a model with few strong modes it can be far above it. A categorical
// site is one unit; of real units it has densities. Models that have none are an error ([Model.CheckPseudo]).
func (model *Model) PseudoLogLikelihood(v Batch, on *compute.Context) ([]float64, error) {
	p, err := NewPseudoLikelihood(model, on)
	if err != nil {
		return nil, err
	}
	return p.Log(v), nil
}

// PseudoLikelihood is a model made ready for many calls of [PseudoLikelihood.Log], such as blocks of a long list of
// rows.
type PseudoLikelihood struct {
	model   *Model
	compute *compute.Context
	sites   *sites      // of models of bits
	layers  *layerSites // of others
}

// PseudoMemory is about how many bytes the pseudo-log-likelihood of a model takes: w, e^w and e^(−w) in float64, and a
// few rows of inputs.
func PseudoMemory(model *Model) float64 {
	n := float64(model.N())
	return 24*float64(model.M())*n + 200*n
}

// NewPseudoLikelihood prepares the pseudo-likelihood of a model, which must not change meanwhile. The error is that of
// [Model.CheckPseudo].
func NewPseudoLikelihood(model *Model, on *compute.Context) (*PseudoLikelihood, error) {
	if model.CheckBits() == nil {
		return &PseudoLikelihood{model: model, compute: on, sites: newSites(model.Bits(), on)}, nil
	}
	if err := model.CheckPseudo(); err != nil {
		return nil, err
	}
	layers, err := newLayerSites(model, on)
	if err != nil {
		return nil, err
	}
	return &PseudoLikelihood{model: model, compute: on, layers: layers}, nil
}

// Log returns what [Model.PseudoLogLikelihood] does.
func (p *PseudoLikelihood) Log(v Batch) []float64 {
	logs := make([]float64, v.Rows())
	p.compute.Divide(logs, v.Rows(), func(from, to int) {
		p.each(v.Slice(from, to), func(r, _ int, log float64) { logs[from+r] += log })
	})
	return logs
}

// Sites are the units that are scored, in the order of the layer. One of two values is a site of no states.
func (p *PseudoLikelihood) Sites() []Site {
	if p.layers != nil {
		return p.layers.sites
	}
	sites := make([]Site, p.model.M())
	for i := range sites {
		sites[i].First = i
	}
	return sites
}

// Terms writes log P(v_i|v_{−i}) of each of [PseudoLikelihood.Sites] of each row into dst (rows×sites): the terms of
// Log.
func (p *PseudoLikelihood) Terms(dst []float64, v Batch) {
	sites := len(p.Sites())
	if len(dst) != v.Rows()*sites {
		panic(fmt.Sprintf("rbm: %d terms of %d rows of %d sites", len(dst), v.Rows(), sites))
	}
	p.each(v, func(r, k int, log float64) { dst[r*sites+k] = log })
}

// each calls f with the log-probability of each site k of each row r, in the order of the sites. Calls for several rows
// run side by side.
func (p *PseudoLikelihood) each(v Batch, f func(r, k int, log float64)) {
	p.model.checkVisible(v)
	if p.layers != nil {
		p.layers.each(v, f)
		return
	}
	on := p.sites.compute
	workers := on.Workers()
	group := min(siteRows, max(1, siteBytes/p.sites.rowBytes()), (v.Rows()+workers-1)/workers)
	if group == 0 {
		return
	}
	on.Parallel((v.Rows()+group-1)/group, func(task int) {
		p.sites.each(v, task*group, min((task+1)*group, v.Rows()), f)
	})
}

// sites holds e^w and e^(−w), which turn the change of F at a flip of one unit into products.
type sites struct {
	compute  *compute.Context
	p        *BitParameters
	stride   int       // n and factors of 1, up to a multiple of 64: the products go by 64 factors
	up, down []float64 // e^(w_ij), e^(−w_ij), m×stride
	steep    []bool    // a weight of unit i exceeds steepWeight
}

func newSites(p *BitParameters, on *compute.Context) *sites {
	m, n := len(p.B), len(p.C)
	stride := (n + 63) &^ 63
	s := &sites{compute: on, p: p, stride: stride, up: make([]float64, m*stride), down: make([]float64, m*stride), steep: make([]bool, m)}
	for k, w := range p.W {
		at := k/n*stride + k%n
		s.up[at], s.down[at] = math.Exp(w), math.Exp(-w)
		if math.Abs(w) > steepWeight {
			s.steep[k/n] = true
		}
	}
	return s
}

// each calls f with −log(1 + e^(F(v)−F(v with unit i flipped))) of rows from…to−1.
func (s *sites) each(v Batch, from, to int, f func(r, i int, log float64)) {
	n := len(s.p.C)
	rows := make([]siteRow, to-from)
	for k := range rows {
		rows[k] = s.newRow(v.bits.Row(from + k))
	}
	for i, b := range s.p.B {
		weights, up, down := s.p.W[i*n:(i+1)*n], s.up[i*s.stride:(i+1)*s.stride], s.down[i*s.stride:(i+1)*s.stride]
		for k, row := range rows {
			direction, factors := 1.0, up
			if row.v[i/64]>>(i%64)&1 == 1 {
				direction, factors = -1, down
			}
			var gain float64 // F(v) − F(flipped), without b
			if s.steep[i] {
				gain = steepGain(row.inputs, weights, direction)
			} else {
				// Σ_j log[(1+e^{x_j±w_j})/(1+e^{x_j})] = log Π_j (σ(−x_j) + σ(x_j) e^{±w_j})
				gain = s.compute.LogProduct(row.on, row.off, factors)
			}
			f(from+k, i, -Softplus(gain+direction*b))
		}
	}
}

// siteRow holds a row, its inputs x_j, and σ(x_j) and σ(−x_j), and after the last of them 0 and 1.
type siteRow struct {
	v               []uint64
	inputs, on, off []float64
}

func (s *sites) rowBytes() int { return 8 * (2*s.stride + len(s.p.C)) }

func (s *sites) newRow(v []uint64) siteRow {
	n := len(s.p.C)
	memory := make([]float64, s.rowBytes()/8)
	row := siteRow{v, memory[2*s.stride:], memory[:s.stride], memory[s.stride : 2*s.stride]}
	s.p.hiddenInputs(row.inputs, v)
	for j := range row.off {
		if j < n {
			row.on[j], row.off[j] = Sigmoid(row.inputs[j]), Sigmoid(-row.inputs[j])
		} else {
			row.off[j] = 1
		}
	}
	return row
}

func steepGain(inputs, weights []float64, direction float64) float64 {
	gain := 0.0
	for j, x := range inputs {
		gain += Softplus(x+direction*weights[j]) - Softplus(x)
	}
	return gain
}
