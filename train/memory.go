package train

import (
	"fmt"
	"strings"

	"harmonium/internal/safetensors"
)

// Memory is the list of everything that must survive from one update to the next, as named views of the places where it lives.
// The same list serves to write a checkpoint and to read it back.
type Memory struct {
	prefix  string
	entries []entry
}

type entry struct {
	name string
	data any // []float32, []uint64 or *uint64
}

// Floats lists numbers.
func (m *Memory) Floats(name string, x []float32) { m.add(name, x) }

// Words lists packed bits or counters.
func (m *Memory) Words(name string, x []uint64) { m.add(name, x) }

// Counter lists one number.
func (m *Memory) Counter(name string, x *uint64) { m.add(name, x) }

func (m *Memory) add(name string, data any) {
	m.entries = append(m.entries, entry{m.prefix + name, data})
}

// floats lists several slices under one name.
func (m *Memory) floats(name string, slices ...[]float32) {
	for k, x := range slices {
		m.Floats(fmt.Sprintf("%s.%d", name, k), x)
	}
}

// under lists what remember lists, with a prefix to the names.
func (m *Memory) under(prefix string, remember func(*Memory)) {
	outer := m.prefix
	m.prefix = outer + prefix + "."
	remember(m)
	m.prefix = outer
}

// tensors copies nothing: the tensors are views.
func (m *Memory) tensors() []safetensors.Tensor {
	tensors := make([]safetensors.Tensor, len(m.entries))
	for k, e := range m.entries {
		t := safetensors.Tensor{Name: e.name}
		switch x := e.data.(type) {
		case []float32:
			t.Shape, t.Data = []int{len(x)}, x
		case []uint64:
			t.Shape, t.Data = []int{len(x)}, x
		case *uint64:
			t.Shape, t.Data = []int{1}, []uint64{*x}
		}
		tensors[k] = t
	}
	return tensors
}

// restore copies the tensors into the places of the list. The names and lengths must be those of the list.
func (m *Memory) restore(tensors []safetensors.Tensor) error {
	found := map[string]safetensors.Tensor{}
	for _, t := range tensors {
		found[t.Name] = t
	}
	for _, e := range m.entries {
		t, ok := found[e.name]
		if !ok {
			return fmt.Errorf("checkpoint has no %s: it was written with other settings", strings.ReplaceAll(e.name, ".", " "))
		}
		delete(found, e.name)
		ok = false
		switch x := e.data.(type) {
		case []float32:
			y, is := t.Data.([]float32)
			ok = is && copy(x, y) == len(x) && len(x) == len(y)
		case []uint64:
			y, is := t.Data.([]uint64)
			ok = is && copy(x, y) == len(x) && len(x) == len(y)
		case *uint64:
			y, is := t.Data.([]uint64)
			if ok = is && len(y) == 1; ok {
				*x = y[0]
			}
		}
		if !ok {
			return fmt.Errorf("checkpoint's %s is a %T of shape %v, which these settings don't expect", e.name, t.Data, t.Shape)
		}
	}
	for _, t := range tensors {
		if _, extra := found[t.Name]; extra {
			return fmt.Errorf("checkpoint holds %s, which these settings don't use", t.Name)
		}
	}
	return nil
}
