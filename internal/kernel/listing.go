package kernel

import "math/bits"

// A listing holds the set bits of a block of configurations for the sparse method, which adds the operand's rows of the set bits one
// by one. It is written once and read for every panel.
//
// The configurations come in the order of their number of groups: the loop over a configuration's groups then ends where the
// processor expects it to.
type listing struct {
	order   []uint64 // of a configuration: its row in the block, and its number of groups above bit 32
	starts  []int    // of its offsets
	offsets []uint32 // of the operand's rows, in bytes from the panel's begin; a row of zeros fills the last group up
	places  []int    // memory of count
}

const (
	listGroup = 4  // offsets
	listTask  = 32 // configurations that a task lists
)

// count sets order and starts for rows configurations of stride words.
func (l *listing) count(words []uint64, rows, stride int) {
	const perWord = 64 / listGroup
	l.order, l.starts = grow(l.order, rows), grow(l.starts, rows)
	l.places = grow(l.places, stride*perWord+1)
	clear(l.places)
	for r := range rows {
		l.places[listGroups(words[r*stride:][:stride])]++
	}
	place, start := 0, 0
	for groups, n := range l.places {
		for i := range n {
			l.starts[place+i] = start + i*groups*listGroup
		}
		l.places[groups] = place
		place, start = place+n, start+n*groups*listGroup
	}
	for r := range rows {
		groups := listGroups(words[r*stride:][:stride])
		l.order[l.places[groups]] = uint64(groups)<<32 | uint64(r)
		l.places[groups]++
	}
	l.offsets = grow(l.offsets, start)
}

// listGroups returns the number of groups of a configuration.
func listGroups(words []uint64) int {
	ones := 0
	for _, w := range words {
		ones += bits.OnesCount64(w)
	}
	return (ones + listGroup - 1) / listGroup
}

// write lists the configurations of a task; zero is the offset of a row of zeros.
func (l *listing) write(task int, words []uint64, stride int, zero uint32) {
	from := task * listTask
	for i, o := range l.order[from:min(from+listTask, len(l.order))] {
		row, groups := int(uint32(o)), int(o>>32)
		dst := l.offsets[l.starts[from+i]:][:groups*listGroup]
		n := 0
		for k, w := range words[row*stride:][:stride] {
			base := uint32(k) * (64 * entryBytes)
			for ; w != 0; w &= w - 1 {
				dst[n] = base + uint32(bits.TrailingZeros64(w))*entryBytes
				n++
			}
		}
		for ; n < len(dst); n++ {
			dst[n] = zero
		}
	}
}
