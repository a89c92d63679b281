package search

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/train"
)

// PlanName is the file by which a folder is a search.
const PlanName = "search.json"

const (
	planFormat  = "harmonium-search"
	planVersion = 1
)

// Plan is what search.json holds: which trials there are, and what is decided about them.
type Plan struct {
	Format  string     `json:"format"`  // "harmonium-search"
	Version int        `json:"version"` // of the format
	Program string     `json:"program"` // version of Harmonium that began the search
	Model   run.Layers `json:"model"`   // of all trials; hidden is 0, as each has its own
	Data    run.Data   `json:"data"`    // of all trials
	// Quantum is the state of qubits that all trials reconstruct, with the numbers of units that were given.
	Quantum  *run.Quantum `json:"quantum,omitempty"`
	Settings []string     `json:"settings"` // names of those that are searched over
	Rungs    []Rung       `json:"rungs"`    // when they end
	Decided  int          `json:"decided"`  // rungs
	Trials   []*Trial     `json:"trials"`
}

// Trial is a training with its own settings, in the run directory of its name.
type Trial struct {
	Name     string       `json:"name"`
	Values   []Value      `json:"values"`             // of Plan.Settings
	Hidden   int          `json:"hidden"`             // units
	Training train.Config `json:"training"`           // to the bounds of the first rung
	Scores   []Score      `json:"scores"`             // after each rung
	Diverged string       `json:"diverged,omitempty"` // why there are no more scores
	Dropped  bool         `json:"dropped"`            // after the rung of the last score, or diverged
}

// Score is how a trial stands after a rung: the evaluation of the model that its run keeps then.
type Score struct {
	Updates    int                 `json:"updates"` // that the trial has made
	Seconds    float64             `json:"seconds"` // of training, over all rungs
	ValidLL    monitor.Score       `json:"valid_ll"`
	LogZStderr float64             `json:"log_z_stderr"`
	Difference *monitor.Difference `json:"difference"` // to the best trial of the rung; null for itself
	Findings   []diag.Finding      `json:"findings"`   // why the log-likelihood can't be trusted
}

// Value is a value as text, which JSON has as a number where it is one.
type Value string

// MarshalJSON implements [json.Marshaler].
func (v Value) MarshalJSON() ([]byte, error) {
	var number json.Number
	if json.Unmarshal([]byte(v), &number) == nil {
		return []byte(v), nil
	}
	return json.Marshal(string(v))
}

// UnmarshalJSON implements [json.Unmarshaler].
func (v *Value) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, (*string)(v)) != nil {
		*v = Value(text)
	}
	return nil
}

// Last is the newest score, or nil.
func (t *Trial) Last() *Score {
	if len(t.Scores) == 0 {
		return nil
	}
	return &t.Scores[len(t.Scores)-1]
}

// config is that of the trial's run.
func (p *Plan) config(t *Trial) *run.Config {
	c := &run.Config{Program: p.Program, Model: p.Model, Data: p.Data, Quantum: p.Quantum, Training: t.Training}
	c.OwnFiles()
	c.Model.Hidden = t.Hidden
	c.Quantum.Fill(p.Model.Visible, t.Hidden)
	return c
}

// inputs is a config with the input files of all trials.
func (p *Plan) inputs() *run.Config {
	c := &run.Config{Data: p.Data, Quantum: p.Quantum}
	c.OwnFiles()
	return c
}

// alive lists the trials that go on.
func (p *Plan) alive() []*Trial {
	return slices.DeleteFunc(slices.Clone(p.Trials), func(t *Trial) bool { return t.Dropped })
}

// Ranked lists the trials: by the rungs that they have been through, the most first, and by their log-likelihoods after
// the last of these, with those in doubt after the others.
func (p *Plan) Ranked() []*Trial {
	doubtful := func(s *Score) int { return min(1, len(s.Findings)) }
	ranked := slices.Clone(p.Trials)
	slices.SortStableFunc(ranked, func(a, b *Trial) int {
		if c := cmp.Compare(len(b.Scores), len(a.Scores)); c != 0 || len(a.Scores) == 0 {
			return c
		}
		x, y := a.Last(), b.Last()
		return cmp.Or(cmp.Compare(doubtful(x), doubtful(y)), cmp.Compare(y.ValidLL.Value, x.ValidLL.Value))
	})
	return ranked
}

// Status is what has become of a trial, in a word.
type Status string

// The words.
const (
	Waiting  Status = "waiting"  // for the next rung
	Best     Status = "best"     // of the last rung
	Tied     Status = "tied"     // with the best: its difference to it is within the errors
	Worse    Status = "worse"    // than the best, after the last rung
	Doubtful Status = "doubtful" // after the last rung: the certificate of its model fails
	Dropped  Status = "dropped"  // before the last rung
	Diverged Status = "diverged"
)

// Status tells what has become of a trial.
func (p *Plan) Status(t *Trial) Status {
	switch last := t.Last(); {
	case t.Diverged != "":
		return Diverged
	case t.Dropped:
		return Dropped
	case p.Decided < len(p.Rungs) || last == nil:
		return Waiting
	case last.Difference == nil:
		return Best
	case len(last.Findings) > 0:
		return Doubtful
	case worse(last.Difference):
		return Worse
	}
	return Tied
}

