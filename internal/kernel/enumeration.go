package kernel

import "context"

// An Enumeration is the sum over all states of one layer that package exact takes, for those of its states that a high
// group of units has: what is needed for the weight of each of them,
//
//	Σ_e e^(bias(e)) Π_i (1 + A_i·T_i(e)),
//
// where e are the 64 states of the low group. States of the high group come in the order of the Gray code: that of
// index n is n ^ n>>1.
type Enumeration struct {
	Units int       // m, those that are summed out; i counts them
	High  []float64 // c_j of the high group's units
	Table []float64 // T_i(e), Units×64
	Most  []float64 // max_e T_i(e)

	BiasMantissa []float64 // of e^(bias(e))
	BiasExponent []int64   // of its power of two

	Flip, Unflip []float64 // e^(w_ij) and e^(−w_ij) of the high units, a row for each
	Cuts         []int     // units before which powers of two are taken out of the products; the last is Units
	Constant     float64   // of the energy

	// States are split into Parts parts of equal size, and each part into stretches of Stretch states, or is one
	// stretch if it is smaller. All are powers of two. Start writes the A_i at the start of a stretch; in it, each
	// state's are those before times Flip or Unflip.
	Parts, Stretch int
	Start          func(a []float64, index uint64)
}

// A Weight is that of a state of the high group: e^Scale·Sum.
type Weight struct{ Scale, Sum float64 }

// An Enumerator computes weights, equal to the bit to those of package exact's workers.
type Enumerator interface {
	// Pays reports whether the enumeration is worth its while.
	Pays(e *Enumeration) bool
	// Enumerate calls visit with the weights of all states, for each part in the order of its states. The workers of c
	// call it for several parts at the same time. The slice is valid during the call.
	Enumerate(ctx context.Context, c *Context, e *Enumeration, visit func(part int, weights []Weight)) error
}

// Enumerator is the context's engine if it enumerates, or nil.
func (c *Context) Enumerator() Enumerator {
	e, _ := c.Engine().(Enumerator)
	return e
}
