package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Parallel calls f(0) … f(tasks−1), each once, from at most as many goroutines as the context has workers, and returns when all have
// returned. Which worker runs which task is not determined, so the tasks must write to separate places.
// One worker or one task runs in the caller's goroutine.
func (c *Context) Parallel(tasks int, f func(task int)) {
	c = c.own()
	c.parallel(c.workers, tasks, function(f))
}

// A job is work in numbered tasks.
type job interface{ do(task int) }

type function func(task int)

func (f function) do(task int) { f(task) }

// parallel is Parallel for a job on some of the workers. The caller's helpers are goroutines that outlive the call: between two
// sections of work they watch for the next one for a moment, and then sleep. Nothing is allocated.
func (c *Context) parallel(workers, tasks int, j job) {
	workers = min(workers, tasks)
	if workers <= 1 {
		for task := range tasks {
			j.do(task)
		}
		return
	}
	s := c.sections.get()
	s.start(j, tasks, workers)
	for k := 1; k < workers; k++ {
		c.helpers.take().start(s, k)
	}
	s.drain(0)
	if !spin(func() bool { return s.helpers.Load() == 0 }) {
		// Helpers that finish from now on see the caller asleep; the last of them wakes it.
		if s.helpers.Add(asleep) != asleep {
			<-s.done
		}
	}
	s.job = nil
	c.sections.put(s)
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
	if s.done == nil {
		s.done = make(chan struct{}, 1)
	}
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

// A helper is a goroutine that works for one section after the other.
type helper struct {
	idle    *helpers
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
	for s := h.await(); s != noSection; s = h.await() {
		h.section.Store(nil)
		s.drain(h.worker)
		h.idle.put(h) // before the caller can go on: the next section finds this helper awake
		if s.helpers.Add(-1) == asleep {
			s.done <- struct{}{}
		}
	}
}

// noSection is given to a helper that shall end.
var noSection = new(section)

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

// helpers is the stack of a context's helpers without work.
type helpers struct {
	mutex sync.Mutex
	stack []*helper
}

func (i *helpers) take() *helper {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if n := len(i.stack); n > 0 {
		h := i.stack[n-1]
		i.stack = i.stack[:n-1]
		return h
	}
	h := &helper{idle: i, wake: make(chan struct{}, 1)}
	go h.run()
	return h
}

func (i *helpers) put(h *helper) {
	i.mutex.Lock()
	i.stack = append(i.stack, h)
	i.mutex.Unlock()
}

// end ends the helpers, all of which are idle when their context is no longer in use.
func (i *helpers) end() {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	for _, h := range i.stack {
		h.start(noSection, 0)
	}
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
