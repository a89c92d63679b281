package rbm_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
)

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*(1+math.Abs(want))
}

// byHand is the model W = (1 −2; ½ 3), b = (−1 ½), c = (¼ −1½) in all four combinations of units. Rows of states are
// 00, 10, 01, 11 (unit 1 first); energies are E(v,h), a line for each v.
var byHand = []struct {
	visible, hidden rbm.Kind
	energies        [4][4]float64
	boltzmann       [4][4]float64 // e^(−E)
	z               float64       // their sum
	hiddenProbs     [4][2]float64 // P(h_j=1|v), of each v
	visibleProbs    [4][2]float64 // P(v_i=1|h), of each h
}{
	{
		rbm.Bernoulli, rbm.Bernoulli,
		[4][4]float64{{0, -.25, 1.5, 1.25}, {1, -.25, 4.5, 3.25}, {-.5, -1.25, -2, -2.75}, {.5, -1.25, 1, -.75}},
		[4][4]float64{
			{1, 1.2840254167, 0.2231301601, 0.2865047969}, {0.3678794412, 1.2840254167, 0.0111089965, 0.0387742078},
			{1.6487212707, 3.4903429575, 7.3890560989, 15.6426318842},
			{0.6065306597, 3.4903429575, 0.3678794412, 2.1170000166},
		},
		39.2479537222,
		[4][2]float64{
			{0.5621765009, 0.1824255238}, {0.7772998612, 0.0293122308},
			{0.6791786992, 0.8175744762}, {0.8519528020, 0.3775406688},
		},
		[4][2]float64{
			{0.2689414214, 0.6224593312}, {0.5, 0.7310585786},
			{0.0474258732, 0.9706877692}, {0.1192029220, 0.9820137900},
		},
	},
	{
		rbm.Bernoulli, rbm.Spin,
		[4][4]float64{
			{-1.25, -1.75, 1.75, 1.25},
			{-1.25, -3.75, 5.75, 3.25},
			{1.75, .25, -1.25, -2.75},
			{1.75, -1.75, 2.75, -.75},
		},
		[4][4]float64{
			{3.4903429575, 5.7546026760, 0.1737739435, 0.2865047969},
			{3.4903429575, 42.5210820001, 0.0031827808, 0.0387742078},
			{0.1737739435, 0.7788007831, 3.4903429575, 15.6426318842},
			{0.1737739435, 5.7546026760, 0.0639278612, 2.1170000166},
		},
		83.9534603854,
		[4][2]float64{
			{0.6224593312, 0.0474258732}, {0.9241418200, 0.0009110512},
			{0.8175744762, 0.9525741268}, {0.9706877692, 0.2689414214},
		},
		[4][2]float64{
			{0.5, 0.0474258732}, {0.8807970780, 0.1192029220},
			{0.0179862100, 0.9525741268}, {0.1192029220, 0.9820137900},
		},
	},
	{
		rbm.Spin, rbm.Bernoulli,
		[4][4]float64{{-.5, .75, 2, 3.25}, {1.5, .75, 8, 7.25}, {-1.5, -1.25, -5, -4.75}, {.5, -1.25, 1, -.75}},
		[4][4]float64{
			{1.6487212707, 0.4723665527, 0.1353352832, 0.0387742078},
			{0.2231301601, 0.4723665527, 0.0003354626, 0.0007101744},
			{4.4816890703, 3.4903429575, 148.4131591026, 115.5842845272},
			{0.6065306597, 3.4903429575, 0.3678794412, 2.1170000166},
		},
		281.5429683969,
		[4][2]float64{
			{0.2227001388, 0.0758581800}, {0.6791786992, 0.0015011823},
			{0.4378234991, 0.9706877692}, {0.8519528020, 0.3775406688},
		},
		[4][2]float64{
			{0.1192029220, 0.7310585786}, {0.5, 0.8807970780},
			{0.0024726232, 0.9990889488}, {0.0179862100, 0.9996646499},
		},
	},
	{
		rbm.Spin, rbm.Spin,
		[4][4]float64{
			{-4.25, -1.75, .75, 3.25},
			{-4.25, -5.75, 8.75, 7.25},
			{1.75, 2.25, -5.25, -4.75},
			{1.75, -1.75, 2.75, -.75},
		},
		[4][4]float64{
			{70.1054123467, 5.7546026760, 0.4723665527, 0.0387742078},
			{70.1054123467, 314.1906602857, 0.0001584613, 0.0007101744},
			{0.1737739435, 0.1053992246, 190.5662684586, 115.5842845272},
			{0.1737739435, 5.7546026760, 0.0639278612, 2.1170000166},
		},
		775.2071277025,
		[4][2]float64{
			{0.0758581800, 0.0066928509}, {0.8175744762, 0.0000022603},
			{0.3775406688, 0.9990889488}, {0.9706877692, 0.2689414214},
		},
		[4][2]float64{
			{0.5, 0.0024726232}, {0.9820137900, 0.0179862100},
			{0.0003353501, 0.9975273768}, {0.0179862100, 0.9996646499},
		},
	},
}

