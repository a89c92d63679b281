//go:build !amd64

package limit

import "time"

// Has reports whether this machine has loops of a width.
func Has(Width) bool { return false }

// FMA returns multiply-adds of float32 a second.
func FMA(Width, time.Duration) (perSecond float64, ok bool) { return 0, false }

// Read returns bytes read a second, going over a stretch of the given size again and again.
func Read(Width, int, time.Duration) (perSecond float64, ok bool) { return 0, false }

// LookUps returns table entries a second.
func LookUps(Width, time.Duration) (perSecond float64, ok bool) { return 0, false }
