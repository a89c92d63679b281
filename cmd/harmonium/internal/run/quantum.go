package run

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// Quantum says what state of qubits a run reconstructs, and how its rows were measured.
type Quantum struct {
	Kind        rbm.StateKind `json:"kind"`
	PhaseHidden int           `json:"phase_hidden,omitempty"` // hidden units of the phase machine
	Auxiliary   int           `json:"auxiliary,omitempty"`    // hidden units that a density matrix is summed over, beside those of "model"
	Bases       *File         `json:"bases,omitempty"`        // a basis a row of the training data; nil: all in that of σ^z
	ValidBases  *File         `json:"valid_bases,omitempty"`  // of the validation data
	Unitaries   *File         `json:"unitaries,omitempty"`    // what letters other than X, Y and Z mean
	State       []File        `json:"state,omitempty"`        // the known state: a vector, or real and imaginary parts of a matrix
	NoDephasing bool          `json:"no_dephasing,omitempty"` // a complex state is trained by its own likelihood from the first update on

	known quantum.Known
}

// mostLiveSites bounds the known states that every score is compared with.
const mostLiveSites = 14

// files lists the input files; none of nil.
func (q *Quantum) files() (list []*File) {
	if q == nil {
		return nil
	}
	for _, f := range []*File{q.Bases, q.ValidBases, q.Unitaries} {
		if f != nil {
			list = append(list, f)
		}
	}
	for k := range q.State {
		list = append(list, &q.State[k])
	}
	return list
}

// As is a copy with another one's numbers of units; nil of nil.
func (q *Quantum) As(other *Quantum) *Quantum {
	c := q.own()
	if c != nil {
		c.PhaseHidden, c.Auxiliary = other.PhaseHidden, other.Auxiliary
	}
	return c
}

// own copies what a copied config shares with the original.
func (q *Quantum) own() *Quantum {
	if q == nil {
		return nil
	}
	c := *q
	for _, f := range []**File{&c.Bases, &c.ValidBases, &c.Unitaries} {
		if *f != nil {
			*f = new(**f)
		}
	}
	c.State = append([]File(nil), q.State...)
	return &c
}

// attach gives rows of outcomes their bases.
func (q *Quantum) attach(set *data.Set, bases *File) error {
	if q == nil || bases == nil {
		return nil
	}
	var rows []quantum.Basis
	err := bases.read(set.Rows(), func(r io.Reader) (err error) {
		rows, err = quantum.ReadBases(r)
		return err
	})
	if err != nil {
		return err
	}
	return Attach(set, rows, bases.here())
}

// Attach gives rows of outcomes the bases of a file.
func Attach(set *data.Set, rows []quantum.Basis, path string) error {
	if len(rows) != set.Rows() {
		return fmt.Errorf("%s has %d bases, %s has %d rows: want a basis a row, in their order", path, len(rows), set.Path, set.Rows())
	}
	if set.Values != rbm.Bernoulli || set.Columns != nil {
		return fmt.Errorf("%s is not outcomes of qubits: want 0 and 1 alone, without names of columns", set.Path)
	}
	set.Bases = make([]string, len(rows))
	for r, b := range rows {
		if len(b) != set.Units() {
			return fmt.Errorf("%s: bases of %d sites, and %s has %d: want a letter a site", path, len(b), set.Path, set.Units())
		}
		set.Bases[r] = string(b)
	}
	return nil
}

// prepareQuantum gives the model its state, and returns the likelihood of the rows, which is nil where none has a
// basis.
func (c *Config) prepareQuantum(model *rbm.Model, set, valid *data.Set, on *compute.Context) (train.Likelihood, error) {
	q := c.Quantum
	if q == nil {
		if model.State == nil {
			return nil, nil
		}
		q = new(Quantum)
		c.Quantum = q
	}
	if state := model.State; state != nil { // of the model that the run begins at
		if q.Kind != "" && q.Kind != state.Kind {
			return nil, fmt.Errorf("%s is a %s state, and the run is to reconstruct a %s one: want the same kind", c.From.Path, state.Kind, q.Kind)
		}
		phaseHidden := 0
		if state.Phase != nil {
			phaseHidden = state.Phase.N()
		}
		for _, units := range []struct {
			name       string
			given, own int
		}{{"phase hidden", q.PhaseHidden, phaseHidden}, {"auxiliary", q.Auxiliary, state.Auxiliary()}} {
			if units.given != 0 && units.given != units.own {
				return nil, fmt.Errorf("%s has %d %s units, and the run is to have %d, want as many: leave the number out",
					c.From.Path, units.own, units.name, units.given)
			}
		}
		q.Kind, q.PhaseHidden, q.Auxiliary = state.Kind, phaseHidden, state.Auxiliary()
	} else if q.Kind == "" {
		return nil, fmt.Errorf("%s is no quantum state: say by --kind whether measurements are of a wavefunction, complex or density one",
			c.From.Path)
	}
	if err := q.check(set, valid); err != nil {
		return nil, err
	}
	if err := q.open(set.Units()); err != nil {
		return nil, err
	}
	if err := q.state(model, c.Training.Seed); err != nil {
		return nil, err
	}
	if set.Bases == nil {
		return nil, nil
	}
	return q.likelihood(on, set, valid)
}

// Letters are the rotations that letters of bases stand for.
func (q *Quantum) Letters() (u quantum.Unitaries, err error) {
	if q.Unitaries == nil {
		return quantum.Pauli(), nil
	}
	err = q.Unitaries.read(0, func(r io.Reader) (err error) {
		u, err = quantum.ReadUnitaries(r)
		return err
	})
	return u, err
}

