package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/quantum"
)

// operator is an observable by the name that --op gives it.
type operator struct {
	name string
	quantum.Observable
}

// parseOperators returns the observables of all texts, each name once: corr has zz at all distances.
func parseOperators(texts []string, sites int) (list []operator, err error) {
	for _, text := range texts {
		some, err := parseOperator(text, sites)
		if err != nil {
			return nil, fmt.Errorf("--op %s: %w", text, err)
		}
		for _, o := range some {
			if !slices.ContainsFunc(list, func(p operator) bool { return p.name == o.name }) {
				list = append(list, o)
			}
		}
	}
	return list, nil
}

// parseOperator returns the observables that a text names, which are several for corr alone.
func parseOperator(text string, sites int) ([]operator, error) {
	one := func(o quantum.Local, err error) ([]operator, error) {
		return []operator{{text, quantum.Expectation(o)}}, err
	}
	name, rest, _ := strings.Cut(text, ":")
	switch {
	case text == "sx" || text == "sy" || text == "sz":
		return one(quantum.Magnetisation(text[1]-'a'+'A', sites), nil)
	case text == "sz:abs":
		return one(quantum.AbsoluteMagnetisation(sites), nil)
	case text == "sx:abs" || text == "sy:abs":
		return []operator{{text, quantum.Absolute{Letter: text[1] - 'a' + 'A', Sites: sites}}}, nil
	case text == "corr":
		var list []operator
		for d := 1; d < sites; d++ {
			list = append(list, operator{fmt.Sprintf("zz:%d", d), quantum.Expectation(quantum.Correlation('Z', sites, d, false))})
		}
		if list == nil {
			return nil, errors.New("a state of one site has no correlations")
		}
		return list, nil
	case name == "xx" || name == "yy" || name == "zz":
		return one(parseCorrelation(name[0]-'a'+'A', rest, sites))
	case name == "energy":
		return one(parseEnergy(rest, sites))
	case name == "renyi2":
		part, err := parseSites(rest)
		if err == nil {
			err = quantum.CheckSites(part, sites)
		}
		return []operator{{text, quantum.Renyi2{Sites: part}}}, err
	case strings.ContainsAny(text, "XYZ"): // after a factor, if any
		sum, err := quantum.ParsePauliString(text)
		if err == nil {
			err = sum.Check(sites)
		}
		return one(sum.Local(), err)
	}
	return nil, errors.New("want sx, sy, sz, sx:abs, sy:abs, sz:abs, xx:D, yy:D, zz:D, corr, energy:…, renyi2:SITES or a Pauli string " +
		"such as X0 Z3 or -0.5 X0 (see --help)")
}

// parseCorrelation reads D or D,periodic.
func parseCorrelation(letter byte, text string, sites int) (quantum.Local, error) {
	text, periodic := strings.CutSuffix(text, ",periodic")
	d, err := strconv.Atoi(text)
	if err != nil || d < 1 || d >= sites {
		return nil, fmt.Errorf("distance %q, want 1 to %d", text, sites-1)
	}
	return quantum.Correlation(letter, sites, d, periodic), nil
}

// parseEnergy reads tfim:…, xxz:… or the name of a file.
func parseEnergy(text string, sites int) (quantum.Local, error) {
	name, rest, _ := strings.Cut(text, ":")
	chain, known := map[string]struct {
		second string // beside J
		sum    func(sites int, J, second float64, periodic bool) quantum.PauliSum
	}{"tfim": {"h", quantum.TFIM}, "xxz": {"delta", quantum.XXZ}}[name]
	if !known {
		sum, err := readFile(text, quantum.ReadPauliSum)
		if err == nil {
			if err = sum.Check(sites); err != nil {
				err = fmt.Errorf("%s: %w", text, err)
			}
		}
		return sum.Local(), err
	}
	values, periodic := map[string]float64{"J": 1, chain.second: 1}, false
	for field := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(field, "=")
		x, err := strconv.ParseFloat(value, 64)
		_, takes := values[key]
		switch {
		case field == "periodic":
			periodic = true
		case field == "" && rest == "":
		case !takes || err != nil || math.IsNaN(x) || math.IsInf(x, 0):
			return nil, fmt.Errorf("%q, want J=NUMBER, %s=NUMBER or periodic", field, chain.second)
		default:
			values[key] = x
		}
	}
	if least := 2; sites < least || periodic && sites < least+1 {
		return nil, fmt.Errorf("a chain of %d sites, want %d, or %d of a periodic one", sites, least, least+1)
	}
	return chain.sum(sites, values["J"], values[chain.second], periodic).Local(), nil
}

// parseSites reads a list such as 0-4 or 0,2,5-7.
func parseSites(text string) (sites []int, err error) {
	for field := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(field, "-")
		if !isRange {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 20)
		to, wrong := strconv.ParseUint(last, 10, 20)
		if err != nil || wrong != nil || to < from {
			return nil, fmt.Errorf("sites %q, want a list such as 0-4 or 0,2,5", text)
		}
		for i := from; i <= to; i++ {
			sites = append(sites, int(i))
		}
	}
	return sites, nil
}
