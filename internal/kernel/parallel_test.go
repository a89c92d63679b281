package kernel

import (
	"sync/atomic"
	"testing"
	"time"
)

func TestParallelRunsEveryTaskOnce(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 3, 16, 100} {
		c := New(workers)
		for _, tasks := range []int{0, 1, 2, 5, 1000} {
			counts := make([]atomic.Int32, tasks)
			for range 20 {
				c.Parallel(tasks, func(task int) { counts[task].Add(1) })
			}
			for task := range counts {
				if n := counts[task].Load(); n != 20 {
					t.Fatalf("%d workers: task %d of %d ran %d times in 20 calls", workers, task, tasks, n)
				}
			}
		}
	}
}

// Helpers that have gone to sleep wake up, and a caller that has waits for a slow one.
func TestParallelAfterSleep(t *testing.T) {
	c := New(3)
	for range 5 {
		time.Sleep(4 * spinTime)
		var sum atomic.Int64
		c.Parallel(3, func(task int) {
			time.Sleep(time.Duration(task) * 4 * spinTime)
			sum.Add(int64(task) + 1)
		})
		if sum.Load() != 6 {
			t.Fatalf("the call returned before its tasks, %d of 6 done", sum.Load())
		}
	}
}

// Calls inside of calls, and side by side.
func TestParallelNested(t *testing.T) {
	var sum atomic.Int64
	c := New(4)
	c.Parallel(8, func(int) {
		c.Parallel(10, func(task int) { sum.Add(int64(task)) })
	})
	if sum.Load() != 8*45 {
		t.Errorf("sum %d, want %d", sum.Load(), 8*45)
	}
}

// One call of a section that does next to nothing: what it costs to share work.
func BenchmarkParallel(b *testing.B) {
	c, f := New(2), func(int) {}
	for b.Loop() {
		c.Parallel(2, f)
	}
}