func TestByHand(t *testing.T) {
	for _, c := range byHand {
		t.Run(fmt.Sprint(c.visible, "-", c.hidden), func(t *testing.T) {
			model := &rbm.Model{
				Visible: rbm.WithBiases(c.visible, -1, .5), Hidden: rbm.WithBiases(c.hidden, .25, -1.5),
				W: []float32{1, -2, .5, 3},
			}
			states, z := lecturetest.States(2), 0.0
			var overHidden, overVisible [4]float64
			for r := range 4 {
				for k := range 4 {
					e := model.Energy(states.Slice(r, r+1), states.Slice(k, k+1))[0]
					if e != c.energies[r][k] {
						t.Errorf("E of v %d, h %d is %v, want %v", r, k, e, c.energies[r][k])
					}
					if got := math.Exp(-e); !near(got, c.boltzmann[r][k], 1e-10) {
						t.Errorf("e^(−E) of v %d, h %d is %v, want %v", r, k, got, c.boltzmann[r][k])
					}
					z += math.Exp(-e)
					overHidden[r] += c.boltzmann[r][k]
					overVisible[k] += c.boltzmann[r][k]
				}
			}
			if !near(z, c.z, 1e-10) {
				t.Errorf("Z is %v, want %v", z, c.z)
			}
			free, freeHidden := model.FreeEnergy(states), model.FreeEnergyHidden(states)
			for r := range 4 {
				if want := -math.Log(overHidden[r]); !near(free[r], want, 1e-9) {
					t.Errorf("F(v %d) is %v, want %v", r, free[r], want)
				}
				if want := -math.Log(overVisible[r]); !near(freeHidden[r], want, 1e-9) {
					t.Errorf("F(h %d) is %v, want %v", r, freeHidden[r], want)
				}
			}
			conditionals := rbm.NewConditionals(model, compute.New(1))
			hidden, visible := make([]float32, 8), make([]float32, 8)
			conditionals.HiddenProbs(hidden, states)
			conditionals.VisibleProbs(visible, states)
			for k := range 8 {
				if want := c.hiddenProbs[k/2][k%2]; !near(float64(hidden[k]), want, 1e-6) {
					t.Errorf("P(h_%d=1|v %d) is %v, want %v", k%2+1, k/2, hidden[k], want)
				}
				if want := c.visibleProbs[k/2][k%2]; !near(float64(visible[k]), want, 1e-6) {
					t.Errorf("P(v_%d=1|h %d) is %v, want %v", k%2+1, k/2, visible[k], want)
				}
			}
		})
	}
}

// With parameters that are multiples of 1/64 all sums are exact, so the change of coordinates from spins to
// bits must not change a single bit of any energy.
func TestBitParametersAreExact(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		const m, n = 5, 4
		model, _ := wild(m, n, 1, visible, hidden)
		for _, x := range model.Parameters() {
			for k := range x.Values {
				x.Values[k] = float32(math.Round(float64(x.Values[k])*64) / 64)
			}
		}
		p, plain := model.Bits(), lecturetest.Plain(model)
		bits := &lecture.Model{B: p.B, C: p.C}
		for i := range m {
			bits.W = append(bits.W, p.W[i*n:(i+1)*n])
		}
		v, h := lecturetest.States(m), lecturetest.States(n)
		for r := range v.Rows() {
			for k := range h.Rows() {
				want := plain.Energy(lecturetest.Values(visible, v, r), lecturetest.Values(hidden, h, k))
				if got := p.Offset + bits.Energy(lecturetest.Row(v, r), lecturetest.Row(h, k)); got != want {
					t.Fatalf("E(v=%05b, h=%04b) is %v in bits, %v in the units' values", r, k, got, want)
				}
				if got := model.Energy(v.Slice(r, r+1), h.Slice(k, k+1))[0]; got != want {
					t.Fatalf("Energy(v=%05b, h=%04b) is %v, want %v", r, k, got, want)
				}
			}
		}
	})
}

// Rows longer than a word, several rows at once.
func TestEnergyOfWideModels(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, v := wild(130, 65, 3, visible, hidden)
		_, h := wild(65, 1, 3, visible, hidden)
		plain := lecturetest.Plain(model)
		for r, got := range model.Energy(v, h) {
			want := plain.Energy(lecturetest.Values(visible, v, r), lecturetest.Values(hidden, h, r))
			if !near(got, want, 1e-12) {
				t.Errorf("energy of row %d is %v, want %v", r, got, want)
			}
		}
	})
}

