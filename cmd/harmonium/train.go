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

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/train"
)

type trainOptions struct {
	from string
	runOptions
}

func newTrain(t *terminal) *cobra.Command {
	o := &trainOptions{runOptions: runOptions{config: run.Config{Program: version()}}}
	c := &o.config
	cmd := &cobra.Command{
		Use:   "train DATA… -o RUN",
		Short: "Train a model on data",
		Long: `Train a model on rows of binary data and keep everything in the folder RUN: settings, metrics, the
best model so far and checkpoints. A run that was stopped, or killed, goes on with 'harmonium train
--resume -o RUN', to the same bytes.

It goes on also from its end, to a larger total, with one or several of --epochs, --updates and
--time, which take the place of those before. The schedule of the rate is laid out once more over
what is left, from the whole rate where that is half of the total or more, and from less else. Other
settings don't change on the way.

With --from MODEL it begins at a trained model, or at the best one of a run, on data of the same
units: columns with names are matched by them, and real numbers are shifted and scaled as for the
model. Biases stay, the chains come to the model before the first update, and --hidden may ask for
more hidden units, of which the new ones change next to nothing at first. RUN keeps a copy of the
model.

With --average the mean of the last parameters is scored too where training ends, and is the model
of the run if validation data are more likely under it. That often gains where the rate doesn't fall
to zero, and next to nothing where it does.

With --kind the rows are outcomes of measurements of qubits, and the model is their quantum state:
a wavefunction without phases, a complex one with a second machine for the phases, or a density
matrix with auxiliary hidden units. --bases says in which basis each row was measured, in the format
of QuCumber. With --from a distribution or a wavefunction without phases is where a complex state
or a density matrix begins.

In a program built with the tag mpi, processes that mpirun or srun has started divide the work of
one training. The run has the same bytes for any number of them (docs/tutorials/cluster.md).

Several data files are taken as one. Formats: .npy, .npz (one member by FILE#NAME, or a sparse
matrix of SciPy), .parquet, .arrow (Feather), IDX, FASTA, VCF and text, bits or tables; each also
packed by gzip, zstd, xz or bzip2.

Defaults come from measurements on real data sets (docs/decisions/0072 and 0097).`,
		Example: `  harmonium data ising --L 8 --T 2.269 -n 20000 -o ising.npy
  harmonium train ising.npy --hidden 64 --holdout 0.1 -o run
  harmonium train --resume -o run
  harmonium train --resume --epochs 400 -o run
  harmonium data ising --L 8 --T 2.4 -n 20000 -o warmer.npy
  harmonium train warmer.npy --from run --hidden 96 --holdout 0.1 -o warmer
  harmonium train outcomes.txt --kind complex --bases bases.txt --hidden 10 --holdout 0.1 -o state`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.resume {
				if err := takesNoSettings(cmd, "run", boundFlags, "a new run with other ones may begin at its model, "+
					"by 'harmonium train DATA --from RUN -o RUN2'"); err != nil {
					return badInput(err)
				}
			}
			var err error
			if c.Training, err = (trainingFlags{cmd.Flags()}).read(); err != nil {
				return badInput(fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath()))
			}
			if o.resume {
				return resumeRun(cmd, t, o, args)
			}
			if err := fromTakesUnits(cmd, o.from); err != nil {
				return badInput(err)
			}
			return beginRun(cmd.Context(), t, o, args)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.out, "out", "o", "", "folder of the run, new or empty (needed)")
	f.BoolVar(&o.resume, "resume", false, "go on with the run in the folder, with its own data and settings")
	f.StringArrayVar(&o.data, "data", nil, "with --resume: where a data file of the run is now, if it was moved; its sha256 decides")
	f.StringVar(&o.from, "from", "", "begin at this trained model, or at the best one of this run, instead of small random weights")
	f.IntVar(&c.Model.Hidden, "hidden", 0,
		"hidden units n (needed, with --from at least those of the model); more fit more and cost more: start near the number of "+
			"visible ones or below")
	o.register(f)
	return cmd
}

// boundFlags are the ones that --resume takes.
var boundFlags = []string{"epochs", "updates", "time"}

// fromTakesUnits refuses what the model of --from says already.
func fromTakesUnits(cmd *cobra.Command, from string) error {
	var wrong error
	for _, name := range []string{"visible", "hidden-units", "initial-std", "schema", "standardize", "data-biases"} {
		if from != "" && cmd.Flags().Changed(name) {
			wrong = errors.Join(wrong, fmt.Errorf("--%s has no effect with --from %s, whose units, columns, weights and biases "+
				"the training takes over: leave one of them out", name, from))
		}
	}
	return wrong
}

