package sites

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Contact is a pair of sites i < k with a score: the stronger their coupling, the likelier they touch in the folded
// protein.
type Contact struct {
	I, K  int     // sites, from 0
	Norm  float64 // of the couplings
	Score float64 // Norm with the average product correction
}

// Contacts lists the pairs of sites with k − i ≥ separation by falling score.
//
// The norm of a pair is
//
//	F_ik = √Σ_ab p_i(a) p_k(b) J_ik(a,b)²,   p_i(a) = ½ + ½ q_i f_i(a),
//
// over the states that are no gaps, in the zero-sum gauge of all states. Without frequencies f_i(a) of a background p is
// 1, and F_ik the Frobenius norm of M. Ekeberg, C. Lövkvist, Y. Lan, M. Weigt, E. Aurell, Physical Review E 87 (2013)
// 012707. With them couplings of states that are hardly ever seen count for less, as data says little about these; ½ is
// the pseudocount that F. Morcos and others, PNAS 108 (2011) E1293, put into frequencies to that end. gaps has the state
// of each site that is its gap, −1 for none; nil stands for none at all.
//
// The score is F_ik − F_i F_k / F with the means F_i over all other sites and F over all pairs: the average product
// correction, which takes away what two sites have by being coupled to everything (S. D. Dunn, L. M. Wahl, G. B. Gloor,
// Bioinformatics 24 (2008) 333).
func (c *Couplings) Contacts(gaps []int, separation int) []Contact {
	L := c.Len()
	norms, means, all := make([]float64, L*L), make([]float64, L), 0.0
	for i := range L {
		for k := i + 1; k < L; k++ {
			f := c.norm(i, k, gaps)
			norms[i*L+k] = f
			means[i] += f / float64(L-1)
			means[k] += f / float64(L-1)
			all += f / (float64(L) * float64(L-1) / 2)
		}
	}
	var contacts []Contact
	for i := range L {
		for k := i + max(1, separation); k < L; k++ {
			f := norms[i*L+k]
			score := f
			if all > 0 {
				score -= means[i] * means[k] / all
			}
			contacts = append(contacts, Contact{i, k, f, score})
		}
	}
	slices.SortStableFunc(contacts, func(a, b Contact) int { return cmp.Compare(b.Score, a.Score) })
	return contacts
}

// norm is the norm of the couplings of two sites without their gaps.
func (c *Couplings) norm(i, k int, gaps []int) float64 {
	sum, across := 0.0, c.States[k]
	for at, x := range c.Pair(i, k) {
		a, b := at/across, at%across
		if gaps != nil && (a == gaps[i] || b == gaps[k]) {
			continue
		}
		sum += c.share(i, a) * c.share(k, b) * x * x
	}
	return math.Sqrt(sum)
}

// share is p_i(a) of [Couplings.Contacts].
func (c *Couplings) share(i, a int) float64 {
	if c.background == nil {
		return 1
	}
	return 0.5 + 0.5*float64(c.States[i])*c.background[i][a]
}

// Precision returns, for each number n of pairs, the part of the first n that are known contacts, at n−1.
func Precision(contacts []Contact, known func(i, k int) bool) []float64 {
	right, parts := 0, make([]float64, len(contacts))
	for n, c := range contacts {
		if known(c.I, c.K) {
			right++
		}
		parts[n] = float64(right) / float64(n+1)
	}
	return parts
}

// Known is a set of pairs of sites, such as those that touch in a structure.
type Known map[[2]int]bool

// Has reports whether a pair is in the set, in whichever order.
func (p Known) Has(i, k int) bool { return p[[2]int{min(i, k), max(i, k)}] }

// ReadKnown reads pairs of sites, which count from 1: a line each, two numbers between spaces, tabs or commas; what
// follows them is not read, nor are empty lines and those that begin with #. The error says which line is no pair of
// two of the sites.
func ReadKnown(r io.Reader, sites int) (Known, error) {
	known, lines := Known{}, bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		words := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' })
		var pair [2]int
		for at := range pair {
			site, err := 0, error(nil)
			if at < len(words) {
				site, err = strconv.Atoi(words[at])
			}
			if err != nil || site < 1 || site > sites {
				return nil, fmt.Errorf("line %d, %q: want two different numbers of sites from 1 to %d", number, text, sites)
			}
			pair[at] = site - 1
		}
		if pair[0] == pair[1] {
			return nil, fmt.Errorf("line %d, %q: want two different numbers of sites from 1 to %d", number, text, sites)
		}
		known[[2]int{min(pair[0], pair[1]), max(pair[0], pair[1])}] = true
	}
	return known, lines.Err()
}
