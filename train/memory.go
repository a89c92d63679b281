package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Memory is the list of everything that must survive from one update to the next, as named views of the places where it
// lives. The same list serves to write a checkpoint and to read it back.
type Memory struct {
	prefix string
	list   *list
}

// list holds the entries, and what a checkpoint has for them while one is read.
type list struct {
	entries []entry
	found   *safetensors.Reader
	checks  []func() error
}

type entry struct {
	name string
	data any // []float32, []float64, *float64, *uint64 or rbm.Batch
}

// Floats lists numbers.
func (m *Memory) Floats(name string, x []float32) { m.add(name, x) }

// States lists configurations: their bits, and their real numbers under a name of their own.
func (m *Memory) States(name string, x rbm.Batch) {
	reals := x.EncodeReals()
	if len(reals) == 0 {
		m.add(name, x)
		return
	}
	if x.Bits() > 0 {
		m.add(name, x)
	}
	m.Floats(name+".reals", reals)
	m.Check(func() error {
		if slices.ContainsFunc(reals, func(x float32) bool { return notFinite(float64(x)) }) {
			return fmt.Errorf("%s has a number that is not finite", m.prefix+name)
		}
		return nil
	})
}

// Numbers lists numbers in double precision.
func (m *Memory) Numbers(name string, x []float64) { m.add(name, x) }

// Number lists one number in double precision.
func (m *Memory) Number(name string, x *float64) { m.add(name, x) }

// Counter lists one whole number.
func (m *Memory) Counter(name string, x *uint64) { m.add(name, x) }

func (m *Memory) add(name string, data any) {
	m.list.entries = append(m.list.entries, entry{m.prefix + name, data})
}

// Check lists what must hold of everything that has been read: its error says what does not.
func (m *Memory) Check(holds func() error) { m.list.checks = append(m.list.checks, holds) }

// Model lists all parameters of a model under one name.
func (m *Memory) Model(name string, model *rbm.Model) {
	for k, p := range model.Parameters() {
		m.Floats(fmt.Sprintf("%s.%d", name, k), p.Values)
	}
}

// Length is the number of numbers that a checkpoint has under a name, while one is read.
func (m *Memory) Length(name string) (n int, ok bool) {
	if m.list.found == nil {
		return 0, false
	}
	return m.list.found.Count(m.prefix+name, "F64")
}

// floats lists several slices under one name.
func (m *Memory) floats(name string, slices ...[]float32) {
	for k, x := range slices {
		m.Floats(fmt.Sprintf("%s.%d", name, k), x)
	}
}

// under returns the same list, to which entries are added with a prefix to their names.
func (m *Memory) under(prefix string) *Memory { return &Memory{m.prefix + prefix + ".", m.list} }

// tensors copies nothing: the tensors are views.
func (m *Memory) tensors() []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(m.list.entries))
	for k, e := range m.list.entries {
		t := safetensors.Tensor{Name: e.name}
		if batch, ok := e.data.(rbm.Batch); ok {
			e.data = batch.EncodeBits()
		}
		switch x := e.data.(type) {
		case []float32:
			t.Shape, t.Data = []int{len(x)}, x
		case []float64:
			t.Shape, t.Data = []int{len(x)}, x
		case []uint64: // of a batch
			t.Shape, t.Data = []int{len(x)}, x
		case *uint64:
			t.Shape, t.Data = []int{1}, []uint64{*x}
		case *float64:
			t.Shape, t.Data = []int{1}, []float64{*x}
		}
		tensors[k] = t
	}
	return tensors
}

// restore reads the tensors into the places of the list. The names and lengths must be those of the list.
func (m *Memory) restore() error {
	if found, entries := m.list.found, m.list.entries; found.Len() != len(entries) {
		return fmt.Errorf("checkpoint holds %d tensors, these settings expect %d", found.Len(), len(entries))
	}
	for _, e := range m.list.entries {
		switch ok, err := e.restore(m.list.found); {
		case err != nil:
			return err
		case !ok:
			return fmt.Errorf("checkpoint's %q is not what these settings expect", e.name)
		}
	}
	for _, holds := range m.list.checks {
		if err := holds(); err != nil {
			return fmt.Errorf("damaged: %w", err)
		}
	}
	return nil
}

// restore reads data of the same type and length, if all of it is finite; it reports whether it could.
func (e entry) restore(from *safetensors.Reader) (ok bool, err error) {
	switch to := e.data.(type) {
	case []float32:
		return from.Fill(e.name, to)
	case []float64:
		ok, err := from.Fill(e.name, to)
		return ok && !slices.ContainsFunc(to, notFinite), err
	case rbm.Batch:
		n, _ := from.Count(e.name, "U64")
		words := make([]uint64, n)
		ok, err := from.Fill(e.name, words)
		return ok && to.DecodeBits(words) == nil, err
	case *float64:
		one := []float64{0}
		ok, err := entry{e.name, one}.restore(from)
		*to = one[0]
		return ok, err
	case *uint64:
		one := []uint64{0}
		ok, err := from.Fill(e.name, one)
		*to = one[0]
		return ok, err
	}
	return false, nil
}

func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
