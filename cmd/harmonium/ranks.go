package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/group"
)

// divided are the commands whose work the processes divide that mpirun or srun has started.
var divided = []string{"train", "eval", "sample"}

// openContext opens what computes: a device, or the workers of this process, alone or as a rank of several.
func (t *terminal) openContext(cmd *cobra.Command, isa compute.ISA) error {
	open := compute.Open
	if t.open != nil {
		open = t.open
	}
	switch {
	case t.join == nil:
	case cmd.Parent() == cmd.Root() && slices.Contains(divided, cmd.Name()):
		if g, err := t.join(); err != nil || g != nil {
			return t.openRank(cmd, g, err, isa)
		}
	case group.Launched() && cmd.Name() != "version":
		return badInput(fmt.Errorf("mpirun has started several processes, and '%s' is not divided among them: start one, without mpirun",
			cmd.CommandPath()))
	}
	var err error
	if t.compute, err = open(t.device, t.workers, isa); errors.Is(err, compute.ErrDevice) {
		return badInput(fmt.Errorf("--device: %w", err))
	}
	return err
}

// openRank makes this process a rank of a group: rank 0 speaks for all.
func (t *terminal) openRank(cmd *cobra.Command, g group.Group, err error, isa compute.ISA) error {
	if err != nil {
		return badInput(err)
	}
	t.waits = waits{clock: &group.Clock{Group: g}, last: time.Now()}
	t.group, t.own = t.waits.clock, t.stderr
	if g.Rank() != 0 {
		t.stdout, t.stderr = io.Discard, io.Discard
	}
	if t.device == compute.CUDA {
		return badInput(errors.New("--device cuda: ranks compute by the workers of their processes: leave it out, or start one process"))
	}
	t.compute = compute.InGroup(t.workers, isa, t.group)
	if cmd.Name() == "train" { // a run compares settings and data
		return nil
	}
	line := fmt.Sprintf("%s %q %s", cmd.Name(), cmd.Flags().Args(), isa)
	cmd.Flags().Visit(func(f *pflag.Flag) { line += fmt.Sprintf(" --%s=%s", f.Name, f.Value) })
	return t.agree("command line or processor", line, nil)
}

// agree refuses ranks that would not compute the same: of something they have what differs from that of rank 0, or one
// of them has an error. All ranks call it.
func (t *terminal) agree(what, mine string, err error) error {
	if t.group == nil {
		return err
	}
	if err := group.Agree(t.group, err); err != nil {
		return err
	}
	all := group.Share(t.group, []byte(mine))
	for r, other := range all {
		if string(other) != string(all[0]) {
			return badInput(fmt.Errorf("%s has another %s than %s: all ranks must do the same",
				group.Name(t.group, r), what, group.Name(t.group, 0)))
		}
	}
	return nil
}

// patience is the time that a rank with an error waits for the others, which end for the same reason as a rule.
const patience = 5 * time.Second

// leave ends the group. Errors are those of all ranks, or of one alone that no other knows of: then it names itself,
// and ends all. An exit status alone is that of all: of a result, or of an interruption that they have agreed on.
func (t *terminal) leave(err error) {
	if t.group == nil {
		return
	}
	left := make(chan bool)
	go func() { t.group.Leave(); close(left) }()
	if s := new(statusError); err == nil || errors.As(err, &s) && s.error == nil {
		<-left
		return
	}
	select {
	case <-left:
	case <-time.After(patience):
		fmt.Fprintf(t.own, "harmonium: %s has failed alone, which ends all of them: %v\n", group.Name(t.group, t.group.Rank()), err)
		t.group.Abort()
	}
}

// alone has rank 0 write a file. All ranks get its error.
func (t *terminal) alone(write func() error) error {
	var err error
	if group.Rank(t.group) == 0 {
		err = write()
	}
	return group.Agree(t.group, err)
}

// waits tells which rank the others wait for.
type waits struct {
	clock  *group.Clock
	last   time.Time
	waited time.Duration // until then
	slow   int           // reports of slow ranks
	few    bool          // it was said that fewer would do
}

// A rank is slow if the others spend slowPart of the time waiting for it, and fewer ranks would do if all of them spend
// idlePart of it in exchanges, in a stretch that is long enough.
const (
	slowPart    = 0.25
	idlePart    = 0.5
	slowStretch = 2 * time.Second
	mostReports = 5
)

// reportSlowRank names a slow rank: the one that waits least, where another waits long. All ranks call it.
func (t *terminal) reportSlowRank() {
	if t.group == nil {
		return
	}
	w := &t.waits
	waited := w.clock.Waited
	stretch := group.All(t.group, time.Since(w.last))[0] // by the clock of rank 0
	all := group.All(t.group, waited-w.waited)
	if stretch < slowStretch {
		return
	}
	w.last, w.waited = time.Now(), waited
	least, most := slices.Min(all), slices.Max(all)
	switch part, idle := float64(most-least)/float64(stretch), float64(least)/float64(stretch); {
	case part > slowPart && w.slow < mostReports:
		w.slow++
		t.say("%s is slow: others wait for it %.0f %% of the time", group.Name(t.group, slices.Index(all, least)), 100*part)
	case idle > idlePart && !w.few:
		w.few = true
		t.say("%d ranks exchange and wait for %.0f %% of the time: fewer of them are about as fast", t.group.Size(), 100*idle)
	}
}
