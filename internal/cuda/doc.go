// Package cuda computes the bytes of internal/kernel on an NVIDIA GPU.
//
// An [Engine] computes for a context of internal/kernel: products of bits and what is made of them, in the same operations: sums of
// integers, float32 operations that are rounded one by one, and random numbers that are functions of their address. So results are equal
// to the last bit, and tests compare them with ==. It owns memory and a queue of work on a [Device]; calls wait for the device only where
// they have numbers for the host.
//
// Products run on tensor cores: states as bytes 0 and 1, times the base-256 digits of the fixed-point operand (_cuda/product.h). They
// leave integer sums, from which other kernels draw, or make numbers (_cuda/finish.h).
//
// Exact enumeration is in float64 ([Device.Enumerate]): the device multiplies and adds, the host takes exponential functions
// and logarithms.
//
// Nothing is needed but the driver, which is looked for when a device is opened: its library is loaded at run time, without cgo, and the
// kernels are embedded as PTX, which the driver translates for the GPU at hand.
// A build without the tag cuda looks for no driver, and [Open] says so.
package cuda

//go:generate go run _cuda/generate.go