func TestFreeEnergiesAreSums(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, _ := wild(6, 5, 1, visible, hidden)
		v, h, plain := lecturetest.States(6), lecturetest.States(5), lecturetest.Plain(model)
		overHidden, overVisible := make([]float64, v.Rows()), make([]float64, h.Rows())
		for r := range v.Rows() {
			for k := range h.Rows() {
				weight := math.Exp(-plain.Energy(lecturetest.Values(visible, v, r), lecturetest.Values(hidden, h, k)))
				overHidden[r] += weight
				overVisible[k] += weight
			}
		}
		for r, got := range model.FreeEnergy(v) {
			if want := -math.Log(overHidden[r]); !near(got, want, 1e-12) {
				t.Errorf("F(v=%06b) is %v, want %v", r, got, want)
			}
		}
		for k, got := range model.FreeEnergyHidden(h) {
			if want := -math.Log(overVisible[k]); !near(got, want, 1e-12) {
				t.Errorf("F(h=%05b) is %v, want %v", k, got, want)
			}
		}
	})
}

func TestEnergyPanics(t *testing.T) {
	model, v := wild(4, 3, 2, rbm.Bernoulli, rbm.Bernoulli)
	h := rbm.NewBatch(2, 3)
	panics(t, "rows", "rbm: Energy of 2 visible and 1 hidden rows", func() { model.Energy(v, h.Slice(0, 1)) })
	panics(t, "hidden units", "rbm: hidden states of 4 units for a model of 3", func() { model.Energy(v, v) })
	panics(t, "visible units of Energy", "rbm: visible states of 3 units for a model of 4", func() { model.Energy(h, h) })
	panics(t, "visible units", "rbm: visible states of 3 units for a model of 4", func() { model.FreeEnergy(h) })
	panics(t, "hidden layer", "rbm: hidden states of 4 units for a model of 3", func() { model.FreeEnergyHidden(v) })
}

// log(1+e^x) and σ(x) where the plain formulas overflow or lose everything.
func TestSoftplusAndSigmoid(t *testing.T) {
	for _, c := range []struct{ x, softplus, sigmoid float64 }{
		{0, math.Ln2, .5},
		{1, 1.3132616875182228, 0.7310585786300049},
		{-1, 0.31326168751822286, 0.2689414213699951},
		{-40, 4.248354255291589e-18, 4.248354255291589e-18},
		{40, 40, 1},
		{1000, 1000, 1},
		{-1000, 0, 0},
		{math.Inf(1), math.Inf(1), 1},
		{math.Inf(-1), 0, 0},
	} {
		if got := rbm.Softplus(c.x); got != c.softplus && !(math.Abs(got/c.softplus-1) < 4e-16) {
			t.Errorf("Softplus(%v) is %v, want %v", c.x, got, c.softplus)
		}
		if got := rbm.Sigmoid(c.x); got != c.sigmoid && !(math.Abs(got/c.sigmoid-1) < 4e-16) {
			t.Errorf("Sigmoid(%v) is %v, want %v", c.x, got, c.sigmoid)
		}
	}
}

func ExampleModel_Energy() {
	model := &rbm.Model{
		Visible: rbm.WithBiases(rbm.Bernoulli, -1, 0.5), Hidden: rbm.WithBiases(rbm.Bernoulli, 0.25, -1.5), W: []float32{1, -2, 0.5, 3},
	}
	v, _ := rbm.FromBytes([][]uint8{{0, 0}, {1, 0}, {1, 1}})
	h, _ := rbm.FromBytes([][]uint8{{0, 0}, {1, 0}, {1, 1}})
	fmt.Println(model.Energy(v, h))
	// Output: [0 -0.25 -0.75]
}

// P(v) = e^(−F(v))/Z, with Z = Σ e^(−F(v)) over all v.
func ExampleModel_FreeEnergy() {
	model := &rbm.Model{
		Visible: rbm.WithBiases(rbm.Bernoulli, -1, 0.5), Hidden: rbm.WithBiases(rbm.Bernoulli, 0.25, -1.5), W: []float32{1, -2, 0.5, 3},
	}
	v, _ := rbm.FromBytes([][]uint8{{0, 0}, {1, 0}, {0, 1}, {1, 1}})
	free, z := model.FreeEnergy(v), 0.0
	for _, f := range free {
		z += math.Exp(-f)
	}
	for r, v := range v.Bytes() {
		fmt.Printf("P(v=%v) = %.4f\n", v, math.Exp(-free[r])/z)
	}
	// Output:
	// P(v=[0 0]) = 0.0712
	// P(v=[1 0]) = 0.0434
	// P(v=[0 1]) = 0.7178
	// P(v=[1 1]) = 0.1677
}

// Of more rows than configurations each has the F that it has alone, to the bit.
func TestFreeEnergyOfManyRows(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		model, v := random(5, 3, kind, kind, 1, 3), randomStates(200, 5, 4)
		free := model.FreeEnergy(v)
		for r := range free {
			if alone := model.FreeEnergy(v.Slice(r, r+1))[0]; free[r] != alone {
				t.Fatalf("%s, row %d: F is %v, and alone %v", kind, r, free[r], alone)
			}
		}
	}
}
