package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// row sums up a family.
type row struct {
	models, trusted, wrong, untrusted, alarms, sharp, outside, failed int

	worst, seconds, cpu float64
}

// add counts a verdict. A trusted value is wrong if it is off by more than three errors and 0.1 nats; an alarm is false
// if the value was within one of these, and sharp if within 0.1 nats; a bracket that comes with an alarm should hold
// log Z as well.
func (r *row) add(v *verdict) {
	r.models++
	r.seconds += v.Seconds
	r.cpu += v.CPU
	off, errors := math.Abs(v.Error), 3*float64(v.Stderr)
	switch {
	case v.Failure != "":
		r.failed++
	case v.Exit == 0:
		r.trusted++
		if math.Abs(v.Error) > math.Abs(r.worst) {
			r.worst = v.Error
		}
		if off > 0.1 && !(off <= errors) {
			r.wrong++
		}
	default:
		r.untrusted++
		if off <= 0.1 {
			r.sharp++
		}
		if off <= 0.1 || off <= errors {
			r.alarms++
		}
		if v.LogZ < v.Lower || v.LogZ > float64(v.Upper) {
			r.outside++
		}
	}
}

func (r *row) join(other *row) {
	r.models += other.models
	r.trusted += other.trusted
	r.wrong += other.wrong
	r.untrusted += other.untrusted
	r.alarms += other.alarms
	r.sharp += other.sharp
	r.outside += other.outside
	r.failed += other.failed
	r.seconds += other.seconds
	r.cpu += other.cpu
	if math.Abs(other.worst) > math.Abs(r.worst) {
		r.worst = other.worst
	}
}

// drawn sums up a family and a method of sample.
type drawn struct {
	models, passed, off, offPassed, missing, missingPassed, failed int

	seconds float64
}

// badly is how many standard errors a share may be off.
const badly = 5

func (r *drawn) add(d *shares) {
	r.models++
	r.seconds += d.Seconds
	if d.Failure != "" {
		r.failed++
		return
	}
	off, passed := d.Sigmas > badly, d.Exit == 0
	for _, x := range []struct {
		holds bool
		count *int
	}{{passed, &r.passed}, {off, &r.off}, {off && passed, &r.offPassed}, {d.Missing, &r.missing}, {d.Missing && passed, &r.missingPassed}} {
		if x.holds {
			*x.count++
		}
	}
}

// table writes what files of results say: a table of eval by family, one of sample by family and method, and what went
// wrong.
func table(w io.Writer, paths []string) error {
	verdicts, samples := []verdict(nil), []shares(nil)
	for _, path := range paths {
		lines, err := readLines[map[string]any](path)
		if err != nil {
			return err
		}
		if len(lines) > 0 && lines[0]["asked"] != nil {
			list, err := readLines[shares](path)
			if err != nil {
				return err
			}
			samples = append(samples, list...)
			continue
		}
		list, err := readLines[verdict](path)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, list...)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(verdicts) > 0 {
		tableEval(t, verdicts)
	}
	if len(samples) > 0 {
		tableSample(t, samples)
	}
	return t.Flush()
}

func tableEval(t io.Writer, verdicts []verdict) {
	families, total := map[string]*row{}, &row{}
	for k := range verdicts {
		v := &verdicts[k]
		if families[v.Family] == nil {
			families[v.Family] = &row{}
		}
		families[v.Family].add(v)
	}
	fmt.Fprintln(t, "family\tmodels\ttrusted\twrong\tworst\tuntrusted\tfalse alarms\tin 0.1 nats\t"+
		"brackets that miss\tfailed\tseconds\tof CPU\t")
	line := func(name string, r *row) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.3f\t%d\t%d\t%d\t%d\t%d\t%.0f\t%.0f\t\n",
			name, r.models, r.trusted, r.wrong, r.worst, r.untrusted, r.alarms, r.sharp, r.outside, r.failed, r.seconds, r.cpu)
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		line(name, families[name])
		total.join(families[name])
	}
	line("all", total)
	fmt.Fprintln(t)
	for _, v := range verdicts {
		one := &row{}
		one.add(&v)
		what := ""
		switch {
		case one.failed > 0:
			fmt.Fprintf(t, "%s failed: %s\n", v.Name, v.Failure)
			continue
		case one.wrong > 0:
			what = "trusted and wrong"
		case one.alarms > 0:
			what = "false alarm"
		case one.outside > 0:
			what = "bracket misses"
		default:
			continue
		}
		fmt.Fprintf(t, "%s: %s, error %.3f ± %.3f, log Z %.3f", v.Name, what, v.Error, v.Stderr, v.LogZ)
		for _, e := range v.Estimate {
			fmt.Fprintf(t, ", %s %+.3f", e.Name, float64(e.Value)-v.LogZ)
		}
		for _, f := range v.Findings {
			fmt.Fprintf(t, "; %s", f.Code)
		}
		fmt.Fprintln(t)
	}
}

func tableSample(t io.Writer, samples []shares) {
	groups, total := map[string]*drawn{}, map[string]*drawn{}
	for k := range samples {
		d := &samples[k]
		for _, in := range []struct {
			table map[string]*drawn
			name  string
		}{{groups, d.Family + "\t" + d.Asked}, {total, "all\t" + d.Asked}} {
			if in.table[in.name] == nil {
				in.table[in.name] = &drawn{}
			}
			in.table[in.name].add(d)
		}
	}
	fmt.Fprintf(t, "family\tmethod\tmodels\texit 0\tweights off by %d σ\tand exit 0\tmode missing\tand exit 0\tfailed\tseconds\t\n", badly)
	for _, table := range []map[string]*drawn{groups, total} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			r := table[name]
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n",
				name, r.models, r.passed, r.off, r.offPassed, r.missing, r.missingPassed, r.failed, r.seconds)
		}
	}
	fmt.Fprintln(t)
	for _, d := range samples {
		if d.Failure != "" {
			fmt.Fprintf(t, "%s by %s failed: %s\n", d.Model, d.Asked, d.Failure)
		} else if d.Exit == 0 && (d.Sigmas > badly || d.Missing) {
			fmt.Fprintf(t, "%s by %s: exit 0, weights %s, shares %s, %.0f σ, ESS %.0f\n",
				d.Model, d.Asked, percents(d.Weights), percents(d.Shares), d.Sigmas, float64(d.ESS))
		}
	}
}

func percents(list []float64) string {
	parts := make([]string, len(list))
	for k, x := range list {
		parts[k] = fmt.Sprintf("%.1f", 100*x)
	}
	return strings.Join(parts, " ") + " %"
}
