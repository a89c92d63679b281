//go:build slow

package kernel

// inputStride of 1 tries every float32.
const inputStride = 1
