package main

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"

	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/sample"
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

// claimSamples refuses samples by a method, auto among them, that would take too much memory. A search for modes comes
// before chains, and after enumeration.
func claimSamples(model *rbm.Model, method string, chains int) error {
	searching, modes := sample.SurveyMemory(model)
	what, wayOut := fmt.Sprintf("%d chains of %d×%d units", chains, model.M(), model.N()), "take fewer --chains, or --method gibbs"
	stay, then := sample.ChainMemory(model, chains), 0.0
	switch method {
	case monitor.MethodExact:
		what, wayOut = fmt.Sprintf("enumeration of %d×%d units", model.M(), model.N()), "take --method gibbs"
		stay, then = 0, exact.Memory(model)
	case methodTempered, methodAuto: // auto may go on to tempering
		then = sample.TemperingMemory(model, chains)
	}
	if searching > stay+then {
		what, wayOut = fmt.Sprintf("the search for modes of %d×%d units", model.M(), model.N()), "take a smaller model"
	}
	return claim(stay+max(searching, then)+modes, what, wayOut)
}

// claimScores refuses scores that would take too much memory.
func claimScores(model *rbm.Model, method string) error {
	pseudo, size := rbm.PseudoMemory(model), fmt.Sprintf("%d×%d units", model.M(), model.N())
	switch method {
	case methodPseudo:
		return claim(pseudo, "the pseudo-log-likelihood of "+size, "take a smaller model")
	case methodAIS:
		return claim(max(estimate.Memory(model), pseudo), "log Z by AIS of "+size, "take --method pseudo")
	}
	return claim(max(exact.Memory(model), pseudo), "enumeration of "+size, "take --method pseudo")
}
