package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"harmonium/cmd/harmonium/internal/run"
)

// checkGiven refuses flags given by hand that would have no effect or stand for something else, and lifts the default bound on the
// length of a training where another bound is given.
func checkGiven(f *pflag.FlagSet, s *run.Settings) error {
	for _, c := range []struct{ name, want string }{
		{"epochs", "one pass over the data or more; without the flag the bound is %s, or that of --updates or --time alone"},
		{"steps", "one sweep an update or more; the default is %s"},
		{"chains", "one chain or more; the default is %s"},
		{"rungs", "two models or more; the default is %s"},
	} {
		if flag := f.Lookup(c.name); flag.Changed && flag.Value.String() == "0" {
			return fmt.Errorf("--%s is 0, want "+c.want, c.name, flag.DefValue)
		}
	}
	if !f.Changed("epochs") && (s.Updates > 0 || s.Seconds > 0) {
		s.Epochs = 0
	}
	ladders := s.Negative == "pt" || s.Negative == "pcd" && s.Refresh > 0
	const wantLadders = "--negative pt, or pcd with --refresh"
	for _, c := range []struct {
		name    string
		effects bool // whether the flag has any
		want    string
	}{
		{"steps", s.Negative != "exact", "--negative pcd, cd or pt"},
		{"chains", s.Negative == "pcd" || s.Negative == "pt", "--negative pcd or pt"},
		{"refresh", s.Negative == "pcd", "--negative pcd"},
		{"rungs", ladders, wantLadders},
		{"path", ladders, wantLadders},
	} {
		if flag := f.Lookup(c.name); flag.Changed && !c.effects {
			return fmt.Errorf("--%s %s has no effect with --negative %s: want %s, or no --%[1]s", c.name, flag.Value, s.Negative, c.want)
		}
	}
	return nil
}
