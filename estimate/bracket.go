package estimate

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Bracket is log Z as estimated in five ways, or six.
type Bracket struct {
	// Value is the mean of AIS and tempering, weighted by their errors. Stderr is its standard error, widened by half
	// of the span of the estimates that count. Where these disagree by more than their errors it is widened by the
	// whole span, and where a longer run differs from a shorter one, by that difference.
	Value, Stderr float64
	// Lower and Upper are the ends of the bracket: two standard errors below the lowest of all these and above the
	// highest.
	Lower, Upper  float64
	AIS           sample.LogZ // from the base to the model
	ReverseEnds   sample.LogZ // reverse AIS from the end points of AIS
	ReverseData   sample.LogZ // reverse AIS from data
	ReverseRandom sample.LogZ // reverse AIS from random restarts: fair coins and the visible biases
	Tempered      sample.LogZ // parallel tempering from the base; ESS is its number of round trips
	TemperedAgain sample.LogZ // the same from data and random restarts; zero where it was not needed
	// MissedByAIS and MissedByTempering are what AIS from modes and regions adds to AIS and to Tempered, in nats: above 0 where
	// their chains have missed parts of modes, and a little below 0 where they have seen too much of well-known ones.
	MissedByAIS, MissedByTempering float64
	// Modes are the modes that were found, the largest first; at most sample.MostModes.
	Modes []Mode
	// Least is below log Z for certain. Where this proves the estimates wrong, Value and Lower are its value, and Upper
	// and Stderr are infinite.
	Least sample.Least

	coveredByData, coveredByRandom float64 // the part of Z in modes that chains of reverse AIS begin in
	settledModes                   bool    // all modes that matter are well known

	span float64 // of the estimates that count

	Steps      int   // temperatures of the last run of AIS
	ChainSteps int64 // of all runs
	Findings   []diag.Finding
}

// NamedLogZ is one of the estimates, with its name and what it bounds.
type NamedLogZ struct {
	Name string
	// Bounds is +1 for a lower bound in probability, P(estimate > log Z + x) ≤ e^(−x); −1 for an upper bound in the
	// same sense, if the chains start at samples of the model; 0 for neither.
	Bounds int
	sample.LogZ
	Missed float64 // nats of it that AIS from modes and regions has added
	Use    Use
}

// Use says whether an estimate counts towards the bracket, and why not.
type Use string

const (
	Counted  Use = ""         // it counts towards the bracket
	Low      Use = "low"      // it is lower than AIS: its chains are caught, and bound nothing
	Partial  Use = "partial"  // its chains are in modes with less than 90 % of Z
	Needless Use = "needless" // AIS from the modes themselves knows all modes that matter
	Slack    Use = "slack"    // tempering from its starts agrees with tempering and AIS, so that it is a bound that is not tight
)

// Estimates returns all of them. AIS and tempering always count.
//
// Reverse AIS from data and from random restarts is an upper bound if its chains, with weights that give each mode its
// share, are samples of the model. It counts if the chains cover modes with 90 % of Z and it is higher than AIS. Where
// it is lower, chains are caught where the model gives less weight than they do.
//
// Reverse AIS is far too high in modes that chains on the path from the base hardly come to. It does not count, from
// any starts, where AIS from the modes themselves knows all modes that matter, or where a second tempering, from data
// and random restarts, comes to the same log Z as AIS and the first, and to a lower one than it.
func (b *Bracket) Estimates() []NamedLogZ {
	again := b.TemperedAgain
	decided := again.ESS > 0 && agree(again, b.Tempered) && agree(again, b.AIS) && agree(b.Tempered, b.AIS)
	slack := func(z sample.LogZ) bool {
		return decided && z.Value > max(b.AIS.Value, again.Value) && !agree(z, again)
	}
	reverse := func(name string, z sample.LogZ, covered float64) NamedLogZ {
		switch {
		case b.settledModes:
			return NamedLogZ{name, -1, z, 0, Needless}
		case z.Value <= b.AIS.Value:
			return NamedLogZ{name, -1, z, 0, Low}
		case covered < coverage:
			return NamedLogZ{name, -1, z, 0, Partial}
		case slack(z):
			return NamedLogZ{name, -1, z, 0, Slack}
		}
		return NamedLogZ{name, -1, z, 0, Counted}
	}
	ends := NamedLogZ{"reverse AIS from its end points", -1, b.ReverseEnds, b.MissedByAIS, Counted}
	switch {
	case b.settledModes:
		ends.Use = Needless
	case slack(b.ReverseEnds):
		ends.Use = Slack
	}
	all := []NamedLogZ{
		{"AIS", 1, b.AIS, b.MissedByAIS, Counted},
		ends,
		reverse("reverse AIS from data", b.ReverseData, b.coveredByData),
		reverse("reverse AIS from random restarts", b.ReverseRandom, b.coveredByRandom),
		{"tempering", 0, b.Tempered, b.MissedByTempering, Counted},
	}
	if b.TemperedAgain.ESS > 0 {
		all = append(all, NamedLogZ{"tempering from data and random restarts", 0, b.TemperedAgain, 0, Counted})
	}
	return all
}

// undecided reports whether reverse AIS is all that disagrees, and states of tempering travelled.
func (b *Bracket) undecided() bool {
	return !b.hidden() && b.Tempered.ESS >= travelled && agree(b.AIS, b.Tempered) && disagree(b.counted())
}

// travelled is the number of round trips of tempering, ten of each replica set, from which on its replicas have forgotten
// where they began.
const travelled = 10 * replicaSets

// coverage is the least part of Z in modes with chains of reverse AIS for it to count: what it lacks of log Z is then
// at most −log 0.9 ≈ 0.1 nats.
const coverage = 0.9

