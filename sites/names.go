package sites

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Names are what sites and their states are called.
type Names struct {
	Site  []string
	State [][]string // of each site
}

// Names returns the names that columns give to sites and their states. Sites without one count from 1, states from 0.
func (s Sites) Names(columns []rbm.Column) Names {
	n := Names{make([]string, s.Len()), make([][]string, s.Len())}
	for site, states := range s.States {
		n.Site[site] = strconv.Itoa(site + 1)
		if site < len(columns) && columns[site].Name != "" {
			n.Site[site] = columns[site].Name
		}
		if site < len(columns) && len(columns[site].Categories) == states {
			n.State[site] = columns[site].Categories
			continue
		}
		for a := range states {
			n.State[site] = append(n.State[site], strconv.Itoa(a))
		}
	}
	return n
}

// Gaps returns the state of each site that is called "-", −1 for none: the gap of an alignment.
func (n Names) Gaps() []int {
	gaps := make([]int, len(n.State))
	for site, states := range n.State {
		gaps[site] = slices.Index(states, "-")
	}
	return gaps
}

// Letters reports whether all states have names of one letter, as those of an alignment.
func (n Names) Letters() bool {
	return !slices.ContainsFunc(n.State, func(states []string) bool {
		return slices.ContainsFunc(states, func(s string) bool { return utf8.RuneCountInString(s) != 1 })
	})
}

// Separation is the least distance of two sites whose coupling says something: 4 along a sequence of letters, where
// nearer ones touch whatever they are, and 1 of other sites, whose order means nothing.
func (n Names) Separation() int {
	if n.Letters() {
		return 4
	}
	return 1
}

// Join writes a configuration: letters as a word, other states with commas between them.
func (n Names) Join(states []int) string {
	words, between := make([]string, len(states)), ""
	for site, a := range states {
		words[site] = n.State[site][a]
	}
	if !n.Letters() {
		between = ","
	}
	return strings.Join(words, between)
}

// Split divides one number a unit, such as means, into those of the states of each site.
func (s Sites) Split(units []float32) [][]float64 {
	split := make([][]float64, s.Len())
	for site, first := range s.First {
		split[site] = make([]float64, s.States[site])
		for a := range split[site] {
			split[site][a] = float64(units[first+a])
		}
	}
	return split
}

// Consensus returns the state with the largest number at each site, the first of equal ones: of frequencies the most
// frequent state.
func Consensus(f [][]float64) []int {
	states := make([]int, len(f))
	for site, f := range f {
		states[site] = slices.Index(f, slices.Max(f))
	}
	return states
}

// Stacks returns the heights of the letters of a sequence logo, f(a) times [Information] at each site.
func Stacks(f [][]float64) [][]float64 {
	heights := make([][]float64, len(f))
	for site, f := range f {
		bits := Information(f)
		for _, p := range f {
			heights[site] = append(heights[site], p*bits)
		}
	}
	return heights
}
