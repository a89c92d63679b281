package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestTransposeAndColumnCounts(t *testing.T) {
	sizes := []int{0, 1, 2, 7, 63, 64, 65, 100, 128, 130, 257}
	for _, rows := range sizes {
		for _, cols := range sizes {
			t.Run(fmt.Sprintf("%dx%d", rows, cols), func(t *testing.T) {
				x := randomBits(rows, cols, 100, uint64(rows*1000+cols))
				want, count := NewBits(cols, rows), make([]int, cols)
				for r := range rows {
					for c := range cols {
						if bit(x, r, c) {
							want.Row(c)[r/64] |= 1 << (r % 64)
							count[c]++
						}
					}
				}
				forEachForm(func(c *Context) {
					got := NewBits(cols, rows)
					for i := range got.Words {
						got.Words[i] = math.MaxUint64 // what was there before must not show
					}
					c.Transpose(got, x)
					if !slices.Equal(got.Words, want.Words) {
						t.Fatalf("%v, %d workers: not the transpose", c.ISA(), c.Workers())
					}
					counted := make([]int, cols)
					for c := range counted {
						counted[c] = -1
					}
					if c.ColumnCounts(counted, x); !slices.Equal(counted, count) {
						t.Errorf("%v: column counts %v, want %v", c.ISA(), counted, count)
					}
				})
			})
		}
	}
}
