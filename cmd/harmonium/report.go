package main

import (
	"context"
	"fmt"
	"io"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/estimate"
	"harmonium/rbm"
	"harmonium/rng"
)

// reportResult compares samples of a model with data.
type reportResult struct {
	Samples int              `json:"samples"`
	Method  string           `json:"method"` // of sampling
	Data    criticismResult  `json:"data"`
	Train   *criticismResult `json:"train"` // null without --train
}

// criticismResult is an estimate.Criticism.
type criticismResult struct {
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

// reportSamples is the number of samples that a report draws.
const reportSamples = 1000

// criticise draws samples of the model and holds them against the data, and against the training data unless these are nil.
func (o *evalOptions) criticise(
	ctx context.Context, t *terminal, model *rbm.Model, set, trained *data.Set, findings *[]diag.Finding,
) (*reportResult, error) {
	options := sampleOptions{count: reportSamples, method: "auto", chains: 20, burnIn: 1000, thin: 20, seed: o.seed}
	method, err := options.check(model)
	if err != nil {
		return nil, err
	}
	drawn, samples, err := options.draw(ctx, t, model, method)
	if err != nil {
		return nil, err
	}
	*findings = append(*findings, drawn.Findings...)
	r := &reportResult{Samples: reportSamples, Method: drawn.Method, Data: criticism(samples, set, o.seed)}
	if trained != nil {
		c := criticism(samples, trained, o.seed)
		r.Train = &c
	}
	return r, nil
}

func criticism(samples rbm.States, set *data.Set, seed uint64) criticismResult {
	c := estimate.Criticise(samples, set.States, rng.Seed(seed))
	return criticismResult{
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
}

func (c *criticismResult) table(w io.Writer, name string) {
	fmt.Fprintf(w, "means, samples against %s\tdiffer by %.4f (rms); %.4f would be chance\n", name, c.Means.RMS, c.Means.Expected)
	fmt.Fprintf(w, "covariances\tdiffer by %.5f (rms); %.5f would be chance\n", c.Covariances.RMS, c.Covariances.Expected)
	fmt.Fprintf(w, "nearer to its own kind\t%.3f ± %.3f; 0.5 if samples and %s can't be told apart, less if samples are copies\n",
		c.Accuracy.Value, float64(c.Accuracy.Stderr), name)
	fmt.Fprintf(w, "energy distance\t%.4f, p = %.3f\n", c.Distance, c.PValue)
}
