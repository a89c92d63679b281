package rbm

import (
	"errors"
	"fmt"
	"math"
)

// Part says of a layer, or of a part of it, what units it has.
type Part struct {
	Kind   Kind  `json:"kind"`
	Units  int   `json:"units"`            // the number of stored numbers: of a categorical part the sum of States
	States []int `json:"states,omitempty"` // of a categorical part: the number of states of each site
}

// LayoutOf returns the parts of a layer, in the order of its units: one, unless the layer is mixed.
func LayoutOf(l Layer) []Part {
	if l, ok := l.(interface{ Layout() []Part }); ok {
		return l.Layout()
	}
	return []Part{{Kind: l.Kind(), Units: l.Units()}}
}

// NewLayers returns a layer of the given parts with biases 0, or an error that says which part is none.
func NewLayers(parts ...Part) (Layer, error) {
	layers := make([]Layer, len(parts))
	for k, p := range parts {
		if _, err := ParseKind(string(p.Kind)); err != nil || p.Kind == Mixed {
			return nil, fmt.Errorf("part %d is of %q units, want a kind other than %s", k+1, p.Kind, Mixed)
		}
		if p.Kind != Categorical {
			if p.Units <= 0 || p.States != nil {
				return nil, fmt.Errorf("part %d has %d %s units and %d numbers of states, want a number of units above 0 alone",
					k+1, p.Units, p.Kind, len(p.States))
			}
			layers[k] = NewLayer(p.Kind, p.Units)
			continue
		}
		units := 0
		for s, q := range p.States {
			if q < 2 || q > math.MaxInt32 {
				return nil, fmt.Errorf("part %d: site %d has %d states, want at least 2", k+1, s+1, q)
			}
			units += q
		}
		if units != p.Units {
			return nil, fmt.Errorf("part %d has %d units, but its sites %d states in all", k+1, p.Units, units)
		}
		layers[k] = NewCategorical(p.States...)
	}
	switch len(layers) {
	case 0:
		return nil, errors.New("a layout without parts, want one or more")
	case 1:
		return layers[0], nil
	}
	return NewMixed(layers...)
}

// Finite is a layer with a finite number of configurations, which can be enumerated.
type Finite interface {
	Layer
	// Configurations is their number: 2^units of bits. It is +Inf beyond float64.
	Configurations() float64
	// Configure sets row r of s to the configuration of a number from 0 to Configurations()−1.
	Configure(s Batch, r int, number uint64)
}

// AsFinite returns a layer as one with a finite number of configurations, if it is one: of bits, sites, or both.
func AsFinite(l Layer) (Finite, bool) {
	f, ok := l.(Finite)
	return f, ok && l.NewBatch(0).Bits() == l.Units()
}
