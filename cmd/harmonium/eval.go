package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"harmonium/data"
	"harmonium/diag"
	"harmonium/rbm"
)

type evalOptions struct {
	data   string
	report bool
	train  string
	logZFlags
	dataFlags
}

func newEval(t *terminal) *cobra.Command {
	o := &evalOptions{}
	cmd := &cobra.Command{
		Use:   "eval MODEL|RUN --data FILE",
		Short: "Score data under a model",
		Long: `Score the rows of a file under a model: the mean log-likelihood in nats a row, and log Z.

Where the smaller layer can be enumerated log Z is exact. Otherwise it is estimated by annealed
importance sampling (AIS), by reverse AIS from three kinds of starts and by parallel tempering, in
longer and longer runs until they agree or the budget ends, and has an error of its own. A search
finds modes that none of these may come to, and AIS from each mode says how much of Z it has. If the
estimates don't agree the findings say so and the exit status is 3. Chains begin at the rows that
are scored, and at the training data of a RUN where they can be read.

The pseudo-log-likelihood needs no Z, but is no log-likelihood.`,
		Example: `  harmonium eval run --data test.npy
  harmonium eval model.safetensors --data test.csv.gz --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.effective(cmd.Flags()); err != nil {
				return err
			}
			return evaluate(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to score (needed)")
	o.logZFlags.register(f, "exact, ais or pseudo")
	f.BoolVar(&o.report, "report", false, "compare samples of the model with the data: means, covariances, distances")
	f.StringVar(&o.train, "train", "", "the data that the model was trained on, for --report: are samples nearer to it than to the other?")
	o.dataFlags.register(f)
	o.dataFlags.registerWeights(f)
	return cmd
}

type estimateResult struct {
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"`
}

type evalResult struct {
	Method   string          `json:"method"`
	LogZ     *logZResult     `json:"log_z"`
	LL       *estimateResult `json:"log_likelihood"`
	PseudoLL estimateResult  `json:"pseudo_log_likelihood"`
	Rows     int             `json:"rows"`
	Report   *reportResult   `json:"report"`
	Seconds  float64         `json:"seconds"`
	Findings []diag.Finding  `json:"findings"`
}

func evaluate(ctx context.Context, t *terminal, o *evalOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if o.train != "" && !o.report {
		return badInput(errors.New("--train is for --report"))
	}
	method, err := o.check(model)
	if err != nil {
		return err
	}
	set, err := o.openFor(model, o.data)
	if err != nil {
		return err
	}
	var trained *data.Set
	if o.train != "" {
		if trained, err = o.openFor(model, o.train); err != nil {
			return err
		}
	}
	for _, s := range []*data.Set{set, trained} {
		if o.report && s != nil && s.Rows() < 2 {
			return badInput(errors.New("--report of a single row: want two or more"))
		}
	}
	if err := claimScores(model, method); err != nil {
		return err
	}
	begun := time.Now()
	result := &evalResult{Method: method, Rows: set.Rows(), Findings: []diag.Finding{}}
	if result.PseudoLL, err = pseudo(ctx, t, model, method, set); err != nil {
		return err
	}
	logZ, findings, err := t.logZ(ctx, method, model, r, set, o.budget, o.seed)
	if err != nil {
		return err
	}
	if result.LogZ, result.Findings = logZ, append(result.Findings, findings...); logZ != nil {
		if err := result.score(ctx, t, model, set); err != nil {
			return err
		}
	}
	if o.report {
		if result.Report, err = o.compare(ctx, t, r, model, set, trained, &result.Findings); err != nil {
			return err
		}
	}
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	if len(result.Findings) > 0 {
		return &statusError{status: exitUntrusted}
	}
	return nil
}

// pseudo takes the mean of the pseudo-log-likelihood. Of other units than bits it takes long, so that it must be asked for.
func pseudo(ctx context.Context, t *terminal, model *rbm.Model, method string, set *data.Set) (estimateResult, error) {
	if model.CheckBits() != nil && method != methodPseudo {
		return estimateResult{diag.Number(math.NaN()), diag.Number(math.NaN())}, nil
	}
	p, err := rbm.NewPseudoLikelihood(model, t.compute)
	if err != nil {
		return estimateResult{}, badInput(err)
	}
	logs, err := scoreRows(ctx, t, "pseudo-log-likelihood", model, set, p.Log)
	if err != nil {
		return estimateResult{}, err
	}
	return mean(logs, set), nil
}

// score takes the mean of log P(v) = −F(v) − log Z.
func (r *evalResult) score(ctx context.Context, t *terminal, model *rbm.Model, set *data.Set) error {
	logs, err := scoreRows(ctx, t, "free energies", model, set, model.FreeEnergyFunc())
	if err != nil {
		return err
	}
	scale := rbm.LogScale(model.Columns) // in the units of the table
	for k, free := range logs {
		logs[k] = -free - r.LogZ.Value - scale
	}
	ll := mean(logs, set)
	r.LL = &ll
	return nil
}

func mean(x []float64, set *data.Set) estimateResult {
	value, stderr := diag.WeightedMean(x, set.Weights)
	return estimateResult{diag.Number(value), diag.Number(stderr)}
}

func (r *evalResult) table(w io.Writer) {
	fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	if r.LogZ != nil {
		fmt.Fprintf(w, "log-likelihood\t%s\n", r.LogZ.likelihood(r.LL))
		r.LogZ.table(w)
	}
	if r.PseudoLL.Value == r.PseudoLL.Value {
		fmt.Fprintf(w, "pseudo-log-likelihood\t%.4f ± %s nats a row\n", r.PseudoLL.Value, r.PseudoLL.Stderr.Digits(4))
	}
	if r.Report != nil {
		r.Report.table(w)
	}
	printFindings(w, r.Findings)
}

// printFindings writes what can't be trusted, why, and what to do.
func printFindings(w io.Writer, findings []diag.Finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "! %s: %s\n  %s\n  %s\n", f.Code, f.Message, f.Consequence, f.Remedy)
	}
}
