package cuda

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/enginetest"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// Updates of parameters are those of the engine that computes number after number, whether their averages are bound or
// not.
func TestAscendIsThatOfTheHost(t *testing.T) {
	forEachForm(t, func(t *testing.T, p pair) {
		shapes := [][2]int{{13, 7}, {1, 1}, {300, 1}, {3, 4100}, {100, 130}}
		if !testing.Short() {
			shapes = append(shapes, [2]int{784, 500}, [2]int{2, 9000})
		}
		for _, shape := range shapes {
			there, here := enginetest.Ascents(shape[0], shape[1]), enginetest.Ascents(shape[0], shape[1])
			for name, want := range here {
				checkAscend(t, p.engine, there[name], want, name)
			}
		}
	})
}

func checkAscend(t *testing.T, e *Engine, got, want *kernel.Ascent, name string) {
	t.Helper()
	m, n := len(got.Parameters[1]), len(got.Parameters[2])
	host := enginetest.New()
	for k, x := range enginetest.Slices(got) {
		if averages := k >= 3 && k < 9; x == nil || averages && n%2 == 1 {
			continue
		}
		e.Bind(x)
	}
	for _, x := range enginetest.Slices(want) {
		if x != nil {
			host.Bind(x)
		}
	}
	for update := range 2 {
		squares, sound := e.Ascend(got)
		wantSquares, wantSound := host.Ascend(want)
		same := math.Float64bits(squares) == math.Float64bits(wantSquares) || math.IsNaN(squares) && math.IsNaN(wantSquares)
		if !same || sound != wantSound {
			t.Errorf("%d×%d, %s, update %d: Σ g² = %v, sound %v, want %v, %v", m, n, name, update, squares, sound, wantSquares, wantSound)
		}
		for k, x := range got.Parameters[1:] {
			sameNumbers(t, m, n, name, 1+k, x, want.Parameters[1+k])
		}
	}
	all := enginetest.Slices(want)
	for k, x := range enginetest.Slices(got) {
		if averages := k >= 3 && k < 9; x == nil || averages {
			continue
		}
		e.Fetch(x)
		host.Fetch(all[k])
		sameNumbers(t, m, n, name, k, x, all[k])
	}
	if err := e.Err(); err != nil {
		t.Fatal(err)
	}
}

func sameNumbers(t *testing.T, m, n int, name string, list int, got, want []float32) {
	t.Helper()
	for k, x := range got {
		if y := want[k]; math.Float32bits(x) != math.Float32bits(y) && (x == x || y == y) {
			t.Fatalf("%d×%d, %s: number %d of list %d is %v, want %v", m, n, name, k, list, x, y)
		}
	}
}

// An update of Adam with centering, and the wait for its results.
func BenchmarkAscend(b *testing.B) {
	for _, shape := range [][2]int{{784, 500}, {10000, 2000}} {
		b.Run(fmt.Sprintf("%dx%d", shape[0], shape[1]), func(b *testing.B) {
			e, a := openOrSkip(b, ""), enginetest.Ascents(shape[0], shape[1])["center follows"]
			for _, x := range enginetest.Slices(a) {
				if x != nil {
					e.Bind(x)
				}
			}
			for b.Loop() {
				e.Ascend(a)
			}
			if err := e.Err(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
