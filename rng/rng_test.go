package rng_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

// The known-answer vectors of the Random123 distribution (Salmon et al. 2011), philox4x32 with 10 rounds.
func TestBlockAgainstPublishedVectors(t *testing.T) {
	for _, c := range []struct {
		counter rng.Counter
		key     rng.Key
		want    rng.Block
	}{
		{rng.Counter{}, rng.Key{}, rng.Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{
			rng.Counter{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, rng.Key{K0: 0xffffffff, K1: 0xffffffff},
			rng.Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		},
		{
			rng.Counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, rng.Key{K0: 0xa4093822, K1: 0x299f31d0},
			rng.Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		if got := c.key.Block(c.counter); got != c.want {
			t.Errorf("Block(%x) = %x, want %x", c.counter, got, c.want)
		}
	}
}

// Block with the keys of Rounds, written out.
func TestRounds(t *testing.T) {
	key, c := rng.Key{K0: 0xa4093822, K1: 0xfffffff0}, rng.Counter{1, 2, 3, 4}
	b := c
	for _, k := range key.Rounds() {
		hi0, lo0 := bits.Mul32(0xD2511F53, b[0])
		hi1, lo1 := bits.Mul32(0xCD9E8D57, b[2])
		b = rng.Counter{hi1 ^ b[1] ^ k.K0, lo1, hi0 ^ b[3] ^ k.K1, lo0}
	}
	if want := key.Block(c); rng.Block(b) != want {
		t.Errorf("rounds lead to %x, Block to %x", b, want)
	}
}

func TestUniformIsOpenAndSymmetric(t *testing.T) {
	lo, hi := rng.Uniform(0), rng.Uniform(math.MaxUint32)
	if lo != 0x1p-24 || hi != 1-0x1p-24 {
		t.Errorf("range [%g, %g], want [2^-24, 1-2^-24]", lo, hi)
	}
	lo64, hi64 := rng.Uniform64(0, 0), rng.Uniform64(math.MaxUint32, math.MaxUint32)
	if lo64 != 0x1p-53 || hi64 != 1-0x1p-53 {
		t.Errorf("range [%g, %g], want [2^-53, 1-2^-53]", lo64, hi64)
	}
}

// Means, variances and neighbouring correlations within five of their standard errors.
func TestUniformMoments(t *testing.T) {
	const n = 1 << 20
	for _, stream := range []rng.Stream{rng.StreamHidden, rng.StreamVisible} {
		k := rng.Seed(1).Stream(stream)
		var sum, sq, cross, last float64
		for i := range uint32(n / 4) {
			for _, x := range k.Block(rng.At(7, i, 0)) {
				u := float64(rng.Uniform(x)) - 0.5
				sum += u
				sq += u * u
				cross += u * last
				last = u
			}
		}
		// Var u = 1/12; Var u² = 1/180; Var(u·u′) = 1/144.
		for _, m := range []struct {
			name      string
			got, want float64
			variance  float64
		}{
			{"mean", sum / n, 0, 1. / 12},
			{"variance", sq / n, 1. / 12, 1. / 180},
			{"lag-1 covariance", cross / n, 0, 1. / 144},
		} {
			if tol := 5 * math.Sqrt(m.variance/n); math.Abs(m.got-m.want) > tol {
				t.Errorf("stream %d: %s %g, want %g ± %g", stream, m.name, m.got, m.want, tol)
			}
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[rng.Key]bool{}
	for seed := range uint64(100) {
		for s := rng.StreamInit; s <= rng.StreamImpute; s++ {
			k := rng.Seed(seed).Stream(s)
			if seen[k] {
				t.Fatalf("seed %d stream %d repeats a key", seed, s)
			}
			seen[k] = true
		}
	}
}

func TestPermIsUniform(t *testing.T) {
	const draws = 60000
	counts := map[string]int{}
	p := make([]int, 3)
	for i := range uint64(draws) {
		rng.NewSource(rng.Seed(3), i).Perm(p)
		counts[fmt.Sprint(p)]++
	}
	if len(counts) != 6 {
		t.Fatalf("%d permutations of 3, want 6", len(counts))
	}
	want := draws / 6.0
	for p, n := range counts {
		if math.Abs(float64(n)-want) > 5*math.Sqrt(want) {
			t.Errorf("permutation %s drawn %d times, want %.0f ± %.0f", p, n, want, 5*math.Sqrt(want))
		}
	}
}

func TestIntNCoversItsRange(t *testing.T) {
	s := rng.NewSource(rng.Seed(9), 0)
	var got []int
	for range 1000 {
		if x := s.IntN(7); !slices.Contains(got, x) {
			got = append(got, x)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("IntN(7) gave %v", got)
	}
}

func ExampleKey_Block() {
	hidden := rng.Seed(1).Stream(rng.StreamHidden)
	step, chain, unit := uint64(1000), uint32(3), uint32(17)
	block := hidden.Block(rng.At(step, chain, unit))
	u := rng.Uniform(block[unit%4]) // always the same number, whoever asks and when
	fmt.Println(0 < u && u < 1)
	// Output: true
}
