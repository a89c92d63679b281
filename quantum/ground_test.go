package quantum_test

import (
	"context"
	"errors"
	"math"
	"math/cmplx"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/quantum"
)

// matrix is a sum of Pauli strings by Kronecker products, from the definition.
func matrix(sum quantum.PauliSum, sites int) []complex128 {
	pauli := map[byte][2][2]complex128{
		'1': {{1, 0}, {0, 1}}, 'X': {{0, 1}, {1, 0}}, 'Y': {{0, -1i}, {1i, 0}}, 'Z': {{1, 0}, {0, -1}},
	}
	dim := 1 << sites
	out := make([]complex128, dim*dim)
	for _, term := range sum {
		letters := []byte(strings.Repeat("1", sites))
		for _, f := range term.Factors {
			letters[f.Site] = f.Letter
		}
		for a := range dim {
			for b := range dim {
				x := complex(term.Coefficient, 0)
				for i, letter := range letters {
					x *= pauli[letter][a>>(sites-1-i)&1][b>>(sites-1-i)&1]
				}
				out[a*dim+b] += x
			}
		}
	}
	return out
}

// eigenvalues are the eigenvalues of a hermitian matrix A + iB, each twice, as those of ((A, −B), (B, A)), by gonum.
func eigenvalues(t testing.TB, h []complex128, dim int) []float64 {
	t.Helper()
	s := mat.NewSymDense(2*dim, nil)
	for a := range dim {
		for b := range dim {
			x := h[a*dim+b]
			s.SetSym(a, b, real(x))
			s.SetSym(dim+a, dim+b, real(x))
			s.SetSym(a, dim+b, -imag(x))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(s, false) {
		t.Fatal("no eigenvalues")
	}
	return e.Values(nil)
}

func ground(t testing.TB, h quantum.PauliSum, sites int) *quantum.Ground {
	t.Helper()
	g, err := quantum.GroundState(t.Context(), h, sites, quantum.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Lanczos finds the lowest eigenvalue of the matrix from the definition, and an eigenvector of it.
func TestGroundStateIsThatOfTheMatrix(t *testing.T) {
	random, err := quantum.ReadPauliSum(strings.NewReader(
		"0.7 X0 Y1\n-0.3 Y2\n1.1 Z0 X2 Y3\n0.4 Z1 Z3\n-0.9 X1\n0.2\n0.5 X0 X1 X2 X3\n0.3 Z2\n0.25 X3\n0.35 Z0"))
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]quantum.PauliSum{
		"TFIM": quantum.TFIM(5, 1, 0.7, false), "periodic TFIM": quantum.TFIM(5, 1, 1.3, true),
		"antiferromagnet": quantum.TFIM(4, -1, 0.5, true),
		"XXZ":             quantum.XXZ(6, 1, 0.5, true), "XXZ of negative J": quantum.XXZ(4, -1, 0.5, false), "frustrated": random,
	} {
		sites := h.Sites()
		want := eigenvalues(t, matrix(h, sites), 1<<sites)[0]
		g := ground(t, h, sites)
		if math.Abs(g.Energy-want) > 1e-12 {
			t.Errorf("%s: energy %v, want %v", name, g.Energy, want)
		}
		if e := g.State.Expect(h.Local()); math.Abs(e-want) > 1e-12 {
			t.Errorf("%s: ⟨H⟩ is %v, want %v", name, e, want)
		}
		if positive := name != "XXZ" && name != "frustrated"; g.Positive != positive {
			t.Errorf("%s: positive amplitudes: %t, want %t", name, g.Positive, positive)
		}
	}
}

// The TFIM by free fermions, odd and even, open and periodic, to the last digits; also where the gap above the ground
// state is far below rounding.
func TestGroundStateOfFreeFermions(t *testing.T) {
	for _, sites := range []int{2, 3, 7, 8} {
		for _, h := range []float64{0.1, 0.5, 1, 2} {
			for _, periodic := range []bool{false, sites > 2} {
				g, want := ground(t, quantum.TFIM(sites, 1, h, periodic), sites), quantum.TFIMEnergy(sites, 1, h, periodic)
				if math.Abs(g.Energy-want) > 1e-12*math.Abs(want) {
					t.Errorf("%d sites, h = %v, periodic %t: energy %.15g, want %.15g", sites, h, periodic, g.Energy, want)
				}
				if m := g.State.Expect(quantum.Magnetisation('Z', sites)); math.Abs(m) > 1e-9 {
					t.Errorf("%d sites, h = %v, periodic %t: ⟨σ^z⟩ is %v, want 0 by symmetry", sites, h, periodic, m)
				}
			}
		}
	}
}

// QuCumber's first tutorial has the critical open chain of ten sites: the first amplitudes of its file.
func TestGroundStateOfQuCumber(t *testing.T) {
	g := ground(t, quantum.TFIM(10, 1, 1, false), 10)
	for k, want := range []float64{0.2933991130, 0.1483565769, 0.0931880676, 0.1142680886, 0.0863846353} {
		if got := real(g.State[k]); math.Abs(got-want) > 1e-10 {
			t.Errorf("amplitude %d is %.12f, want %v", k, got, want)
		}
	}
}

func TestGroundStateErrors(t *testing.T) {
	for _, c := range []struct {
		h     quantum.PauliSum
		sites int
		want  string
	}{
		{quantum.TFIM(4, 1, 0, false), 4, "degenerate"},
		{quantum.XXZ(5, 1, 1, false), 5, "degenerate"},
		{quantum.XXZ(4, -1, 1, true), 4, "degenerate"},
		{quantum.TFIM(4, 1, 1, false), 3, "Z3: site 3 of a state of 3 sites"},
		{quantum.TFIM(4, 1, 1, false), 21, "21 sites, want 1 to 20"},
	} {
		if _, err := quantum.GroundState(t.Context(), c.h, c.sites, quantum.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d sites: error %v, want one with %q", c.sites, err, c.want)
		}
	}
}

// An evolution is a sum over eigenstates: here by small Taylor steps, with other arithmetic, and back to the start.
func TestEvolve(t *testing.T) {
	const sites = 4
	h := quantum.XXZ(sites, 1, 0.5, false)
	m, psi := matrix(h, sites), make(quantum.State, 1<<sites)
	psi[0b0101] = 1
	got, err := quantum.Evolve(t.Context(), h, psi, 1.5, quantum.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := psi
	for range 150 {
		term, sum := want, append(quantum.State{}, want...)
		for order := 1; order < 12; order++ {
			next := make(quantum.State, len(term))
			for a := range next {
				for b, x := range term {
					next[a] += m[a<<sites+b] * x * complex(0, -0.01/float64(order))
				}
				sum[a] += next[a]
			}
			term = next
		}
		want = sum
	}
	for k, a := range got {
		if cmplx.Abs(a-want[k]) > 1e-11 {
			t.Errorf("amplitude %d is %v, want %v", k, a, want[k])
		}
	}
	back, err := quantum.Evolve(t.Context(), h, got, -1.5, quantum.Options{})
	if err != nil || cmplx.Abs(back.Overlap(psi)-1) > 1e-11 {
		t.Errorf("there and back: overlap %v, error %v", back.Overlap(psi), err)
	}
}

// A ground state and an evolution tell how far they are, up to the end, and stop soon after they are told to.
func TestStatesReportAndStop(t *testing.T) {
	const sites = 10
	h := quantum.XXZ(sites, -1, 0.9, false)
	for name, find := range map[string]func(context.Context, quantum.Options) error{
		"ground": func(ctx context.Context, o quantum.Options) error {
			_, err := quantum.GroundState(ctx, h, sites, o)
			return err
		},
		"evolution": func(ctx context.Context, o quantum.Options) error {
			_, err := quantum.Evolve(ctx, h, quantum.Neel(sites), 8, o)
			return err
		},
	} {
		var parts []float64
		if err := find(t.Context(), quantum.Options{Progress: func(part float64) { parts = append(parts, part) }}); err != nil {
			t.Fatal(err)
		}
		if len(parts) < 2 || !slices.IsSorted(parts) || parts[0] <= 0 || math.Abs(parts[len(parts)-1]-1) > 1e-12 {
			t.Errorf("%s: the parts %v, want some that rise to 1", name, parts)
		}
		ctx, cancel := context.WithCancel(t.Context())
		reports := 0
		err := find(ctx, quantum.Options{Progress: func(float64) { reports++; cancel() }})
		if !errors.Is(err, context.Canceled) || reports != 1 {
			t.Errorf("%s: error %v after %d reports, want that of the context after 1", name, err, reports)
		}
	}
}

// States don't depend on the number of workers, in any bit.
func TestGroundStateOfAnyWorkers(t *testing.T) {
	var first *quantum.Ground
	for _, workers := range []int{1, 2, 7} {
		g, err := quantum.GroundState(t.Context(), quantum.TFIM(13, 1, 3, false), 13, quantum.Options{Compute: compute.New(workers)})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = g
		}
		for k, a := range g.State {
			if a != first.State[k] {
				t.Fatalf("%d workers: amplitude %d is %v, by one %v", workers, k, a, first.State[k])
			}
		}
	}
}
