// Package group has the processes that work on one task together, its ranks, by the word of MPI. All of them run the
// same program on the same input. Each computes its part of what is costly, and [Gather] completes it everywhere, so
// that all of them know the same and decide the same.
//
// [Join] gives the group that mpirun or srun has started, in programs built with the tag mpi. [Local] is a group of
// goroutines, for tests. A nil Group is a process by itself.
package group

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// A Group is what a rank knows of the others. All ranks call Gather and Exchange in the same order: a call waits for
// those it gets something from. One goroutine at a time may call them.
type Group interface {
	// Rank is the number of this process, from 0.
	Rank() int
	// Size is the number of processes.
	Size() int
	// Host is the name of the machine that a rank runs on.
	Host(rank int) string
	// Gather completes x, which has the same length on all ranks: rank r has bytes bounds[r] … bounds[r+1]−1 of it, and
	// gets the others.
	Gather(x []byte, bounds []int)
	// Exchange sends bytes out[r] … out[r+1]−1 of src to rank r, for each r but this rank itself, and has bytes in[r] …
	// in[r+1]−1 of dst from it. What is sent and what comes must not overlap.
	Exchange(dst []byte, in []int, src []byte, out []int)
	// Leave waits for all ranks, and ends the group.
	Leave()
	// Abort ends all processes of the group at once, with exit status 1.
	Abort()
}

// A Clock is a group that measures the time it spends in exchanges, most of it waiting for slower ranks.
type Clock struct {
	Group
	Waited time.Duration
}

// Gather is that of the group.
func (c *Clock) Gather(x []byte, bounds []int) {
	begun := time.Now()
	c.Group.Gather(x, bounds)
	c.Waited += time.Since(begun)
}

// Exchange is that of the group.
func (c *Clock) Exchange(dst []byte, in []int, src []byte, out []int) {
	begun := time.Now()
	c.Group.Exchange(dst, in, src, out)
	c.Waited += time.Since(begun)
}

// Rank is that of g, 0 for nil.
func Rank(g Group) int {
	if g == nil {
		return 0
	}
	return g.Rank()
}

// Name is how errors call a rank.
func Name(g Group, rank int) string { return fmt.Sprintf("rank %d on %s", rank, g.Host(rank)) }

// Split divides n things among size ranks, as evenly as groups of unit things can be: rank r has those from bounds[r]
// to bounds[r+1]−1.
func Split(n, unit, size int) []int {
	bounds, units := make([]int, size+1), (n+unit-1)/unit
	for r := range bounds {
		bounds[r] = min(r*units/size*unit, n)
	}
	return bounds
}

// Times returns bounds of things of which each is count others.
func Times(bounds []int, count int) []int {
	list := make([]int, len(bounds))
	for k, b := range bounds {
		list[k] = b * count
	}
	return list
}

// Over returns bounds of groups of count things, of which the last may be smaller.
func Over(bounds []int, count int) []int {
	list := make([]int, len(bounds))
	for k, b := range bounds {
		list[k] = (b + count - 1) / count
	}
	return list
}

// Gather is [Group].Gather for other numbers than bytes; bounds count them. T must have no pointers.
func Gather[T any](g Group, x []T, bounds []int) {
	if len(x) == 0 {
		return
	}
	g.Gather(bytesOf(x), Times(bounds, int(unsafe.Sizeof(x[0]))))
}

// Exchange is [Group].Exchange for other numbers than bytes, as [Gather] is.
func Exchange[T any](g Group, dst []T, in []int, src []T, out []int) {
	size := int(unsafe.Sizeof(*new(T)))
	g.Exchange(bytesOf(dst), Times(in, size), bytesOf(src), Times(out, size))
}

func bytesOf[T any](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(*new(T))))
}

// All returns what each rank hands in, in the order of ranks. T must have no pointers.
func All[T any](g Group, mine T) []T {
	all, bounds := make([]T, g.Size()), make([]int, g.Size()+1)
	for r := range bounds {
		bounds[r] = r
	}
	all[g.Rank()] = mine
	Gather(g, all, bounds)
	return all
}

// Share is All for texts.
func Share(g Group, mine []byte) [][]byte {
	bounds, list := make([]int, g.Size()+1), make([][]byte, g.Size())
	for r, n := range All(g, int64(len(mine))) {
		bounds[r+1] = bounds[r] + int(n)
	}
	all := make([]byte, bounds[g.Size()])
	copy(all[bounds[g.Rank()]:], mine)
	g.Gather(all, bounds)
	for r := range list {
		list[r] = all[bounds[r]:bounds[r+1]:bounds[r+1]]
	}
	return list
}

// Or combines the flags of all ranks, bit by bit.
func Or(g Group, flags byte) byte {
	for _, f := range All(g, flags) {
		flags |= f
	}
	return flags
}

// Agree returns the first error that a rank has, with its name, or nil if none has one: all ranks go on, or none.
func Agree(g Group, err error) error {
	if g == nil {
		return err
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	all := Share(g, []byte(text))
	if !slices.ContainsFunc(all, func(other []byte) bool { return string(other) != text }) {
		return err
	}
	for r, other := range all {
		if len(other) > 0 {
			return fmt.Errorf("%s: %s", Name(g, r), other)
		}
	}
	return nil
}

// Launched reports whether mpirun has started this process as one of several.
func Launched() bool { return launched("OMPI_COMM_WORLD_SIZE", "PMI_SIZE") }

// launched reports whether a launcher has started this process as one of several: one of the environment variables
// names their number.
func launched(variables ...string) bool {
	for _, name := range variables {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 1 {
			return true
		}
	}
	return false
}
