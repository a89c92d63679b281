package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
)

func newExport(t *terminal) *cobra.Command {
	out := ""
	cmd := &cobra.Command{
		Use:   "export MODEL|RUN -o FILE.npz",
		Short: "Write the parameters of a model as NumPy arrays",
		Long: `Write the parameters of a model as arrays with names: W with a row for each visible unit, the
biases b and c, and what else its units have. The kinds of units, and the columns of a table as
JSON, are texts beside them. NumPy opens the file without pickle.

The model file itself is in the safetensors format, which PyTorch, JAX and others open: FILE.npz
has the same arrays and texts.`,
		Example: `  harmonium export run -o model.npz
  python3 -c 'import numpy; print(numpy.load("model.npz")["W"].shape)'`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return export(t, args[0], out) },
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write, .npz (needed)")
	return cmd
}

type exportResult struct {
	File   string        `json:"file"`
	Arrays []arrayResult `json:"arrays"`
}

// arrayResult is an array, or a text where there is no shape.
type arrayResult struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	Text  string `json:"text,omitempty"`
}

func export(t *terminal, path, out string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if err := checkExport(out, inputsOf(path, r)); err != nil {
		return err
	}
	members := membersOf(model)
	if err := data.WriteNPZ(out, members); err != nil {
		return err
	}
	result := exportResult{File: out}
	for _, m := range members {
		result.Arrays = append(result.Arrays, arrayResult{m.Name, append([]int{}, m.Shape...), m.Text})
	}
	return t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d arrays to %s\n", len(members), out)
		for _, m := range members {
			what := m.Text
			if m.Numbers != nil {
				what = strings.ReplaceAll(strings.Trim(fmt.Sprint(m.Shape), "[]"), " ", "×")
			}
			fmt.Fprintf(w, "%s\t%s\n", m.Name, shortened(what))
		}
	})
}

// checkExport refuses a file that is none of .npz, or can't be written.
func checkExport(out string, inputs []input) error {
	switch {
	case out == "":
		return badInput(errors.New("no file to write: name one by -o FILE.npz"))
	case strings.HasSuffix(strings.ToLower(out), ".safetensors"):
		return badInput(fmt.Errorf("%s: the model file is in this format already: copy it, RUN/model.safetensors of a run", out))
	}
	if err := data.CheckNPZName(out); err != nil {
		return badInput(err)
	}
	return checkPlaces([]string{out}, inputs)
}

// membersOf are the arrays of a model: its parameters, and the metadata of its file as texts.
func membersOf(model *rbm.Model) []data.Member {
	var members []data.Member
	for _, p := range model.Parameters() {
		members = append(members, data.Member{Name: p.Name, Shape: model.Shape(p), Numbers: p.Values})
	}
	metadata := model.Metadata()
	for _, name := range slices.Sorted(maps.Keys(metadata)) {
		members = append(members, data.Member{Name: name, Text: metadata[name]})
	}
	return members
}

// shortened cuts a long text off.
func shortened(text string) string {
	const most = 60
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}
