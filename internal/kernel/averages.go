package kernel

import "github.com/harmonium-rbm/harmonium/rng"

// Rows are rows v of bits to average over: ⟨v_i⟩ is written to V (m numbers) and ⟨P(h_j|v)⟩ to H (n). Where Draw has
// rows, h ~ P(h|v) of each row is drawn into it, as [Context.Sample] does.
type Rows struct {
	V, H    []float32
	X       Bits
	Weights []float32 // of the rows, none of them negative; nil: equal ones
	Draw    Bits
	Key     rng.Key
	Step    uint64
}

// RemoteRows are Rows on an engine; Draw.Of is nil where nothing is to be drawn.
type RemoteRows struct {
	V, H, Weights []float32
	X, Draw       Span
	Key           rng.Key
	Step          uint64
}

// Averages has the engine write the averages of one or two sets of rows, and to vh (m×n, row-major) the ⟨v_i P(h_j|v)⟩
// of the first, less those of the second if there is one. f has W and c. They are the statistics of rbm.Conditionals. It
// returns false, and writes nothing, without an engine. It panics on other lengths.
func (c *Context) Averages(vh []float32, f *Fixed, sets ...Rows) bool {
	e := c.Engine()
	if e == nil {
		return false
	}
	remote := make([]RemoteRows, len(sets))
	for k, s := range sets {
		if len(s.V) != s.X.Cols || len(s.H) != f.Cols || len(vh) != len(s.V)*len(s.H) || s.Weights != nil && len(s.Weights) != s.X.Rows {
			panicf("Averages of %d×%d bits with a %d×%d matrix and %d weights", s.X.Rows, s.X.Cols, f.Rows, f.Cols, len(s.Weights))
		}
		remote[k] = RemoteRows{V: s.V, H: s.H, Weights: s.Weights, X: s.X.on(e), Key: s.Key, Step: s.Step}
		if s.Draw.Rows > 0 {
			s.Draw.written(e, func(dst Span) { remote[k].Draw = dst })
		}
	}
	e.Averages(vh, f.on(e), remote...)
	return true
}

// Shares writes the part that each row has in an average, sign·weight/Σ weights, and returns Σ weights. Equal ones have
// nil weights.
func Shares(dst, weights []float32, sign float64) (total float64) {
	total = float64(len(dst))
	if weights == nil {
		for r := range dst {
			dst[r] = float32(sign / total)
		}
		return total
	}
	total = 0
	for _, w := range weights {
		total += float64(w)
	}
	for r, w := range weights {
		dst[r] = float32(sign * float64(w) / total)
	}
	return total
}

// LargestShare returns the largest magnitude of shares.
func LargestShare(shares []float32) float32 {
	largest := float32(0)
	for _, x := range shares {
		largest = max(largest, abs(x))
	}
	return largest
}
