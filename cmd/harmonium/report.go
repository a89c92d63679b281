package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// reportResult compares samples of a model with data.
type reportResult struct {
	Samples int               `json:"samples"`
	Method  string            `json:"method"` // of sampling
	Data    comparisonResult  `json:"data"`
	Train   *comparisonResult `json:"train"` // null without --train

	SingularValues []float32        `json:"singular_values"` // the largest ones of W
	Spectrum       []spectrumResult `json:"spectrum"`        // the same along the training; empty for a model that is not in a run
}

// spectrumResult is the spectrum of W at an evaluation.
type spectrumResult struct {
	Update         int       `json:"update"`
	SingularValues []float32 `json:"singular_values"`
}

// comparisonResult is an estimate.Comparison.
type comparisonResult struct {
	Means       deviationResult `json:"means"`
	Covariances deviationResult `json:"covariances"`
	Accuracy    estimateResult  `json:"adversarial_accuracy"`
	Distance    float64         `json:"energy_distance"`
	PValue      float64         `json:"p_value"`
}

type deviationResult struct {
	RMS      float64 `json:"rms"`
	Expected float64 `json:"expected"`
}

// A report draws reportSamples samples and gives shownSingular singular values.
const (
	reportSamples = 1000
	shownSingular = 10
)

// compare draws samples of the model and compares them with the data, and with the training data unless these are nil.
func (o *evalOptions) compare(
	ctx context.Context, t *terminal, r *run.Run, model *rbm.Model, set, trained *data.Set, findings *[]diag.Finding,
) (*reportResult, error) {
	spectrum, err := spectrumAlong(r)
	if err != nil {
		return nil, err
	}
	method, err := sampleMethod(model, methodAuto, true)
	if err != nil {
		return nil, err
	}
	drawn, samples, err := t.draw(ctx, model, method,
		sample.Options{Count: reportSamples, Chains: sample.DefaultChains, Seed: o.seed})
	if err != nil {
		return nil, err
	}
	*findings = append(*findings, drawn.Findings...)
	result := &reportResult{
		Samples: reportSamples, Method: drawn.Method, Data: comparison(model, samples, set, o.seed),
		SingularValues: monitor.SingularValues(model, shownSingular), Spectrum: spectrum,
	}
	if trained != nil {
		c := comparison(model, samples, trained, o.seed)
		result.Train = &c
	}
	return result, nil
}

// spectrumAlong reads the spectra of W along a run. Without a run there are none.
func spectrumAlong(r *run.Run) ([]spectrumResult, error) {
	spectrum := []spectrumResult{}
	if r == nil {
		return spectrum, nil
	}
	metrics, err := r.Metrics()
	for _, m := range metrics {
		if m.SingularValues != nil {
			spectrum = append(spectrum, spectrumResult{m.Update, m.SingularValues})
		}
	}
	return spectrum, badInput(err)
}

func comparison(model *rbm.Model, samples rbm.Batch, set *data.Set, seed uint64) comparisonResult {
	c := estimate.Compare(model.Visible, samples, set.States, rng.Seed(seed))
	return comparisonResult{
		Means: deviationResult(c.Means), Covariances: deviationResult(c.Covariances),
		Accuracy: estimateResult{diag.Number(c.Accuracy), diag.Number(c.AccuracyStderr)},
		Distance: c.Distance, PValue: c.PValue,
	}
}

func (r *reportResult) table(w io.Writer) {
	fmt.Fprintf(w, "samples\t%d, %s\n", r.Samples, r.Method)
	r.Data.table(w, "data")
	if r.Train != nil {
		r.Train.table(w, "training data")
	}
	const shown = 4 // spectra along the training
	for k := range min(shown, len(r.Spectrum)) {
		s := r.Spectrum[k*(len(r.Spectrum)-1)/max(1, min(shown, len(r.Spectrum))-1)]
		fmt.Fprintf(w, "singular values, update %d\t%s\n", s.Update, singular(s.SingularValues))
	}
	fmt.Fprintf(w, "singular values of W\t%s\n", singular(r.SingularValues))
}

func singular(values []float32) string {
	text := make([]string, len(values))
	for k, x := range values {
		text[k] = fmt.Sprintf("%.3g", x)
	}
	return strings.Join(text, " ")
}

func (c *comparisonResult) table(w io.Writer, name string) {
	fmt.Fprintf(w, "means, samples against %s\tdiffer by %.4f (rms); %.4f would be chance\n",
		name, c.Means.RMS, c.Means.Expected)
	fmt.Fprintf(w, "covariances\tdiffer by %.5f (rms); %.5f would be chance\n",
		c.Covariances.RMS, c.Covariances.Expected)
	fmt.Fprintf(w, "nearer to its own kind\t%.3f ± %.3f; 0.5 if samples and %s can't be told apart, less if samples are copies\n",
		c.Accuracy.Value, float64(c.Accuracy.Stderr), name)
	fmt.Fprintf(w, "energy distance\t%.4f, p = %.3f\n", c.Distance, c.PValue)
}
