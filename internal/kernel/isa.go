package kernel

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
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

// able are the forms that this processor has.
var able = detect()

// vnni says that this processor has AVX-512 VNNI, with which the form AVX512 has faster products of reals.
var vnni = cpu.X86.HasAVX512VNNI

// amx says that this processor has AMX-INT8, and the system lets this process use it: with it the form AVX512 has
// products of reals that are faster still.
var amx = cpu.X86.HasAMXTile && cpu.X86.HasAMXInt8 && slices.Contains(able, AVX512) && allowTiles()

func detect() []ISA {
	x, isas := &cpu.X86, []ISA{Generic}
	if runtime.GOARCH == "amd64" && x.HasAVX2 && x.HasBMI1 && x.HasBMI2 {
		isas = append(isas, AVX2)
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
			isas = append(isas, AVX512)
		}
	}
	return isas
}

// ISAs lists the forms that this machine can run, from the specification to the widest.
func ISAs() []ISA { return slices.Clone(able) }

// environment is the variable that asks for a form.
const environment = "HARMONIUM_ISA"

// EnvironmentISA returns the form that the environment variable HARMONIUM_ISA names, and the widest that this machine can run if it is
// not set. The error says what is wrong with its value.
func EnvironmentISA() (ISA, error) {
	name := os.Getenv(environment)
	if name == "" {
		return able[len(able)-1], nil
	}
	isa := slices.Index(isaNames, name)
	if isa < 0 {
		return Generic, fmt.Errorf("%s=%s: no such instruction set, want one of %s", environment, name, strings.Join(isaNames, ", "))
	}
	if !slices.Contains(able, ISA(isa)) {
		return Generic, fmt.Errorf("%s=%s: this machine can't run it, only %v", environment, name, able)
	}
	return ISA(isa), nil
}
