package main

import (
	"fmt"
	"io"
	"math"
	"math/cmplx"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// The most sites of a state whose 2^n amplitudes, or 4^n matrix elements, are drawn, and the least probability of a
// configuration whose phase is.
const (
	shownAmplitudes = 10
	shownElements   = 5
	shownPhase      = 1e-3
)

// entropyTable prints the largest entropy.
func (r *inspectResult) entropyTable(w io.Writer) {
	if r.Entropies == nil {
		return
	}
	most := 0
	for k, e := range r.Entropies {
		if e.Value > r.Entropies[most].Value {
			most = k
		}
	}
	value := r.Entropies[most].Value.Digits(4)
	if e := r.Entropies[most]; e.Stderr > 0 {
		value = diag.Estimate{Value: e.Value, Stderr: e.Stderr}.String()
	}
	sites := "site"
	if most > 0 {
		sites = fmt.Sprintf("%d sites", most+1)
	}
	fmt.Fprintf(w, "entropy S_2\t%s nats at most, of the first %s\n", value, sites)
}

// state draws the quantum state that a model was trained to be: amplitudes and phases or the density matrix, of few
// sites, and the entropy against the cut. method is that of the samples.
func (i *inspection) state(t *terminal, method string) error {
	if i.model.State == nil {
		return nil
	}
	psi, err := quantum.Reconstruct(i.model)
	if err != nil {
		return err
	}
	_, mixed := psi.(*quantum.Purification)
	var whole quantum.Known
	if n := psi.Sites(); n <= quantum.MaxDensitySites || n <= quantum.MaxSites && !mixed {
		if whole, err = quantum.Whole(psi, t.compute); err != nil {
			return err
		}
	}
	switch s := whole.(type) {
	case quantum.State:
		if err := i.amplitudes(s); err != nil {
			return err
		}
	case quantum.Density:
		if err := i.elements(s); err != nil {
			return err
		}
	}
	return i.entropies(t, psi, whole, method)
}

// amplitudes draws |ψ(σ)| and, of a complex state, arg ψ(σ) less that of the largest amplitude. Configurations have
// the order of the lines of a state's file.
func (i *inspection) amplitudes(psi quantum.State) error {
	if psi.Sites() > shownAmplitudes {
		return nil
	}
	largest := complex128(0)
	for _, a := range psi {
		if cmplx.Abs(a) > cmplx.Abs(largest) {
			largest = a
		}
	}
	moduli, phases := plot.Series{Name: "model", Dots: true}, plot.Series{Name: "model", Dots: true}
	for σ, a := range psi {
		moduli.X, moduli.Y = append(moduli.X, float64(σ)), append(moduli.Y, cmplx.Abs(a))
		if modulus := cmplx.Abs(a); modulus*modulus >= shownPhase {
			phases.X, phases.Y = append(phases.X, float64(σ)), append(phases.Y, cmplx.Phase(a/largest)/math.Pi)
		}
	}
	const x = "configuration σ, site 0 the most significant bit"
	err := i.chart("amplitudes", plot.Chart{Title: "Amplitudes", X: x, Y: "|ψ(σ)|", Series: []plot.Series{moduli}})
	if err != nil || i.model.State.Phase == nil || len(phases.X) == 0 {
		return err
	}
	return i.chart("phases", plot.Chart{
		Title: fmt.Sprintf("Phases of configurations of a probability of %g or more", shownPhase),
		X:     x, Y: "arg ψ(σ)/π, 0 for the largest amplitude", Series: []plot.Series{phases},
	})
}

// elements draws the real and imaginary parts of a density matrix.
func (i *inspection) elements(rho quantum.Density) error {
	n := rho.Sites()
	if n > shownElements {
		return nil
	}
	dim := 1 << n
	tiles := [][]float64{make([]float64, len(rho)), make([]float64, len(rho))}
	for k, x := range rho {
		tiles[0][k], tiles[1][k] = real(x), imag(x)
	}
	s := plot.Sheet{
		Title: "Density matrix ρ(σ,σ′)", Rows: dim, Columns: dim, Tiles: tiles, Across: 2,
		Captions: []string{"real part", "imaginary part"}, Label: "ρ(σ,σ′)",
	}
	return i.sheet("density", s)
}

// entropies draws S_2 of the first sites of a state against their number: the entropy of entanglement across the cut,
// and of a mixed state that of all sites as well. It is exact where the whole state is known, and else has the error bars
// of the samples, which hold for few of them only where the entropy is small.
func (i *inspection) entropies(t *terminal, psi quantum.Reconstruction, whole quantum.Known, method string) error {
	last := psi.Sites() - 1
	if _, mixed := psi.(*quantum.Purification); mixed {
		last++
	}
	if last < 1 {
		return nil
	}
	samples := quantum.Samples{Rows: i.samples, Key: rng.Seed(i.o.seed)}
	if method != monitor.MethodExact {
		samples.Chains = sample.DefaultChains
	}
	s := plot.Series{Name: "model", X: []float64{0}, Y: []float64{0}, Err: []float64{0}}
	var first, doubtful []int
	var finding diag.Finding
	for site := range last {
		first = append(first, site)
		op := quantum.Renyi2{Sites: first}
		var e diag.Estimate
		var findings []diag.Finding
		if whole != nil {
			e.Value = diag.Number(max(0, op.Exact(whole))) // rounding may bring it below 0
		} else {
			e, findings = op.Estimate(psi, samples, t.compute)
		}
		if len(findings) > 0 {
			doubtful, finding = append(doubtful, len(first)), findings[0]
		}
		i.result.Entropies = append(i.result.Entropies, estimateResult{e.Value, e.Stderr})
		s.X, s.Y = append(s.X, float64(len(first))), append(s.Y, float64(e.Value))
		s.Err = append(s.Err, float64(e.Stderr))
	}
	if last < psi.Sites() { // pure: of all sites it is 0, as of none
		s.X, s.Y, s.Err = append(s.X, float64(psi.Sites())), append(s.Y, 0), append(s.Err, 0)
	}
	if whole != nil {
		s.Err = nil
	}
	if doubtful != nil {
		finding.Message = fmt.Sprintf("the entropy of the first %v sites; of the last of these: %s", doubtful, finding.Message)
		i.result.Findings = append(i.result.Findings, finding)
		remedy.Add("inspect", i.result.Findings)
	}
	return i.chart("entropy", plot.Chart{
		Title: "Second Rényi entropy of the first sites", X: "sites before the cut", Y: "S_2, nats", Series: []plot.Series{s},
	})
}
