package quantum_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/quantum"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// smallModel has weights and biases of about one.
func smallModel(visible, hidden rbm.Layer, seed uint64) *rbm.Model {
	model, source := rbm.NewModel(visible, hidden, rng.Seed(seed)), rng.NewSource(rng.Seed(seed), 1)
	for _, list := range [][]float32{model.W, model.B(), model.C()} {
		for k := range list {
			list[k] = float32(2*source.Float64() - 1)
		}
	}
	return model
}

func positive(t testing.TB, model *rbm.Model) *quantum.Positive {
	t.Helper()
	p, err := quantum.NewPositive(model)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func vector(t testing.TB, psi quantum.Wavefunction) quantum.State {
	t.Helper()
	s, err := quantum.Vector(psi, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ψ(σ)² is the model's distribution, for bits and for spins, where spin +1 is |0⟩, and any hidden units.
func TestPositiveIsTheRootOfP(t *testing.T) {
	for _, visible := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, hidden := range []rbm.Layer{
			rbm.NewLayer(rbm.Bernoulli, 3), rbm.NewLayer(rbm.Spin, 3), rbm.NewCategorical(3), rbm.NewLayer(rbm.Gaussian, 2),
		} {
			model := smallModel(rbm.NewLayer(visible, 4), hidden, 1)
			p, err := exact.Distribution(t.Context(), model, exact.Options{})
			if err != nil {
				t.Fatal(err)
			}
			psi := vector(t, positive(t, model))
			v := rbm.NewBatch(1, 4)
			for k, a := range psi {
				quantum.SetIndex(v, 0, k)
				want := v.Index(0)
				if visible == rbm.Spin {
					want ^= 15
				}
				if got := real(a) * real(a); math.Abs(got-p[want]) > 1e-7 || imag(a) != 0 {
					t.Errorf("%s, %s: |ψ(%04b)|² is %v, P is %v", visible, hidden.Kind(), k, got, p[want])
				}
			}
		}
	}
	if _, err := quantum.NewPositive(smallModel(rbm.NewCategorical(3), rbm.NewLayer(rbm.Bernoulli, 2), 1)); err == nil {
		t.Error("a categorical model is taken for qubits")
	}
}

// observables are of all sorts, for four sites, with the matrices of the linear ones.
func observables() map[string]quantum.PauliSum {
	random, err := quantum.ReadPauliSum(strings.NewReader(
		"# of all sorts\n0.7 X0 Y1 # and a comment\n-0.3 Y2\n1.1 Z0 X2 Y3\nZ1 Z3\n-0.9 X1\n0.2"))
	if err != nil {
		panic(err)
	}
	return map[string]quantum.PauliSum{"TFIM": quantum.TFIM(4, 1, 0.5, true), "XXZ": quantum.XXZ(4, 1, 0.3, false), "random": random}
}

// ⟨O⟩ by local values, summed over all configurations with |ψ|², is ⟨ψ|O|ψ⟩ by the matrix of the definition: of complex
// amplitudes, and of ρ = |ψ⟩⟨ψ|.
func TestLocalValuesSumToTheExpectation(t *testing.T) {
	const n = 4
	psi, v := randomState(t, n, 5), rbm.NewBatch(1<<n, n)
	for k := range 1 << n {
		quantum.SetIndex(v, k, k)
	}
	for name, sum := range observables() {
		want := 0.0
		for k, x := range matrix(sum, n) {
			a, b := psi[k>>n], psi[k&(1<<n-1)]
			want += real(complex(real(a), -imag(a)) * x * b)
		}
		got := complex128(0)
		for k, x := range quantum.LocalValues(quantum.RatiosOf(psi), v, sum.Local(), nil) {
			got += complex(real(psi[k])*real(psi[k])+imag(psi[k])*imag(psi[k]), 0) * x
		}
		for form, x := range map[string]float64{
			"local values": real(got), "Expect": psi.Expect(sum.Local()), "density matrix": psi.Density().Expect(sum.Local()),
		} {
			if math.Abs(x-want) > 1e-14 || math.Abs(imag(got)) > 1e-14 {
				t.Errorf("%s by %s: %v, want %v", name, form, x, want)
			}
		}
	}
}

// Magnetisations and correlations of states in which they are plain to see.
func TestNamedObservables(t *testing.T) {
	const n = 4
	ghz, neel, up := quantum.GHZ(n), quantum.Neel(n), quantum.GHZ(n)
	up[0], up[len(up)-1] = 1, 0
	x := neel.Rotate("XXXX", quantum.Pauli()) // its σ^x are those that the Néel state has of σ^z
	y := make(quantum.State, 1<<n)            // all sites in the state of σ^y = 1
	for k := range y {
		y[k] = 0.25
		for i := range n {
			if k>>i&1 == 1 {
				y[k] *= 1i
			}
		}
	}
	for name, c := range map[string][2]float64{
		"GHZ, σ^z":            {ghz.Expect(quantum.Magnetisation('Z', n)), 0},
		"GHZ, |σ^z|":          {ghz.Expect(quantum.AbsoluteMagnetisation(n)), 1},
		"GHZ, zz":             {ghz.Expect(quantum.Correlation('Z', n, 3, false)), 1},
		"GHZ, xx":             {ghz.Expect(quantum.Correlation('X', n, 1, false)), 0},
		"up, σ^z":             {up.Expect(quantum.Magnetisation('Z', n)), 1},
		"Néel, |σ^z|":         {neel.Expect(quantum.AbsoluteMagnetisation(n)), 0},
		"Néel, zz":            {neel.Expect(quantum.Correlation('Z', n, 1, true)), -1},
		"Néel, zz at 2":       {neel.Expect(quantum.Correlation('Z', n, 2, false)), 1},
		"Néel along x, xx":    {x.Expect(quantum.Correlation('X', n, 3, false)), -1},
		"Néel along x, σ^x_0": {x.Expect(pauliString(t, "X0")), 1},
		"y, σ^y":              {y.Expect(quantum.Magnetisation('Y', n)), 1},
		"y, yy":               {y.Expect(quantum.Correlation('Y', n, 2, true)), 1},
		"y, a string":         {y.Expect(pauliString(t, "-0.5 Y0 Y3")), -0.5},
		"Néel along x, |σ^x|": {quantum.Absolute{Letter: 'X', Sites: n}.Exact(x), 0},
		"y, |σ^y|":            {quantum.Absolute{Letter: 'Y', Sites: n}.Exact(y), 1},
		"GHZ, ∣σ^z∣ of rows":  {quantum.Absolute{Letter: 'Z', Sites: n}.Exact(ghz), 1},
		"GHZ, |σ^x|":          {quantum.Absolute{Letter: 'X', Sites: n}.Exact(ghz), 0.25}, // even: 1 of 2 of 16, 0 of 6, over 8
		"up, |σ^y|":           {quantum.Absolute{Letter: 'Y', Sites: n}.Exact(up.Density()), 0.375},
	} {
		if math.Abs(c[0]-c[1]) > 1e-14 {
			t.Errorf("%s is %v, want %v", name, c[0], c[1])
		}
	}
}

func pauliString(t *testing.T, text string) quantum.Local {
	t.Helper()
	sum, err := quantum.ParsePauliString(text)
	if err != nil {
		t.Fatal(err)
	}
	return sum.Local()
}

// A user's own observable: the number of domain walls beside the sum of its Pauli strings.
func ExampleLocal() {
	walls := func(z []int8, add func(value complex128, flipped ...int)) {
		for i := 1; i < len(z); i++ {
			if z[i] != z[i-1] {
				add(1)
			}
		}
	}
	ghz, w := quantum.GHZ(4), quantum.W(4)
	fmt.Printf("%.3f %.3f\n", ghz.Expect(walls), w.Expect(walls))
	// Output: 0.000 1.500
}

// Entropies that are known: log 2 for any cut of GHZ, of W −log(k² + (n−k)²)/n² for k of n sites, of the singlet
// with noise of one and both sites.
func TestKnownEntropies(t *testing.T) {
	for k := 1; k < 5; k++ {
		var sites []int
		for i := range k {
			sites = append(sites, (3*i+1)%5)
		}
		ghz, w := quantum.GHZ(5), quantum.W(5)
		want := -math.Log(float64(k*k+(5-k)*(5-k)) / 25)
		for name, c := range map[string][2]float64{
			"GHZ": {ghz.Renyi2(sites), math.Ln2}, "W": {w.Renyi2(sites), want},
			"GHZ as a matrix": {ghz.Density().Renyi2(sites), math.Ln2}, "W as a matrix": {w.Density().Renyi2(sites), want},
		} {
			if math.Abs(c[0]-c[1]) > 1e-14 {
				t.Errorf("%s, sites %v: %v, want %v", name, sites, c[0], c[1])
			}
		}
	}
	if s := quantum.GHZ(3).Renyi2([]int{0, 1, 2}); math.Abs(s) > 1e-15 {
		t.Errorf("all sites of a pure state have the entropy %v", s)
	}
	werner := quantum.Werner(0.5)
	one, all := werner.Renyi2([]int{1}), werner.Renyi2([]int{0, 1})
	if math.Abs(one-math.Ln2) > 1e-15 || math.Abs(all+math.Log(werner.Purity())) > 1e-15 {
		t.Errorf("Werner state: entropies %v and %v", one, all)
	}
	psi := randomState(t, 5, 9)
	if a, b := psi.Renyi2([]int{0, 3}), psi.Density().Renyi2([]int{1, 2, 4}); math.Abs(a-b) > 1e-14 {
		t.Errorf("a part and the rest of a pure state: %v and %v", a, b)
	}
}

// Fidelity and trace distance by what is known of them: pure states, states with noise, unitary invariance.
func TestFidelityAndTraceDistance(t *testing.T) {
	psi, phi := randomState(t, 3, 1), randomState(t, 3, 2)
	f, ofNoise := quantum.Fidelity(psi, phi), quantum.Fidelity(quantum.Werner(0.5), quantum.Werner(0))
	for name, c := range map[string][2]float64{
		"pure and matrix":               {quantum.Fidelity(psi, phi.Density()), f},
		"matrix and pure":               {quantum.Fidelity(psi.Density(), phi), f},
		"two matrices":                  {quantum.Fidelity(psi.Density(), phi.Density()), f},
		"distance of pure states":       {quantum.TraceDistance(psi, phi), math.Sqrt(1 - f)},
		"distance by the matrices":      {quantum.TraceDistance(psi.Density(), phi.Density()), math.Sqrt(1 - f)},
		"distance to itself":            {quantum.TraceDistance(psi, psi), 0},
		"noise":                         {quantum.Fidelity(psi, psi.Density().Depolarise(0.4)), 0.6 + 0.4/8},
		"distance to noise":             {quantum.TraceDistance(psi, psi.Density().Depolarise(0.4)), 0.4 * 7 / 8},
		"Werner state and noise":        {ofNoise, math.Pow(math.Sqrt(5./8/4)+3*math.Sqrt(1./8/4), 2)},
		"rotated":                       {quantum.Fidelity(psi.Rotate("XYZ", quantum.Pauli()), phi.Rotate("XYZ", quantum.Pauli())), f},
		"divergence of equal":           {quantum.KL([]float64{0.25, 0.75, 0}, []float64{0.25, 0.75, 0}), 0},
		"divergence":                    {quantum.KL([]float64{0.5, 0.5}, []float64{0.25, 0.75}), 0.5*math.Log(2) + 0.5*math.Log(2./3)},
		"distance of orthogonal states": {quantum.TraceDistance(quantum.GHZ(2), quantum.W(2)), 1},
	} {
		if math.Abs(c[0]-c[1]) > 1e-7 {
			t.Errorf("%s: %v, want %v", name, c[0], c[1])
		}
	}
}

// The error bars of estimates are honest: over 200 draws of independent rows the exact value is within 1 and 1.96 of
// them about as often as it should.
func TestErrorBarsAreHonest(t *testing.T) {
	if testing.Short() {
		t.Skip("statistics, slow under the race detector")
	}
	const seeds, rows = 200, 300
	model := smallModel(rbm.NewLayer(rbm.Bernoulli, 5), rbm.NewLayer(rbm.Bernoulli, 3), 2)
	psi := positive(t, model)
	whole := vector(t, psi)
	list := map[string]quantum.Observable{
		"σ^x": quantum.Expectation(quantum.Magnetisation('X', 5)), "|σ^z|": quantum.Expectation(quantum.AbsoluteMagnetisation(5)),
		"energy": quantum.Expectation(quantum.TFIM(5, 1, 1, false).Local()), "zz": quantum.Expectation(quantum.Correlation('Z', 5, 2, true)),
		"S_2": quantum.Renyi2{Sites: []int{0, 1}}, "|σ^y|": quantum.Absolute{Letter: 'Y', Sites: 5},
	}
	one, two := map[string]int{}, map[string]int{}
	for seed := range uint64(seeds) {
		v, err := exact.SampleVisible(t.Context(), model, rows, rng.Seed(seed), exact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range list {
			e, findings := o.Estimate(psi, quantum.Samples{Rows: v, Key: rng.Seed(seed)}, nil)
			if len(findings) > 0 {
				t.Errorf("%s, seed %d: findings %v", name, seed, findings)
			}
			z := math.Abs(float64(e.Value)-o.Exact(whole)) / float64(e.Stderr)
			if z < 1 {
				one[name]++
			}
			if z < 1.96 {
				two[name]++
			}
		}
	}
	for name := range list {
		// 0.683 and 0.950 of 200, within three standard deviations of the binomial distribution.
		if one[name] < 117 || one[name] > 156 || two[name] < 181 || two[name] > 199 {
			t.Errorf("%s: %d of %d within one error, %d within 1.96; want about 137 and 190", name, one[name], seeds, two[name])
		}
	}
}

// Samples of chains are correlated, and the error bars know.
func TestErrorBarsOfChains(t *testing.T) {
	if testing.Short() {
		t.Skip("statistics, slow under the race detector")
	}
	const seeds, chainCount, length = 60, 10, 300
	model := smallModel(rbm.NewLayer(rbm.Bernoulli, 5), rbm.NewLayer(rbm.Bernoulli, 3), 2)
	for k := range model.W {
		model.W[k] *= 5
	}
	psi := positive(t, model)
	whole := vector(t, psi)
	list := map[string]quantum.Observable{
		"σ^x": quantum.Expectation(quantum.Magnetisation('X', 5)), "σ^z": quantum.Expectation(quantum.Magnetisation('Z', 5)),
		"S_2": quantum.Renyi2{Sites: []int{0, 1}},
	}
	inside, tau := map[string]int{}, 0.0
	for seed := range uint64(seeds) {
		chains := sample.NewChains(sample.RandomStarts(model, chainCount, rng.Seed(seed)), model.Hidden, rng.Seed(seed))
		c := rbm.NewConditionals(model, nil)
		chains.Sweep(c, 100)
		rows := rbm.NewBatch(chainCount*length, 5)
		for k := range length {
			chains.Sweep(c, 1)
			rows.Slice(chainCount*k, chainCount*(k+1)).Copy(chains.Visible)
		}
		for name, o := range list {
			e, _ := o.Estimate(psi, quantum.Samples{Rows: rows, Chains: chainCount}, nil)
			if math.Abs(float64(e.Value)-o.Exact(whole)) < 1.96*float64(e.Stderr) {
				inside[name]++
			}
			if name == "σ^z" {
				tau += float64(e.Tau) / seeds
			}
		}
	}
	for name := range list {
		if inside[name] < 52 { // 0.95 of 60 is 57, with a standard deviation of 1.7
			t.Errorf("%s: %d of %d within 1.96 errors, want about 57", name, inside[name], seeds)
		}
	}
	if tau < 1 { // with errors of independent rows a third or more would be outside
		t.Errorf("τ_int of σ^z is %.2f: the chains are not correlated, and the test tells nothing", tau)
	}
}

// The estimator of the entropy breaks down where S_2 is large beside the logarithm of the pairs, and says so.
func TestSwapBreakdownIsFound(t *testing.T) {
	estimate := func(psi quantum.State, sites []int, rows int) (diag.Estimate, []diag.Finding) {
		bases := make([]quantum.Basis, rows)
		for r := range bases {
			bases[r] = quantum.Uniform('Z', psi.Sites())
		}
		m, err := quantum.Measure(psi, bases, quantum.Pauli(), rng.Seed(1))
		if err != nil {
			t.Fatal(err)
		}
		return quantum.Renyi2{Sites: sites}.Estimate(quantum.RatiosOf(psi), quantum.Samples{Rows: m.Outcomes}, nil)
	}
	// Pairs (i, i+5) of equal sites, with a little of every configuration beside: S_2 near 5 log 2.
	pairs, norm := make(quantum.State, 1<<10), 0.0
	for k := range pairs {
		x := 0.01
		if k>>5 == k&31 {
			x = 1
		}
		pairs[k] = complex(x, 0)
		norm += x * x
	}
	for k := range pairs {
		pairs[k] /= complex(math.Sqrt(norm), 0)
	}
	half := []int{0, 1, 2, 3, 4}
	want := pairs.Renyi2(half)
	if _, findings := estimate(pairs, half, 40); want < 3 || len(findings) != 1 || findings[0].Code != "swap-noise" {
		t.Errorf("40 rows of a state with S_2 = %.2f: findings %v, want swap-noise", want, findings)
	}
	if e, findings := estimate(pairs, half, 20000); len(findings) > 0 || math.Abs(float64(e.Value)-want) > 3*float64(e.Stderr) {
		t.Errorf("20,000 rows: %v, findings %v; want %v", e, findings, want)
	}
}

// Results don't depend on the number of workers.
func TestEstimatesOfAnyWorkers(t *testing.T) {
	model := smallModel(rbm.NewLayer(rbm.Spin, 6), rbm.NewLayer(rbm.Bernoulli, 4), 3)
	psi := positive(t, model)
	v, err := exact.SampleVisible(t.Context(), psi.Diagonal(), 500, rng.Seed(1), exact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var first []diag.Estimate
	for _, workers := range []int{1, 2, 7} {
		on := compute.New(workers)
		x, _ := quantum.Expectation(quantum.XXZ(6, 1, 1, false).Local()).Estimate(psi, quantum.Samples{Rows: v}, on)
		s, _ := quantum.Renyi2{Sites: []int{1, 2}}.Estimate(psi, quantum.Samples{Rows: v}, on)
		a, _ := quantum.Absolute{Letter: 'X', Sites: 6}.Estimate(psi, quantum.Samples{Rows: v}, on)
		if list := []diag.Estimate{x, s, a}; first == nil {
			first = list
		} else if !slices.Equal(list, first) {
			t.Errorf("%d workers: %v, by one %v", workers, list, first)
		}
	}
}

// Of a mixed state that is all but diagonal, a pair of rows that agree carries what others lack: where none was seen, the
// entropy can't be told.
func TestRenyiOfMixedStateKnowsRarePairs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long under the race detector, and is one goroutine")
	}
	const n = 12
	all := make([]int, n)
	model := rbm.New(n, n+1, rng.Seed(1))
	clear(model.W)
	var err error
	if model.State, err = rbm.NewState(rbm.StateDensity, model, 1, n, rng.Seed(1)); err != nil {
		t.Fatal(err)
	}
	clear(model.C())
	clear(model.State.Phase.W)
	clear(model.State.U)
	for i := range n {
		all[i] = i
		model.State.U[i*n+i] = float32(4 * math.Acos(math.Sqrt(0.02))) // |ρ(σ,σ')/P|² is 0.02 to the number of sites that differ
	}
	state, err := quantum.Reconstruct(model)
	if err != nil {
		t.Fatal(err)
	}
	for rows, told := range map[int]bool{200: false, 20000: true} {
		v := rbm.NewBatch(rows, n)
		source := rng.NewSource(rng.Seed(7), 0)
		for r := range rows {
			v.SetRow(r, func(int) bool { return source.Float64() < 0.5 })
		}
		e, findings := quantum.Renyi2{Sites: all}.Estimate(state, quantum.Samples{Rows: v}, nil)
		if (len(findings) == 0) != told {
			t.Errorf("%d rows: S = %v with the findings %v, want some: %t", rows, e, findings, !told)
		}
		want := n * math.Log(2/1.02)
		if told && !(math.Abs(float64(e.Value)-want) < 4*float64(e.Stderr)) {
			t.Errorf("%d rows: S = %v, want %.4f", rows, e, want)
		}
	}
}
