package kernel

import (
	"fmt"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
)

// An operand that was tiles is loaded as tiles again, by every way of loading, and becomes the words that a fresh one
// has.
func TestTilesAndWords(t *testing.T) {
	if !slices.Contains(ISAs(), AVX512) {
		t.Skip("no AVX-512")
	}
	c := NewISA(2, AVX512)
	if !c.isa.hasTiles() {
		t.Skip("no AMX")
	}
	for _, s := range []struct{ rows, cols int }{{1, 1}, {3, 17}, {63, 16}, {64, 33}, {65, 5}, {200, 48}, {784, 50}} {
		src, offset := kerneltest.RandomFloats(s.rows*s.cols, 1), kerneltest.RandomFloats(max(s.rows, s.cols), 2)
		weights, alike := kerneltest.RandomFloats(s.rows, 3), make([]float32, s.rows)
		for r := range alike {
			alike[r] = 1 / float32(s.rows)
		}
		for name, load := range map[string]func(f *Fixed){
			"Load":           func(f *Fixed) { c.Load(f, src, s.rows, s.cols, offset[:s.cols]) },
			"LoadTransposed": func(f *Fixed) { c.LoadTransposed(f, src, s.rows, s.cols, offset[:s.rows]) },
			"LoadWeighted":   func(f *Fixed) { c.LoadWeighted(f, src, s.rows, s.cols, weights, float64(s.rows)) },
			"alike":          func(f *Fixed) { c.LoadWeighted(f, src, s.rows, s.cols, alike, 2) },
		} {
			var words, tiles Fixed
			load(&words)
			c.Load(&tiles, slices.Repeat([]float32{-7}, s.rows*s.cols), s.rows, s.cols, nil)
			tiles.shape(c, true)
			load(&tiles)
			name = fmt.Sprintf("%d×%d, %s", s.rows, s.cols, name)
			if !tiles.tiled {
				t.Fatalf("%s: not loaded as tiles", name)
			}
			x := randomBits(40, words.Rows, 128, 4)
			var got [4][]float32
			for k := range 2 { // first as they are, then each in the other's shape
				for i, f := range []*Fixed{&tiles, &words} {
					use := []method{tiled, wide}[(i+k)%2]
					c.method = &use
					dst := make([]float32, x.Rows*f.Cols)
					c.Mul(dst, x, f)
					got[2*k+i] = dst
				}
			}
			c.method = nil
			for k := range got[1:] {
				if !slices.Equal(got[k+1], got[0]) {
					t.Fatalf("%s: product %d differs", name, k+1)
				}
			}
			if tiles.shape(c, false); tiles.scale != words.scale {
				t.Errorf("%s: scale %d, want %d", name, tiles.scale, words.scale)
			}
			words.shape(c, false)
			if !slices.Equal(tiles.words, words.words) || !slices.Equal(tiles.offset, words.offset) {
				t.Errorf("%s: other words", name)
			}
		}
	}
}
