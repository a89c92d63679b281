//go:build !slow && !race

package kernel

// inputStride is the step through the bit patterns of float32: a prime, so that all low bits occur.
const inputStride = 1009
