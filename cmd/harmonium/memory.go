package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/sample"
)

// mostMemory is what eval and sample may take beside the model and the data. GOMEMLIMIT, which every Go program knows,
// takes its place.
const mostMemory = 4 << 30

// claim refuses work that would take more memory than the bound, and has the garbage collector keep to it otherwise.
func claim(bytes float64, what, wayOut string) error {
	limit, bound := debug.SetMemoryLimit(-1), float64(mostMemory)
	if limit != math.MaxInt64 {
		bound = float64(limit)
	}
	if bytes > bound {
		return badInput(fmt.Errorf("%s would take about %.1f GB of memory, and may have %.1f GB: %s, "+
			"or set another bound, such as GOMEMLIMIT=%.0fGiB", what, bytes/1e9, bound/1e9, wayOut, math.Ceil(1.25*bytes/(1<<30))))
	}
	if limit == math.MaxInt64 {
		var now runtime.MemStats
		runtime.ReadMemStats(&now)
		debug.SetMemoryLimit(int64(now.HeapAlloc) + mostMemory)
	}
	return nil
}

// need estimates what work on a model takes.
type need struct{ m, n, weights, larger, smaller float64 }

func needOf(model *rbm.Model) need {
	m, n := float64(model.M()), float64(model.N())
	return need{m, n, m * n, max(m, n), min(m, n)}
}

// model is the memory of copies of a model, of the operands of both products, and of the weights in float64.
func (s need) model() float64 { return 32 * s.weights }

// pseudo is the memory of w, e^w and e^(−w) in float64, and of a few rows of inputs.
func (s need) pseudo() float64 { return 24*s.weights + 200*s.n }

// enumeration is the memory of a table for each unit of the larger layer: 64 states, and two factors for each unit of the
// smaller layer, which is enumerated.
func (s need) enumeration() float64 { return s.model() + 8*s.larger*(64+2*s.smaller) }

// chains is the memory of the states of chains, a trace of each, and lists of set bits for the chains of one product.
func (s need) chains(count int) float64 {
	const together, trace = 1024, 100_000
	return float64(count)*((s.m+s.n)/8+trace) + 4.5*min(float64(count), together)*s.larger
}

// replicas is the memory of the models at the temperatures, up to 2 GB, beyond which they share one, and of the states of
// replica sets.
func (s need) replicas(count int) float64 {
	return min(2<<30, sample.MaxTemperatures*12*s.weights) + sample.MaxTemperatures*float64(count)*(s.m+s.n)/8
}

// claimSamples refuses samples by a method, auto among them, that would take too much memory.
func claimSamples(model *rbm.Model, method string, chains int) error {
	s := needOf(model)
	if method == monitor.MethodExact {
		return claim(s.enumeration(), fmt.Sprintf("enumeration of %d×%d units", model.M(), model.N()), "take --method gibbs")
	}
	bytes := s.model() + s.chains(chains)
	if method != methodGibbs { // auto may go on to tempering
		bytes += s.replicas(chains)
	}
	return claim(bytes, fmt.Sprintf("%d chains of %d×%d units", chains, model.M(), model.N()), "take fewer --chains, or --method gibbs")
}

// The chains and replica sets of estimate.LogZ.
const (
	aisChains  = 400
	scoredSets = 50
)

// claimScores refuses scores that would take too much memory.
func claimScores(model *rbm.Model, method string) error {
	s, size := needOf(model), fmt.Sprintf("%d×%d units", model.M(), model.N())
	switch method {
	case methodPseudo:
		return claim(s.pseudo(), "the pseudo-log-likelihood of "+size, "take a smaller model")
	case methodAIS:
		bytes := s.model() + s.chains(aisChains) + s.replicas(scoredSets)
		return claim(max(bytes, s.pseudo()), "log Z by AIS of "+size, "take --method pseudo")
	}
	return claim(max(s.enumeration(), s.pseudo()), "enumeration of "+size, "take --method pseudo")
}
