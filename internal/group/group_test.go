package group_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/group"
)

func onAll(size int, f func(g group.Group)) {
	var running sync.WaitGroup
	for _, g := range group.Local(size) {
		running.Go(func() { f(g) })
	}
	running.Wait()
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		n, unit, size int
		want          []int
	}{{10, 1, 3, []int{0, 3, 6, 10}}, {10, 4, 2, []int{0, 4, 10}}, {3, 8, 2, []int{0, 0, 3}}, {0, 1, 2, []int{0, 0, 0}}} {
		if got := group.Split(c.n, c.unit, c.size); !slices.Equal(got, c.want) {
			t.Errorf("%d in units of %d over %d ranks: %v, want %v", c.n, c.unit, c.size, got, c.want)
		}
	}
}

// All ranks have what each of them has handed in, again and again.
func TestGather(t *testing.T) {
	for size := 1; size <= 5; size++ {
		onAll(size, func(g group.Group) {
			for turn := range 20 {
				x, bounds := make([]int64, 11), group.Split(11, 1, size)
				for k := bounds[g.Rank()]; k < bounds[g.Rank()+1]; k++ {
					x[k] = int64(turn + k*k)
				}
				group.Gather(g, x, bounds)
				for k, y := range x {
					if y != int64(turn+k*k) {
						t.Errorf("rank %d of %d has %d in place %d, want %d", g.Rank(), size, y, k, turn+k*k)
					}
				}
				for r, text := range group.Share(g, []byte(strings.Repeat("x", g.Rank()))) {
					if len(text) != r {
						t.Errorf("rank %d of %d has %d bytes of rank %d", g.Rank(), size, len(text), r)
					}
				}
				if flags := group.Or(g, 1<<g.Rank()); flags != 1<<size-1 {
					t.Errorf("the flags of %d ranks are %b", size, flags)
				}
			}
		})
	}
}

// Each rank gets from each other what that one has for it, and nothing else changes, also where some have nothing.
func TestExchange(t *testing.T) {
	for size := 1; size <= 5; size++ {
		onAll(size, func(g group.Group) {
			for turn := range 20 {
				// Rank r has (r+s+turn)%3 numbers 100·r+s for rank s.
				count := func(r, s int) int { return (r + s + turn) % 3 }
				in, out := make([]int, size+1), make([]int, size+1)
				var src, want []int32
				for r := range size {
					for range count(g.Rank(), r) {
						src = append(src, int32(100*g.Rank()+r))
					}
					for range count(r, g.Rank()) {
						if r == g.Rank() {
							want = append(want, -1)
							continue
						}
						want = append(want, int32(100*r+g.Rank()))
					}
					in[r+1], out[r+1] = len(want), len(src)
				}
				dst := make([]int32, len(want))
				for k := range dst {
					dst[k] = -1
				}
				if group.Exchange(g, dst, in, src, out); !slices.Equal(dst, want) {
					t.Errorf("rank %d of %d has %v, want %v", g.Rank(), size, dst, want)
				}
			}
		})
	}
}

// An error of all ranks stays what it is; one of some has the name of the first of them.
func TestAgree(t *testing.T) {
	onAll(3, func(g group.Group) {
		if err := group.Agree(g, nil); err != nil {
			t.Error(err)
		}
		err := group.Agree(g, fmt.Errorf("no file: %w", fs.ErrNotExist))
		if !errors.Is(err, fs.ErrNotExist) || err.Error() != "no file: file does not exist" {
			t.Errorf("an error of all ranks becomes %v", err)
		}
		var mine error
		if g.Rank() > 0 {
			mine = errors.New("no room")
		}
		if err := group.Agree(g, mine); err == nil || err.Error() != "rank 1 on goroutine 1: no room" {
			t.Errorf("an error of two ranks becomes %v", err)
		}
	})
	if err := group.Agree(nil, nil); err != nil || group.Rank(nil) != 0 {
		t.Errorf("a process by itself: %v, rank %d", err, group.Rank(nil))
	}
}