// counted returns the estimates that count.
func (b *Bracket) counted() []NamedLogZ {
	return slices.DeleteFunc(b.Estimates(), func(e NamedLogZ) bool { return e.Use != Counted })
}

// ESS is the least effective sample size of the estimates by AIS that count.
func (b *Bracket) ESS() float64 {
	least := math.Inf(1)
	for _, e := range b.counted() {
		if e.Bounds != 0 {
			least = min(least, e.ESS)
		}
	}
	return least
}

// agree reports whether two estimates differ by no more than their errors explain, or by too little to matter.
func agree(s, t sample.LogZ) bool {
	return math.Abs(s.Value-t.Value) <= max(goal, agreement*math.Hypot(s.Stderr, t.Stderr))
}

// combine sets Value to the mean of AIS and tempering, weighted by 1/error², which are right if they reach everything,
// and widens its error by half of the span of the estimates that count.
func (b *Bracket) combine() {
	b.Lower, b.Upper = math.Inf(1), math.Inf(-1)
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range b.counted() {
		low, high = min(low, s.Value), max(high, s.Value)
		b.Lower, b.Upper = min(b.Lower, s.Value-2*s.Stderr), max(b.Upper, s.Value+2*s.Stderr)
	}
	ais, tempered := weight(b.AIS), weight(b.Tempered)
	b.Value = (ais*b.AIS.Value + tempered*b.Tempered.Value) / (ais + tempered)
	b.Stderr = 1 / math.Sqrt(ais+tempered)
	b.span = high - low
	b.widen(b.span / 2)
	if b.hidden() {
		least := b.Least.Value()
		b.Value, b.Lower, b.Upper, b.Stderr = least, least, math.Inf(1), math.Inf(1)
	}
}

// widen adds to the error, √(Stderr² + by²), and widens the bracket to two errors around Value at least.
func (b *Bracket) widen(by float64) {
	b.Stderr = math.Hypot(b.Stderr, by)
	b.Lower, b.Upper = min(b.Lower, b.Value-2*b.Stderr), max(b.Upper, b.Value+2*b.Stderr)
}

// hidden reports whether log Z is for certain above AIS and tempering by more than agreement errors.
func (b *Bracket) hidden() bool {
	most := max(b.AIS.Value+agreement*b.AIS.Stderr, b.Tempered.Value+agreement*b.Tempered.Stderr)
	return !(b.Least.Value() <= most+resolution*max(1, math.Abs(most))) // also where AIS is no number
}

// resolution is the rounding error of free energies by float32 inputs, as a part of their size.
const resolution = 1e-5

// weight is 1/error², finite for an estimate without error.
func weight(s sample.LogZ) float64 { return 1 / max(s.Stderr*s.Stderr, 1e-18) }

// open reports whether two of the estimates that count disagree, and describes these.
func (b *Bracket) open() (open bool, all string) {
	estimates := b.counted()
	for k, s := range estimates {
		if k > 0 {
			all += ", "
		}
		all += fmt.Sprintf("%.2f ± %.2f by %s", s.Value, s.Stderr, s.Name)
	}
	return disagree(estimates), all
}

// disagree reports whether two of the estimates do.
func disagree(estimates []NamedLogZ) bool {
	for k, s := range estimates {
		for _, t := range estimates[:k] {
			if !agree(s.LogZ, t.LogZ) {
				return true
			}
		}
	}
	return false
}

// judge adds findings on what speaks against the estimate. shorter is the run before, or nil.
func (b *Bracket) judge(shorter *Bracket) {
	if b.hidden() {
		estimates := fmt.Sprintf("AIS gives %.1f, and tempering %.1f", b.AIS.Value, b.Tempered.Value)
		b.Findings = append(b.Findings, b.Least.Finding(estimates, b.AIS, agreement*b.AIS.Stderr))
		return
	}
	if open, all := b.open(); open {
		b.widen(b.span)
		b.Findings = append(b.Findings, diag.Finding{
			Code: "bracket-open", Message: "log Z is " + all, Value: diag.Number(b.Upper - b.Lower), Threshold: agreement,
			Consequence: fmt.Sprintf("log Z lies between about %.1f and %.1f if at least one of them reaches all states that matter, "+
				"and higher if none does",
				b.Lower, b.Upper),
		})
	}
	if b.Tempered.ESS < replicaSets && !b.settledModes {
		b.Findings = append(b.Findings, diag.Finding{
			Code:    "few-round-trips",
			Message: fmt.Sprintf("%.0f states travelled between the model and the base in %d replica sets", b.Tempered.ESS, replicaSets),
			Value:   diag.Number(b.Tempered.ESS), Threshold: replicaSets,
			Consequence: "tempering says little about modes that are hard to reach",
		})
	}
	switch {
	case shorter == nil:
		b.Findings = append(b.Findings, diag.Finding{
			Code: "one-run", Message: "there was no second, longer run to compare with",
			Value: diag.Number(b.Steps), Threshold: firstSteps * longer,
			Consequence: "states that AIS and reverse AIS both miss may have gone unnoticed",
		})
	case !agree(b.AIS, shorter.AIS):
		b.widen(b.AIS.Value - shorter.AIS.Value)
		b.Findings = append(b.Findings, diag.Finding{
			Code: "not-settled",
			Message: fmt.Sprintf("AIS in %d steps gives %.2f ± %.2f, in %d steps %.2f ± %.2f",
				shorter.Steps, shorter.AIS.Value, shorter.AIS.Stderr, b.Steps, b.AIS.Value, b.AIS.Stderr),
			Value: diag.Number(b.AIS.Value - shorter.AIS.Value), Threshold: agreement,
			Consequence: "log Z may go on rising with longer runs, and log-likelihoods falling",
		})
	}
}
