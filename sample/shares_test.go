package sample

import (
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The shares of 16 equal modes scatter from draw to draw as their errors say: (share − 1/16)²/error² has a mean of 1. So
// it is by both methods for samples that lie close together, for automatic ones, for samples so far apart that they are
// independent, and where a sample is as many sweeps from the next as an independent one takes by the sum of its
// autocorrelations: these are not worth their number.
func TestSharesScatterAsTheirErrorsSay(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const count, draws, modes = 400, 4, 16
	for _, c := range []struct {
		name        string
		w           float32
		o           Options
		least, most float64 // what the samples may be worth
	}{
		{"close", 0.5, Options{Method: Gibbs, BurnIn: LeastBurnIn, Thin: 3}, 0.25 * count, 0.6 * count},
		{"automatic", 0.5, Options{Method: Gibbs, BurnIn: LeastBurnIn}, 0.8 * count, count},
		{"independent", 0.5, Options{Method: Gibbs, BurnIn: LeastBurnIn, Thin: 200}, 0.99 * count, count},
		{"tempered", 1.5, Options{Method: Tempered, BurnIn: LeastBurnIn, Thin: 8}, 0.4 * count, 0.85 * count},
	} {
		model, on := blocks(4, 9, c.w, 0), compute.New(1)
		survey, err := NewSurvey(t.Context(), model, SurveyOptions{Seed: 1, Compute: on})
		if err != nil || survey.count() != modes {
			t.Fatalf("%s: %d modes, error %v", c.name, survey.count(), err)
		}
		square, inside := 0.0, 0
		for seed := range uint64(draws) {
			c.o.Seed, c.o.Count, c.o.Chains, c.o.Compute = seed, count, DefaultChains, on
			d := &drawing{Options: c.o, model: model, key: rng.Seed(seed).Stream(rng.StreamDraw), watch: newWatch(model, survey, on)}
			d.start = d.startsIn(watchedShare)
			draw := d.gibbs
			if c.o.Method == Tempered {
				draw = d.tempered
			}
			r, err := draw(t.Context())
			if err != nil || !(r.ESS >= c.least && r.ESS <= c.most) {
				t.Fatalf("%s, seed %d: worth %.0f, error %v", c.name, seed, r.ESS, err)
			}
			for _, mode := range r.Modes {
				off := (mode.Share - 1./modes) / mode.Stderr
				square += off * off / (draws * (modes - 1)) // the shares add up to 1
				if math.Abs(off) <= 1.96 {
					inside++
				}
			}
		}
		if stderr := math.Sqrt(2. / (draws * (modes - 1))); math.Abs(square-1) > 4*stderr || 10*inside < 9*draws*modes {
			t.Errorf("%s: the mean of the squares is %.2f ± %.2f, and %d of %d shares are within 1.96 errors",
				c.name, square, stderr, inside, draws*modes)
		}
	}
}

// A trace that goes on with every second observation has them at equal distances.
func TestHalveTrace(t *testing.T) {
	model := blocks(1, 9, 0.5, 0)
	survey, err := NewSurvey(t.Context(), model, SurveyOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{10, 11} {
		tr := newWatch(model, survey, nil).newTrace(2, length, length)
		for range length {
			tr.add(RandomStarts(model, 2, rng.Seed(uint64(len(tr.labels[0])))))
		}
		free, labels := slices.Clone(tr.quantities[0].chains[1]), slices.Clone(tr.labels[1])
		tr.halve()
		if got := tr.quantities[0].chains[1]; tr.stride != 2 || len(got) != (length+1)/2 || tr.length() < length {
			t.Fatalf("%d of %d observations, once every %d sweeps", len(got), length, tr.stride)
		}
		for k, x := range tr.quantities[0].chains[1] {
			if x != free[2*k] || tr.labels[1][k] != labels[2*k] {
				t.Errorf("observation %d of %d is not number %d", k, length, 2*k)
			}
		}
	}
}

// Halves of chains of an odd length lack the middle observation: where it is the only one in another mode, the modes say as
// little as where all are in one.
func TestOnlyTheMiddleIsElsewhere(t *testing.T) {
	survey := &Survey{Modes: &Modes{List: make([]Mode, 2)}}
	tr := &trace{watch: &watch{modes: survey}, stride: 1, labels: [][]uint8{make([]uint8, 11), make([]uint8, 11)}}
	tr.labels[0][5] = 1
	all, modes := tr.correlateModes()
	for _, c := range append(modes, all) {
		if time := c.time(1, 100); time != 1 {
			t.Errorf("%s: τ = %v, want 1", c.name, time)
		}
	}
}
