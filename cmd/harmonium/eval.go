package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"harmonium/cmd/harmonium/internal/remedy"
	"harmonium/cmd/harmonium/internal/run"
	"harmonium/data"
	"harmonium/diag"
	"harmonium/estimate"
	"harmonium/exact"
	"harmonium/monitor"
	"harmonium/rbm"
)

// The methods of eval beside monitor.MethodExact.
const (
	methodAIS    = "ais"
	methodPseudo = "pseudo"
)

type evalOptions struct {
	data   string
	method string
	budget int64
	report bool
	train  string
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
			for _, method := range []string{monitor.MethodExact, methodPseudo} {
				if err := withoutEffect(cmd.Flags(), o.method, method, "budget"); err != nil {
					return err
				}
			}
			return evaluate(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to score (needed)")
	f.StringVar(&o.method, "method", "auto", "auto (exact within about a minute, else ais), exact, ais or pseudo")
	f.Int64Var(&o.budget, "budget", estimate.DefaultBudget, "chain steps that AIS may take at most; the same budget gives the same answer")
	f.BoolVar(&o.report, "report", false, "compare samples of the model with the data: means, covariances, distances")
	f.StringVar(&o.train, "train", "", "the data that the model was trained on, for --report: are samples nearer to it than to the other?")
	o.dataFlags.register(f, t)
	o.dataFlags.registerWeights(f)
	return cmd
}

// logZResult brackets log Z; an exact value is its own bracket.
type logZResult struct {
	Value  float64     `json:"value"`
	Stderr diag.Number `json:"stderr"` // null, as upper, where log Z is only known to be larger
	Lower  float64     `json:"lower"`
	Upper  diag.Number `json:"upper"`
	ESS    float64     `json:"ess,omitempty"`
	Steps  int         `json:"steps,omitempty"`

	Estimates []estimatedLogZ `json:"estimates,omitempty"` // that the bracket is made of
	Modes     []evaluatedMode `json:"modes,omitempty"`     // the largest first
}

// estimatedLogZ is one estimate of log Z.
type estimatedLogZ struct {
	Name   string      `json:"name"`
	Value  diag.Number `json:"value"`
	Stderr diag.Number `json:"stderr"`
	ESS    diag.Number `json:"ess"`              // of tempering: round trips
	Bounds string      `json:"bounds"`           // "below", "above" or "neither"
	Counts bool        `json:"counts"`           // towards value and bracket
	Use    string      `json:"use,omitempty"`    // why it doesn't: "low", "partial" or "needless"
	Missed float64     `json:"missed,omitempty"` // nats of it that AIS from the modes has added
}

// modes tells the modes' shares of Z.
func (l *logZResult) modes() string {
	shares := make([]float64, len(l.Modes))
	for k, m := range l.Modes {
		shares[k] = m.Share
	}
	return shareList(shares, nil)
}

// evaluatedMode is a mode of the model with estimates of log Z_k = log Σ_{v in mode} e^(−F(v)).
type evaluatedMode struct {
	Share       float64     `json:"share"`
	LogZ        diag.Number `json:"log_z"` // by AIS from the mode itself; null where its chains have left it
	Stderr      diag.Number `json:"stderr"`
	ByAIS       diag.Number `json:"by_ais"` // null where none of its chains came there
	ByTempering diag.Number `json:"by_tempering"`
	Bound       float64     `json:"bound"` // variational
}

// estimatesOf names what each estimate bounds.
func estimatesOf(estimates []estimate.NamedLogZ) []estimatedLogZ {
	results := make([]estimatedLogZ, len(estimates))
	for k, e := range estimates {
		results[k] = estimatedLogZ{
			Name: e.Name, Value: diag.Number(e.Value), Stderr: diag.Number(e.Stderr), ESS: diag.Number(e.ESS),
			Bounds: [...]string{"above", "neither", "below"}[e.Bounds+1],
			Counts: e.Use == estimate.Counted, Use: string(e.Use), Missed: e.Missed,
		}
	}
	return results
}

// table writes the line of an estimate.
func (b *estimatedLogZ) table(w io.Writer) {
	what := "bound from " + b.Bounds
	switch estimate.Use(b.Use) {
	case estimate.Low:
		what = "does not count: below AIS"
	case estimate.Partial:
		what = "does not count: in too few modes"
	case estimate.Needless:
		what = "does not count: AIS from the modes knows all that matter"
	case estimate.Counted:
		if b.Bounds == "neither" {
			what = "no bound"
		}
	}
	size := "effective sample size"
	if b.Bounds == "neither" {
		size = "round trips"
	}
	fmt.Fprintf(w, "  by %s\t%s ± %s, %s; %s %.0f", b.Name, b.Value.Digits(3), b.Stderr.Digits(3), what, size, b.ESS)
	if b.Missed >= 0.0005 {
		fmt.Fprintf(w, "; %.3f of it from modes that it missed", b.Missed)
	}
	fmt.Fprintln(w)
}

// boundsMean says in which sense estimates bound log Z.
const boundsMean = `  a bound from below holds in probability, P(estimate > log Z + x) <= e^-x; one from above in the same sense,
  if its chains start at samples of the model`

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

// affordable is the number of elementary operations of enumeration that auto spends: about a minute on one core.
const affordable = 1e12

func evaluate(ctx context.Context, t *terminal, o *evalOptions, path string) error {
	if o.data == "" {
		return badInput(errors.New("no data: name a file by --data"))
	}
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if o.train != "" && !o.report {
		return badInput(errors.New("--train is for --report"))
	}
	if o.budget < estimate.LeastBudget {
		return badInput(fmt.Errorf("--budget is %d chain steps, want at least %d", o.budget, estimate.LeastBudget))
	}
	method, err := chooseMethod(model, o.method)
	if err != nil {
		return badInput(err)
	}
	set, err := o.openFor(model, o.data)
	if err == nil {
		err = o.reweight(set, t.compute)
	}
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
	switch method {
	case monitor.MethodExact:
		err = result.enumerate(ctx, t, model, set)
	case methodAIS:
		err = result.estimate(ctx, t, o, r, model, set)
	}
	if err != nil {
		return err
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

// blockWork is the number of rows times weights that are scored between two looks at the clock: a fraction of a second.
const blockWork = 1 << 28

// scoreRows scores the rows in blocks, so that it can show progress and be interrupted.
func scoreRows(
	ctx context.Context, t *terminal, name string, model *rbm.Model, set *data.Set, score func(rbm.Batch) []float64,
) ([]float64, error) {
	block := min(max(blockWork/len(model.W), t.compute.Workers()), 1000)
	bar := t.progress(name, int64(set.Rows()))
	defer bar.stop()
	var logs []float64
	for from := 0; from < set.Rows(); from += block {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		logs = append(logs, score(set.States.Slice(from, min(from+block, set.Rows())))...)
		bar.set(int64(len(logs)), fmt.Sprintf("%d rows", len(logs)))
	}
	return logs, nil
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

func chooseMethod(model *rbm.Model, method string) (string, error) {
	switch method {
	case "auto":
		if exact.Feasible(model) == nil && exact.Cost(model) <= affordable {
			return monitor.MethodExact, nil
		}
		return methodAIS, nil
	case monitor.MethodExact:
		return method, exact.Feasible(model)
	case methodPseudo:
		return method, model.CheckPseudo()
	case methodAIS:
		return method, nil
	}
	return "", fmt.Errorf("method %q, want auto, exact, ais or pseudo%s", method, renamed(method))
}

// renamed names the method that had another name in Harmonium 0.1.
func renamed(method string) string {
	if method == "annealed" {
		return "; annealed is called ais now"
	}
	return ""
}

func (r *evalResult) enumerate(ctx context.Context, t *terminal, model *rbm.Model, set *data.Set) error {
	bar := t.progress("log Z", 1000)
	logZ, err := exact.LogZ(ctx, model, exact.Options{Compute: t.compute, Progress: func(done, total uint64) {
		bar.set(int64(1000*float64(done)/float64(total)), "by enumeration")
	}})
	bar.stop()
	if err != nil {
		return badInput(err) // of the model: its energies are too large
	}
	r.LogZ = &logZResult{Value: logZ, Lower: logZ, Upper: diag.Number(logZ)}
	return r.score(ctx, t, model, set)
}

func (r *evalResult) estimate(
	ctx context.Context, t *terminal, o *evalOptions, from *run.Run, model *rbm.Model, set *data.Set,
) error {
	training, starts := t.trainingData(from, model), withoutOutliers(set, model)
	bar := t.progress("log Z", o.budget)
	b, err := estimate.LogZ(ctx, model, starts.States, starts.Means(), starts.Variances(), estimate.Options{
		Budget: o.budget, Seed: o.seed, Compute: t.compute, Training: training,
		Progress: func(done, _ int64, expected time.Duration) {
			bar.set(done, fmt.Sprintf("by AIS; at most %s in all", expected.Round(time.Second)))
		},
	})
	bar.stop()
	if err != nil {
		return badInput(err)
	}
	r.LogZ = &logZResult{
		Value: b.Value, Stderr: diag.Number(b.Stderr), Lower: b.Lower, Upper: diag.Number(b.Upper),
		ESS: b.ESS(), Steps: b.Steps, Estimates: estimatesOf(b.Estimates()),
	}
	for _, m := range b.Modes {
		r.LogZ.Modes = append(r.LogZ.Modes, evaluatedMode{
			m.Share, diag.Number(m.LogZ.Value), diag.Number(m.LogZ.Stderr), diag.Number(m.ByAIS.Value), diag.Number(m.ByTempering.Value), m.Bound,
		})
	}
	r.Findings = append(r.Findings, b.Findings...)
	remedy.Add("eval", r.Findings)
	return r.score(ctx, t, model, set)
}

// trainingData are the rows that a run was trained on, if its files are where they were, and as they were. Estimates
// start chains there too, so that rows of one kind, scored alone, don't hide the others.
func (t *terminal) trainingData(r *run.Run, model *rbm.Model) rbm.Batch {
	if r == nil {
		return rbm.Batch{}
	}
	set, _, err := run.OpenData(r.Config)
	if err != nil {
		t.warn("note: chains begin at the rows to be scored, and not at the run's training data too: %v", err)
		return rbm.Batch{}
	}
	if set.Units() != model.M() {
		return rbm.Batch{}
	}
	return set.States
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
	if f := outlierRows(logs, set); f != nil {
		r.Findings = append(r.Findings, *f)
		remedy.Add("eval", r.Findings)
	}
	return nil
}

func mean(x []float64, set *data.Set) estimateResult {
	value, stderr := diag.WeightedMean(x, set.Weights)
	return estimateResult{diag.Number(value), diag.Number(stderr)}
}

func (r *evalResult) table(w io.Writer) {
	fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	switch r.Method {
	case monitor.MethodExact:
		fmt.Fprintf(w, "log-likelihood\t%s ± %s nats a row (exact)\n", r.LL.Value.Digits(4), r.LL.Stderr.Digits(4))
		fmt.Fprintf(w, "log Z\t%.6f (exact)\n", r.LogZ.Value)
	case methodAIS:
		if math.IsInf(float64(r.LogZ.Upper), 1) {
			fmt.Fprintf(w, "log-likelihood\tbelow %s nats a row\n", r.LL.Value.Digits(3))
			fmt.Fprintf(w, "log Z\tabove %.3f\n", r.LogZ.Value)
		} else {
			fmt.Fprintf(w, "log-likelihood\t%s ± %s (rows) ± %.3f (log Z) nats a row\n",
				r.LL.Value.Digits(3), r.LL.Stderr.Digits(3), r.LogZ.Stderr)
			fmt.Fprintf(w, "log Z\t%.3f ± %.3f, between %.3f and %.3f, by AIS in %d steps\n",
				r.LogZ.Value, r.LogZ.Stderr, r.LogZ.Lower, r.LogZ.Upper, r.LogZ.Steps)
		}
		for _, b := range r.LogZ.Estimates {
			b.table(w)
		}
		fmt.Fprintln(w, boundsMean)
		if len(r.LogZ.Modes) > 0 {
			fmt.Fprintf(w, "modes\t%s of Z\n", r.LogZ.modes())
		}
	}
	if r.PseudoLL.Value == r.PseudoLL.Value {
		fmt.Fprintf(w, "pseudo-log-likelihood\t%s ± %s nats a row\n", r.PseudoLL.Value.Digits(4), r.PseudoLL.Stderr.Digits(4))
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
