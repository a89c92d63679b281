package data

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// maxBars bounds k and l: a side of 20 lines has 2^20 patterns.
const maxBars = 20

// Bars returns bars and stripes on a grid of k rows and l columns: the distribution that first chooses horizontal or
// vertical lines with probability ½ each, and then every line of that direction on or off, with probability ½ each
// (D. J. C. MacKay, Information Theory, Inference, and Learning Algorithms, 2003, chapter 43). The rows of the set are
// its 2^k + 2^l − 2 configurations, the weights their exact probabilities,
//
//	½·2^−k for horizontal lines, ½·2^−l for vertical ones, ½·(2^−k + 2^−l) for all off and for all on,
//
// as these two are both. k and l must be in 1…20.
func Bars(k, l int) (*Set, error) {
	if err := checkBars(k, l); err != nil {
		return nil, err
	}
	rows := 1<<k + 1<<l - 2
	s := &Set{States: rbm.NewBatch(rows, k*l), Values: rbm.Bernoulli, Weights: make([]float64, rows),
		Shape: []int{k, l}}
	s.Path, s.Format = fmt.Sprintf("bars %d×%d", k, l), "bars and stripes"
	for on := range 1 << k {
		drawBars(s.States, on, k, l, true, uint64(on))
		s.Weights[on] = math.Ldexp(1, -k-1)
	}
	for on := 1; on < 1<<l-1; on++ {
		r := 1<<k + on - 1
		drawBars(s.States, r, k, l, false, uint64(on))
		s.Weights[r] = math.Ldexp(1, -l-1)
	}
	s.Weights[0] += math.Ldexp(1, -l-1)
	s.Weights[1<<k-1] += math.Ldexp(1, -l-1)
	return s, nil
}

// BarsEntropy returns the entropy of [Bars] in nats,
//
//	(2^k−2)·2^−(k+1)·(k+1)·log 2 + (2^l−2)·2^−(l+1)·(l+1)·log 2 − 2·q·log q,   q = ½·(2^−k + 2^−l).
func BarsEntropy(k, l int) (float64, error) {
	if err := checkBars(k, l); err != nil {
		return 0, err
	}
	lines := func(n int) float64 {
		return float64(int(1)<<n-2) * math.Ldexp(1, -n-1) * float64(n+1) * math.Ln2
	}
	q := math.Ldexp(1, -k-1) + math.Ldexp(1, -l-1)
	return lines(k) + lines(l) - 2*plogp(q), nil
}

// BarsSample returns n independent configurations of [Bars]. Row r depends on the key and r alone.
func BarsSample(k, l, n int, key rng.Key) (*Set, error) {
	if err := checkBars(k, l); err != nil {
		return nil, err
	}
	if n <= 0 {
		return nil, fmt.Errorf("%d rows asked for, want at least one", n)
	}
	s := &Set{States: rbm.NewBatch(n, k*l), Values: rbm.Bernoulli, Shape: []int{k, l}}
	s.Path, s.Format = fmt.Sprintf("bars %d×%d", k, l), "bars and stripes"
	for r := range n {
		source := rng.NewSource(key.Stream(rng.StreamGenerate), uint64(r))
		horizontal := source.Uint32()>>31 == 1
		drawBars(s.States, r, k, l, horizontal, uint64(source.Uint32()))
	}
	return s, nil
}

func checkBars(k, l int) error {
	if min(k, l) < 1 || max(k, l) > maxBars {
		return fmt.Errorf("bars of %d×%d, want sides of 1 to %d", k, l, maxBars)
	}
	return nil
}

// drawBars draws the lines of one direction; bit i of lines says whether line i is on.
func drawBars(s rbm.Batch, r, k, l int, horizontal bool, lines uint64) {
	for y := range k {
		for x := range l {
			line := x
			if horizontal {
				line = y
			}
			s.SetBit(r, y*l+x, lines>>line&1 == 1)
		}
	}
}
