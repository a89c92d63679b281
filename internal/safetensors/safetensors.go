// Package safetensors reads and writes the file format of the same name: eight bytes of header length, a JSON header
// with the name, type, shape and place of each tensor, and the numbers, little-endian.
//
// Reading is strict, for files of unknown origin: every byte must be accounted for once, no name may come twice, and no
// more memory is used than the file's own size justifies.
package safetensors

import (
	"fmt"
	"math"
	"math/bits"
)

const (
	maxHeader   = 100_000_000 // the reference implementation's bound on the header, in bytes
	metadataKey = "__metadata__"

	// chunk is how many numbers are converted at a time: encoding/binary holds their bytes once more.
	chunk = 1 << 13
)

// File is the contents of a file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their data
}

// Tensor is an array with a name. Data is a []float32 (F32), []float64 (F64), []uint64 (U64), []int64 (I64) or
// []uint8 (U8), row-major; a Shape without axes is a single number.
type Tensor struct {
	Name  string
	Shape []int
	Data  any
}

type number interface {
	float32 | float64 | uint64 | int64 | uint8
}

// Tensor returns the tensor of that name, or an error that says it is missing.
func (f *File) Tensor(name string) (*Tensor, error) {
	for k := range f.Tensors {
		if f.Tensors[k].Name == name {
			return &f.Tensors[k], nil
		}
	}
	return nil, fmt.Errorf("there is no tensor %q", name)
}

// width is the number of bytes of a type's numbers, 0 for unknown types.
func width(dtype string) uint64 {
	switch dtype {
	case "F32":
		return 4
	case "F64", "U64", "I64":
		return 8
	case "U8":
		return 1
	}
	return 0
}

// product multiplies the sizes of a shape; ok is false if one is negative or the product doesn't fit an int.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, size := range shape {
		hi, lo := bits.Mul64(uint64(n), uint64(size))
		if size < 0 || hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		n = int(lo)
	}
	return n, true
}
