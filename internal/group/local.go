package group

import (
	"fmt"
	"sync"
)

// Local returns the ranks of a group of goroutines in this process.
func Local(size int) []Group {
	m := &meeting{parts: make([][]byte, size), bounds: make([][]int, size)}
	m.changed.L = &m.mu
	ranks := make([]Group, size)
	for r := range ranks {
		ranks[r] = &local{m, r}
	}
	return ranks
}

// meeting is where goroutines exchange bytes.
type meeting struct {
	mu      sync.Mutex
	changed sync.Cond
	parts   [][]byte
	bounds  [][]int // of what goes to each rank
	arrived int
	turn    int
}

type local struct {
	*meeting
	rank int
}

func (l *local) Rank() int            { return l.rank }
func (l *local) Size() int            { return len(l.parts) }
func (l *local) Host(rank int) string { return fmt.Sprintf("goroutine %d", rank) }

// Gather copies the others' parts, which they leave alone until all have done so.
func (l *local) Gather(x []byte, bounds []int) {
	if len(bounds) != l.Size()+1 || bounds[l.Size()] > len(x) {
		panic(fmt.Sprintf("group: bounds %v of %d bytes for %d ranks", bounds, len(x), l.Size()))
	}
	l.meet(func() { l.parts[l.rank] = x })
	for r, other := range l.parts {
		if len(other) != len(x) {
			panic(fmt.Sprintf("group: rank %d gathers %d bytes, rank %d %d", l.rank, len(x), r, len(other)))
		}
		if r != l.rank {
			copy(x[bounds[r]:bounds[r+1]], other[bounds[r]:bounds[r+1]])
		}
	}
	l.meet(func() {})
}

// Exchange copies what the others have for this rank, and leaves its own part alone until all have done so.
func (l *local) Exchange(dst []byte, in []int, src []byte, out []int) {
	l.meet(func() { l.parts[l.rank], l.bounds[l.rank] = src, out })
	for r, other := range l.parts {
		if r == l.rank {
			continue
		}
		from := l.bounds[r][l.rank : l.rank+2]
		if in[r+1]-in[r] != from[1]-from[0] {
			panic(fmt.Sprintf("group: rank %d wants %d bytes of rank %d, which has %d", l.rank, in[r+1]-in[r], r, from[1]-from[0]))
		}
		copy(dst[in[r]:in[r+1]], other[from[0]:from[1]])
	}
	l.meet(func() {})
}

// meet waits for all ranks.
func (l *local) meet(enter func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	enter()
	turn := l.turn
	if l.arrived++; l.arrived == l.Size() {
		l.arrived, l.turn = 0, turn+1
		l.changed.Broadcast()
	}
	for l.turn == turn {
		l.changed.Wait()
	}
}

// Leave does nothing.
func (l *local) Leave() {}

// Abort panics.
func (l *local) Abort() { panic("group: aborted by " + Name(l, l.rank)) }
