package sample

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// A Partition divides the configurations of a visible layer into parts. Labels writes the part, from 0 on, of each row of v
// to dst.
type Partition interface {
	Labels(dst []int, v rbm.Batch)
}

// Cells are a [Partition]. Each has independent units with means μ_k, and v belongs to the one that makes it most probable,
//
//	k(v) = argmax_k Π_i P(v_i | μ_ki),
//
// or to the first of several.
type Cells struct {
	observer *rbm.Conditionals // its hidden inputs are log Π_i P(v_i|μ_ki)
	count    int
	scores   []float32 // scratch: these inputs, row after row
}

// NewCells returns the cells of means of a layer's units, one cell after the other.
func NewCells(layer rbm.Layer, means []float32, on *compute.Context) *Cells {
	return &Cells{observer: observer(layer, means, on), count: len(means) / layer.Units()}
}

// Labels writes k(v) of each row of v to dst.
func (c *Cells) Labels(dst []int, v rbm.Batch) { c.Nearest(dst, nil, v) }

// Nearest writes k(v) of each row of v to labels, and the logarithm of its probability there, max_k log Π_i P(v_i|μ_ki),
// to logP, unless that is nil.
func (c *Cells) Nearest(labels []int, logP []float32, v rbm.Batch) {
	if cap(c.scores) < len(labels)*c.count {
		c.scores = make([]float32, len(labels)*c.count)
	}
	scores := c.scores[:len(labels)*c.count]
	c.observer.HiddenInputs(scores, v)
	for r := range labels {
		labels[r] = 0
		row := scores[r*c.count : (r+1)*c.count]
		for k, x := range row {
			if x > row[labels[r]] {
				labels[r] = k
			}
		}
		if logP != nil {
			logP[r] = row[labels[r]]
		}
	}
}

// leastMean keeps the means of labels within [leastMean, 1 − leastMean], so that a bit that differs from a certain mean
// costs log 1000 ≈ 7 nats and not infinitely many.
const leastMean = 1e-3

func labelMean(μ float32) float64 { return min(max(float64(μ), leastMean), 1-leastMean) }

// siteMeans returns the labelMeans of a site's states, divided by their sum.
func siteMeans(means []float32, site rbm.Site) []float64 {
	p, sum := wide(means[site.First:site.First+site.States]), 0.0
	for a, μ := range p {
		p[a] = labelMean(float32(μ))
		sum += p[a]
	}
	for a := range p {
		p[a] /= sum
	}
	return p
}

// observer returns the conditionals of a model with a hidden unit for each mode, of units with means μ_k, whose
// input is log Π_i P(v_i|μ_ki), a naive Bayes classifier: Σ_i log(1 − μ_ki) + Σ_i v_i logit μ_ki for bits, and
// Σ_i v_i log μ_ki for the states of sites.
func observer(layer rbm.Layer, means []float32, on *compute.Context) *rbm.Conditionals {
	units, sites := layer.Units(), rbm.SitesOf(layer)
	k := len(means) / units
	model := &rbm.Model{Visible: rbm.NewLayer(rbm.Bernoulli, units), Hidden: rbm.NewLayer(rbm.Bernoulli, k), W: make([]float32, len(means))}
	for j := range k {
		sum := 0.0
		μ := means[j*units : (j+1)*units]
		first := units
		if len(sites) > 0 {
			first = sites[0].First // sites come after bits
		}
		for i, μ := range μ[:first] {
			p := labelMean(μ)
			sum += math.Log1p(-p)
			model.W[i*k+j] = float32(math.Log(p / (1 - p)))
		}
		for _, site := range sites {
			for a, p := range siteMeans(μ, site) {
				model.W[(site.First+a)*k+j] = float32(math.Log(p))
			}
		}
		model.C()[j] = float32(sum)
	}
	return rbm.NewConditionals(model, on)
}
