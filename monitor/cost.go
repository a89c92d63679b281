package monitor

import (
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Costs in elementary operations (a unit of a state of an enumeration), measured relative to each other:
// docs/decisions/0048.
const (
	costFlip    = 1500 // a unit at a row of the pseudo-log-likelihood,
	costSite    = 2    // a weight there,
	costSites   = 170  // and a weight once for all rows
	costProduct = 0.05 // a multiply-add of a product with bits
	costReals   = 0.15 // and with real numbers
	costUnit    = 12   // drawing a unit of two values or computing its probability
	costGram    = 2    // a multiply-add in float64
	costEigen   = 5    // one of the eigenvalues of a matrix
	costMean    = 0.5  // a multiply-add of a product with means
	costMeans   = 100  // a unit of an iteration of mean-field theory
	costCopies  = 100  // a weight before the first of them
)

// costsOfUnits are those of drawing a unit of other kinds; of a categorical site each state is a unit.
var costsOfUnits = map[rbm.Kind]float64{rbm.Categorical: 90, rbm.Gaussian: 400, rbm.ReLU: 1400, rbm.DReLU: 2000}

// GibbsCost is the number of elementary operations of sweeping a number of chains, and of an average over them.
func GibbsCost(model *rbm.Model, chains, sweeps int) float64 {
	m, n := float64(model.M()), float64(model.N())
	units := (m+n)*costUnit + moreOfUnits(model.Visible) + moreOfUnits(model.Hidden)
	product := costProduct + (costReals-costProduct)*(partOfReals(model.Visible)+partOfReals(model.Hidden))/2
	return float64(chains) * (float64(2*sweeps+2)*m*n*product + float64(sweeps+1)*units)
}

// partOfReals is the part of a layer's units that are real numbers.
func partOfReals(layer rbm.Layer) float64 {
	units := layer.Units()
	return float64(units-layer.NewBatch(0).Bits()) / float64(units)
}

// moreOfUnits is what drawing the units of a layer costs more than that of units of two values.
func moreOfUnits(layer rbm.Layer) (more float64) {
	for _, part := range rbm.LayoutOf(layer) {
		if cost, other := costsOfUnits[part.Kind]; other {
			more += float64(part.Units) * (cost - costUnit)
		}
	}
	return more
}

// ExactCost is that of an enumeration.
func ExactCost(model *rbm.Model) float64 { return exact.Cost(model) }

// stepCost is that of an AIS step of a number of chains.
func stepCost(model *rbm.Model, chains int) float64 { return GibbsCost(model, chains, 1) }

// RoundCost is that of a round of replica sets: a sweep of each replica, its free energies by another product, and
// jumps of some sets, with the products for F and q of two states each.
func RoundCost(t *sample.Tempering, model *rbm.Model) float64 {
	cost := GibbsCost(model, t.ChainSteps(), 1)
	if t.Jumps != nil {
		jumping := t.ChainSteps() / t.Visible().Rows() * t.JumpingSets()
		cost += GibbsCost(model, 2*jumping, 0) + 2*float64(jumping)*float64(len(t.Jumps.Means))*costProduct
	}
	return cost
}

// liveCost is that of a live score of a number of rows, with rounds of a ladder of the usual size, those before them, and
// AIS.
func liveCost(c Config, rounds int, rows float64) float64 {
	sets := ladderSets
	if c.Ladder != nil {
		sets = c.Ladder.Visible().Rows()
	}
	parts := 1 + 1.0/burnIn + 1
	if sample.CheckModes(c.Model) == nil { // there are jumps
		parts = 1 + 1.0/burnIn + 1.0/aisPart
	}
	return parts*float64(rounds)*GibbsCost(c.Model, sets*usualTemperatures, 1) + rows/2*GibbsCost(c.Model, 1, 0)
}

// usualTemperatures is a number of temperatures to count with before any is known.
const usualTemperatures = 12

// SearchCost is that of a search for modes with a number of iterations, each of one start: a product with means from
// layer to layer and back, and the means.
func SearchCost(model *rbm.Model, iterations int) float64 {
	m, n := float64(model.M()), float64(model.N())
	return m*n*costCopies + float64(iterations)*(2*m*n*costMean+(m+n)*costMeans)
}

// searchStarts is the number of starts of each kind, at most most, for which a number of operations pays whatever
// iterations they take.
func searchStarts(model *rbm.Model, budget float64, most int) int {
	fixed := SearchCost(model, 0)
	return int(min(float64(most), max(0, budget-fixed)/(SearchCost(model, sample.SearchKinds*sample.MostIterations)-fixed)))
}

// usualStarts is the number of starts of a search at a score for which a number of operations pays, with the usual number
// of iterations of each.
func usualStarts(model *rbm.Model, budget float64) int {
	fixed := SearchCost(model, 0)
	return int(min(mostStarts, max(0, budget-fixed)/(SearchCost(model, usualIterations)-fixed)))
}

// spectrumCost is that of the singular values of W.
func spectrumCost(model *rbm.Model) float64 {
	small, large := float64(min(model.M(), model.N())), float64(max(model.M(), model.N()))
	return small * small * (large/2*costGram + small*costEigen)
}
