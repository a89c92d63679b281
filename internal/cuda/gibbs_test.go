package cuda

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// The other tests compare bits of kernel and batches of rbm, which lie in memory alike.
func TestBatchesAreBits(t *testing.T) {
	for _, units := range []int{1, 63, 64, 65, 784} {
		x := randomBits(5, units, 100, 1)
		batch := batchOf(t, x)
		if got := bitsOf(batch); !reflect.DeepEqual(got, x) {
			t.Errorf("%d units: %v, want %v", units, got, x)
		}
		for r := range x.Rows {
			for i := range units {
				if want := x.Row(r)[i/64]>>(i%64)&1 == 1; batch.Bit(r, i) != want {
					t.Fatalf("unit %d of row %d is %t, want %t", i, r, !want, want)
				}
			}
		}
	}
}

// Chains on a device are in the states of sample.Chains after every number of sweeps.
func TestChainsAreThoseOfTheCPU(t *testing.T) {
	shapes := []struct {
		m, n, chains, sweeps int
		spread               float32
	}{{1, 1, 1, 3, 1}, {3, 70, 5, 4, 1}, {70, 20, 300, 3, 0.3}, {64, 64, 257, 3, 0.3}, {784, 512, 300, 2, 0.1}}
	if !testing.Short() {
		shapes = append(shapes, []struct {
			m, n, chains, sweeps int
			spread               float32
		}{{784, 500, 1000, 50, 0.1}, {784, 512, 16384, 5, 0.1}, {2000, 10000, 300, 2, 0.1}, {16, 8, 5, 2000, 0.5}}...)
	}
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, s := range shapes {
			name := fmt.Sprintf("%d×%d, %d chains, %d sweeps", s.m, s.n, s.chains, s.sweeps)
			model := randomModel(s.m, s.n, s.spread, uint64(s.m))
			start := sample.FromBiases(model, s.chains, rng.Seed(5))
			want := sample.NewChains(start, model.Hidden, rng.Seed(7))
			want.Sweep(rbm.NewConditionals(model, nil), s.sweeps)
			p, err := d.NewConditionals(model.W, model.B(), model.C())
			if err != nil {
				t.Fatal(err)
			}
			got := d.NewChains(bitsOf(start), s.n, rng.Seed(7))
			got.Sweep(p, s.sweeps)
			sameBits(t, name+": hidden", got.Hidden, bitsOf(want.Hidden))
			sameBits(t, name+": visible", got.Visible, bitsOf(want.Visible))
			if got.Sweeps != want.Sweeps {
				t.Errorf("%s: %d sweeps, want %d", name, got.Sweeps, want.Sweeps)
			}
		}
	})
}

func TestClampedChains(t *testing.T) {
	const m, n, chains, sweeps = 100, 37, 50, 3
	forEachForm(t, func(t *testing.T, d *Device) {
		model := randomModel(m, n, 0.5, 1)
		start := sample.FromBiases(model, chains, rng.Seed(5))
		want := sample.NewChains(start, model.Hidden, rng.Seed(7))
		var mask, value [2]uint64
		for _, i := range []int{0, 31, 32, 63, 64, 99} {
			want.ClampVisible(i, i%2 == 0)
			mask[i/64] |= 1 << (i % 64)
			if i%2 == 0 {
				value[i/64] |= 1 << (i % 64)
			}
		}
		want.ClampHidden(36, true)
		got := d.NewChains(bitsOf(want.Visible), n, rng.Seed(7))
		got.HeldVisible = d.NewHeld(mask[:], value[:])
		got.HeldHidden = d.NewHeld([]uint64{1 << 36}, []uint64{1 << 36})
		p, err := d.NewConditionals(model.W, model.B(), model.C())
		if err != nil {
			t.Fatal(err)
		}
		want.Sweep(rbm.NewConditionals(model, nil), sweeps)
		got.Sweep(p, sweeps)
		sameBits(t, "hidden", got.Hidden, bitsOf(want.Hidden))
		sameBits(t, "visible", got.Visible, bitsOf(want.Visible))
	})
}

func TestStatisticsAreThoseOfTheCPU(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, s := range []struct{ m, n, rows int }{{1, 1, 1}, {5, 3, 2}, {70, 33, 100}, {130, 64, 257}, {784, 500, 100}, {784, 500, 500}} {
			if testing.Short() && s.rows > 300 {
				continue
			}
			name, model := fmt.Sprintf("%d×%d, %d rows", s.m, s.n, s.rows), randomModel(s.m, s.n, 0.2, 3)
			v := randomBits(s.rows, s.m, 90, 4)
			want := rbm.NewStatistics(model)
			rbm.NewConditionals(model, nil).Statistics(want, batchOf(t, v), nil)
			p, err := d.NewConditionals(model.W, model.B(), model.C())
			if err != nil {
				t.Fatal(err)
			}
			got := d.NewStatistics(s.m, s.n)
			p.Statistics(got, d.UploadBits(v))
			sameFloats(t, name+": ⟨v⟩", got.V, want.V)
			sameFloats(t, name+": ⟨h⟩", got.H, want.H)
			sameFloats(t, name+": ⟨vh⟩", got.VH, want.VH)
		}
	})
}

func TestFreeEnergiesAreThoseOfTheCPU(t *testing.T) {
	forEachForm(t, func(t *testing.T, d *Device) {
		for _, s := range []struct{ m, n, rows int }{{1, 1, 1}, {70, 33, 100}, {784, 500, 257}} {
			model, v := randomModel(s.m, s.n, 0.2, 3), randomBits(s.rows, s.m, 90, 4)
			want, got := make([]float64, s.rows), make([]float64, s.rows)
			rbm.NewConditionals(model, nil).FreeEnergy(want, batchOf(t, v))
			p, err := d.NewConditionals(model.W, model.B(), model.C())
			if err != nil {
				t.Fatal(err)
			}
			if err := p.FreeEnergy(got, d.UploadBits(v), 0); err != nil {
				t.Fatal(err)
			}
			for r := range want {
				if math.Float64bits(got[r]) != math.Float64bits(want[r]) {
					t.Fatalf("%d×%d: F of row %d is %v, want %v", s.m, s.n, r, got[r], want[r])
				}
			}
		}
	})
}
