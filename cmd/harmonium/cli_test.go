package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/harmonium-rbm/harmonium/data"
)

const (
	cliPage  = "../../docs/cli.md"
	cliWidth = 100
)

// docs/cli.md is cli.md.tmpl with the verbs, flags, defaults and examples that the commands themselves have. -update
// writes it.
func TestCLIPage(t *testing.T) {
	root := newRoot(&terminal{stdout: io.Discard, stderr: io.Discard})
	page := template.Must(template.New("cli.md.tmpl").Funcs(template.FuncMap{
		"verbs":       func() string { return verbTable(root) },
		"globalFlags": func() string { return flagList(root.PersistentFlags()) },
		"commands":    func() string { return commandSections(root) },
	}).ParseFiles("cli.md.tmpl"))
	var want bytes.Buffer
	if err := page.Execute(&want, nil); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(cliPage, want.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(cliPage)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want.Bytes()) {
		return
	}
	for k, line := range strings.Split(want.String(), "\n") {
		if lines := strings.Split(string(got), "\n"); k >= len(lines) || lines[k] != line {
			t.Fatalf("docs/cli.md is not what the commands say; 'make golden' writes it. Line %d should be\n%s", k+1, line)
		}
	}
	t.Fatal("docs/cli.md has lines too many; 'make golden' writes it")
}

// leaves are the commands that do something, by name.
func leaves(c *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.HasSubCommands() {
			all = append(all, leaves(sub)...)
		} else {
			all = append(all, sub)
		}
	}
	return all
}

// verb is a command's line of use without the program's name.
func verb(c *cobra.Command) string {
	path := strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
	if _, arguments, found := strings.Cut(c.Use, " "); found {
		return path + " " + arguments
	}
	return path
}

var pipe = strings.NewReplacer("|", `\|`)

func verbTable(root *cobra.Command) string {
	table := "| verb | does |\n| --- | --- |\n"
	for _, c := range leaves(root) {
		table += fmt.Sprintf("| `%s` | %s |\n", pipe.Replace(verb(c)), pipe.Replace(lowerFirst(c.Short)))
	}
	return table
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func flagList(flags *pflag.FlagSet) string {
	var list strings.Builder
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		typ, help := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if typ != "" {
			name += " " + typ
		}
		item := "`" + name + "`"
		if def := f.DefValue; def != "" && (typ != "" || def != "false") && !slices.Contains([]string{"0", "0s", "[]"}, def) {
			item += " (`" + def + "`)"
		}
		list.WriteString("- " + strings.ReplaceAll(wrap(item+": "+help, cliWidth-2), "\n", "\n  ") + "\n")
	})
	return list.String()
}

func commandSections(root *cobra.Command) string {
	var sections []string
	for _, c := range leaves(root) {
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		s := fmt.Sprintf("### %s\n\n%s\n", verb(c), wrap(text, cliWidth))
		if c.Example != "" {
			s += fmt.Sprintf("\n```\n%s\n```\n", dedent(c.Example))
		}
		if c.LocalNonPersistentFlags().HasAvailableFlags() {
			s += "\n" + flagList(c.LocalNonPersistentFlags())
		}
		sections = append(sections, s)
	}
	return strings.Join(sections, "\n")
}

// wrap breaks paragraphs into lines of at most most characters. Indented lines stay.
func wrap(text string, most int) string {
	var paragraphs []string
	for _, p := range strings.Split(text, "\n\n") {
		if strings.HasPrefix(p, " ") {
			paragraphs = append(paragraphs, "```\n"+dedent(p)+"\n```")
			continue
		}
		lines, width := []string{""}, 0
		for _, word := range strings.Fields(p) {
			n := len([]rune(word))
			if width > 0 && width+1+n > most {
				lines, width = append(lines, ""), 0
			}
			if width > 0 {
				lines[len(lines)-1] += " "
				width++
			}
			lines[len(lines)-1] += word
			width += n
		}
		paragraphs = append(paragraphs, strings.Join(lines, "\n"))
	}
	return strings.Join(paragraphs, "\n\n")
}

func dedent(text string) string { return regexp.MustCompile(`(?m)^  `).ReplaceAllString(text, "") }

// The section about JSON names every key of every result, and no verb but those there are.
func TestCLIPageNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile("cli.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## JSON\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	for name, result := range map[string]any{
		"demo": demoResult{}, "train": trainResult{}, "search": searchResult{}, "eval": evalResult{}, "sample": sampleResult{},
		"inspect": inspectResult{}, "transform": transformResult{}, "score": scoreResult{}, "export": exportResult{},
		"serve": serveResult{}, "data info": data.Info{}, "data ising": isingResult{}, "bench": benchResult{},
		"data tfim": measuredResult{}, "observe": observeResult{},
	} {
		row := regexp.MustCompile("(?ms)^- [^:]*`" + name + "`.*?(\n- |\n\n)").FindString(section)
		if name == "bench" {
			row = section // its lists have a paragraph of their own
		}
		keys := jsonKeys(reflect.TypeOf(result))
		if len(keys) == 0 || row == "" {
			t.Errorf("%s: row %q, keys %v", name, row, keys)
		}
		for _, key := range keys {
			if !regexp.MustCompile(`\b` + key + `\b`).MatchString(row) {
				t.Errorf("%s: the key %s is missing in %q", name, key, row)
			}
		}
	}
	root := newRoot(&terminal{stdout: io.Discard, stderr: io.Discard})
	for _, c := range leaves(root) {
		path := strings.TrimPrefix(c.CommandPath(), "harmonium ")
		if !strings.HasPrefix(path, "completion") && !strings.Contains(section, "`"+path+"`") {
			t.Errorf("the JSON of %s is not there", path)
		}
	}
}

// jsonKeys lists the keys of a struct, with those of embedded ones.
func jsonKeys(of reflect.Type) []string {
	var keys []string
	for k := range of.NumField() {
		field := of.Field(k)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "" && field.Anonymous:
			keys = append(keys, jsonKeys(field.Type)...)
		case name != "" && name != "-":
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}

// No help needs a wide screen.
func TestHelpIsNarrow(t *testing.T) {
	root := newRoot(&terminal{stdout: io.Discard, stderr: io.Discard})
	for _, c := range append(leaves(root), root) {
		text := c.Long + "\n" + c.UsageString()
		if !strings.Contains(text, "Usage:") {
			t.Errorf("%s: no usage in %q", c.CommandPath(), text)
		}
		for _, line := range strings.Split(text, "\n") {
			if n := len([]rune(line)); n > cliWidth {
				t.Errorf("%s: a line of help has %d characters, want at most %d: %s", c.CommandPath(), n, cliWidth, line)
			}
		}
	}
}
