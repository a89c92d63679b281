// Package cuda computes the bytes of internal/kernel on an NVIDIA GPU.
//
// An [Engine] is the [kernel.Engine] of a GPU. It does what internal/kernel does by the same operations: sums of
// integers, float operations that are rounded one by one, and random numbers that are functions of their address. So
// results are equal to the last bit, and tests compare them with ==. An engine owns memory and a queue of work on a
// [Device]. A call waits for the device only where it has numbers for the host.
//
// Products run on tensor cores: states as bytes 0 and −1, times the base-256 digits of the negative fixed-point operand
// (_cuda/product.h). They leave integer sums, from which other kernels draw, or make numbers (_cuda/finish.h).
//
// The optimiser's step is one call ([Engine.Ascend]). Exact enumeration is in float64 ([Engine.Enumerate]): the device
// multiplies and adds, the host takes exponential functions and logarithms.
//
// The driver alone is needed. Its library is loaded at run time, without cgo, when a device is opened. The kernels are
// embedded as PTX, which the driver compiles for the GPU at hand. A build without the tag cuda looks for no driver, and
// [Open] returns [ErrBuild].
package cuda

//go:generate go run _cuda/generate.go
