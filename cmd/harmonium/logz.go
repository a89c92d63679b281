package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// The methods of eval beside monitor.MethodExact.
const (
	methodAIS    = "ais"
	methodPseudo = "pseudo"
)

// affordable is the number of elementary operations of enumeration that auto spends: about a minute on one core.
const affordable = 1e12

// logZFlags say how log Z is found.
type logZFlags struct {
	method string
	budget int64
}

func (l *logZFlags) register(f *pflag.FlagSet, methods string) {
	f.StringVar(&l.method, "method", "auto", "auto (exact within about a minute, else ais), "+methods)
	f.Int64Var(&l.budget, "budget", estimate.DefaultBudget, "chain steps that AIS may take at most; the same budget gives the same answer")
}

// effective refuses a flag that the method makes no use of.
func (l *logZFlags) effective(flags *pflag.FlagSet) error {
	for _, method := range []string{monitor.MethodExact, methodPseudo} {
		if err := withoutEffect(flags, l.method, method, "budget"); err != nil {
			return err
		}
	}
	return nil
}

// check returns the method for a model.
func (l *logZFlags) check(model *rbm.Model) (string, error) {
	if l.budget < estimate.LeastBudget {
		return "", badInput(fmt.Errorf("--budget is %d chain steps, want at least %d", l.budget, estimate.LeastBudget))
	}
	method, err := chooseMethod(model, l.method)
	return method, badInput(err)
}

func chooseMethod(model *rbm.Model, method string) (string, error) {
	switch method {
	case "auto":
		if exact.Feasible(model) == nil && exact.Cost(model) <= affordable {
			return monitor.MethodExact, nil
		}
		return methodAIS, nil
	case monitor.MethodExact:
		return method, exact.FeasibleLogZ(model)
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

// logZ finds log Z of a model by a method, which logZFlags.check has chosen; of the pseudo-log-likelihood there is
// none. An enumeration keeps where it stands in the file checkpoint, if that has a name.
func (t *terminal) logZ(
	ctx context.Context, method string, model *rbm.Model, r *run.Run, set *data.Set, budget int64, seed uint64, checkpoint string,
) (*logZResult, []diag.Finding, error) {
	switch method {
	case monitor.MethodExact:
		logZ, err := t.enumerate(ctx, model, checkpoint)
		return logZ, nil, err
	case methodAIS:
		return t.estimate(ctx, model, r, set, budget, seed)
	}
	return nil, nil, nil
}

// estimate takes log Z by AIS, whose chains begin at the rows of the set and at the training data of the run.
func (t *terminal) estimate(
	ctx context.Context, model *rbm.Model, r *run.Run, set *data.Set, budget int64, seed uint64,
) (*logZResult, []diag.Finding, error) {
	training, starts := t.trainingData(r, model), withoutOutliers(set, model)
	bar := t.progress("log Z", budget)
	b, err := estimate.LogZ(ctx, model, starts.States, starts.Means(), starts.Variances(), estimate.Options{
		Budget: budget, Seed: seed, Compute: t.compute, Training: training,
		Progress: func(done, _ int64, expected time.Duration) {
			bar.set(done, fmt.Sprintf("by AIS; at most %s in all", expected.Round(time.Second)))
		},
	})
	bar.stop()
	if err != nil {
		return nil, nil, badInput(err)
	}
	result := &logZResult{
		Value: b.Value, Stderr: diag.Number(b.Stderr), Lower: b.Lower, Upper: diag.Number(b.Upper),
		ESS: b.ESS(), Steps: b.Steps, Estimates: estimatesOf(b.Estimates()),
	}
	for _, m := range b.Modes {
		result.Modes = append(result.Modes, evaluatedMode{
			m.Share, diag.Number(m.LogZ.Value), diag.Number(m.LogZ.Stderr), diag.Number(m.ByAIS.Value), diag.Number(m.ByTempering.Value), m.Bound,
		})
	}
	findings := append([]diag.Finding{}, b.Findings...)
	remedy.Add("eval", findings)
	return result, findings, nil
}

// trainingData are the rows that a run was trained on, if its files are where they were, and as they were. Estimates
// start chains there too, so that rows of one kind, scored alone, don't hide the others.
func (t *terminal) trainingData(r *run.Run, model *rbm.Model) rbm.Batch {
	if r == nil {
		return rbm.Batch{}
	}
	set, _, err := r.OpenData()
	if err != nil {
		t.warn("note: chains begin at the rows to be scored, and not at the run's training data too: %v", err)
		return rbm.Batch{}
	}
	if set.Units() != model.M() {
		return rbm.Batch{}
	}
	return set.WholeRows().States
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
	Use    string      `json:"use,omitempty"`    // why it doesn't: "low", "partial", "needless" or "slack"
	Missed float64     `json:"missed,omitempty"` // nats of it that AIS from modes and regions has added
}

// String tells log Z with its error and bracket.
func (l *logZResult) String() string {
	switch {
	case l.Steps == 0:
		return fmt.Sprintf("%.6f (exact)", l.Value)
	case l.bound():
		return fmt.Sprintf("above %.3f", l.Value)
	}
	return fmt.Sprintf("%.3f ± %.3f, between %.3f and %.3f, by AIS in %d steps", l.Value, l.Stderr, l.Lower, l.Upper, l.Steps)
}

// table writes log Z, and what it was estimated by.
func (l *logZResult) table(w io.Writer) {
	fmt.Fprintf(w, "log Z\t%s\n", l)
	if l.Steps == 0 {
		return
	}
	for _, b := range l.Estimates {
		b.table(w)
	}
	fmt.Fprintln(w, boundsMean)
	if len(l.Modes) > 0 {
		fmt.Fprintf(w, "modes\t%s of Z\n", l.modes())
	}
}

// bound reports whether log Z is only known to be larger than the value.
func (l *logZResult) bound() bool { return math.IsInf(float64(l.Upper), 1) }

// likelihood tells a mean log-likelihood with the errors of its rows and of log Z apart.
func (l *logZResult) likelihood(ll *estimateResult) string {
	switch {
	case l.Steps == 0:
		return fmt.Sprintf("%s ± %s nats a row (exact)", ll.Value.Digits(4), ll.Stderr.Digits(4))
	case l.bound():
		return fmt.Sprintf("below %s nats a row", ll.Value.Digits(3))
	}
	return fmt.Sprintf("%s ± %s (rows) ± %.3f (log Z) nats a row", ll.Value.Digits(3), ll.Stderr.Digits(3), l.Stderr)
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
	case estimate.Slack:
		what = "does not count: tempering from its starts agrees with the others"
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
