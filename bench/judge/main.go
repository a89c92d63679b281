// Command judge makes models with exactly known log Z, or exactly known weights of their modes, that are hard to judge
// or look so, and holds the command harmonium against them.
//
// Each family of models is split into two halves by a hash of the models' names: the open one to work with, and the
// sealed one to look at once, at the end.
//
//	judge make FOLDER [--data DATA] [--python PATH]
//	judge score FOLDER OUT --half open|sealed [--binary PATH] [--match REGEXP] [--budget N]
//	judge score-sample FOLDER OUT --half open|sealed [--binary PATH] [--match REGEXP]
//	judge table OUT…
//
// make writes the models, rows to score them on, and models.jsonl and modes.jsonl, which say what is known of them.
// score runs harmonium eval, score-sample harmonium sample; both append a JSON line a model to OUT, and leave out what
// it already has. table sums up by family and lists what went wrong.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
)

const usage = `usage: judge make FOLDER [--data DATA] [--python PATH]
       judge score FOLDER OUT --half open|sealed [--binary PATH] [--match REGEXP] [--budget N]
       judge score-sample FOLDER OUT --half open|sealed [--binary PATH] [--match REGEXP]
       judge table OUT…`

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("%s", usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	switch args[0] {
	case "make":
		folder := flags.String("data", "", "folder with debd/NAME.train.data.gz; empty: no models trained on them")
		python := flags.String("python", "python3", "with numpy and scikit-learn")
		if err := flags.Parse(args[2:]); err != nil {
			return err
		}
		return makeAll(args[1], *folder, *python)
	case "score", "score-sample":
		if len(args) < 3 {
			return fmt.Errorf("%s", usage)
		}
		s := scoring{folder: args[1], out: args[2]}
		flags.StringVar(&s.half, "half", open, "open or sealed")
		flags.StringVar(&s.binary, "binary", "harmonium", "the command to hold against the models")
		flags.Int64Var(&s.budget, "budget", 0, "of eval; 0: its default")
		match := flags.String("match", "", "only models whose names match")
		if err := flags.Parse(args[3:]); err != nil {
			return err
		}
		if s.half != open && s.half != sealed {
			return fmt.Errorf("--half %s, want %s or %s", s.half, open, sealed)
		}
		var err error
		if s.match, err = regexp.Compile(*match); err != nil {
			return fmt.Errorf("--match: %w", err)
		}
		if args[0] == "score" {
			return s.eval()
		}
		return s.sample()
	case "table":
		return table(os.Stdout, args[1:])
	}
	return fmt.Errorf("no subcommand %q\n%s", args[0], usage)
}
