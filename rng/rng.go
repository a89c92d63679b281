// Package rng makes random numbers that are pure functions of their address.
//
// A number is addressed by a [Key] (which seed, which stream) and a [Counter]
// (which step, which chain, which unit). There is no generator object, no mutable state
// and no order of calls: the uniform that decides unit 17 of chain 3 in step 1000 is the same
// whether it is drawn first or last, by one worker or by eight, before a
// restart or after it.
//
// The function is Philox4x32-10, a counter-based generator that passes BigCrush: J. K. Salmon,
// M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011.
package rng

import "math/bits"

// Key selects one of 2^64 independent functions from counters to random words.
type Key struct{ K0, K1 uint32 }

// Counter is the 128-bit argument of a Key, least significant word first.
//
// The samplers of this module use it as {unit/4, chain, step low, step high}.
type Counter [4]uint32

// Block is the 128 random bits at one Counter.
type Block [4]uint32

// Stream names an independent use of the same seed.
type Stream uint32

// The streams of this module. Their numbers are part of what makes runs repeatable: never reuse or reorder them.
const (
	StreamInit      Stream = iota + 1 // initial weights
	StreamShuffle                     // order of the rows in an epoch
	StreamHidden                      // h ~ P(h|v)
	StreamVisible                     // v ~ P(v|h)
	StreamStart                       // initial states of chains
	StreamBinarize                    // grey values to bits
	StreamSplit                       // splitting a data set
	StreamExact                       // independent samples by enumeration
	StreamWolff                       // Ising clusters
	StreamLattice                     // signs of Ising rows
	StreamGenerate                    // other generators of data
	StreamBootstrap                   // resampling for error bars
	StreamDraw                        // chains that draw from a finished model, apart from those that trained it
	StreamResample                    // chains drawn from chains by weight
	StreamLive                        // log Z while training
	StreamEstimate                    // log Z of a finished model
	StreamExchange                    // of states between temperatures
	StreamRestart                     // random restarts
	StreamJumps                       // of chains and replicas between modes
	StreamImpute                      // missing units of rows
	StreamSearch                      // settings of trials
	StreamPhase                       // initial weights of the phases of quantum states
)

// Seed returns the root key of a seed.
func Seed(seed uint64) Key { return Key{uint32(seed), uint32(seed >> 32)} }

// Stream returns the key of an independent stream: k applied to a counter that no sampler uses.
func (k Key) Stream(s Stream) Key {
	b := k.Block(Counter{uint32(s), 0xffffffff, 0xffffffff, 0xffffffff})
	return Key{b[0], b[1]}
}

// At returns the counter of the block that holds unit, in the given chain and step.
func At(step uint64, chain, unit uint32) Counter {
	return Counter{unit / 4, chain, uint32(step), uint32(step >> 32)}
}

// Multipliers of the round function and Weyl increments of the key schedule: Salmon et al. 2011, section 3.
const (
	mul0  = 0xD2511F53
	mul1  = 0xCD9E8D57
	weyl0 = 0x9E3779B9 // golden ratio
	weyl1 = 0xBB67AE85 // sqrt(3) - 1
)

// Block returns Philox4x32-10 of the counter.
func (k Key) Block(c Counter) Block {
	k0, k1 := k.K0, k.K1
	c0, c1, c2, c3 := c[0], c[1], c[2], c[3]
	for range 10 {
		hi0, lo0 := bits.Mul32(mul0, c0)
		hi1, lo1 := bits.Mul32(mul1, c2)
		c0, c1, c2, c3 = hi1^c1^k0, lo1, hi0^c3^k1, lo0
		k0 += weyl0
		k1 += weyl1
	}
	return Block{c0, c1, c2, c3}
}

// Rounds returns the keys of the ten rounds of [Key.Block], for code that computes many blocks at once.
func (k Key) Rounds() (keys [10]Key) {
	for round := range uint32(len(keys)) {
		keys[round] = Key{k.K0 + round*weyl0, k.K1 + round*weyl1}
	}
	return keys
}

// Uniform maps a random word to the open interval (0,1): (⌊x/2^9⌋ + ½)·2^−23.
//
// The 2^23 values are symmetric about ½ and exact in float32, so that u < p happens with probability p
// to within 2^−24, never for p = 0 and always for p = 1.
func Uniform(x uint32) float32 { return (float32(x>>9) + 0.5) * 0x1p-23 }

// Uniform64 maps two random words to the open interval (0,1) with a resolution of 2^−52.
func Uniform64(hi, lo uint32) float64 {
	return (float64((uint64(hi)<<32|uint64(lo))>>12) + 0.5) * 0x1p-52
}

// Source walks along the blocks of a key. It is a cursor for code that consumes a varying number of words
// in one thread (cluster algorithms, shuffles); the address of a word is the number of words before it.
type Source struct {
	key  Key
	at   Counter
	buf  Block
	used int
}

// NewSource returns a cursor at the first word of sequence id of the key.
func NewSource(k Key, id uint64) *Source {
	return &Source{key: k, at: Counter{0, 0, uint32(id), uint32(id >> 32)}, used: 4}
}

// Uint32 returns the next word.
func (s *Source) Uint32() uint32 {
	if s.used == 4 {
		s.buf, s.used = s.key.Block(s.at), 0
		s.at[0]++
		if s.at[0] == 0 {
			s.at[1]++
		}
	}
	x := s.buf[s.used]
	s.used++
	return x
}

// Uint64 returns the next two words, so that a Source is a math/rand/v2 source.
func (s *Source) Uint64() uint64 { return uint64(s.Uint32())<<32 | uint64(s.Uint32()) }

// Float64 returns a uniform number of (0,1).
func (s *Source) Float64() float64 { return Uniform64(s.Uint32(), s.Uint32()) }

// IntN returns a uniform integer of [0, n) without bias (Lemire, ACM Trans. Model. Comput. Simul. 29 (2019)).
// It panics if n is not in 1…2^32−1.
func (s *Source) IntN(n int) int {
	if n <= 0 || uint64(n) > 1<<32-1 {
		panic("rng: IntN needs 0 < n < 2^32")
	}
	m := uint32(n)
	hi, lo := bits.Mul32(s.Uint32(), m)
	if lo < m {
		for reject := -m % m; lo < reject; {
			hi, lo = bits.Mul32(s.Uint32(), m)
		}
	}
	return int(hi)
}

// Perm fills p with a uniform random permutation of 0…len(p)−1 (Fisher and Yates).
func (s *Source) Perm(p []int) {
	for i := range p {
		j := s.IntN(i + 1)
		p[i] = p[j]
		p[j] = i
	}
}
