package kernel

import "context"

// An Enumeration is package exact's sum over all states of one layer. The layer's units are split into a low group of
// six (64 states, e) and a high group of the others. What is computed is the weight of each state of the high group,
//
//	Σ_e e^(bias(e)) Π_i (1 + A_i·T_i(e)),  A_i = e^(b_i + Σ_{j high} w_ij h_j),  T_i(e) = e^(Σ_{j low} w_ij h_j),
//
// where i counts the units of the other layer, which are summed out. States of the high group come in the order of the
// Gray code: state n of them has the bits of n ^ n>>1.
type Enumeration struct {
	Units int       // m, those that are summed out
	High  []float64 // c_j of the high group's units
	Table []float64 // T_i(e), Units×64
	Most  []float64 // max_e T_i(e)

	BiasMantissa []float64 // e^(bias(e)) is BiasMantissa·2^BiasExponent, for each e
	BiasExponent []int64

	Flip, Unflip []float64 // e^(w_ij) and e^(−w_ij) of the high units, a row for each
	Cuts         []int     // units before which powers of two are taken out of the products; the last is Units
	Constant     float64   // of the energy

	// The states are Parts parts of equal size, and a part is one or more stretches of Stretch states. All three
	// numbers are powers of two. Start writes the A_i of the state at an index, for the start of a stretch. Within a
	// stretch the A_i of each state are those of the state before times a row of Flip or Unflip.
	Parts, Stretch int
	Start          func(a []float64, index uint64)
}

// A Weight is that of a state of the high group: e^Scale·Sum.
type Weight struct{ Scale, Sum float64 }

// An Enumerator is an [Engine] that computes the weights of an enumeration, equal to the bit to those of package exact.
type Enumerator interface {
	// Pays reports whether the engine is expected to be faster than the workers.
	Pays(e *Enumeration) bool
	// Enumerate calls visit with the weights of all states, for each part in the order of its states. The workers of c
	// call it for several parts at the same time. The slice is valid during the call. The error is that of ctx or of
	// the engine.
	Enumerate(ctx context.Context, c *Context, e *Enumeration, visit func(part int, weights []Weight)) error
}

// Enumerator returns the context's engine if it enumerates, or nil.
func (c *Context) Enumerator() Enumerator {
	e, _ := c.Engine().(Enumerator)
	return e
}
