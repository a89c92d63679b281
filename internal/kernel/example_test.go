package kernel_test

import (
	"fmt"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// Two configurations of three units times a 3×2 matrix, plus an offset row.
func ExampleContext_Mul() {
	x := kernel.NewBits(2, 3)
	x.Row(0)[0] = 0b101 // units 0 and 2
	x.Row(1)[0] = 0b010 // unit 1

	c := kernel.New(1)
	var w kernel.Fixed
	c.Load(&w, []float32{
		0.5, -1,
		2, 0.25,
		-0.75, 4,
	}, 3, 2, []float32{10, 20})

	dst := make([]float32, 2*2)
	c.Mul(dst, x, &w)
	fmt.Println(dst[:2], dst[2:])
	// Output: [9.75 23] [12 20.25]
}
