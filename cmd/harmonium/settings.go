package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/internal/settings"
	"github.com/harmonium-rbm/harmonium/train"
)

// trainingFlags are the flags of a training's settings. Package train lists the settings; nothing here knows one of
// them by name.
type trainingFlags struct{ *pflag.FlagSet }

// defaultSeed is the seed of every command.
const defaultSeed = 1

// settingFlag is a flag that keeps its text until it is known which setting it is for.
type settingFlag struct{ text, typ string }

func (s *settingFlag) Set(text string) error { s.text = text; return nil }
func (s *settingFlag) String() string        { return s.text }
func (s *settingFlag) Type() string          { return s.typ }

func flagName(setting string) string { return strings.ReplaceAll(setting, "_", "-") }

// register adds the flags.
func (f trainingFlags) register() {
	config := train.Config{Seed: defaultSeed}
	for _, s := range config.Settings() {
		f.add(s, s.Help)
	}
	registerKinds(f, "negative", "negative phase, exact by default for rows with bases of at most 10 sites", train.Negatives())
	registerKinds(f, "optimizer", "optimiser", train.Optimizers())
}

func (f trainingFlags) add(s train.Setting, help string) {
	text := s.String()
	if s.IsDefault() {
		text = s.DefaultString()
	}
	flag := f.VarPF(&settingFlag{text, s.Type()}, flagName(s.Name), "", help)
	if s.Type() == "bool" {
		flag.NoOptDefVal = "true"
	}
}

// registerKinds adds the flag that chooses among kinds, and those of the kinds' settings. Where several kinds have a
// setting, the text tells what it is for each.
func registerKinds[C train.Configurable](f trainingFlags, name, what string, all []C) {
	var kinds []string
	for _, c := range all {
		kinds = append(kinds, c.Kind()+" ("+c.About()+")")
	}
	f.String(name, all[0].Kind(), what+": "+strings.Join(kinds, ", "))
	for _, own := range settingsOf(all) {
		f.add(own[0].Setting, helpOf(own))
		if !haveOneDefault(own) {
			f.Lookup(flagName(own[0].Name)).DefValue = "" // the text tells them
		}
	}
}

func haveOneDefault(own []ownSetting) bool {
	return !slices.ContainsFunc(own, func(s ownSetting) bool { return s.Default != own[0].Default })
}

// ownSetting is a setting of a kind.
type ownSetting struct {
	kind string
	train.Setting
}

// settingsOf gathers the settings of all kinds by their names, in the order in which these come.
func settingsOf[C train.Configurable](all []C) [][]ownSetting {
	var list [][]ownSetting
	for _, c := range all {
		for _, s := range c.Settings() {
			k := slices.IndexFunc(list, func(own []ownSetting) bool { return own[0].Name == s.Name })
			if k < 0 {
				k, list = len(list), append(list, nil)
			}
			list[k] = append(list[k], ownSetting{c.Kind(), s})
		}
	}
	return list
}

// helpOf joins the texts of one setting of several kinds, with their defaults where these are not the same.
func helpOf(own []ownSetting) string {
	var texts []string
	of := map[string][]string{}
	for _, s := range own {
		text := s.Help
		if !haveOneDefault(own) && s.Default != nil {
			text += " (default " + s.DefaultString() + ")"
		}
		if of[text] == nil {
			texts = append(texts, text)
		}
		of[text] = append(of[text], s.kind)
	}
	for k, text := range texts {
		texts[k] = strings.Join(of[text], ", ") + ": " + text
	}
	return strings.Join(texts, "; ")
}

// read returns the settings that the flags say. It refuses flags that are given and have no effect.
func (f trainingFlags) read() (train.Config, error) {
	c := train.Config{Seed: defaultSeed}
	for _, s := range c.Settings() {
		if err := f.set(s, ""); err != nil {
			return c, err
		}
	}
	var err error
	if c.Negative, err = readKind(f, "negative", "negative phase", train.Negatives()); err != nil {
		return c, err
	}
	c.Optimizer, err = readKind(f, "optimizer", "optimizer", train.Optimizers())
	return c, err
}

// set takes over what a flag says, if it is given.
func (f trainingFlags) set(s train.Setting, context string) error {
	flag := f.Lookup(flagName(s.Name))
	if !flag.Changed {
		return nil
	}
	if err := s.Set(flag.Value.String()); err != nil {
		return fmt.Errorf("--%s is %q%s, %w", flag.Name, flag.Value, context, err)
	}
	return nil
}

// readKind returns what a flag and the flags of its settings choose: nothing where none of them is given.
func readKind[C train.Configurable](f trainingFlags, name, what string, all []C) (c C, err error) {
	given := f.Lookup(name).Changed
	for _, own := range settingsOf(all) {
		given = given || f.Lookup(flagName(own[0].Name)).Changed
	}
	if !given {
		return c, nil
	}
	kind := f.Lookup(name).Value.String()
	if c, err = settings.Find(all, kind); err != nil {
		return c, fmt.Errorf("%s %q, %w", what, kind, err)
	}
	for _, s := range c.Settings() {
		err = errors.Join(err, f.set(s, fmt.Sprintf(" with --%s %s", name, kind)))
	}
	if err != nil {
		return c, err
	}
	for _, own := range settingsOf(all) {
		flag := f.Lookup(flagName(own[0].Name))
		if flag.Changed && !slices.ContainsFunc(own, func(s ownSetting) bool { return s.kind == kind }) {
			return c, fmt.Errorf("--%s %s has no effect with --%s %s: want --%s %s, or no --%[1]s",
				flag.Name, flag.Value, name, kind, name, effective(own))
		}
	}
	return c, nil
}

// effective lists the kinds with which a setting has an effect: "pcd or cd".
func effective(own []ownSetting) string {
	kinds := make([]string, len(own))
	for k, s := range own {
		kinds[k] = s.kind
	}
	last := len(kinds) - 1
	if last == 0 {
		return kinds[0]
	}
	return strings.Join(kinds[:last], ", ") + " or " + kinds[last]
}

// withoutEffect refuses flags that have no effect with a method chosen by --method.
func withoutEffect(flags *pflag.FlagSet, chosen, method string, names ...string) error {
	for _, name := range names {
		if chosen == method && flags.Changed(name) {
			return badInput(fmt.Errorf("--%s has no effect with --method %s: leave one of them out", name, method))
		}
	}
	return nil
}
