package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

type transformOptions struct {
	data, out string
	draw      bool
	dataFlags
}

func newTransform(t *terminal) *cobra.Command {
	o := &transformOptions{}
	cmd := &cobra.Command{
		Use:   "transform MODEL|RUN --data FILE -o FILE",
		Short: "Turn data into hidden units, as features",
		Long: `Write what the hidden units make of each row of a file: their means given the row, or states drawn
from P(h|v). The means are P(h=1|v) for units of 0 and 1, and between -1 and 1 for spins; of a
categorical unit they are the probabilities of its states.

A row of data becomes a row of FILE, with a column for each hidden unit, h1, h2, … The rows are
written as they are computed: their number is bounded by the disk.`,
		Example: `  harmonium transform run --data test.npy -o features.npy
  harmonium transform run --data people.csv --draw --seed 7 -o hidden.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return transform(cmd.Context(), t, o, args[0]) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.data, "data", "", "rows to transform (needed)")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy or .csv (needed)")
	f.BoolVar(&o.draw, "draw", false, "draw the hidden units instead of taking their means")
	o.dataFlags.register(f, t)
	return cmd
}

type transformResult struct {
	File    string  `json:"file"`
	Rows    int     `json:"rows"`
	Units   int     `json:"units"`  // hidden ones
	Values  string  `json:"values"` // "means" or "states"
	Seconds float64 `json:"seconds"`
}

func transform(ctx context.Context, t *terminal, o *transformOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if err := checkArray(o.out, append(inputsOf(path, r), dataInputs(o.data)...)); err != nil {
		return err
	}
	set, err := o.openFor(model, o.data)
	if err != nil {
		return err
	}
	begun := time.Now()
	result := &transformResult{File: o.out, Rows: set.Rows(), Units: model.N(), Values: "means"}
	if o.draw {
		result.Values = "states"
	}
	if err := t.writeHidden(ctx, o, model, set); err != nil {
		return err
	}
	result.Seconds = time.Since(begun).Seconds()
	return t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d rows of %d hidden units (%s) to %s\n", result.Rows, result.Units, result.Values, o.out)
	})
}

// writeHidden writes means or states of the hidden units, in a type that holds them without loss.
func (t *terminal) writeHidden(ctx context.Context, o *transformOptions, model *rbm.Model, set *data.Set) error {
	array := data.Array{Rows: set.Rows(), Names: set.Names}
	for j := range model.N() {
		array.Columns = append(array.Columns, fmt.Sprintf("h%d", j+1))
	}
	h := &hidden{rbm.NewConditionals(model, t.compute), model.Hidden, rng.Seed(o.seed).Stream(rng.StreamDraw).Stream(rng.StreamHidden)}
	blocks := t.blocks(ctx, "hidden units", model, set)
	_, least := model.Hidden.Line()
	switch bits := model.Hidden.NewBatch(0).Bits() == model.N(); {
	case o.draw && bits && least < 0:
		return data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[int8](h)))
	case o.draw && bits:
		return data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[uint8](h)))
	case o.draw:
		return data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[float32](h)))
	}
	return data.WriteArray(o.out, array, eachBlock(blocks, model.N(), h.means))
}

// hidden is the hidden layer given rows of data.
type hidden struct {
	conditionals *rbm.Conditionals
	layer        rbm.Layer
	key          rng.Key
}

// means are the means of the units' values: of spins 2·P(h=1|v) − 1.
func (h *hidden) means(b block, means []float32) {
	h.conditionals.HiddenProbs(means, b.rows)
	scale, offset := h.layer.Line()
	if scale == 1 && offset == 0 {
		return
	}
	for k, stored := range means {
		means[k] = float32(scale*float64(stored) + offset)
	}
}

// draws are values of units drawn from P(h|v), a step of the random numbers for each block.
func draws[T data.Number](h *hidden) func(b block, values []T) {
	states := h.layer.NewBatch(0)
	return func(b block, values []T) {
		if states.Rows() != b.rows.Rows() {
			states = h.layer.NewBatch(b.rows.Rows())
		}
		h.conditionals.SampleHidden(states, b.rows, h.key, uint64(b.number))
		scale, offset := h.layer.Line()
		for r := range states.Rows() {
			row := values[r*states.Units() : (r+1)*states.Units()]
			for j := range row[:states.Bits()] {
				row[j] = T(offset)
			}
			for j := range states.On(r) {
				row[j] = T(scale + offset)
			}
			for j, x := range states.Reals(r) {
				row[states.Bits()+j] = T(scale*float64(x) + offset)
			}
		}
	}
}
