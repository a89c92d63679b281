package lecturetest_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The model of bits has the energy of the model in its units' own values, at every state, and so
// the same averages.
func TestBitsHaveTheEnergyOfValues(t *testing.T) {
	kinds := []rbm.Kind{rbm.Bernoulli, rbm.Spin, lecturetest.Foreign}
	for _, visible := range kinds {
		for _, hidden := range kinds {
			t.Run(fmt.Sprint(visible, "-", hidden), func(t *testing.T) {
				const m, n = 4, 3
				model := rbm.NewModel(lecturetest.NewLayer(visible, m), lecturetest.NewLayer(hidden, n), rng.Seed(1))
				source := rng.NewSource(rng.Seed(1), 1)
				for _, p := range model.Parameters() {
					for k := range p.Values {
						p.Values[k] = float32(2*source.Float64() - 1)
					}
				}
				plain := lecturetest.Plain(model)
				bits, offset := lecturetest.Bits(model)
				v, h, p := lecturetest.States(m), lecturetest.States(n), bits.Joint()
				want := 0.0 // ⟨v_2 h_1⟩
				for a := range v.Rows() {
					for b := range h.Rows() {
						x, y := lecturetest.Values(visible, v, a), lecturetest.Values(hidden, h, b)
						got := offset + bits.Energy(lecturetest.Row(v, a), lecturetest.Row(h, b))
						if want := plain.Energy(x, y) + curved(model.Visible, x) + curved(model.Hidden, y); math.Abs(got-want) > 1e-13 {
							t.Errorf("E(v=%v, h=%v) is %v in bits, %v in values", x, y, got, want)
						}
						want += p[a][b] * x[1] * y[0]
					}
				}
				if got := lecturetest.OfUnits(model, bits.Average(bits.Distribution())).W[1][0]; math.Abs(got-want) > 1e-14 {
					t.Errorf("⟨v_2 h_1⟩ is %v, want %v", got, want)
				}
			})
		}
	}
}

// curved is ½ Σ_i a_i s_i², which the lecture's energy lacks.
func curved(l rbm.Layer, values []float64) (energy float64) {
	if l.Kind() == lecturetest.Foreign {
		for i, a := range l.Parameters()[1].Values {
			energy += float64(a) * values[i] * values[i] / 2
		}
	}
	return energy
}

func TestStatesAreInTheLecturesOrder(t *testing.T) {
	rows := lecturetest.Rows(lecturetest.States(5))
	for a, want := range lecture.States(5) {
		if fmt.Sprint(rows[a]) != fmt.Sprint(want) {
			t.Errorf("row %d is %v, want %v", a, rows[a], want)
		}
	}
}
