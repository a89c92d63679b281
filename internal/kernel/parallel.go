package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Workers resolves a number of workers: n itself, or all cores if n is 0 or less.
func Workers(n int) int {
	if n <= 0 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// Parallel calls f(0) … f(tasks−1), each once, from at most workers goroutines, and returns when all have
// returned. Which worker runs which task is not determined, so the tasks must write to separate places.
// One worker or one task runs in the caller's goroutine.
func Parallel(workers, tasks int, f func(task int)) {
	workers = min(workers, tasks)
	if workers <= 1 {
		for task := range tasks {
			f(task)
		}
		return
	}
	var next atomic.Int64
	drain := func() {
		for task := int(next.Add(1)) - 1; task < tasks; task = int(next.Add(1)) - 1 {
			f(task)
		}
	}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(drain)
	}
	drain()
	wg.Wait()
}

// workersFor returns the number of workers that pays for work of about the given number of operations: starting one
// costs about as much as 2^13 additions.
func workersFor(workers, operations int) int { return min(workers, 1+operations>>13) }
