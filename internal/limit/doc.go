// Package limit measures what one core of this machine can do at most: dense multiply-adds in float32, reading memory,
// and looking up table entries. The speeds of the kernels are told as ratios to these, taken in the same run.
//
// Each function runs a loop for about the given time, in the caller's goroutine, and returns its rate. Without a loop
// for this processor ok is false.
package limit

import "time"

// Width is a width of vector registers.
type Width int

// The widths that there are loops for.
const (
	Bits256 Width = 256 // needs AVX2, FMA and BMI2
	Bits512 Width = 512 // needs AVX-512 F besides
)

// rate runs f(n) for about the given time and returns calls·units a second, where a call of f does n times the unit's
// work.
func rate(d time.Duration, n int, units float64, f func(n int)) float64 {
	f(n) // the clock and the caches warm up
	calls := 0
	begun := time.Now()
	for calls == 0 || time.Since(begun) < d {
		f(n)
		calls++
	}
	return float64(calls) * float64(n) * units / time.Since(begun).Seconds()
}
