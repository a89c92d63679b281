package rbm

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

// Finite is a layer with a finite number of configurations, which can be enumerated.
type Finite interface {
	Layer
	// Configurations is their number: 2^units of bits. It is +Inf beyond float64.
	Configurations() float64
	// Configure sets row r of s to the configuration of a number from 0 to Configurations()−1.
	Configure(s Batch, r int, number uint64)
}
