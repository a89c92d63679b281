package quantum_test

import (
	"fmt"
	"maps"
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// randomState has real and imaginary parts that are uniform, scaled to norm 1.
func randomState(t testing.TB, sites int, seed uint64) quantum.State {
	t.Helper()
	source, psi, norm := rng.NewSource(rng.Seed(seed), 0), make([]complex128, 1<<sites), 0.0
	for k := range psi {
		psi[k] = complex(source.Float64()-0.5, source.Float64()-0.5)
		norm += real(psi[k])*real(psi[k]) + imag(psi[k])*imag(psi[k])
	}
	for k := range psi {
		psi[k] /= complex(math.Sqrt(norm), 0)
	}
	state, err := quantum.NewState(psi)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// The two-qubit state of QuCumber's second tutorial, as in its file, and how often its training data has each outcome,
// 00, 01, 10, 11, in each basis: chi-squared tells that sites, outcomes and letters mean here what they mean there.
// With the sites in the other order, outcomes exchanged, or Y conjugated, some basis is far off.
func TestConventionOfQuCumber(t *testing.T) {
	psi, err := quantum.ReadState(strings.NewReader("0.2860859781 0.0538594435\n0.3686925645 -0.3022891852\n" +
		"-0.1672402652 -0.3528898162\n-0.5658788296 -0.4639198598\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	misfit := func(psi quantum.State) (worst float64) {
		for basis, counts := range map[quantum.Basis][4]float64{
			"ZZ": {11, 47, 36, 106}, "XZ": {11, 78, 32, 79}, "ZX": {47, 12, 128, 13}, "YZ": {4, 12, 44, 140}, "ZY": {12, 55, 32, 101},
		} {
			square := 0.0
			for k, p := range psi.Probabilities(basis, quantum.Pauli()) {
				square += (counts[k] - 200*p) * (counts[k] - 200*p) / (200 * p)
			}
			worst = max(worst, square)
		}
		return worst
	}
	// Of 3 degrees of freedom: beyond 16.3 once in 1,000.
	if x := misfit(psi); x > 16.3 {
		t.Errorf("chi-squared %.1f, want at most 16.3", x)
	}
	conjugate, exchanged := make(quantum.State, 4), quantum.State{psi[0], psi[2], psi[1], psi[3]}
	for k, a := range psi {
		conjugate[k] = cmplx.Conj(a)
	}
	for name, other := range map[string]quantum.State{
		"conjugate": conjugate, "sites exchanged": exchanged, "outcomes exchanged": {psi[3], psi[2], psi[1], psi[0]},
	} {
		if x := misfit(other); x < 30 {
			t.Errorf("%s: chi-squared %.1f, want it to be told apart", name, x)
		}
	}
}

// Rotations keep the norm, and the conjugate transpose takes them back.
func TestRotationsAreUnitary(t *testing.T) {
	u := quantum.Pauli()
	u['H'] = quantum.Unitary{{0.6, 0.8i}, {0.8i, 0.6}}
	for letter, m := range maps.Clone(u) {
		if err := m.Check(); err != nil {
			t.Errorf("%c: %v", letter, err)
		}
		u[letter|0x20] = quantum.Unitary{{cmplx.Conj(m[0][0]), cmplx.Conj(m[1][0])}, {cmplx.Conj(m[0][1]), cmplx.Conj(m[1][1])}}
	}
	for seed := range uint64(20) {
		psi, letters := randomState(t, 5, seed), []byte("XYZHX")
		for i := range letters {
			letters[i] = "XYZH"[(seed+uint64(i)*seed)%4]
		}
		phi := psi.Rotate(quantum.Basis(letters), u)
		if norm := real(phi.Overlap(phi)); math.Abs(norm-1) > 1e-14 {
			t.Errorf("basis %s: norm %v", letters, norm)
		}
		back := phi.Rotate(quantum.Basis(strings.ToLower(string(letters))), u)
		if overlap := psi.Overlap(back); cmplx.Abs(overlap-1) > 1e-14 {
			t.Errorf("basis %s and back: overlap %v", letters, overlap)
		}
	}
}

// Rotate from the definition, φ(b) = Σ_σ Π_i U_i[b_i][σ_i] ψ(σ), and of ρ = |ψ⟩⟨ψ| on both sides.
func TestRotateFromTheDefinition(t *testing.T) {
	const n, basis = 3, quantum.Basis("YXZ")
	psi, u := randomState(t, n, 7), quantum.Pauli()
	phi, rho := psi.Rotate(basis, u), psi.Density().Rotate(basis, u)
	for b := range 1 << n {
		want := complex128(0)
		for s := range 1 << n {
			product := psi[s]
			for i := range n {
				product *= u[basis[i]][b>>(n-1-i)&1][s>>(n-1-i)&1]
			}
			want += product
		}
		if cmplx.Abs(phi[b]-want) > 1e-15 {
			t.Errorf("amplitude %d is %v, want %v", b, phi[b], want)
		}
		for a := range 1 << n {
			if x := phi[a] * cmplx.Conj(phi[b]); cmplx.Abs(rho[a<<n+b]-x) > 1e-15 {
				t.Errorf("element (%d, %d) is %v, want %v", a, b, rho[a<<n+b], x)
			}
		}
	}
}

func TestNamedStates(t *testing.T) {
	u := quantum.Pauli()
	even := quantum.GHZ(3).Probabilities("XXX", u) // an even number of outcomes 1
	for k, p := range even {
		want := []float64{0.25, 0, 0, 0.25, 0, 0.25, 0.25, 0}[k]
		if math.Abs(p-want) > 1e-15 {
			t.Errorf("GHZ of 3 in XXX: outcome %03b has probability %v, want %v", k, p, want)
		}
	}
	if got := fmt.Sprintf("%.4f", quantum.W(3)); got != fmt.Sprintf("%.4f", quantum.State{0, complex(1/math.Sqrt(3), 0),
		complex(1/math.Sqrt(3), 0), 0, complex(1/math.Sqrt(3), 0), 0, 0, 0}) {
		t.Errorf("W of 3 is %v", got)
	}
	// The singlet is anticorrelated in every basis: ⟨σσ⟩ = −p.
	for _, basis := range []quantum.Basis{"XX", "YY", "ZZ"} {
		p := quantum.Werner(0.7).Probabilities(basis, u)
		if c := p[0] - p[1] - p[2] + p[3]; math.Abs(c+0.7) > 1e-15 {
			t.Errorf("Werner state of 0.7 in %s: correlation %v, want -0.7", basis, c)
		}
	}
	if got, want := quantum.Werner(0.7).Purity(), (1+3*0.49)/4; math.Abs(got-want) > 1e-15 {
		t.Errorf("purity %v, want %v", got, want)
	}
}

// Draws follow the probabilities in every basis, never give an outcome of probability 0, and don't depend on which rows
// are drawn beside them.
func TestMeasureDrawsFromTheState(t *testing.T) {
	const each = 4000
	u, psi := quantum.Pauli(), randomState(t, 3, 3)
	var rows []quantum.Basis
	for range each {
		rows = append(rows, "ZZZ", "XYZ")
	}
	m, err := quantum.Measure(psi, rows, u, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	for k, basis := range m.Bases {
		counts, square := make([]float64, 8), 0.0
		for r, of := range m.Of {
			if of == k {
				counts[quantum.Index(m.Outcomes, r)]++
			}
		}
		for k, p := range psi.Probabilities(basis, u) {
			square += (counts[k] - each*p) * (counts[k] - each*p) / (each * p)
		}
		if square > 24.3 { // of 7 degrees of freedom: once in 1,000
			t.Errorf("basis %s: chi-squared %.1f, want at most 24.3", basis, square)
		}
	}
	few, err := quantum.Measure(psi, rows[:5], u, rng.Seed(1))
	if err != nil || !few.Outcomes.Equal(m.Outcomes.Slice(0, 5)) {
		t.Errorf("5 rows alone differ from the first 5 of all, error %v", err)
	}
	ghz, err := quantum.Measure(quantum.GHZ(3), []quantum.Basis{"ZZZ", "ZZZ", "ZZZ", "ZZZ", "ZZZ", "ZZZ"}, u, rng.Seed(2))
	if err != nil {
		t.Fatal(err)
	}
	for r := range ghz.Outcomes.Rows() {
		if k := quantum.Index(ghz.Outcomes, r); k != 0 && k != 7 {
			t.Errorf("GHZ gives %03b", k)
		}
	}
}

// Site 0 is the most significant bit.
func TestIndexOfRows(t *testing.T) {
	v := rbm.NewBatch(1, 3)
	v.SetBit(0, 0, true)
	if k := quantum.Index(v, 0); k != 4 {
		t.Errorf("100 has the index %d, want 4", k)
	}
	for k := range 8 {
		if quantum.SetIndex(v, 0, k); quantum.Index(v, 0) != k {
			t.Errorf("index %d comes back as %d", k, quantum.Index(v, 0))
		}
	}
}

func TestRefusedStates(t *testing.T) {
	for _, c := range []struct {
		psi  []complex128
		want string
	}{
		{nil, "0 amplitudes, want 2^n"},
		{[]complex128{1, 0, 0}, "3 amplitudes, want 2^n"},
		{[]complex128{1, 1}, "sum to 2, want 1 to within 1e-05: divide the amplitudes by 1.41421"},
		{[]complex128{complex(math.NaN(), 0), 1}, "sum to NaN"},
	} {
		if _, err := quantum.NewState(c.psi); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one with %q", c.psi, err, c.want)
		}
	}
	for _, c := range []struct {
		rho  []complex128
		want string
	}{
		{[]complex128{1, 0}, "2 elements, want 4^n"},
		{[]complex128{1, 1, 0, 0}, "not hermitian: element (0, 1) is (1+0i), the conjugate of (1, 0) is (0-0i)"},
		{[]complex128{1, 0, 0, 1}, "the trace is 2"},
		{[]complex128{1.5, 0, 0, -0.5}, "an eigenvalue below -1e-05"},
		{[]complex128{0.5, 0.6, 0.6, 0.5}, "an eigenvalue below -1e-05"},
	} {
		if _, err := quantum.NewDensity(c.rho); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want one with %q", c.rho, err, c.want)
		}
	}
	if _, err := quantum.NewDensity([]complex128{0.5, 0.5i, -0.5i, 0.5}); err != nil {
		t.Errorf("a pure state of σ^y: %v", err)
	}
}

// Bases know their rotated sites; outcomes with bases that don't fit are refused with their row.
func TestBases(t *testing.T) {
	u := quantum.Pauli()
	u['P'] = quantum.Unitary{{1, 0}, {0, 1i}} // a phase rotates nothing
	if got := fmt.Sprint(quantum.Basis("ZXPY").Rotated(u)); got != "[1 3]" {
		t.Errorf("rotated sites %s, want [1 3]", got)
	}
	rows := []quantum.Basis{"ZX", "XX", "ZX"}
	m, err := quantum.NewMeasurements(rbm.NewBatch(3, 2), rows, u)
	if err != nil || fmt.Sprint(m.Bases, m.Of, m.Rows()) != "[ZX XX] [0 1 0] [ZX XX ZX]" {
		t.Errorf("measurements %+v, error %v", m, err)
	}
	for _, c := range []struct {
		rows []quantum.Basis
		want string
	}{
		{rows[:2], "2 bases for 3 rows of outcomes, want one a row"},
		{[]quantum.Basis{"ZX", "ZXY", "ZX"}, `row 2: basis "ZXY" has 3 sites, want 2`},
		{[]quantum.Basis{"ZX", "ZX", "ZQ"}, `row 3: basis "ZQ": site 1 has the letter "Q", want one of P, X, Y, Z`},
	} {
		if _, err := quantum.NewMeasurements(rbm.NewBatch(3, 2), c.rows, u); err == nil || err.Error() != c.want {
			t.Errorf("%v: error %v, want %q", c.rows, err, c.want)
		}
	}
}
