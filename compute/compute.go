// Package compute says who computes. A [Context] owns workers, their scratch memory, and the form of the kernels that
// they run, named after an instruction set. It may also have a GPU, which does what pays there ([Open]). Everything
// that computes takes a context; nil stands for the default. Results do not depend on it.
package compute

import (
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/internal/cuda"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/internal/ranks"
)

// Context is a number of workers of this process, and the form of the kernels that they run. nil means all cores and
// the form that [EnvironmentISA] names. Several goroutines may use one at the same time.
type Context = kernel.Context

// ISA is a form of the kernels. All give the same bits.
type ISA = kernel.ISA

// New returns a context of a number of workers (0 or less means all cores), in the form of [EnvironmentISA]. It panics
// if the machine can't run that.
func New(workers int) *Context { return kernel.New(workers) }

// NewISA is [New] with a given form. It panics if the machine can't run it.
func NewISA(workers int, isa ISA) *Context { return kernel.NewISA(workers, isa) }

// The devices of [Open].
const (
	CPU  = "cpu"  // workers alone
	CUDA = "cuda" // the first NVIDIA GPU
	Auto = "auto" // CUDA where there is one, else CPU
)

// ErrDevice is the error of [Open] for an unknown device, or one that this program was built without.
var ErrDevice = errors.New("no such device")

// Open returns a context that computes on a device ([CPU], [CUDA] or [Auto]); its workers, as of [NewISA], do the rest.
// All devices give the same bits. Only programs built with the tag cuda find a GPU. For [CUDA] the error says what is
// missing, and is [ErrDevice] where that is the tag. A GPU may also fail later: results are void from then on, and
// [Context.Err] says so. Ask it before keeping any.
func Open(device string, workers int, isa ISA) (*Context, error) {
	switch device {
	case CPU:
		return NewISA(workers, isa), nil
	case CUDA, Auto:
		engine, err := cuda.OpenEngine()
		switch {
		case err == nil:
			return kernel.NewEngine(workers, isa, engine), nil
		case device == Auto:
			return NewISA(workers, isa), nil
		case errors.Is(err, cuda.ErrBuild):
			return nil, fmt.Errorf("%w: %w", ErrDevice, err)
		}
		return nil, err
	}
	return nil, fmt.Errorf("%w: %q, want %s, %s or %s", ErrDevice, device, CPU, CUDA, Auto)
}

// InGroup returns a context of workers, as of [NewISA], in one of the processes of a group, which all make the same calls
// in the same order, from one goroutine each. They divide what is costly, and all of them have all results.
func InGroup(workers int, isa ISA, g group.Group) *Context { return ranks.Context(workers, isa, g) }

// Group is that of a context of [InGroup], nil for any other.
func Group(c *Context) group.Group { return ranks.Group(c) }

// ISAs lists the forms that this machine can run, from plain Go to the widest registers.
func ISAs() []ISA { return kernel.ISAs() }

// EnvironmentISA returns the form that the environment variable HARMONIUM_ISA names: generic, avx2 or avx512. It is the
// widest that this machine can run if the variable is not set. The error says what is wrong with its value.
func EnvironmentISA() (ISA, error) { return kernel.EnvironmentISA() }
