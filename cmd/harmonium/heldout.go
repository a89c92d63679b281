package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
)

// role is what rows had to do with the training of a run, as far as that is known.
type role string

const (
	roleUnknown    role = ""           // nothing, or the model is no run
	roleTraining   role = "training"   // the model was trained on them
	rolePartly     role = "partly"     // on all but those that the run held out
	roleValidation role = "validation" // they chose the best model along the training
)

// roleOf knows rows by their file.
func roleOf(set *data.Set, r *run.Run) role {
	if r == nil {
		return roleUnknown
	}
	_, member := data.SplitMember(set.Path)
	is := func(f run.File) bool { return f.SHA256 == set.SHA256 && f.Member == member }
	c := r.Config
	switch {
	case c.Select.FirstRow > 0 || c.Select.LastRow > 0: // of its file the run has seen some rows
		return roleUnknown
	case slices.ContainsFunc(c.Train, is) && c.Holdout != 0:
		return rolePartly
	case slices.ContainsFunc(c.Train, is):
		return roleTraining
	case c.Valid != nil && is(*c.Valid):
		return roleValidation
	}
	return roleUnknown
}

// openHeldOut opens the rows that the run kept out of its training.
func (j *judged) openHeldOut(t *terminal) error {
	switch {
	case j.run == nil:
		return badInput(fmt.Errorf("no data: name a file by --data; %s is a model file, and a run alone has rows of its own", j.path))
	case j.run.Config.Valid == nil && j.run.Config.Holdout == 0:
		return badInput(fmt.Errorf("no data: name a file by --data; %s was trained on all its rows, without --valid or --holdout", j.path))
	}
	_, valid, err := j.run.OpenData()
	if err != nil {
		return badInput(fmt.Errorf("the held-out rows of %s: %w; or name a file by --data", j.path, err))
	}
	j.set, j.role = valid, roleValidation
	return badInput(j.run.Config.Reweight(t.compute, valid))
}

// sameHeldOut refuses runs that kept different rows out of their training.
func (j *judged) sameHeldOut(other *judged) error {
	if basesOf(j.run.Config) != basesOf(other.run.Config) {
		return badInput(fmt.Errorf("%s and %s took the rows that they held out for measurements in different bases, so that their scores "+
			"are not of the same outcomes: name a file by --data, and its bases by --bases", j.path, other.path))
	}
	if heldOutRows(j.run.Config) != heldOutRows(other.run.Config) {
		return badInput(fmt.Errorf("%s and %s kept different rows out of their training: name a file by --data", j.path, other.path))
	}
	return nil
}

// heldOutRows tells apart the rows that runs keep out of their training: by files, the draw among their rows, and how
// grey values became bits.
func heldOutRows(c *run.Config) string {
	files, draw := c.Train, fmt.Sprint(c.Holdout, c.Training.Seed)
	if c.Valid != nil {
		files, draw = []run.File{*c.Valid}, ""
	}
	for _, f := range files {
		draw += fmt.Sprintf(" %s#%s", f.SHA256, f.Member)
	}
	draw += fmt.Sprint(" ", c.Select.FirstRow, c.Select.LastRow, c.Identity, c.OddLetters, c.PackedUnits)
	if c.Threshold != nil {
		draw += fmt.Sprintf(" above %v", *c.Threshold)
	}
	if c.Bernoulli {
		draw += fmt.Sprint(" drawn by ", c.Training.Seed)
	}
	return draw
}

// basesOf tells apart the bases that rows held out were measured in; "" is that of σ^z.
func basesOf(c *run.Config) (text string) {
	if c.Quantum == nil {
		return ""
	}
	bases := c.Quantum.Bases
	if c.Valid != nil {
		bases = c.Quantum.ValidBases
	}
	for _, f := range []*run.File{bases, c.Quantum.Unitaries} {
		if f != nil {
			text += " " + f.SHA256
		}
	}
	return text
}

// heldOut says which rows a run kept out of its training.
func (j *judged) heldOut() string {
	c := j.run.Config
	if c.Valid != nil {
		return fmt.Sprintf("the validation data of %s (%s)", j.path, c.Valid.Path)
	}
	var files []string
	for _, f := range c.Train {
		files = append(files, string(f.Path))
	}
	return fmt.Sprintf("held out of %s by %s (--holdout %g)", strings.Join(files, ", "), j.path, c.Holdout)
}

// note says what the rows had to do with the training.
func (j *judged) note(w io.Writer) {
	if s := j.model.State; s != nil && s.Phase != nil && j.set.Bases == nil {
		fmt.Fprintln(w, "note\tthe rows are taken for outcomes of σ^z: --bases FILE says in which bases they were measured")
	}
	switch j.role {
	case roleTraining:
		fmt.Fprintf(w, "note\t%s was trained on these rows: rows that it has not seen score lower\n", j.path)
	case rolePartly:
		fmt.Fprintf(w, "note\t%s was trained on these rows, but for a part of %g: without --data that part alone is scored\n",
			j.path, j.run.Config.Holdout)
	case roleValidation:
		fmt.Fprintf(w, "note\t%s; they chose its best model, so that other rows may score a little lower\n", j.heldOut())
	}
}
