package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/impute"
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
categorical unit they are the probabilities of its states. Of a row with missing cells they are
those given what is known, with the missing cells summed over: exactly where that can be enumerated,
elsewhere by annealed importance sampling.

A row of data becomes a row of FILE, with a column for each hidden unit, h1, h2, … The rows are read
and written in blocks: their number is bounded by the disk (docs/formats.md says of which files).`,
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

	Gaps     *gapsResult    `json:"gaps"` // null for rows without
	Findings []diag.Finding `json:"findings"`
}

func transform(ctx context.Context, t *terminal, o *transformOptions, path string) error {
	model, r, err := t.openModel(path)
	if err != nil {
		return err
	}
	if err := checkArray(o.out, append(inputsOf(path, r), dataInputs(o.data)...)); err != nil {
		return err
	}
	rows, _, err := o.streamFor(t, model, o.data)
	if err != nil {
		return err
	}
	defer rows.Close()
	begun := time.Now()
	result := &transformResult{File: o.out, Rows: rows.Rows(), Units: model.N(), Values: "means"}
	if o.draw {
		result.Values = "states"
	}
	h, err := t.writeHidden(ctx, o, model, rows)
	if err != nil {
		return err
	}
	result.Gaps, result.Findings = h.gaps, append([]diag.Finding{}, h.rough.findings()...)
	result.Seconds = time.Since(begun).Seconds()
	if err := t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d rows of %d hidden units (%s) to %s\n", result.Rows, result.Units, result.Values, o.out)
		if result.Gaps != nil {
			fmt.Fprintf(w, "rows with gaps\t%s\n", result.Gaps)
		}
		printFindings(w, result.Findings)
	}); err != nil {
		return err
	}
	return untrusted(result.Findings)
}

// writeHidden writes means or states of the hidden units, in a type that holds them without loss.
func (t *terminal) writeHidden(ctx context.Context, o *transformOptions, model *rbm.Model, rows *data.Stream) (*hidden, error) {
	array := data.Array{Rows: rows.Rows(), Named: rows.HasNames(), Index: rows.Head.Index}
	for j := range model.N() {
		array.Columns = append(array.Columns, fmt.Sprintf("h%d", j+1))
	}
	h := &hidden{
		model: model, conditionals: rbm.NewConditionals(model, t.compute),
		key:      rng.Seed(o.seed).Stream(rng.StreamDraw).Stream(rng.StreamHidden),
		complete: impute.Options{Hidden: !o.draw, LogOnly: o.draw, Rhat: true, Seed: o.seed, Compute: t.compute},
	}
	if o.draw {
		h.complete.Draws = 1
	}
	if rows.HasGaps() {
		h.gaps = &gapsResult{what: "of which what is missing is summed over"}
		if o.draw {
			h.gaps.what = "of which what is missing is drawn first"
		}
	}
	blocks := t.blocks(ctx, "hidden units", model, rows)
	_, least := model.Hidden.Line()
	switch bits := model.Hidden.NewBatch(0).Bits() == model.N(); {
	case o.draw && bits && least < 0:
		return h, data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[int8](ctx, h)))
	case o.draw && bits:
		return h, data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[uint8](ctx, h)))
	case o.draw:
		return h, data.WriteArray(o.out, array, eachBlock(blocks, model.N(), draws[float32](ctx, h)))
	}
	means := func(b block, means []float32) error { return h.means(ctx, b, means) }
	return h, data.WriteArray(o.out, array, eachBlock(blocks, model.N(), means))
}

// hidden is the hidden layer given rows of data.
type hidden struct {
	model        *rbm.Model
	conditionals *rbm.Conditionals
	key          rng.Key

	complete impute.Options
	gaps     *gapsResult // nil for rows without
	rough    roughRows
}

// means are the means of the units' values: of spins 2·P(h=1|v) − 1.
func (h *hidden) means(ctx context.Context, b block, means []float32) error {
	h.conditionals.HiddenProbs(means, b.rows)
	if scale, offset := h.model.Hidden.Line(); scale != 1 || offset != 0 {
		for k, stored := range means {
			means[k] = float32(scale*float64(stored) + offset)
		}
	}
	return h.eachGap(ctx, b, func(k int, row *impute.Row) {
		for j, mean := range row.Hidden {
			means[k*h.model.N()+j] = float32(mean)
			h.gaps.Stderr = max(h.gaps.Stderr, diag.Number(row.HiddenErrors[j]))
		}
	})
}

// draws are values of units drawn from P(h|v), a step of the random numbers for each block. Cells that are missing are
// drawn first, from P(missing|known).
func draws[T data.Number](ctx context.Context, h *hidden) func(b block, values []T) error {
	states := h.model.Hidden.NewBatch(0)
	return func(b block, values []T) error {
		if states.Rows() != b.rows.Rows() {
			states = h.model.Hidden.NewBatch(b.rows.Rows())
		}
		if h.gaps != nil {
			b.rows = b.rows.Clone()
		}
		if err := h.eachGap(ctx, b, func(k int, row *impute.Row) {
			b.rows.Slice(k, k+1).Copy(row.Draws)
			h.gaps.Stderr = max(h.gaps.Stderr, diag.Number(row.Stderr))
		}); err != nil {
			return err
		}
		h.conditionals.SampleHidden(states, b.rows, h.key, uint64(b.number))
		scale, offset := h.model.Hidden.Line()
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
		return nil
	}
}

// eachGap calls back for the rows of a block that have gaps, by their number in it.
func (h *hidden) eachGap(ctx context.Context, b block, each func(k int, row *impute.Row)) error {
	whole := true
	for r := range b.set.Known.Rows() {
		whole = whole && !b.set.Gaps(r)
	}
	if whole {
		return nil
	}
	o := h.complete
	o.First = b.from
	return badInput(impute.Rows(ctx, h.model, b.rows, b.set.Known, o, func(k int, row *impute.Row) error {
		if row.Missing == nil {
			return nil
		}
		h.gaps.Rows++
		if !row.Exact {
			h.gaps.Estimated++
		}
		h.rough.see(b.from+k, row)
		each(k, row)
		return nil
	}))
}
