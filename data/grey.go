package data

import (
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// grey holds the probabilities of a set that was read with Bernoulli: one number a row and unit,
// either bytes (p = byte/255) or float32.
type grey struct {
	key    rng.Key
	bytes  []uint8
	floats []float32
	rows   []uint32 // row of the file that each row of the set came from; nil: the same
}

// byteProbability[x] is x/255.
var byteProbability = func() (p [256]float32) {
	for x := range p {
		p[x] = float32(x) / 255
	}
	return p
}()

func (g *grey) probability(k int) float32 {
	if g.bytes != nil {
		return byteProbability[g.bytes[k]]
	}
	return g.floats[k]
}

func (g *grey) row(r int) uint32 {
	if g.rows == nil {
		return uint32(r)
	}
	return g.rows[r]
}

func (g *grey) subset(index []int, units int) *grey {
	sub := &grey{key: g.key, rows: make([]uint32, len(index))}
	if g.bytes != nil {
		sub.bytes = make([]uint8, 0, len(index)*units)
	} else {
		sub.floats = make([]float32, 0, len(index)*units)
	}
	for k, r := range index {
		sub.rows[k] = g.row(r)
		if g.bytes != nil {
			sub.bytes = append(sub.bytes, g.bytes[r*units:(r+1)*units]...)
		} else {
			sub.floats = append(sub.floats, g.floats[r*units:(r+1)*units]...)
		}
	}
	return sub
}

// mergeGrey joins the grey values of all sets; the rows get new numbers.
func mergeGrey(sets []*Set) *grey {
	merged, bytes := &grey{key: sets[0].grey.key}, true
	for _, s := range sets {
		bytes = bytes && s.grey.bytes != nil
	}
	for _, s := range sets {
		if bytes {
			merged.bytes = append(merged.bytes, s.grey.bytes...)
			continue
		}
		for k := range s.Rows() * s.Units() {
			merged.floats = append(merged.floats, s.grey.probability(k))
		}
	}
	return merged
}

// Grey reports whether the set holds grey values, so that [Set.Redraw] changes its bits.
func (s *Set) Grey() bool { return s.grey != nil }

// Redraw draws new bits of a set of grey values: unit i of row r becomes 1 with the probability that its grey
// value is, decided by the uniform number at (key, epoch, row of the file, i). So the bits depend on the
// key and the epoch alone, not on earlier draws, and a row keeps its bits in a [Set.Subset]. A set without grey values
// stays as it is. [Open] draws epoch 0.
func (s *Set) Redraw(epoch uint64, on *compute.Context) {
	if s.grey == nil {
		return
	}
	key := s.grey.key.Stream(rng.StreamBinarize)
	on.Parallel(s.Rows(), func(r int) {
		at := r * s.Units()
		var block rng.Block // of four units
		s.States.SetRow(r, func(i int) bool {
			if i%4 == 0 {
				block = key.Block(rng.At(epoch, s.grey.row(r), uint32(i)))
			}
			return rng.Uniform(block[i%4]) < s.grey.probability(at+i)
		})
	})
}
