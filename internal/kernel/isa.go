package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// An ISA is a form of the kernels, named after the instruction set that it needs. All forms give the same bits.
type ISA uint8

// The forms, from the specification in plain Go to the widest registers.
const (
	Generic ISA = iota
	AVX2        // and BMI1, BMI2
	AVX512      // F, BW, DQ and VL, and what AVX2 needs
)

var isaNames = []string{"generic", "avx2", "avx512"}

// String returns "generic", "avx2" or "avx512".
func (isa ISA) String() string { return isaNames[isa] }

// environment is the variable that forces a form.
const environment = "HARMONIUM_ISA"

// current is the form in use.
var current, environmentErr = start(os.Getenv(environment))

func start(forced string) (ISA, error) {
	able := ISAs()
	if forced == "" {
		return able[len(able)-1], nil
	}
	isa := slices.Index(isaNames, forced)
	if isa < 0 {
		return Generic, fmt.Errorf("%s=%s: no such instruction set, want one of %s", environment, forced, strings.Join(isaNames, ", "))
	}
	if !slices.Contains(able, ISA(isa)) {
		return Generic, fmt.Errorf("%s=%s: this machine can't run it, only %v", environment, forced, able)
	}
	return ISA(isa), nil
}

// EnvironmentError says what is wrong with the value of HARMONIUM_ISA, if anything is; the form is then Generic.
func EnvironmentError() error { return environmentErr }

// Current returns the form in use: the widest that the machine has, unless HARMONIUM_ISA or [Use] said otherwise.
func Current() ISA { return current }

// Use chooses the form. It must not be called while kernels run, and panics if the machine can't run it.
func Use(isa ISA) {
	if !slices.Contains(ISAs(), isa) {
		panicf("this machine can't run %v", isa)
	}
	current = isa
}
