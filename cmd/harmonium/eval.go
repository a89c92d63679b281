package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

type evalOptions struct {
	data   string
	label  string
	report bool
	train  string

	checkpoint string
	measuredFlags
	logZFlags
	dataFlags
}

// ofData are the flags that say how to read --data.
var ofData = []string{
	"threshold", "bernoulli", "odd-letters", "weights", "identity", "columns", "drop", "rows", "categories", "genotypes",
	"row-names", "no-names", "decimal", "units",
}

func newEval(t *terminal) *cobra.Command {
	o := &evalOptions{}
	cmd := &cobra.Command{
		Use:   "eval MODEL|RUN… [--data FILE]",
		Short: "Score data under a model, or under several",
		Long: `Score the rows of a file under a model: the mean log-likelihood in nats a row, and log Z.

Without --data the rows are those that a RUN kept out of its training, by --valid or --holdout. Rows
that a RUN was trained on, by the sha256 of their file, are told to be so.

Several models are scored on the same rows, and are a table with the best first. The standard error
of a difference to the best is that of paired differences, row by row; the errors of log Z are kept
apart. A difference within two errors of both kinds together tells nothing.

Where the smaller layer can be enumerated log Z is exact. Otherwise it is estimated by annealed
importance sampling (AIS), by reverse AIS from three kinds of starts and by parallel tempering, in
longer and longer runs until they agree or the budget ends, and has an error of its own. A search
finds modes that none of these may come to, and AIS from each mode says how much of Z it has. If the
estimates don't agree the findings say so and the exit status is 3. Chains begin at the rows that
are scored, and at the training data of a RUN where they can be read.

The pseudo-log-likelihood needs no Z, but is no log-likelihood.

--label takes a column for a class y and judges P(y|v), by accuracy and log loss, beside what the
frequencies of the classes come to. It needs no Z either, and is exact.

Rows that were measured in many bases are scored under a model of a quantum state, in all bases
together and in each one; a RUN knows the bases of its own rows. With --state the fidelity tells how
close the model is to a known state, up to 20 sites, or 10 of a density matrix.`,
		Example: `  harmonium eval run --data test.npy
  harmonium eval run
  harmonium eval run other model.safetensors --data test.npy
  harmonium eval model.safetensors --data test.csv.gz --json
  harmonium eval run --data people.csv --label job
  harmonium eval run --data outcomes.txt --bases bases.txt --state psi.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.effective(cmd.Flags()); err != nil {
				return err
			}
			for _, name := range ofData {
				if o.data == "" && cmd.Flags().Changed(name) {
					return badInput(fmt.Errorf("--%s is about the rows of --data, which is missing: a run's own rows are read as they were", name))
				}
			}
			if cmd.Flags().Changed("label") {
				if err := noLogZ(cmd.Flags(), "method", "budget", "checkpoint", "report", "train", "bases", "unitaries", "state"); err != nil {
					return err
				}
				return o.classify(cmd.Context(), t, args)
			}
			return evaluate(cmd.Context(), t, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to score; default: those that the run kept out of its training")
	o.logZFlags.register(f, "exact, ais or pseudo")
	f.StringVar(&o.checkpoint, "checkpoint", "", "file in which --method exact keeps where it stands: the same command goes on from there")
	f.StringVar(&o.label, "label", "", labelHelp)
	f.BoolVar(&o.report, "report", false, "compare samples of the model with the data: means, covariances, distances; "+
		"of rows in many bases, what they and the state have of each site and pair of sites, basis by basis")
	f.StringVar(&o.train, "train", "", "the data that the model was trained on, for --report: are samples nearer to it than to the other?")
	o.dataFlags.register(f, t)
	o.dataFlags.registerWeights(f)
	o.measuredFlags.register(f)
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
	Gaps     *gapsResult     `json:"gaps"` // null for rows without

	Bases    []monitor.BasisScore `json:"bases"`    // null for rows without
	Fidelity diag.Number          `json:"fidelity"` // with the known state; null without

	Rows     int             `json:"rows"`
	Data     string          `json:"data"`
	Role     role            `json:"role"`
	Report   *reportResult   `json:"report"`
	Measured []measuredBasis `json:"measured,omitempty"` // of --report, of rows with bases
	Seconds  float64         `json:"seconds"`
	Findings []diag.Finding  `json:"findings"`
}

func evaluate(ctx context.Context, t *terminal, o *evalOptions, paths []string) error {
	if o.train != "" && !o.report {
		return badInput(errors.New("--train is for --report"))
	}
	switch {
	case o.checkpoint == "":
	case o.method != monitor.MethodExact:
		return badInput(errors.New("--checkpoint is about an enumeration: it goes with --method exact"))
	case len(paths) > 1:
		return badInput(errors.New("--checkpoint is about one model: name one"))
	case t.device == compute.CUDA:
		return badInput(errors.New("--checkpoint is about workers: a device keeps nothing, and is done soon: leave one of them out"))
	}
	if o.report && len(paths) > 1 {
		return badInput(errors.New("--report is about one model: name one"))
	}
	var models []*judged
	for _, path := range paths {
		j, err := o.open(t, path)
		if err != nil {
			return err
		}
		models = append(models, j)
		if o.data == "" {
			err = models[0].sameHeldOut(j)
		}
		if err == nil {
			err = models[0].comparable(j)
		}
		if err != nil {
			return err
		}
	}
	if len(models) > 1 {
		return o.rank(ctx, t, models)
	}
	j := models[0]
	trained, err := o.openTrain(j)
	if err != nil {
		return err
	}
	result, err := o.evaluate(ctx, t, j)
	if err != nil {
		return err
	}
	if o.report {
		begun := time.Now()
		if j.set.Bases != nil {
			result.Measured, err = j.frequencies(t.compute)
		} else {
			result.Report, err = o.compare(ctx, t, j.run, j.model, j.set, trained, &result.Findings)
		}
		if err != nil {
			return err
		}
		result.Seconds += time.Since(begun).Seconds()
	}
	if err := t.result(result, func(w io.Writer) { result.table(w, j) }); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// open opens a model and the rows to score, and checks what can be checked before the work.
func (o *evalOptions) open(t *terminal, path string) (*judged, error) {
	j, err := o.openRows(t, path)
	hash := ""
	if err == nil {
		hash = j.set.SHA256
	}
	if err = t.agree("set of rows", hash, err); err != nil {
		return nil, err
	}
	return j, claimScores(j.model, j.method)
}

// openRows opens a model and the rows to score.
func (o *evalOptions) openRows(t *terminal, path string) (*judged, error) {
	model, r, err := t.openModel(path)
	if err != nil {
		return nil, err
	}
	j := &judged{path: path, model: model, run: r, kept: o.checkpoint}
	if j.method, err = o.logZFlags.check(model); err != nil {
		return nil, err
	}
	if o.data == "" {
		if err := j.openHeldOut(t); err != nil {
			return nil, err
		}
		return j, o.attach(j, t.compute)
	}
	if j.set, err = o.openFor(model, o.data, data.Gaps()); err != nil {
		return nil, err
	}
	j.role = roleOf(j.set, r)
	if err := o.attach(j, t.compute); err != nil {
		return nil, err
	}
	return j, o.reweight(j.set, t.compute)
}

// openTrain opens the training data of --report, if it is named.
func (o *evalOptions) openTrain(j *judged) (trained *data.Set, err error) {
	if o.train != "" {
		if trained, err = o.openFor(j.model, o.train); err != nil {
			return nil, err
		}
	}
	if trained != nil && j.set.Bases != nil {
		return nil, badInput(errors.New("--train has no effect on the report of rows that were measured in many bases: leave it out"))
	}
	for _, s := range []*data.Set{j.set, trained} {
		switch {
		case !o.report || s == nil || s.Bases != nil:
		case s.Rows() < 2:
			return nil, badInput(errors.New("--report of a single row: want two or more"))
		case s.Missing() > 0:
			return nil, badInput(errors.New("--report of rows with gaps: want whole rows, such as 'harmonium complete' makes"))
		}
	}
	return trained, nil
}

// evaluate scores a model.
func (o *evalOptions) evaluate(ctx context.Context, t *terminal, j *judged) (*evalResult, error) {
	begun := time.Now()
	result := &evalResult{Method: j.method, Rows: j.set.Rows(), Data: j.set.Path, Role: j.role, Findings: []diag.Finding{}}
	var err error
	if result.PseudoLL, err = j.pseudo(ctx, t); err != nil {
		return nil, err
	}
	if err := j.findLogZ(ctx, t, o.budget, o.seed); err != nil {
		return nil, err
	}
	if result.LogZ = j.logZ; j.logZ != nil {
		if result.LL, err = j.logLikelihood(ctx, t); err != nil {
			return nil, err
		}
		result.Bases = monitor.ScoreBases(j.scores, j.set, math.MaxInt)
	}
	if result.Fidelity, err = o.fidelity(j.model, t.compute); err != nil {
		return nil, err
	}
	result.Findings, result.Gaps = append(result.Findings, j.findings...), j.gaps
	result.Seconds = time.Since(begun).Seconds()
	return result, nil
}

// pseudo takes the mean of the pseudo-log-likelihood. Of other units than bits it takes long, so that it must be asked
// for.
func (j *judged) pseudo(ctx context.Context, t *terminal) (estimateResult, error) {
	if j.likelihood != nil && j.method == methodPseudo {
		return estimateResult{}, badInput(errors.New("rows in many bases have no pseudo-log-likelihood: want --method auto"))
	}
	gaps := j.set.Missing() > 0
	if gaps && j.method == methodPseudo {
		return estimateResult{}, badInput(errors.New("the rows have gaps, of which there is no pseudo-log-likelihood: want --method auto"))
	}
	if gaps || j.likelihood != nil || j.model.CheckBits() != nil && j.method != methodPseudo {
		return estimateResult{diag.Number(math.NaN()), diag.Number(math.NaN())}, nil
	}
	p, err := rbm.NewPseudoLikelihood(j.model, t.compute)
	if err != nil {
		return estimateResult{}, badInput(err)
	}
	if j.scores, err = scoreRows(ctx, t, "pseudo-log-likelihood", j.model, j.set, p.Log); err != nil {
		return estimateResult{}, err
	}
	for r := range j.scores {
		j.scores[r] -= rbm.LogScale(j.model.Columns) // in the units of the table
	}
	return mean(j.scores, j.set), nil
}

// logLikelihood takes the mean of log P(v) = −F(v) − log Z, or of what is known of v.
func (j *judged) logLikelihood(ctx context.Context, t *terminal) (*estimateResult, error) {
	logs, err := j.freeEnergies(ctx, t)
	if err != nil {
		return nil, err
	}
	for k, free := range logs {
		scale := 0.0
		if j.known != nil {
			free, scale = -j.known[k], j.scales[k]
		}
		logs[k] = j.log(free, scale)
	}
	if f := outlierRows(logs, j.set); f != nil {
		list := []diag.Finding{*f}
		remedy.Add("eval", list)
		j.findings = append(j.findings, list...)
	}
	j.scores = logs
	return new(mean(logs, j.set)), nil
}

// freeEnergies are −log Z·P of the rows: F(v), or that of an outcome in a basis.
func (j *judged) freeEnergies(ctx context.Context, t *terminal) ([]float64, error) {
	if j.likelihood == nil {
		return scoreRows(ctx, t, "free energies", j.model, j.set, onAll(t.compute, j.model.FreeEnergyFunc))
	}
	logs := make([]float64, j.set.Rows())
	j.likelihood.LogWeights(logs, j.model, j.set.States, j.set.Bases)
	for r := range logs {
		logs[r] = -logs[r]
	}
	return logs, ctx.Err()
}

func mean(x []float64, set *data.Set) estimateResult {
	value, stderr := diag.WeightedMean(x, set.Weights)
	return estimateResult{diag.Number(value), diag.Number(stderr)}
}

func (r *evalResult) table(w io.Writer, j *judged) {
	fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	if r.Gaps != nil {
		fmt.Fprintf(w, "rows with gaps\t%s\n", r.Gaps)
	}
	j.note(w)
	if r.LogZ != nil {
		fmt.Fprintf(w, "log-likelihood\t%s\n", r.LogZ.likelihood(r.LL))
		r.LogZ.table(w)
	}
	printBases(w, r.Bases)
	if r.Fidelity == r.Fidelity {
		fmt.Fprintf(w, "fidelity\t%.6f\n", float64(r.Fidelity))
	}
	if r.PseudoLL.Value == r.PseudoLL.Value {
		fmt.Fprintf(w, "pseudo-log-likelihood\t%s ± %s nats a row\n", r.PseudoLL.Value.Digits(4), r.PseudoLL.Stderr.Digits(4))
	}
	if r.Report != nil {
		r.Report.table(w)
	}
	printMeasured(w, r.Measured)
	printFindings(w, r.Findings)
}

// printFindings writes what can't be trusted, why, and what to do.
func printFindings(w io.Writer, findings []diag.Finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "! %s: %s\n  %s\n  %s\n", f.Code, f.Message, f.Consequence, f.Remedy)
	}
}