// likelihood returns the likelihood of the rows.
func (q *Quantum) likelihood(on *compute.Context, sets ...*data.Set) (train.Likelihood, error) {
	u, err := q.Letters()
	if err != nil {
		return nil, err
	}
	l := quantum.NewLikelihood(u, on)
	l.NoDephasing = q.NoDephasing
	for _, set := range sets {
		if set == nil {
			continue
		}
		if err := l.Check(q.Kind, set.Bases, set.Units()); err != nil {
			return nil, fmt.Errorf("bases of %s: %w", set.Path, err)
		}
	}
	return l, nil
}

// check refuses what no state of this kind can be learnt from.
func (q *Quantum) check(set, valid *data.Set) error {
	plain := true
	for _, b := range set.Bases {
		plain = plain && quantum.Basis(b) == quantum.Uniform('Z', len(b))
	}
	switch {
	case set.Values != rbm.Bernoulli || set.Columns != nil:
		return fmt.Errorf("%s is not outcomes of qubits: want 0 and 1 alone, without names of columns", set.Path)
	case q.Kind != rbm.StateWavefunction && plain:
		return fmt.Errorf("all rows were measured in the basis of σ^z, which says nothing of phases: a %s state needs other bases too, "+
			"by --bases FILE; of these rows a wavefunction can be learnt", q.Kind)
	case valid != nil && (set.Bases == nil) != (valid.Bases == nil):
		return errors.New("training and validation data must both have bases, or neither: give them by --bases and --valid-bases")
	case q.Kind == rbm.StateWavefunction && q.PhaseHidden != 0:
		return errors.New("a wavefunction has no phases, so that phase hidden units have no effect: want kind complex, or none of them")
	case q.Kind != rbm.StateComplex && q.NoDephasing:
		return fmt.Errorf("a %s state is never dephased, so that no dephasing has no effect: want kind complex, or nothing of dephasing", q.Kind)
	case q.Kind != rbm.StateDensity && q.Auxiliary != 0:
		return errors.New("auxiliary units are those of a density matrix: want kind density, or none of them")
	}
	return nil
}

// state gives a model its state, unless it has one.
func (q *Quantum) state(model *rbm.Model, seed uint64) (err error) {
	if q == nil || model.State != nil {
		return nil
	}
	model.State, err = rbm.NewState(q.Kind, model, q.PhaseHidden, q.Auxiliary, rng.Seed(seed))
	return err
}

// Fill puts the numbers of units where none are given. Of a complex state the phase has twice as many as the model has
// hidden ones, of a density matrix as many, and two auxiliary ones a site. docs/decisions/0095 and 0098 have what they
// were measured by.
func (q *Quantum) Fill(sites, hidden int) {
	if q == nil {
		return
	}
	if q.PhaseHidden == 0 {
		switch q.Kind {
		case rbm.StateComplex:
			q.PhaseHidden = 2 * hidden
		case rbm.StateDensity:
			q.PhaseHidden = hidden
		}
	}
	if q.Auxiliary == 0 && q.Kind == rbm.StateDensity {
		q.Auxiliary = 2 * sites
	}
}

// open reads the known state.
func (q *Quantum) open(sites int) error {
	if len(q.State) == 0 {
		return nil
	}
	var texts [][]byte
	for k := range q.State {
		err := q.State[k].read(0, func(r io.Reader) error {
			text, err := io.ReadAll(r)
			texts = append(texts, text)
			return err
		})
		if err != nil {
			return err
		}
	}
	known, err := ReadKnown(texts)
	if err != nil {
		return fmt.Errorf("%s: %w", q.State[0].here(), err)
	}
	if known.Sites() != sites {
		return fmt.Errorf("%s: a state of %d sites, and the data has %d: want as many", q.State[0].here(), known.Sites(), sites)
	}
	if sites > mostLiveSites {
		return fmt.Errorf("%s: a state of %d sites, want at most %d to compare every score with: "+
			"leave it out, and compare the trained model by 'harmonium eval --state'", q.State[0].here(), sites, mostLiveSites)
	}
	q.known = known
	return nil
}

// ReadKnown reads a state: the text of a vector, or those of the real and the imaginary parts of a density matrix.
func ReadKnown(texts [][]byte) (quantum.Known, error) {
	switch len(texts) {
	case 1:
		s, err := quantum.ReadState(bytes.NewReader(texts[0]))
		return s, err
	case 2:
		d, err := quantum.ReadDensity(bytes.NewReader(texts[0]), bytes.NewReader(texts[1]))
		return d, err
	}
	return nil, fmt.Errorf("%d files, want one of a vector, or two of the real and imaginary parts of a density matrix", len(texts))
}

// fidelity is that of a model with the known state; nil where there is none.
func (q *Quantum) fidelity(model *rbm.Model) (*float64, error) {
	if q == nil || q.known == nil {
		return nil, nil
	}
	f, err := Fidelity(model, q.known, nil)
	return &f, err
}

// Fidelity is that of the state that a model stands for with a known one.
func Fidelity(model *rbm.Model, known quantum.Known, on *compute.Context) (float64, error) {
	state, err := quantum.Reconstruct(model)
	if err != nil {
		return 0, err
	}
	whole, err := quantum.Whole(state, on)
	if err != nil {
		return 0, err
	}
	return quantum.Fidelity(whole, known), nil
}

// read reads the file, which must be as it is recorded, and records it.
func (f *File) read(rows int, parse func(io.Reader) error) error {
	text, err := os.ReadFile(f.here())
	if err != nil {
		return err
	}
	if err := parse(bytes.NewReader(text)); err != nil {
		return fmt.Errorf("%s: %w", f.here(), err)
	}
	return f.confirm(rows, fmt.Sprintf("%x", sha256.Sum256(text)))
}
