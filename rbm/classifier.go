package rbm

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
)

// Classifier is a model whose units of one column are a label y, given all others v':
//
//	P(y|v') = e^(−F(v',y)) / Σ_y' e^(−F(v',y')).
//
// No Z is needed, as it is the same in all terms. The classes are the two values of a bit, the states of a categorical
// site, or one of several bits that is on while the others are off; the last is P(y|v') among such states alone.
//
// A Classifier holds scratch memory: use one per goroutine. It works on several workers by itself.
type Classifier struct {
	units        []int
	conditionals *Conditionals
	states       Batch // some rows, each in all classes
	rows         []int // which these are
	free         []float64
}

// NewClassifier takes some visible units for a label: one bit, all units of one categorical site, or several bits. It
// panics on other units. It computes in a context (nil means the default).
func NewClassifier(model *Model, units []int, on *compute.Context) *Classifier {
	bits, sites := model.Visible.NewBatch(0).Bits(), SitesOf(model.Visible)
	for k, i := range units {
		if i < 0 || i >= bits || slices.Contains(units[:k], i) {
			panic(fmt.Sprintf("rbm: units %v for a label, want different ones of %d bits", units, bits))
		}
		for _, s := range sites {
			if i >= s.First && i < s.First+s.States && (len(units) != s.States || slices.Min(units) != s.First) {
				panic(fmt.Sprintf("rbm: units %v for a label, want all of the site of units %d to %d", units, s.First, s.First+s.States-1))
			}
		}
	}
	if len(units) == 0 {
		panic("rbm: no units for a label")
	}
	return &Classifier{units: slices.Clone(units), conditionals: NewConditionals(model, on)}
}

// Units are those of the label.
func (c *Classifier) Units() []int { return c.units }

// Classes is the number of classes: two of one unit, else as many as there are units.
func (c *Classifier) Classes() int { return max(2, len(c.units)) }

// Class is the class of row r, which is −1 where not exactly one of several units is on.
func (c *Classifier) Class(v Batch, r int) int {
	if len(c.units) == 1 {
		if v.Bit(r, c.units[0]) {
			return 1
		}
		return 0
	}
	class := -1
	for k, i := range c.units {
		switch {
		case v.Bit(r, i) && class >= 0:
			return -1
		case v.Bit(r, i):
			class = k
		}
	}
	return class
}

// SetClass gives row r a class.
func (c *Classifier) SetClass(v Batch, r, class int) {
	if len(c.units) == 1 {
		v.SetBit(r, c.units[0], class == 1)
		return
	}
	for k, i := range c.units {
		v.SetBit(r, i, k == class)
	}
}

// atOnce is about the number of states whose free energies are computed at once.
const atOnce = 4096

// LogProbs writes log P(y|v') of all classes of each row of v into dst (rows×classes), whatever label the row has. Free
// energies are those of [Conditionals.FreeEnergy], good to about 10^−6 of their size, or 10^−5 beside real visible
// units.
func (c *Classifier) LogProbs(dst []float64, v Batch) {
	classes := c.Classes()
	if len(dst) != v.Rows()*classes {
		panic(fmt.Sprintf("rbm: destination of %d numbers for %d rows of %d classes", len(dst), v.Rows(), classes))
	}
	for size, from := max(1, atOnce/classes), 0; from < v.Rows(); from += size {
		to := min(from+size, v.Rows())
		if n := (to - from) * classes; n != len(c.rows) {
			c.states, c.rows, c.free = v.Like(n), make([]int, n), make([]float64, n)
		}
		for k := range c.rows {
			c.rows[k] = from + k/classes
		}
		c.states.Gather(v, c.rows)
		for k := range c.rows {
			c.SetClass(c.states, k, k%classes)
		}
		c.conditionals.FreeEnergy(c.free, c.states)
		for k, free := range c.free {
			dst[from*classes+k] = -free
		}
	}
	for row := range slices.Chunk(dst, classes) {
		Normalize(row)
	}
}

// Normalize subtracts log Σ_k e^(x_k) from all x_k, which makes logarithms of probabilities of them.
func Normalize(x []float64) {
	largest, sum := slices.Max(x), 0.0
	for _, x := range x {
		sum += math.Exp(x - largest)
	}
	for k := range x {
		x[k] -= largest
		x[k] -= math.Log(sum)
	}
}
