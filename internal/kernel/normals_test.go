package kernel

import (
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/kerneltest"
	"github.com/harmonium-rbm/harmonium/rng"
)

func TestNormalsAreTheirDefinition(t *testing.T) {
	key, step := rng.Seed(5).Stream(rng.StreamVisible), uint64(1)<<37+3
	for _, shape := range append(rowShapes, [2]int{40, 31}, [2]int{65, 48}) {
		rows, cols := shape[0], shape[1]
		mean, sd, want := kerneltest.RandomFloats(rows*cols, 1), kerneltest.RandomFloats(cols, 2), make([]float32, rows*cols)
		for r := range rows {
			for j := range cols {
				block := key.Block(rng.At(step, uint32(r), uint32(j)))
				even := j % 4 &^ 1
				z0, z1 := NormalPair(block[even], block[even+1])
				if j%2 == 1 {
					z0 = z1
				}
				want[r*cols+j] = mean[r*cols+j] + float32(sd[j]*z0)
			}
		}
		forEachForm(func(c *Context) {
			band, got := guarded(rows * cols)
			if c.Normals(got, mean, sd, key, step, 0); !sameNumbers(got, want) || !intact(band) {
				t.Fatalf("%v, %v, %d workers: differs from the definition", shape, c.ISA(), c.Workers())
			}
			copy(got, mean)
			if c.Normals(got, got, sd, key, step, 0); !sameNumbers(got, want) {
				t.Fatalf("%v, %v, %d workers: differs in place", shape, c.ISA(), c.Workers())
			}
		})
	}
}

// Against float64, for random words and those at the ends.
func TestNormalPairError(t *testing.T) {
	s := rng.NewSource(rng.Seed(6), 0)
	ends := []uint32{0, 1, 2, 3, 1 << 30, 1<<30 - 1, 1 << 31, 1<<31 - 1, 1<<31 + 1, 3 << 30, math.MaxUint32, math.MaxUint32 - 255}
	worst, worstCos := 0.0, 0.0
	for k := range 1 << 18 {
		w0, w1 := s.Uint32(), s.Uint32()
		if k < len(ends)*len(ends) {
			w0, w1 = ends[k%len(ends)], ends[k/len(ends)]
		}
		u := float32((float32(int32(w0>>1)) + 0.5) * 0x1p-31)
		r, angle := math.Sqrt(-2*math.Log(float64(u))), 2*math.Pi*float64(w1)*0x1p-32
		worst = max(worst, math.Abs(float64(radius(w0))-r)/ulp(r))
		worstCos = max(worstCos, math.Abs(float64(cosTurn(w1))-math.Cos(angle)))
		z0, z1 := NormalPair(w0, w1)
		if e := max(math.Abs(float64(z0)-r*math.Cos(angle)), math.Abs(float64(z1)-r*math.Sin(angle))); !(e <= 0x1p-21*(r+0x1p-20)) {
			t.Fatalf("words %x, %x: %g, %g, want %g, %g", w0, w1, z0, z1, r*math.Cos(angle), r*math.Sin(angle))
		}
	}
	t.Logf("radius %.2f units in the last place, cosine 2^%.2f", worst, math.Log2(worstCos))
	if worst > 3 || worstCos > 0x1p-22 {
		t.Errorf("radius is %g units in the last place off, cosine %g", worst, worstCos)
	}
	if z, _ := NormalPair(0, 0); z < 6.65 || z > 6.67 {
		t.Errorf("the largest number is %g, want 6.66", z)
	}
}

// Moments, and the numbers beyond some bounds, within five standard errors.
func TestNormalsDistribution(t *testing.T) {
	const rows, cols = 1 << 12, 64
	const n = rows * cols
	x, sd := make([]float32, n), make([]float32, cols)
	for j := range sd {
		sd[j] = 1
	}
	all.Normals(x, x, sd, rng.Seed(7), 1, 0)
	var moments [5]float64
	bounds := []float64{-4, -3, -2, -1, -0.1, 0, 0.01, 1, 2, 3, 4}
	below := make([]float64, len(bounds))
	neighbours := 0.0
	for i, y := range x {
		z := float64(y)
		for k := range moments {
			moments[k] += math.Pow(z, float64(k)) / n
		}
		for k, b := range bounds {
			if z < b {
				below[k]++
			}
		}
		neighbours += z * float64(x[(i+1)%n]) / n
	}
	for k, want := range []float64{1, 0, 1, 0, 3} {
		if sigma := math.Sqrt([]float64{0, 1, 2, 15, 96}[k] / n); math.Abs(moments[k]-want) > 5*sigma {
			t.Errorf("moment %d is %g, want %g ± %g", k, moments[k], want, sigma)
		}
	}
	if math.Abs(neighbours) > 5/math.Sqrt(n) {
		t.Errorf("neighbours have the covariance %g", neighbours)
	}
	for k, b := range bounds {
		p := 0.5 * math.Erfc(-b/math.Sqrt2)
		if sigma := math.Sqrt(n * p * (1 - p)); math.Abs(below[k]-n*p) > 5*sigma {
			t.Errorf("%g of %d are below %g, want %.1f ± %.1f", below[k], n, b, n*p, sigma)
		}
	}
}