// beginRun checks everything before it writes anything.
func beginRun(ctx context.Context, t *terminal, o *trainOptions, args []string) error {
	c := &o.config
	if err := o.describe("train", "run", args); err != nil {
		return err
	}
	if c.Model.Hidden == 0 && o.from == "" {
		return badInput(errors.New("no number of hidden units: give one by --hidden"))
	}
	var source *run.Run
	if o.from != "" {
		var err error
		if _, source, err = t.openModel(o.from); err != nil { // which warns of a model without a digest
			return err
		}
		c.From = run.NewSource(o.from)
	}
	if err := o.quantum.describe(c, o.valid); err != nil {
		return badInput(err)
	}
	training, err := run.Prepare(c, t.compute)
	if err != nil {
		return badInput(err)
	}
	t.notes(args[0], c.Notes)
	if source != nil && c.ValidatesOnRowsOf(source.Config) {
		t.warn("warning: validation rows may be ones that %s was trained on, so that their scores are too high: "+
			"want its --holdout %g and --seed %d, or other validation data", o.from, source.Config.Holdout, source.Config.Training.Seed)
	}
	r, err := run.CreateIn(t.group, o.out, c)
	if err != nil {
		return badInput(err)
	}
	defer r.Close()
	return recordRun(ctx, t, r, training)
}

// resumeRun goes on with a run. Data files that are given say where its own ones are now.
func resumeRun(cmd *cobra.Command, t *terminal, o *trainOptions, args []string) error {
	if o.out == "" {
		return badInput(errors.New("no run to go on with: name its folder by -o RUN"))
	}
	files := slices.Concat(args, o.data)
	for _, path := range []string{o.valid, o.weights} {
		if path != "" {
			files = append(files, path)
		}
	}
	r, err := run.ReopenIn(t.group, o.out, files...)
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
	bounded := slices.ContainsFunc(boundFlags, cmd.Flags().Changed)
	if !bounded && training.Finished() != "" {
		t.warn("the training is over (%s): --resume with --epochs, --updates or --time goes on to a larger total", training.Finished())
	}
	if bounded {
		c := o.config.Training
		to := train.Bounds{Epochs: c.Epochs, Updates: c.Updates, Time: c.Time}
		if err := r.Continue(training, to); err != nil {
			return badInput(fmt.Errorf("--resume: %w", err))
		}
	}
	return recordRun(cmd.Context(), t, r, training)
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
	Average    *averageResult `json:"average,omitempty"`
	Findings   []diag.Finding `json:"findings"`
}

// averageResult says what became of the mean of the last updates.
type averageResult struct {
	ValidLL    *monitor.Score `json:"valid_ll"`
	LogZStderr float64        `json:"log_z_stderr"`
	Kept       bool           `json:"kept"` // it is the model of the run
}

func recordRun(ctx context.Context, t *terminal, r *run.Run, training *train.Training) error {
	if r.Writes() && !r.Locked() {
		t.warn("warning: %s is on a file system without locks: start no second training in it", r.Dir)
	}
	total, done := int64(training.Planned()), func(p train.Progress) int64 { return int64(p.Update) }
	if total == 0 { // the time is the only bound
		total, done = training.Bounds().Time.Milliseconds(), func(p train.Progress) int64 { return int64(1000 * p.Seconds) }
	}
	bar := t.progress("train", total)
	score, curve := "", sparkline{}
	err := r.Record(ctx, training, func(p train.Progress) {
		if e := p.Evaluation; e != nil {
			t.reportSlowRank()
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
	kept, err := r.Kept()
	if err != nil {
		return err
	}
	result := trainResult{
		Run: r.Dir, Updates: training.Done(), Finished: training.Finished(), Seconds: training.Seconds(), Findings: []diag.Finding{},
	}
	if kept != nil {
		result.TrainLL, result.ValidLL, result.LogZStderr = kept.TrainLL, kept.ValidLL, kept.LogZStderr
		result.Findings = append(result.Findings, kept.Findings...)
	}
	average, err := r.Average()
	if err != nil {
		return err
	}
	if average == nil && r.Config.Training.Average && training.Finished() != "" {
		t.warn("note: --average has no mean of so few updates: every %dth counts, of the last ones of a training that overfits",
			train.AverageEvery)
	}
	if average != nil {
		result.Average = &averageResult{average.ValidLL, average.LogZStderr, average.Best}
	}
	var verdict []diag.Finding
	if result.Finished == "" {
		result.Finished = "interrupted"
	} else if kept != nil {
		verdict = kept.Judge(training)
		result.Findings = append(result.Findings, verdict...)
	}
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "run\t%s\n", result.Run)
		fmt.Fprintf(w, "updates\t%d in %.1f s (%s)\n", result.Updates, result.Seconds, result.Finished)
		fmt.Fprintf(w, "train\t%s\n", describeScore(result.TrainLL, result.LogZStderr))
		if result.ValidLL != nil {
			fmt.Fprintf(w, "validation\t%s\n", describeScore(result.ValidLL, result.LogZStderr))
		}
		if a := result.Average; a != nil && a.Kept {
			fmt.Fprintf(w, "kept\tthe mean of the last updates: these scores are of it\n")
		} else if a != nil {
			fmt.Fprintf(w, "mean of the last updates\tno better, not kept: validation %s\n", describeScore(a.ValidLL, a.LogZStderr))
		}
		printFindings(w, result.Findings)
	})
	if err == nil && result.Finished == "interrupted" {
		t.warn("interrupted at update %d, saved: go on with 'harmonium train --resume -o %s'", result.Updates, r.Dir)
		return &statusError{status: exitInterrupted}
	}
	if err != nil {
		return err
	}
	return untrusted(verdict)
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
