package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"harmonium/cmd/harmonium/internal/remedy"
	"harmonium/cmd/harmonium/internal/run"
	"harmonium/data"
	"harmonium/diag"
	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/sample"
	"harmonium/train"
)

type trainOptions struct {
	out       string
	resume    bool
	data      []string
	valid     string
	weights   string
	schema    string
	threshold optionalFloat
	config    run.Config // what the flags say

	standardize bool
}

func newTrain(t *terminal) *cobra.Command {
	o := &trainOptions{config: run.Config{Program: version()}}
	c := &o.config
	cmd := &cobra.Command{
		Use:   "train DATA… -o RUN",
		Short: "Train a model on data",
		Long: `Train a model on rows of binary data and keep everything in the folder RUN: settings, metrics, the
best model so far and checkpoints. A run that was stopped, or killed, goes on with 'harmonium train
--resume -o RUN', to the same bytes.

Several data files are taken as one. Formats: .npy, .npz (one member by FILE#NAME, or a sparse
matrix of SciPy), .parquet, IDX, FASTA and text, bits or tables; each also packed by gzip, zstd, xz
or bzip2.

Defaults come from measurements on real data sets (docs/decisions/0072).`,
		Example: `  harmonium data ising --L 8 --T 2.269 -n 20000 -o ising.npy
  harmonium train ising.npy --hidden 64 --holdout 0.1 -o run
  harmonium train --resume -o run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.resume {
				if err := resumeTakesNoSettings(cmd); err != nil {
					return badInput(err)
				}
				return resumeRun(cmd.Context(), t, o, args)
			}
			c.Threshold = o.threshold.value
			var err error
			if c.Training, err = (trainingFlags{cmd.Flags()}).read(); err != nil {
				return badInput(fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath()))
			}
			return beginRun(cmd.Context(), t, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "folder of the run, new or empty (needed)")
	f.BoolVar(&o.resume, "resume", false, "go on with the run in the folder, with its own data and settings")
	f.StringArrayVar(&o.data, "data", nil, "with --resume: where a data file of the run is now, if it was moved; its sha256 decides")
	f.IntVar(&c.Model.Hidden, "hidden", 0,
		"hidden units n (needed); more fit more and cost more: start near the number of visible ones or below")
	f.StringVar(&c.Model.VisibleKind, "visible", "",
		"visible units, bernoulli (0/1), spin (-1/1), categorical (of one-hot arrays) or gaussian (real numbers); default: as the data is")
	f.StringVar(&c.Model.HiddenKind, "hidden-units", "",
		"hidden units, "+rbm.KindNames(rbm.Mixed)+
			"; default: spin beside spins, else bernoulli; categorical: one unit of as many states as --hidden says")
	trainingFlags{f}.register()
	f.StringVar(&o.valid, "valid", "", "validation data, scored along the way; chooses the best model")
	f.Float64Var(&c.Holdout, "holdout", 0, "part of the rows to keep for validation instead, such as 0.1")
	f.StringVar(&o.weights, "weights", "", "file of row weights, one number a row")
	f.Var(&o.threshold, "threshold", "make grey values binary: above it is 1")
	f.BoolVar(&c.Bernoulli, "bernoulli", false, "make grey values binary: 1 with the value as probability, drawn for every epoch")
	f.BoolVar(&o.standardize, "standardize", true,
		"shift and scale real columns to mean 0 and variance 1; scores and samples stay in the data's units")
	f.StringVar(&o.schema, "schema", "", schemaHelp)
	f.StringVar(&c.OddLetters, "odd-letters", "error", oddLettersHelp)
	f.Float64Var(&c.Identity, "identity", 0, identityHelp+"; also those for validation, among themselves")
	registerReading(f, &c.Reading)
	return cmd
}

// resumeTakesNoSettings refuses what a resumed run can't honour.
func resumeTakesNoSettings(cmd *cobra.Command) error {
	var wrong error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !slices.Contains([]string{"resume", "out", "help", "data", "valid", "weights"}, f.Name) {
			wrong = errors.Join(wrong, fmt.Errorf("--resume goes on with the run's own settings, but --%s is given",
				f.Name))
		}
	})
	return wrong
}

// beginRun checks everything before it writes anything.
func beginRun(ctx context.Context, t *terminal, o *trainOptions, args []string) error {
	c := &o.config
	switch {
	case len(args) == 0:
		return badInput(errors.New("no data: name at least one file (see 'harmonium train --help')"))
	case o.out == "":
		return badInput(errors.New("no folder for the run: name one by -o RUN"))
	case len(o.data) > 0:
		return badInput(errors.New("--data names the new place of a run's data, with --resume: name the data of a new run without it"))
	case c.Model.Hidden == 0:
		return badInput(errors.New("no number of hidden units: give one by --hidden"))
	case o.valid != "" && c.Holdout != 0:
		return badInput(errors.New("--valid and --holdout exclude each other"))
	}
	if err := checkFolder(o.out); err != nil {
		return err
	}
	for _, path := range append(slices.Clone(args), o.valid, o.weights, o.schema) {
		if path == data.StandardInput {
			return badInput(errors.New("a run goes on with its data, which standard input is not: write it to a file first, " +
				"as by 'harmonium data convert - -o train.npy'"))
		}
	}
	for _, path := range args {
		c.Train = append(c.Train, run.File{Path: run.Path(path)})
	}
	if o.valid != "" {
		c.Valid = &run.File{Path: run.Path(o.valid)}
	}
	if o.weights != "" {
		c.Weights = &run.File{Path: run.Path(o.weights)}
	}
	if o.schema != "" {
		c.Schema = &run.File{Path: run.Path(o.schema)}
	}
	if c.OddLetters == "error" {
		c.OddLetters = ""
	}
	if c.Decimal == "." {
		c.Decimal = ""
	}
	c.Unscaled = !o.standardize
	c.Reals, c.OneHot = c.Model.VisibleKind == string(rbm.Gaussian), c.Model.VisibleKind == string(rbm.Categorical)
	training, err := run.Prepare(c, t.compute)
	if err != nil {
		return badInput(err)
	}
	t.notes(args[0], c.Notes)
	r, err := run.Create(o.out, c)
	if err != nil {
		return badInput(err)
	}
	defer r.Close()
	return recordRun(ctx, t, r, training)
}

// resumeRun goes on with a run. Data files that are given say where its own ones are now.
func resumeRun(ctx context.Context, t *terminal, o *trainOptions, args []string) error {
	if o.out == "" {
		return badInput(errors.New("no run to go on with: name its folder by -o RUN"))
	}
	files := slices.Concat(args, o.data)
	for _, path := range []string{o.valid, o.weights} {
		if path != "" {
			files = append(files, path)
		}
	}
	r, err := run.Reopen(o.out, files...)
	if err != nil {
		return badInput(err)
	}
	defer r.Close()
	training, err := run.Prepare(r.Config, t.compute)
	if err != nil {
		return badInput(err)
	}
	warnings, err := r.Resume(training)
	if err != nil {
		return badInput(err)
	}
	for _, warning := range warnings {
		t.warn("warning: %s", warning)
	}
	return recordRun(ctx, t, r, training)
}

// trainResult is the JSON of a finished or interrupted training.
type trainResult struct {
	Run      string         `json:"run"`
	Updates  int            `json:"updates"`
	Seconds  float64        `json:"seconds"`
	Finished string         `json:"finished"` // done, time, patience, or interrupted
	TrainLL  *monitor.Score `json:"train_ll"`
	ValidLL  *monitor.Score `json:"valid_ll"`

	LogZStderr float64        `json:"log_z_stderr"` // of the model that the scores are of
	Findings   []diag.Finding `json:"findings"`
}

func recordRun(ctx context.Context, t *terminal, r *run.Run, training *train.Training) error {
	if !r.Locked() {
		t.warn("warning: %s is on a file system without locks: start no second training in it", r.Dir)
	}
	total, done := int64(training.Planned()), func(p train.Progress) int64 { return int64(p.Update) }
	if total == 0 { // the time is the only bound
		total, done = training.Config().Time.Milliseconds(), func(p train.Progress) int64 { return int64(1000 * p.Seconds) }
	}
	bar := t.progress("train", total)
	score, curve := "", sparkline{}
	err := r.Record(ctx, training, func(p train.Progress) {
		if e := p.Evaluation; e != nil {
			best := e.Train
			if e.Valid != nil {
				best = e.Valid
			}
			curve.add(float64(best.Value))
			score = curve.String() + "  " + describeEvaluation(e) + "  "
		}
		bar.set(done(p), fmt.Sprintf("%supdate %d  epoch %.1f  %.0f/s",
			score, p.Update, p.Epoch, float64(p.Update)/p.Seconds))
	})
	bar.stop()
	if err != nil {
		return err
	}
	metrics, err := r.Metrics()
	if err != nil {
		return err
	}
	result := trainResult{
		Run: r.Dir, Updates: training.Done(), Finished: training.Finished(), Seconds: training.Seconds(), Findings: []diag.Finding{},
	}
	var last run.Metric
	if len(metrics) > 0 {
		last = metrics[len(metrics)-1]
		for _, m := range metrics {
			if m.Best {
				last = m
			}
		}
		result.TrainLL, result.ValidLL, result.LogZStderr = last.TrainLL, last.ValidLL, last.LogZStderr
		result.Findings = append(result.Findings, last.Findings...)
	}
	var verdict []diag.Finding
	if result.Finished == "" {
		result.Finished = "interrupted"
	} else {
		verdict = training.Monitor.Judge(training.Best(), &monitor.Scores{
			Train: last.TrainLL, Valid: last.ValidLL, LogZ: sample.LogZ{Value: last.LogZ, Stderr: last.LogZStderr}, Findings: last.Findings,
		})
		remedy.Add("train", verdict)
		result.Findings = append(result.Findings, verdict...)
	}
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "run\t%s\n", result.Run)
		fmt.Fprintf(w, "updates\t%d in %.1f s (%s)\n", result.Updates, result.Seconds, result.Finished)
		fmt.Fprintf(w, "train\t%s\n", describeScore(result.TrainLL, result.LogZStderr))
		if result.ValidLL != nil {
			fmt.Fprintf(w, "validation\t%s\n", describeScore(result.ValidLL, result.LogZStderr))
		}
		printFindings(w, result.Findings)
	})
	if err == nil && result.Finished == "interrupted" {
		t.warn("interrupted at update %d, saved: go on with 'harmonium train --resume -o %s'", result.Updates, r.Dir)
		return &statusError{status: exitInterrupted}
	}
	if err == nil && len(verdict) > 0 {
		return &statusError{status: exitUntrusted}
	}
	return err
}

// describeEvaluation is short, for a line of progress whose end may be cut off: LL is the log-likelihood of the
// training data.
func describeEvaluation(e *train.Evaluation) string {
	text := ""
	if e.Valid != nil {
		text = "valid " + withError(e.Valid, e.LogZ.Stderr) + "  "
	}
	text += "LL " + withError(e.Train, e.LogZ.Stderr)
	var doubts, chains string
	for _, f := range e.Findings {
		if about, found := strings.CutPrefix(f.Code, "chains-"); found {
			chains = "  chains " + about
		} else {
			doubts = " in doubt"
		}
	}
	text += doubts + chains
	if e.LogZ.ESS > 0 {
		text += fmt.Sprintf("  %.0f round trips", e.LogZ.ESS)
	}
	return text
}

// withError prints a score with the errors of its rows and of log Z together.
func withError(s *monitor.Score, doubt float64) string {
	return diag.Estimate{Value: s.Value, Stderr: diag.Number(math.Hypot(float64(s.Stderr), doubt))}.String()
}

// describeScore says how a score was made; doubt is the error of log Z.
func describeScore(s *monitor.Score, doubt float64) string {
	switch {
	case s == nil:
		return "not scored yet"
	case s.Method == monitor.MethodExact:
		return fmt.Sprintf("log-likelihood %s ± %s nats (exact)", diag.Number(s.Value).Digits(4), s.Stderr.Digits(4))
	default:
		return fmt.Sprintf("log-likelihood %.2f ± %s (rows) ± %.2f (log Z) nats, at a glance; 'harmonium eval' measures it",
			s.Value, s.Stderr.Digits(2), doubt)
	}
}
