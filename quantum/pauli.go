package quantum

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Factor is a Pauli matrix at a site.
type Factor struct {
	Letter byte // X, Y or Z
	Site   int
}

// Term is a coefficient times a product of Pauli matrices at different sites; without factors it is a constant.
type Term struct {
	Coefficient float64
	Factors     []Factor
}

// PauliSum is a sum of terms: a Hamiltonian, or another observable.
type PauliSum []Term

// Local is the sum as an observable. It panics where [PauliSum.Check] of the state's sites has an error.
func (sum PauliSum) Local() Local {
	groups := sum.byFlips()
	return func(z []int8, add func(value complex128, flipped ...int)) {
		for _, g := range groups {
			value := complex128(0)
			for _, t := range g.terms {
				value += t.element(z)
			}
			add(value, g.flips...)
		}
	}
}

// flipGroup is the terms of a sum that flip the same sites: those with X and Y.
type flipGroup struct {
	flips []int
	terms []Term
}

func (sum PauliSum) byFlips() (groups []flipGroup) {
	for _, t := range sum {
		var flips []int
		for _, f := range t.Factors {
			if f.Letter != 'Z' {
				flips = append(flips, f.Site)
			}
		}
		slices.Sort(flips)
		k := slices.IndexFunc(groups, func(g flipGroup) bool { return slices.Equal(g.flips, flips) })
		if k < 0 {
			k, groups = len(groups), append(groups, flipGroup{flips: flips})
		}
		groups[k].terms = append(groups[k].terms, t)
	}
	return groups
}

// element is ⟨σ|T|σ'⟩, where σ has the eigenvalues z of σ^z and σ' is the one configuration for which it is not 0:
// ⟨0|σ^y|1⟩ = −i and ⟨1|σ^y|0⟩ = i.
func (t Term) element(z []int8) complex128 {
	value := complex(t.Coefficient, 0)
	for _, f := range t.Factors {
		switch f.Letter {
		case 'Y':
			value *= complex(0, -float64(z[f.Site]))
		case 'Z':
			value *= complex(float64(z[f.Site]), 0)
		}
	}
	return value
}

// Check returns nil if all factors have sites below sites, or else names the first one that has not.
func (sum PauliSum) Check(sites int) error {
	for _, t := range sum {
		for _, f := range t.Factors {
			if f.Site >= sites {
				return fmt.Errorf("%c%d: site %d of a state of %d sites, 0 to %d", f.Letter, f.Site, f.Site, sites, sites-1)
			}
		}
	}
	return nil
}

// Sites is the number of sites that the sum needs: the largest one in it and 1.
func (sum PauliSum) Sites() (sites int) {
	for _, t := range sum {
		for _, f := range t.Factors {
			sites = max(sites, f.Site+1)
		}
	}
	return sites
}

// ReadPauliSum reads a sum of Pauli strings, a term a line: a coefficient, which may be left out for 1, and factors
// such as X3, sites from 0. What comes after # is a comment.
//
//	# transverse-field Ising chain of 2 sites
//	-1.0 Z0 Z1
//	-0.5 X0
//	-0.5 X1
func ReadPauliSum(r io.Reader) (PauliSum, error) {
	var sum PauliSum
	err := lines(r, func(_ int, fields [][]byte) error {
		if k := slices.IndexFunc(fields, func(f []byte) bool { return f[0] == '#' }); k >= 0 {
			fields = fields[:k]
		}
		if len(fields) == 0 {
			return nil
		}
		term, err := parseTerm(fields)
		sum = append(sum, term)
		return err
	})
	if err == nil && len(sum) == 0 {
		err = errors.New("no terms")
	}
	return sum, err
}

// ParsePauliString parses one term as [ReadPauliSum] has it in a line, such as Z0 Z3.
func ParsePauliString(text string) (PauliSum, error) {
	fields := bytes.Fields([]byte(text))
	if len(fields) == 0 {
		return nil, errors.New("an empty Pauli string")
	}
	term, err := parseTerm(fields)
	return PauliSum{term}, err
}

// maxSite bounds sites in files.
const maxSite = 1 << 20

func parseTerm(fields [][]byte) (Term, error) {
	t := Term{Coefficient: 1}
	if c := fields[0][0]; c != 'X' && c != 'Y' && c != 'Z' {
		x, err := numbers(fields[:1], 1)
		if err != nil {
			return t, fmt.Errorf("%w, nor a factor such as X3", err)
		}
		t.Coefficient, fields = x[0], fields[1:]
	}
	for _, field := range fields {
		site, err := strconv.ParseUint(string(field[1:]), 10, 32)
		if c := field[0]; err != nil || site >= maxSite || c != 'X' && c != 'Y' && c != 'Z' || len(field) > 2 && field[1] == '0' {
			return t, fmt.Errorf("%.20q is no factor, want X, Y or Z and a site, such as X3", field)
		}
		if slices.ContainsFunc(t.Factors, func(f Factor) bool { return f.Site == int(site) }) {
			return t, fmt.Errorf("site %d comes twice in a term: multiply the matrices", site)
		}
		t.Factors = append(t.Factors, Factor{field[0], int(site)})
	}
	return t, nil
}

// String is the sum in the form of [ReadPauliSum].
func (sum PauliSum) String() string {
	var text strings.Builder
	for _, t := range sum {
		text.WriteString(strconv.FormatFloat(t.Coefficient, 'g', -1, 64))
		for _, f := range t.Factors {
			fmt.Fprintf(&text, " %c%d", f.Letter, f.Site)
		}
		text.WriteByte('\n')
	}
	return text.String()
}
