package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/monitor"
)

type scoreOptions struct {
	data, out, against string
	label              string
	free               bool
	pseudo             bool
	units              bool
	top                int
	logZFlags
	dataFlags
}

func newScore(t *terminal) *cobra.Command {
	o := &scoreOptions{}
	cmd := &cobra.Command{
		Use:   "score MODEL|RUN --data FILE [-o FILE]",
		Short: "Score each row of a file, and rank the least likely ones",
		Long: `Score each row of a file under a model: its log-likelihood log P(v) in nats, and with --pseudo and
--surprise what the units have to do with it. The scores go to FILE, a row of it for each row of
data.

log P(v) = -F(v) - log Z, and log Z is found as by 'harmonium eval'. Its error is common to all
rows: it is told once, and the order of the rows doesn't depend on it. --free-energy leaves log Z
out. The rows are read in blocks, of any number; AIS is given 65,536 of them at most.

--top K prints the K least likely rows: anomalies first. With --surprise it tells which units
surprise most in each of them, given all others, beyond their mean surprise over the rows.

Of a row with missing cells what is known is scored, log P(k), with the other cells summed over:
exactly where that can be enumerated, elsewhere by annealed importance sampling, with the standard
error in a column. Fewer known cells are more likely, so that such rows rank later as anomalies.

--against compares with another model, row by row. The difference of two models varies less from
row to row than their scores do: its standard error is that of paired differences. The errors of
log Z, which shift all differences alike, are kept apart.

--label takes a column for a class y and writes P(y|v): for each row its label with log P(y|v),
the predicted class, and the probability of each class. Rows may be without a label, and a table
without the column.`,
		Example: `  harmonium score run --data test.npy -o scores.csv
  harmonium score run --data people.csv --top 10 --surprise
  harmonium score run --data test.npy --against other -o scores.npy
  harmonium score run --data people.csv --label job -o jobs.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.effective(cmd.Flags()); err != nil {
				return err
			}
			for _, name := range []string{"method", "budget", "against"} {
				if o.free && cmd.Flags().Changed(name) {
					return badInput(fmt.Errorf("--%s is about log Z, which --free-energy leaves out: leave one of them out", name))
				}
			}
			if cmd.Flags().Changed("top") && o.top < 1 {
				return badInput(fmt.Errorf("--top is %d, want 1 row or more", o.top))
			}
			if cmd.Flags().Changed("label") {
				of := []string{"top", "free-energy", "pseudo", "surprise", "against", "method", "budget", "weights", "identity"}
				if err := noLogZ(cmd.Flags(), of...); err != nil {
					return err
				}
				return o.predict(cmd.Context(), t, args[0])
			}
			return score(cmd.Context(), t, o, args[0])
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to score (needed)")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy or .csv, with --label .csv (needed unless --top or --against is given)")
	f.IntVar(&o.top, "top", 0, "print this number of rows, the least likely first")
	f.BoolVar(&o.free, "free-energy", false, "score by the free energy F(v) alone, without log Z")
	f.BoolVar(&o.pseudo, "pseudo", false, "add the pseudo-log-likelihood, the sum of log P(v_i|v_-i) over the units")
	f.BoolVar(&o.units, "surprise", false, "add the surprise -log P(v_i|v_-i) of each unit given all others, or of each site")
	f.StringVar(&o.against, "against", "", "another model or run: add its log-likelihood, and the difference to it")
	f.StringVar(&o.label, "label", "", labelHelp)
	o.logZFlags.register(f, "exact or ais")
	o.dataFlags.register(f, t)
	o.dataFlags.registerWeights(f)
	return cmd
}

type scoreResult struct {
	File     *string         `json:"file"`
	Rows     int             `json:"rows"`
	Columns  []string        `json:"columns"` // of the file
	Method   string          `json:"method"`
	LogZ     *logZResult     `json:"log_z"`
	LL       *estimateResult `json:"log_likelihood"`
	Free     estimateResult  `json:"free_energy"`
	PseudoLL *estimateResult `json:"pseudo_log_likelihood"`
	Gaps     *gapsResult     `json:"gaps"` // null for rows without
	Against  *againstResult  `json:"against"`
	Least    []leastRow      `json:"least"`
	Seconds  float64         `json:"seconds"`
	Findings []diag.Finding  `json:"findings"`
}

// againstResult is a model that another one is compared with, on the same rows.
type againstResult struct {
	Model      string              `json:"model"`
	Method     string              `json:"method"`
	LogZ       *logZResult         `json:"log_z"`
	LL         *estimateResult     `json:"log_likelihood"`
	Difference *monitor.Difference `json:"difference"` // null where a log Z is only known to be larger
}

func score(ctx context.Context, t *terminal, o *scoreOptions, path string) error {
	if o.out == "" && o.top == 0 && o.against == "" {
		return badInput(errors.New("nothing to do: name a file for the scores by -o FILE, or ask for the least likely rows by --top K"))
	}
	if o.method == methodPseudo {
		return badInput(errors.New("--method pseudo gives no log-likelihood: want --free-energy --pseudo"))
	}
	j, err := o.open(t, path)
	if err != nil {
		return err
	}
	defer j.stream.Close()
	judges := []*judged{j}
	if o.against != "" {
		other, err := o.open(t, o.against)
		if err != nil {
			return err
		}
		defer other.stream.Close()
		if err := j.comparable(other); err != nil {
			return err
		}
		judges = append(judges, other)
	}
	begun := time.Now()
	result := &scoreResult{Rows: j.rows(), Method: j.method, Least: []leastRow{}, Findings: []diag.Finding{}}
	s, err := o.scorers(t, judges)
	if err != nil {
		return err
	}
	defer s.close()
	for m, j := range judges {
		starts, err := s.survey(ctx, t, m)
		if err != nil {
			return err
		}
		if err := j.logZFrom(ctx, t, starts, o.budget, o.seed); err != nil {
			return err
		}
		result.Findings = append(result.Findings, j.findings...)
	}
	if err := s.write(ctx, t, o.out); err != nil {
		return err
	}
	if err := result.summarise(s, o); err != nil {
		return err
	}
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, result.table); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// open opens a model and the rows in its units, and checks what can be checked before the work.
func (o *scoreOptions) open(t *terminal, path string) (*judged, error) {
	model, r, err := t.openModel(path)
	if err != nil {
		return nil, err
	}
	j := &judged{path: path, model: model, run: r}
	if s := model.State; s != nil && s.Phase != nil {
		t.warn("note: the rows are taken for outcomes of σ^z: 'harmonium eval --bases' scores measurements in other bases")
	}
	if o.out != "" {
		if err := checkArray(o.out, append(inputsOf(path, r), dataInputs(o.data, o.weights)...)); err != nil {
			return nil, err
		}
	}
	if !o.free {
		if j.method, err = o.check(model); err != nil {
			return nil, err
		}
	}
	if o.pseudo || o.units {
		if err := model.CheckPseudo(); err != nil {
			return nil, badInput(fmt.Errorf("--pseudo, --surprise: %w", err))
		}
	}
	if j.stream, j.weights, err = o.streamFor(t, model, o.data); err != nil {
		return nil, err
	}
	if (o.pseudo || o.units) && j.stream.HasGaps() {
		err = badInput(errors.New("--pseudo, --surprise: they are about P(v_i|v_-i) of whole rows, and these have gaps: " +
			"fill them in by 'harmonium complete', or leave the flags out"))
	} else {
		err = claimScores(model, j.method)
	}
	if err != nil {
		j.stream.Close()
		return nil, err
	}
	return j, nil
}

// summarise takes means over the rows, and picks the least likely ones.
func (r *scoreResult) summarise(s *scorers, o *scoreOptions) error {
	j := s.judges[0]
	var failed error
	mean := func(x iter.Seq[float64]) estimateResult {
		value, stderr := diag.WeightedMeanOf(x, j.weights)
		return estimateResult{diag.Number(value), diag.Number(stderr)}
	}
	r.Columns, r.LogZ, r.Gaps = s.columns, j.logZ, j.gaps
	if o.out != "" {
		r.File = &o.out
	}
	r.Free = mean(s.free[0].all(&failed))
	if s.keepsPseudo {
		r.PseudoLL = new(mean(s.pseudo.all(&failed)))
	}
	if j.logZ != nil {
		r.LL = new(mean(s.logs(0, &failed)))
	}
	if o.against != "" {
		other := s.judges[1]
		r.Against = &againstResult{Model: o.against, Method: other.method, LogZ: other.logZ, LL: new(mean(s.logs(1, &failed)))}
		if !j.logZ.bound() && !other.logZ.bound() {
			r.Against.Difference = new(monitor.DifferenceOf(s.differences(&failed), j.weights, float64(j.logZ.Stderr), float64(other.logZ.Stderr)))
		}
	}
	r.Least = append(r.Least, s.least()...)
	return failed
}

func (r *scoreResult) table(w io.Writer) {
	if r.File != nil {
		fmt.Fprintf(w, "wrote\t%d rows to %s\n", r.Rows, *r.File)
		fmt.Fprintf(w, "columns\t%s\n", inWords(r.Columns))
	} else {
		fmt.Fprintf(w, "rows\t%d\n", r.Rows)
	}
	if r.Gaps != nil {
		fmt.Fprintf(w, "rows with gaps\t%s\n", r.Gaps)
	}
	if r.LogZ == nil {
		fmt.Fprintf(w, "free energy\t%s ± %s a row\n", r.Free.Value.Digits(4), r.Free.Stderr.Digits(4))
	} else {
		fmt.Fprintf(w, "log-likelihood\t%s\n", r.LogZ.likelihood(r.LL))
		fmt.Fprintf(w, "log Z\t%s\n", r.LogZ)
	}
	if r.PseudoLL != nil {
		fmt.Fprintf(w, "pseudo-log-likelihood\t%s ± %s nats a row\n", r.PseudoLL.Value.Digits(4), r.PseudoLL.Stderr.Digits(4))
	}
	if a := r.Against; a != nil {
		fmt.Fprintf(w, "log-likelihood by %s\t%s\n", a.Model, a.LogZ.likelihood(a.LL))
		fmt.Fprintf(w, "log Z of %s\t%s\n", a.Model, a.LogZ)
		if a.Difference == nil {
			fmt.Fprintf(w, "difference to %s\tunknown, as a log Z is only known to be larger\n", a.Model)
		} else {
			fmt.Fprintf(w, "difference to %s\t%s nats a row\n", a.Model, a.Difference)
		}
	}
	for k, row := range r.Least {
		name := ""
		if k == 0 {
			name = "least likely"
		}
		fmt.Fprintf(w, "%s\t%s\n", name, row)
	}
	printFindings(w, r.Findings)
}
