package kernel

import (
	"runtime"
	"slices"
	"sync"
)

// A Context is what computes: a number of workers, the form of the kernels that they run, and their scratch memory. Results do not depend
// on it. nil means the default, [New] with all cores.
//
// Several goroutines may use a Context at the same time. Its workers beside the callers are goroutines of its own, which end when the
// Context is no longer in use.
type Context struct {
	workers int
	isa     ISA
	method  *method // of all products; nil means the cheapest; for tests
	engine  Engine  // nil: the workers compute everything

	helpers      *helpers
	sections     pool[section]
	products     pool[product]
	workspaces   pool[workspace]
	loads        pool[load]
	tilings      pool[tiling]
	transposes   pool[transposition]
	elementwises pool[elementwise]

	rowwises        pool[rowwise]
	columnwises     pool[columnwise]
	scratches       pool[[]float32]
	lent            pool[[]float32]
	siteScratches   pool[siteScratch]
	laneScratches   pool[laneScratch]
	realsLoads      pool[realsLoad]
	realsProducts   pool[realsProduct]
	realsWorkspaces pool[realsWorkspace]
}

// New returns a context of a number of workers (0 or less means all cores), in the form of [EnvironmentISA]. It panics if the machine
// can't run that.
func New(workers int) *Context {
	isa, err := EnvironmentISA()
	if err != nil {
		panicf("%v", err)
	}
	return NewISA(workers, isa)
}

// NewISA is [New] with a given form. It panics if the machine can't run it.
func NewISA(workers int, isa ISA) *Context {
	if !slices.Contains(able, isa) {
		panicf("this machine can't run %v", isa)
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	c := &Context{workers: workers, isa: isa, helpers: new(helpers)}
	runtime.AddCleanup(c, (*helpers).end, c.helpers)
	return c
}

// Workers is the number of workers.
func (c *Context) Workers() int { return c.own().workers }

// ISA is the form of the kernels.
func (c *Context) ISA() ISA { return c.own().isa }

// own returns the context itself, or the default for nil.
func (c *Context) own() *Context {
	if c == nil {
		return standard()
	}
	return c
}

var standard = sync.OnceValue(func() *Context { return New(0) })

// Lend lends memory for n numbers, of unspecified content. [Context.Return] takes it back for the next one who asks;
// what nobody asks for is garbage.
func (c *Context) Lend(n int) []float32 {
	x := c.own().lent.get()
	return grow(*x, n)
}

// Return takes memory back that Lend has lent.
func (c *Context) Return(x []float32) { c.own().lent.put(&x) }

// workersFor returns the number of workers that pays for work of about the given number of operations: handing one its
// part costs about as much as 2^13 additions.
func (c *Context) workersFor(operations int) int { return min(c.workers, 1+operations>>13) }

// A pool lends memory of one type; what it lends may be new or used.
type pool[T any] struct{ pool sync.Pool }

func (p *pool[T]) get() *T {
	if x, ok := p.pool.Get().(*T); ok {
		return x
	}
	return new(T)
}

func (p *pool[T]) put(x *T) { p.pool.Put(x) }
