package estimate

import (
	"fmt"
	"math"
	"slices"

	"harmonium/diag"
	"harmonium/sample"
)

// Bracket is log Z as estimated in five ways.
type Bracket struct {
	// Value is the mean of AIS and tempering, weighted by their errors. Stderr is its standard error, widened by half of the span of the
	// estimates that count. Where these disagree by more than their errors it is widened by the whole span, and where a longer run
	// differs from a shorter one, by that difference.
	Value, Stderr float64
	// Lower and Upper are the ends of the bracket: two standard errors below the lowest of all these and above the highest.
	Lower, Upper  float64
	AIS           sample.LogZ // from the base to the model
	ReverseEnds   sample.LogZ // reverse AIS from the end points of AIS
	ReverseData   sample.LogZ // reverse AIS from data
	ReverseRandom sample.LogZ // reverse AIS from random restarts: fair coins and the visible biases
	Tempered      sample.LogZ // parallel tempering; ESS is its number of round trips
	// Found is the largest −F(v) of the chains at the model: log Z > Found. Where this proves the estimates wrong, Value and Lower are
	// Found, and Upper and Stderr are infinite.
	Found float64

	// MissedByAIS and MissedByTempering are how many nats of AIS and of Tempered come from modes that these have not seen enough of
	// by themselves.
	MissedByAIS, MissedByTempering float64
	Modes                          []Mode

	coveredByData, coveredByRandom float64 // part of Z in modes that have starts
	exhaustive                     bool    // all modes that matter are well known

	span float64 // of the estimates that count

	Steps      int   // temperatures of the last annealing
	ChainSteps int64 // of all runs
	Findings   []diag.Finding
}

// Estimate is one of the five with its name and what it bounds.
type Estimate struct {
	Name string
	// Bounds is +1 for a lower bound in probability, P(estimate > log Z + x) ≤ e^(−x); −1 for an upper bound in the same sense, if the
	// chains start at samples of the model; 0 for neither.
	Bounds int
	sample.LogZ
	Missed float64 // nats, that modes add which it has missed
	Counts bool    // towards the bracket
}

// Estimates lists all five. Reverse AIS from data and from random restarts counts where it is higher than AIS: then its chains know of
// states that others miss. Where it is lower, its chains are caught where the model gives less weight than they do: AIS is a lower bound,
// so they are no samples of the model, and say nothing.
func (b *Bracket) Estimates() []Estimate {
	return []Estimate{
		{"AIS", 1, b.AIS, b.MissedByAIS, true},
		{"reverse AIS from its end points", -1, b.ReverseEnds, b.MissedByAIS, !b.exhaustive},
		{"reverse AIS from data", -1, b.ReverseData, 0, b.ReverseData.Value > b.AIS.Value && b.coveredByData > 0.9 && !b.exhaustive},
		{"reverse AIS from random restarts", -1, b.ReverseRandom, 0, b.ReverseRandom.Value > b.AIS.Value && b.coveredByRandom > 0.9 && !b.exhaustive},
		{"tempering", 0, b.Tempered, b.MissedByTempering, true},
	}
}

// counted are those that count.
func (b *Bracket) counted() []Estimate {
	return slices.DeleteFunc(b.Estimates(), func(e Estimate) bool { return !e.Counts })
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

// combine takes the mean of AIS and tempering, which are sound if they reach everything, and widens its error by half of the span of the
// estimates that count.
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
	if b.hidden() { // nothing is left but what holds for certain
		b.Value, b.Lower, b.Upper, b.Stderr = b.Found, b.Found, math.Inf(1), math.Inf(1)
	}
}

// widen adds to the error, and sees to it that the bracket holds two of it.
func (b *Bracket) widen(by float64) {
	b.Stderr = math.Hypot(b.Stderr, by)
	b.Lower, b.Upper = min(b.Lower, b.Value-2*b.Stderr), max(b.Upper, b.Value+2*b.Stderr)
}

// hidden reports whether a configuration was found that is more probable than the estimates of log Z allow.
func (b *Bracket) hidden() bool { return b.Found > max(sure(b.AIS, 1), sure(b.Tempered, 1)) }

func weight(s sample.LogZ) float64 { return 1 / max(s.Stderr*s.Stderr, 1e-18) }

// open reports whether two of the estimates that count disagree, and describes these.
func (b *Bracket) open() (open bool, all string) {
	estimates := b.counted()
	for k, s := range estimates {
		for _, t := range estimates[:k] {
			open = open || !agree(s.LogZ, t.LogZ)
		}
		if k > 0 {
			all += ", "
		}
		all += fmt.Sprintf("%.2f ± %.2f by %s", s.Value, s.Stderr, s.Name)
	}
	return open, all
}

// judge lists what speaks against the estimate; shorter is the run before, or nil.
func (b *Bracket) judge(shorter *Bracket) {
	if b.hidden() {
		b.Findings = append(b.Findings, diag.Finding{
			Code: "hidden-mode",
			Message: fmt.Sprintf("a configuration with F = %.1f was found, so that log Z is more than %.1f; AIS gives %.1f, and tempering %.1f",
				-b.Found, b.Found, b.AIS.Value, b.Tempered.Value),
			Value: diag.Number(b.Found - b.AIS.Value), Threshold: 0,
			Consequence: "almost all of the model's weight is on configurations unlike the data, " +
				"and any likelihood that leaves them out is too high",
		})
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
	if b.Tempered.ESS < replicaSets && !b.exhaustive {
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
			Code: "one-run", Message: "there was no second, longer run to compare with", Value: diag.Number(b.Steps), Threshold: firstSteps * longer,
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

// addMissed replaces AIS and tempering by what they are with what they have missed.
func (b *Bracket) addMissed(ais, tempered sample.LogZ) {
	ais.ESS, tempered.ESS = b.AIS.ESS, b.Tempered.ESS
	b.MissedByAIS, b.MissedByTempering = ais.Value-b.AIS.Value, tempered.Value-b.Tempered.Value
	b.AIS, b.Tempered = ais, tempered
	b.ReverseEnds.Value += b.MissedByAIS
}