// New makes the plan of a search, of which no file has been written: it reads the data, and checks the settings of all
// trials. configs are those of their runs, with their bounds at the end of the search, and values those of settings.
// The notes say what was left out of the data.
func New(
	program string, settings []string, values [][]string, configs []*run.Config, on *compute.Context,
) (p *Plan, notes []string, err error) {
	p = &Plan{Format: planFormat, Version: planVersion, Program: program, Settings: settings}
	given := configs[0].Quantum.As(configs[0].Quantum)
	set, valid, err := run.OpenData(configs[0])
	if err != nil {
		return nil, nil, err
	}
	if valid == nil {
		return nil, nil, errors.New("no validation data to choose by")
	}
	if err := configs[0].Reweight(on, set, valid); err != nil {
		return nil, nil, err
	}
	for k, c := range configs {
		c.Data, c.Quantum = configs[0].Data, configs[0].Quantum.As(given)
		training, err := c.Start(set, valid, on)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", describe(settings, values[k]), err)
		}
		if k == 0 {
			bounds := training.Bounds()
			p.Rungs = Rungs(Rung{bounds.Epochs, bounds.Updates}, len(configs))
			p.Model, p.Data, p.Quantum = c.Model, c.Data, c.Quantum.As(given)
			p.Model.Hidden = 0
		}
		t := &Trial{Name: fmt.Sprintf("trial-%03d", k+1), Hidden: c.Model.Hidden, Training: c.Training, Scores: []Score{}}
		t.Training.Epochs, t.Training.Updates = p.Rungs[0].Epochs, p.Rungs[0].Updates
		for _, v := range values[k] {
			t.Values = append(t.Values, Value(v))
		}
		p.Trials = append(p.Trials, t)
	}
	return p, configs[0].Notes, nil
}

// describe names the values of a trial.
func describe(settings, values []string) string {
	text := ""
	for k, name := range settings {
		if k > 0 {
			text += " "
		}
		text += fmt.Sprintf("--%s %s", name, values[k])
	}
	return text
}

// Create makes a folder, new or empty, a search.
func (p *Plan) Create(dir string) (*Search, error) {
	if err := vacant(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	release, err := run.Hold(dir)
	if err != nil {
		return nil, err
	}
	s := &Search{Dir: dir, Plan: p, release: release}
	if err := vacant(dir); err != nil { // now nobody else can make it otherwise
		return nil, errors.Join(err, s.Close())
	}
	c := p.inputs()
	c.Place(dir)
	p.Data, p.Quantum = c.Data, c.Quantum
	if err := s.save(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Reopen opens a search to go on with it. files name new places of its input files.
func Reopen(dir string, files ...string) (*Search, error) {
	if _, err := read(dir); err != nil { // a folder that is no search gets no lock
		return nil, err
	}
	release, err := run.Hold(dir)
	if err != nil {
		return nil, err
	}
	s := &Search{Dir: dir, release: release, files: files}
	if s.Plan, err = read(dir); err == nil && s.Plan.Decided < len(s.Plan.Rungs) {
		c := s.Plan.inputs()
		err = errors.Join(atomicfile.Clear(dir), c.Locate(dir, files...))
		s.Plan.Data, s.Plan.Quantum = c.Data, c.Quantum
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// read reads search.json.
func read(dir string) (*Plan, error) {
	path := filepath.Join(dir, PlanName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no search: it has no %s", dir, PlanName)
	}
	if err != nil {
		return nil, err
	}
	p, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func parse(text []byte) (*Plan, error) {
	p, d := new(Plan), json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	if p.Format != planFormat || p.Version != planVersion {
		return nil, fmt.Errorf("another format or version: want %s, version %d", planFormat, planVersion)
	}
	return p, p.check()
}

// check refuses a plan that no search writes.
func (p *Plan) check() error {
	switch {
	case len(p.Trials) == 0 || len(p.Rungs) == 0 || len(p.Data.Train) == 0:
		return errors.New("no trials, rungs or data")
	case p.Decided < 0 || p.Decided > len(p.Rungs):
		return fmt.Errorf("%d of %d rungs are decided", p.Decided, len(p.Rungs))
	}
	for k, t := range p.Trials {
		wellNamed := t != nil && t.Name == fmt.Sprintf("trial-%03d", k+1)
		if !wellNamed || len(t.Values) != len(p.Settings) || len(t.Scores) > p.Decided {
			return fmt.Errorf("trial %d has another name, or values or scores too many or too few", k+1)
		}
	}
	return nil
}

// encode returns the text of search.json.
func (p *Plan) encode() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}

func (s *Search) save() error {
	text, err := s.Plan.encode()
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(s.Dir, PlanName), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// vacant returns an error unless a folder is missing, empty, or holds no more than a process leaves that was killed
// while it made a search there.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == run.LockName && e.Type().IsRegular(), atomicfile.IsTemporary(name):
		case slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == PlanName }):
			return fmt.Errorf("%s %w: it holds a search already; go on with it by --resume, or name another folder", dir, run.ErrOccupied)
		default:
			return fmt.Errorf("%s %w: it holds %s; want a new or empty folder for the search", dir, run.ErrOccupied, name)
		}
	}
	return nil
}
