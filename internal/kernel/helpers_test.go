package kernel

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// one worker and all, in the form of the environment.
var one, all = New(1), New(0)

// maxWorkers is the largest number of workers that is tried.
const maxWorkers = 7

// contexts are those of every form that the machine can run, the plain one first, with several numbers of workers.
var contexts = func() (all []*Context) {
	for _, isa := range ISAs() {
		for _, workers := range []int{1, 2, maxWorkers} {
			all = append(all, NewISA(workers, isa))
		}
	}
	return all
}()

// forEachForm calls f in every form with several numbers of workers. In short tests it is the largest number alone: there the
// race detector has the most workers to compare, and an emulator would do the same thrice.
func forEachForm(f func(c *Context)) {
	for _, c := range contexts {
		if testing.Short() && c.Workers() < maxWorkers {
			continue
		}
		f(c)
	}
}

// randomBits returns bits that are 1 with probability ones/256; the bits after the last column stay zero.
func randomBits(rows, cols, ones int, seed uint64) Bits {
	x := NewBits(rows, cols)
	kerneltest.RandomWords(x.Words, cols, x.Stride, ones, seed)
	return x
}

func bit(x Bits, r, c int) bool { return x.Row(r)[c/64]>>(c%64)&1 == 1 }

// guard is a float32 that no function writes; guarded returns n numbers between two bands of it.
const guard = float32(-12345.5)

func guarded(n int) (band, middle []float32) {
	band = make([]float32, n+32)
	for i := range band {
		band[i] = guard
	}
	return band, band[16 : 16+n : 16+n]
}

func intact(band []float32) bool {
	for i := range 16 {
		if band[i] != guard || band[len(band)-1-i] != guard {
			return false
		}
	}
	return true
}

// ulp returns the spacing of float32 numbers at y.
func ulp(y float64) float64 {
	_, e := math.Frexp(y)
	return math.Ldexp(1, max(e-24, -149))
}
