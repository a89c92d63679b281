package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
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
func Parallel(workers, tasks int, f func(task int)) { parallel(workers, tasks, function(f)) }

// A job is work in numbered tasks.
type job interface{ do(task int) }

type function func(task int)

func (f function) do(task int) { f(task) }

// parallel is Parallel for a job. The caller's helpers are goroutines that outlive the call: between two
// sections of work they watch for the next one for a moment, and then sleep. Nothing is allocated.
func parallel(workers, tasks int, j job) {
	workers = min(workers, tasks)
	if workers <= 1 {
		for task := range tasks {
			j.do(task)
		}
		return
	}
	s := sections.Get().(*section)
	s.start(j, tasks, workers)
	for k := 1; k < workers; k++ {
		idle.take().start(s, k)
	}
	s.drain(0)
	if !spin(func() bool { return s.helpers.Load() == 0 }) {
		// Helpers that finish from now on see the caller asleep; the last of them wakes it.
		if s.helpers.Add(asleep) != asleep {
			<-s.done
		}
	}
	s.job = nil
	sections.Put(s)
}

// A section is one call of parallel. Each worker has a share of the tasks, the same at every call with as many tasks, so that it
// meets the memory that it wrote last time in its own cache. When it is through it helps with the others' shares.
type section struct {
	job     job
	shares  []share
	helpers atomic.Int32 // still at work, plus asleep if the caller sleeps
	done    chan struct{}
}

// A share is a range of tasks, alone in its cache lines.
type share struct {
	next atomic.Int64
	end  int64
	_    [112]byte
}

func (s *section) start(j job, tasks, workers int) {
	s.job = j
	if cap(s.shares) < workers {
		s.shares = make([]share, workers)
	}
	s.shares = s.shares[:workers]
	for k := range s.shares {
		s.shares[k].next.Store(int64(k * tasks / workers))
		s.shares[k].end = int64((k + 1) * tasks / workers)
	}
	s.helpers.Store(int32(workers - 1))
}

// drain does the tasks of a worker's share, and then what is left of the others'.
func (s *section) drain(worker int) {
	for k := range s.shares {
		own := &s.shares[(worker+k)%len(s.shares)]
		for task := own.next.Add(1) - 1; task < own.end; task = own.next.Add(1) - 1 {
			s.job.do(int(task))
		}
	}
}

// asleep is more than there can be helpers.
const asleep = 1 << 30

var sections = sync.Pool{New: func() any { return &section{done: make(chan struct{}, 1)} }}

// A helper is a goroutine that works for one section after the other.
type helper struct {
	section atomic.Pointer[section]
	worker  int // its number in the section
	sleeps  atomic.Bool
	wake    chan struct{}
}

func (h *helper) start(s *section, worker int) {
	h.worker = worker
	h.section.Store(s)
	if h.sleeps.CompareAndSwap(true, false) {
		h.wake <- struct{}{}
	}
}

func (h *helper) run() {
	for {
		s := h.await()
		h.section.Store(nil)
		s.drain(h.worker)
		idle.put(h) // before the caller can go on: the next section finds this helper awake
		if s.helpers.Add(-1) == asleep {
			s.done <- struct{}{}
		}
	}
}

// await returns the next section that the helper is given.
func (h *helper) await() *section {
	for {
		if spin(func() bool { return h.section.Load() != nil }) {
			return h.section.Load()
		}
		h.sleeps.Store(true)
		if h.section.Load() != nil && h.sleeps.CompareAndSwap(true, false) {
			return h.section.Load()
		}
		<-h.wake
	}
}

// idleHelpers is the stack of helpers without work.
type idleHelpers struct {
	mutex sync.Mutex
	stack []*helper
}

var idle idleHelpers

func (i *idleHelpers) take() *helper {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if n := len(i.stack); n > 0 {
		h := i.stack[n-1]
		i.stack = i.stack[:n-1]
		return h
	}
	h := &helper{wake: make(chan struct{}, 1)}
	go h.run()
	return h
}

func (i *idleHelpers) put(h *helper) {
	i.mutex.Lock()
	i.stack = append(i.stack, h)
	i.mutex.Unlock()
}

// spinTime is how long a goroutine watches for a change before it sleeps. Waking one up takes about as long, and the sections of a
// Gibbs sweep follow each other faster.
const spinTime = 50 * time.Microsecond

// spin waits until changed reports true, and gives up after spinTime.
func spin(changed func() bool) bool {
	for range 100 {
		if changed() {
			return true
		}
	}
	for begun := time.Now(); time.Since(begun) < spinTime; {
		for range 30 {
			if changed() {
				return true
			}
		}
		runtime.Gosched() // others may need the core
	}
	return false
}

// workersFor returns the number of workers that pays for work of about the given number of operations: handing one its
// part costs about as much as 2^13 additions.
func workersFor(workers, operations int) int { return min(workers, 1+operations>>13) }
