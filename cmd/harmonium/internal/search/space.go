package search

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Setting is a setting of training that is searched over: a list of values, or a range of numbers.
type Setting struct {
	Name      string
	List      []string
	Low, High float64 // of a range, both above 0
	Whole     bool    // its numbers are whole
}

// rangeSign stands between the ends of a range.
const rangeSign = ".."

// Varied reports whether a text is a list a,b,c or a range a..b, and not one value.
func Varied(text string) bool {
	return strings.Contains(text, ",") || strings.Contains(text, rangeSign)
}

// ParseSetting reads a list or a range. whole says that numbers are whole ones. The error says what is wanted.
func ParseSetting(name, text string, whole bool) (Setting, error) {
	s := Setting{Name: name, Whole: whole}
	if low, high, isRange := strings.Cut(text, rangeSign); isRange {
		var errLow, errHigh error
		s.Low, errLow = strconv.ParseFloat(low, 64)
		s.High, errHigh = strconv.ParseFloat(high, 64)
		if errLow != nil || errHigh != nil || !(0 < s.Low && s.Low < s.High) || math.IsInf(s.High, 1) {
			return s, errors.New("want a range LOW..HIGH of two numbers, 0 < LOW < HIGH")
		}
		if whole && (s.Low != math.Trunc(s.Low) || s.High != math.Trunc(s.High)) {
			return s, errors.New("want a range LOW..HIGH of two whole numbers")
		}
		return s, nil
	}
	for value := range strings.SplitSeq(text, ",") {
		value = strings.TrimSpace(value)
		if value == "" {
			return s, errors.New("want values between the commas")
		}
		if slices.Contains(s.List, value) {
			return s, fmt.Errorf("%s is there twice: want each value once", value)
		}
		s.List = append(s.List, value)
	}
	return s, nil
}

// IsRange reports whether the setting is a range.
func (s Setting) IsRange() bool { return s.List == nil }

// rangeDigits is the number of digits of numbers from a range, so that they can be read and typed.
const rangeDigits = 3

// At returns the value at a quantile u ∈ (0,1): of equal shares of a list, and of a uniform distribution of the
// logarithm over a range.
func (s Setting) At(u float64) string {
	if !s.IsRange() {
		return s.List[min(int(u*float64(len(s.List))), len(s.List)-1)]
	}
	if s.Whole { // each whole number has the share of the interval that is rounded to it
		low, high := math.Log(s.Low-0.5), math.Log(s.High+0.5)
		x := math.Round(math.Exp(low + u*(high-low)))
		return strconv.FormatFloat(min(max(x, s.Low), s.High), 'f', 0, 64)
	}
	x := math.Exp(math.Log(s.Low) + u*(math.Log(s.High)-math.Log(s.Low)))
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', rangeDigits, 64), 64)
	return strconv.FormatFloat(min(max(x, s.Low), s.High), 'g', -1, 64)
}

// mostTrials is more than anybody can wait for.
const mostTrials = 1000

// Draw returns the values of each setting for each trial. Lists alone give all combinations, the last one changing
// fastest, and count must be 0. With a range there are count trials, or fewer where some would be equal, by a Latin
// hypercube (M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979) 239): of each setting every trial
// has another one of count quantiles of equal shares.
func Draw(settings []Setting, count int, seed uint64) ([][]string, error) {
	combinations, ranges := 1, false
	for _, s := range settings {
		ranges = ranges || s.IsRange()
		combinations *= max(1, len(s.List))
		if combinations > mostTrials {
			return nil, fmt.Errorf("the lists make more than %d combinations: want shorter lists, or a range", mostTrials)
		}
	}
	if !ranges {
		if count != 0 {
			return nil, fmt.Errorf("--trials is %d, but lists alone make as many trials as they have combinations, %d: "+
				"leave it out, or give a range", count, combinations)
		}
		return grid(settings, combinations), nil
	}
	if count < 2 || count > mostTrials {
		return nil, fmt.Errorf("--trials is %d, want 2 to %d", count, mostTrials)
	}
	source := rng.NewSource(rng.Seed(seed).Stream(rng.StreamSearch), 0)
	trials := make([][]string, count)
	order := make([]int, count)
	for _, s := range settings {
		source.Perm(order)
		for k := range trials {
			trials[k] = append(trials[k], s.At((float64(order[k])+source.Float64())/float64(count)))
		}
	}
	var distinct [][]string
	for _, t := range trials {
		if !slices.ContainsFunc(distinct, func(d []string) bool { return slices.Equal(d, t) }) {
			distinct = append(distinct, t)
		}
	}
	return distinct, nil
}

// grid lists all combinations.
func grid(settings []Setting, combinations int) [][]string {
	trials := make([][]string, combinations)
	for k := range trials {
		trials[k] = make([]string, len(settings))
		rest := k
		for i, s := range slices.Backward(settings) {
			trials[k][i] = s.List[rest%len(s.List)]
			rest /= len(s.List)
		}
	}
	return trials
}
