package rbm_test

import (
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Restore takes the marked numbers, bits and reals, also where their marks share a word.
func TestRestore(t *testing.T) {
	for _, shape := range [][2]int{{3, 0}, {64, 0}, {70, 5}, {5, 3}, {0, 4}} {
		const rows = 4
		dst, src := rbm.NewReals(rows, shape[0], shape[1]), rbm.NewReals(rows, shape[0], shape[1])
		known, source := rbm.NewBatch(rows, dst.Units()), rng.NewSource(rng.Seed(1), 0)
		for r := range rows {
			for i := range dst.Units() {
				known.SetBit(r, i, source.Float64() < 0.5)
				if i < shape[0] {
					dst.SetBit(r, i, source.Float64() < 0.5)
					src.SetBit(r, i, source.Float64() < 0.5)
				} else {
					dst.Reals(r)[i-shape[0]], src.Reals(r)[i-shape[0]] = float32(source.Float64()), float32(source.Float64())
				}
			}
		}
		before := dst.Clone()
		dst.Restore(src, known)
		for r := range rows {
			for i := range dst.Units() {
				want := before.Value(r, i)
				if known.Bit(r, i) {
					want = src.Value(r, i)
				}
				if dst.Value(r, i) != want {
					t.Fatalf("%v: unit %d of row %d is %v, want %v", shape, i, r, dst.Value(r, i), want)
				}
			}
		}
	}
}
