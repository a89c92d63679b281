package estimate_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// log Z is within its error for some pairs of kinds, and bounds are below it. TestLogZOfAllKinds takes all pairs.
func TestLogZOfKinds(t *testing.T) {
	few := []string{"mixed-categorical", "gaussian-relu"}
	if testing.Short() {
		few = few[:1]
	}
	checkLogZ(t, func(name string) bool { return slices.Contains(few, name) }, 1)
}

// checkLogZ estimates log Z with a number of seeds.
func checkLogZ(t *testing.T, take func(name string) bool, seeds int) {
	t.Helper()
	squares, runs := 0.0, 0.0
	for k, pair := range kindtest.Pairs(0.7) {
		if !take(pair.Name) {
			continue
		}
		truth := kindtest.Of(pair.Model)
		data := truth.Sample(200, rng.Seed(1))
		means, variances := kindtest.Moments(data)
		for seed := range seeds {
			o := estimate.Options{Budget: estimate.LeastBudget, Seed: uint64(seed), Compute: compute.New(1 + k%2)}
			b, err := estimate.LogZ(t.Context(), pair.Model, data, means, variances, o)
			if err != nil {
				t.Fatal(err)
			}
			z := (b.Value - truth.LogZ) / b.Stderr
			squares += z * z
			runs++
			if !(math.Abs(z) < 3.5) || b.Stderr > 0.1 || b.Least.Value() > truth.LogZ+1e-4 || len(b.Findings) > 1 { // one-run
				t.Errorf("%s: log Z is %v ± %v, should be %v; bounds %+v; %v",
					pair.Name, b.Value, b.Stderr, truth.LogZ, b.Least, b.Findings)
			}
		}
	}
	rms := math.Sqrt(squares / runs)
	t.Logf("log Z is off by %.2f standard errors, rms, in %.0f runs", rms, runs)
	const enough = 20 // runs for a root mean square that says something
	if runs >= enough && (rms < 0.1 || rms > 1.3) {
		t.Errorf("log Z is off by %.2f standard errors, rms", rms)
	}
}

// Models whose Z may be infinite are refused, and means and variances of other units.
func TestLogZOfKindsRefuses(t *testing.T) {
	model := rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 2), rbm.NewLayer(rbm.Gaussian, 2), rng.Seed(1))
	data := model.Visible.NewBatch(10)
	for want, weight := range map[string]float32{"coupled by 4": 1, "no error": 0.4} {
		for k := range model.W {
			model.W[k] = weight
		}
		_, err := estimate.LogZ(t.Context(), model, data, make([]float64, 2), []float64{1, 1}, estimate.Options{Budget: 1})
		if weight == 1 && (err == nil || !strings.Contains(err.Error(), want)) || weight != 1 && !strings.Contains(err.Error(), "a budget of 1") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	_, err := estimate.LogZ(t.Context(), model, data, make([]float64, 2), []float64{1}, estimate.Options{})
	if err == nil || !strings.Contains(err.Error(), "1 variances") {
		t.Errorf("error %v", err)
	}
}

// bump is a model with real visible units or categorical ones, and a single hidden unit that is on in a mode far from
// independent units and from the data, with log Z of about 40 more than the rest.
func bump(visible rbm.Layer, weight float32) (model *rbm.Model, logZ float64) {
	model = rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 1), rng.Seed(1))
	for i := range model.W {
		model.W[i] = 0
		if visible.Kind() == rbm.Gaussian || i%4 == 1 {
			model.W[i] = weight
		}
	}
	gamma := func(x []float32) float64 {
		var dst [1]float64
		visible.CGF(dst[:], x)
		return dst[0]
	}
	rest := gamma(make([]float32, model.M()))
	c := 40 + rest - gamma(model.W)
	model.C()[0] = float32(c)
	return model, rest + 40
}

// A mode that AIS does not come to from the base or the data: of sites the search for modes finds it, and AIS from
// there adds what is missing; of real numbers it is found from random restarts, and proves the estimates wrong by its
// variational bound.
func TestHiddenModeOfKinds(t *testing.T) {
	for name, visible := range map[string]rbm.Layer{
		"gaussian": rbm.NewLayer(rbm.Gaussian, 8), "categorical": rbm.NewCategorical(slices.Repeat([]int{4}, 20)...),
	} {
		model, logZ := bump(visible, 12)
		data := sample.FromBiases(model, 100, rng.Seed(1))
		means, variances := kindtest.Moments(data)
		b, err := estimate.LogZ(t.Context(), model, data, means, variances, estimate.Options{Budget: estimate.LeastBudget})
		if err != nil {
			t.Fatal(err)
		}
		missed := b.AIS.Value < logZ-20 // the base of sites is broadened by the modes that were found
		if math.Abs(b.Value-logZ) > max(0.01, 3*b.Stderr) || missed != (name == "gaussian") {
			t.Errorf("%s: log Z is %v ± %v, should be %v; AIS %v; %v", name, b.Value, b.Stderr, logZ, b.AIS, b.Findings)
		}
		if hidden := len(b.Findings) == 1 && b.Findings[0].Code == sample.CodeHiddenMode; hidden != (name == "gaussian") {
			t.Errorf("%s: findings %v", name, b.Findings)
		}
	}
}
