package train

import "testing"

// Each step is a score with its error, and whether the model is then taken for the best.
func TestBestScore(t *testing.T) {
	type step struct {
		score, doubt float64
		best         bool
	}
	for name, steps := range map[string][]step{
		"exact":                       {{-20, 0, true}, {-19, 0, true}, {-19.5, 0, false}, {-19, 0, false}, {-18, 0, true}},
		"high by its error alone":     {{-15, 5, true}, {-18, 0.2, true}, {-18.1, 0.2, true}, {-18.5, 0.2, false}, {-17, 0.2, true}},
		"low, but not known well":     {{-18, 0.2, true}, {-19, 5, false}, {-18.1, 0.3, true}},
		"can't be told apart, latest": {{-18, 0.5, true}, {-18.2, 0.5, true}, {-18.4, 0.5, true}, {-18.6, 0.5, false}},
	} {
		var b bestScore
		since := uint64(0)
		for k, s := range steps {
			since++
			if s.best {
				since = 0
			}
			if got := b.improves(s.score, s.doubt); got != s.best || b.since != since {
				t.Errorf("%s, step %d: %v ± %v is the best: %v, %d since", name, k+1, s.score, s.doubt, got, b.since)
			}
		}
	}
}
