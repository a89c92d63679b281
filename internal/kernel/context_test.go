package kernel

import (
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

// All forms at the same time, each in a context of its own and one of them in two goroutines: no form belongs to the process.
func TestFormsSideBySide(t *testing.T) {
	const rows, inner, cols = 150, 70, 90
	x, w := randomBits(rows, inner, 128, 1), kerneltest.RandomFloats(inner*cols, 2)
	draw := func(c *Context) []uint64 {
		var f Fixed
		c.Load(&f, w, inner, cols, nil)
		dst := NewBits(rows, cols)
		c.Sample(dst, nil, x, &f, rng.Seed(1), 1, 0)
		return dst.Words
	}
	want := draw(contexts[0])
	var wait sync.WaitGroup
	for _, c := range slices.Concat(contexts, contexts[:3], []*Context{nil}) {
		wait.Go(func() {
			for range 50 {
				if !slices.Equal(draw(c), want) {
					t.Errorf("%v with %d workers differs from the plain form", c.ISA(), c.Workers())
					return
				}
			}
		})
	}
	wait.Wait()
}

func TestContextSays(t *testing.T) {
	for _, isa := range ISAs() {
		if c := NewISA(3, isa); c.ISA() != isa || c.Workers() != 3 {
			t.Errorf("a context of 3 workers and %v says %d and %v", isa, c.Workers(), c.ISA())
		}
	}
	var standard *Context
	if n := runtime.GOMAXPROCS(0); New(0).Workers() != n || standard.Workers() != n {
		t.Errorf("contexts of all %d cores have %d workers, and %d by default", n, New(0).Workers(), standard.Workers())
	}
}

func TestEnvironment(t *testing.T) {
	for _, isa := range ISAs() {
		t.Setenv(environment, isa.String())
		if got, err := EnvironmentISA(); got != isa || err != nil || New(1).ISA() != isa {
			t.Errorf("%s=%v gives %v, %v", environment, isa, got, err)
		}
	}
	t.Setenv(environment, "")
	if got, err := EnvironmentISA(); got != slices.Max(ISAs()) || err != nil {
		t.Errorf("an empty %s gives %v, %v, want the widest form", environment, got, err)
	}
	t.Setenv(environment, "sse")
	if _, err := EnvironmentISA(); err == nil {
		t.Errorf("%s=sse is no error", environment)
	}
	defer func() {
		if recover() == nil {
			t.Error("a context of a form that doesn't exist")
		}
	}()
	New(1)
}

// The workers of a context end when nothing refers to it any more.
func TestWorkersEndWithTheirContext(t *testing.T) {
	begun := runtime.NumGoroutine()
	helpers := func() *helpers {
		c := New(5)
		c.Parallel(5, func(int) { time.Sleep(time.Millisecond) })
		return c.helpers
	}()
	if len(helpers.stack) == 0 || runtime.NumGoroutine() <= begun {
		t.Fatal("no helper has worked")
	}
	waits := func(h *helper) bool { return h.section.Load() != noSection }
	for range 200 {
		if runtime.GC(); runtime.NumGoroutine() <= begun && !slices.ContainsFunc(helpers.stack, waits) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines two seconds after their context, %d before", runtime.NumGoroutine(), begun)
}
