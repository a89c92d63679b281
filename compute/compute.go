// Package compute says who computes: a [Context] owns workers, their scratch memory, and the form of the kernels that they run, named after
// an instruction set. Everything that computes takes one; nil stands for the default. Results do not depend on it.
package compute

import "harmonium/internal/kernel"

// Context is a number of workers of this process, and the form of the kernels that they run. nil means all cores and the form that
// [EnvironmentISA] names. Several goroutines may use one at the same time.
type Context = kernel.Context

// ISA is a form of the kernels. All give the same bits.
type ISA = kernel.ISA

// New returns a context of a number of workers (0 or less means all cores), in the form of [EnvironmentISA]. It panics if the machine
// can't run that.
func New(workers int) *Context { return kernel.New(workers) }

// NewISA is [New] with a given form. It panics if the machine can't run it.
func NewISA(workers int, isa ISA) *Context { return kernel.NewISA(workers, isa) }

// ISAs lists the forms that this machine can run, from plain Go to the widest registers.
func ISAs() []ISA { return kernel.ISAs() }

// EnvironmentISA returns the form that the environment variable HARMONIUM_ISA names: generic, avx2 or avx512. It is the widest that this
// machine can run if the variable is not set. The error says what is wrong with its value.
func EnvironmentISA() (ISA, error) { return kernel.EnvironmentISA() }
