// Command harmonium trains, judges and samples restricted Boltzmann machines.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/internal/group"
)

// Exit statuses, the same for every command (docs/cli.md).
const (
	exitDone        = 0
	exitFailed      = 1
	exitBadInput    = 2 // bad usage or bad input
	exitUntrusted   = 3 // done, but a diagnostic says that the answer can't be trusted
	exitInterrupted = 130
)

func main() {
	os.Exit(execute(interruptible(), os.Args[1:], &terminal{stdout: os.Stdout, stderr: os.Stderr, join: group.Join}))
}

// execute runs the command line and returns the exit status.
func execute(ctx context.Context, args []string, t *terminal) int {
	root := newRoot(t)
	root.SetArgs(args)
	root.SetOut(t.stdout)
	root.SetErr(t.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		t.leave(nil)
		return exitDone
	}
	status, silent := exitFailed, false
	var s *statusError
	if errors.As(err, &s) {
		status, silent = s.status, s.error == nil
	}
	if errors.Is(err, context.Canceled) {
		status, err = exitInterrupted, errors.New("interrupted")
	}
	if errors.Is(err, syscall.EPIPE) { // nobody reads
		silent = true
	}
	if !silent {
		text := err.Error()
		if way := remedy.Of(err); way != "" {
			text += ": " + way
		}
		fmt.Fprintln(t.stderr, "harmonium:", text)
	}
	t.leave(err)
	return status
}

// newRoot lists the commands.
func newRoot(t *terminal) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "harmonium",
		Short: "Train, judge and sample restricted Boltzmann machines",
		Long: `Harmonium trains, judges and samples restricted Boltzmann machines: models of binary configurations,
P(v,h) = exp(-E(v,h))/Z with E = -sum b_i v_i - sum c_j h_j - sum w_ij v_i h_j.

Results go to standard output, progress and warnings to standard error.
Exit status: 0 done, 1 failed, 2 bad usage or bad input, 3 done but the answer can't be trusted,
130 interrupted with the work saved.`,
		Example: `  harmonium demo
  harmonium data ising --L 16 --T 2.269 -n 50000 -o ising.npy
  harmonium data split ising.npy -o train.npy,test.npy
  harmonium train train.npy --hidden 128 -o run
  harmonium eval run --data test.npy
  harmonium sample run -n 10000 -o new.npy
  harmonium inspect run -o pictures`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return printVersion(t)
			}
			return cmd.Help()
		},
	}
	root.SetUsageFunc(narrow(root.UsageFunc()))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return badInput(fmt.Errorf("%w (see '%s --help')", explain(err), cmd.CommandPath()))
	})
	root.Flags().BoolVar(&showVersion, "version", false, "print the version")
	flags := root.PersistentFlags()
	flags.IntVar(&t.workers, "workers", 0, "cores to use; 0 means all; the result doesn't depend on it")
	flags.StringVar(&t.device, "device", compute.CPU,
		"what computes: cpu; cuda, an NVIDIA GPU, in builds with -tags cuda; auto, a GPU if there is one; the result doesn't depend on it")
	flags.BoolVar(&t.json, "json", false, "print the result as one JSON object (docs/cli.md)")
	flags.BoolVarP(&t.quiet, "quiet", "q", false, "no progress on standard error")
	root.AddCommand(
		newDemo(t), newData(t), newTrain(t), newSearch(t), newEval(t), newScore(t), newSample(t), newObserve(t),
		newTransform(t), newComplete(t), newInspect(t), newExport(t), newServe(t), newWorker(t), newBench(t), newVersion(t),
	)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if t.workers < 0 {
			return badInput(fmt.Errorf("--workers is %d, want a number of cores, or 0 for all", t.workers))
		}
		isa, err := compute.EnvironmentISA()
		if err != nil {
			return badInput(err)
		}
		return t.openContext(cmd, isa)
	}
	checkArgs(root)
	return root
}

// narrow breaks the lines of flags in a text of usage at 100 columns. A template of usage would do that, too, but makes
// the program a third larger.
func narrow(usage func(*cobra.Command) error) func(*cobra.Command) error {
	return func(c *cobra.Command) error {
		out := c.OutOrStderr()
		var text strings.Builder
		c.SetOut(&text)
		defer c.SetOut(out)
		if err := usage(c); err != nil {
			return err
		}
		local, inherited := c.LocalFlags(), c.InheritedFlags()
		const columns = 100
		_, err := strings.NewReplacer(
			local.FlagUsages(), local.FlagUsagesWrapped(columns), inherited.FlagUsages(), inherited.FlagUsagesWrapped(columns),
		).WriteString(out, text.String())
		return err
	}
}

// explain says in words what a flag wants that was given something else.
func explain(err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	flag := invalid.GetFlag()
	want, known := map[string]string{
		"int": "a whole number", "int64": "a whole number", "uint64": "a whole number that is not negative",
		"float64": "a number", "number": "a number", "number|auto": "a whole number or auto",
		"bool": "true or false", "duration": "a time such as 90s or 2h",
	}[flag.Value.Type()]
	if !known {
		return err
	}
	if errors.Is(err, strconv.ErrRange) {
		want += " of at most 64 bits"
	}
	return fmt.Errorf("--%s is %q, want %s", flag.Name, invalid.GetValue(), want)
}

// checkArgs makes a wrong number of arguments bad usage, in a command and those below it.
func checkArgs(c *cobra.Command) {
	if args := c.Args; args != nil {
		c.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return badInput(fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath()))
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		checkArgs(sub)
	}
}

// statusError is an error with an exit status. Without an error inside nothing more is printed.
type statusError struct {
	error
	status int
}

func (e *statusError) Unwrap() error { return e.error }

// badInput marks an error as the fault of a flag, an argument or an input file.
func badInput(err error) error {
	if err == nil {
		return nil
	}
	return &statusError{err, exitBadInput}
}

// untrusted is the exit status of a result with findings.
func untrusted(findings []diag.Finding) error {
	if len(findings) > 0 {
		return &statusError{status: exitUntrusted}
	}
	return nil
}
