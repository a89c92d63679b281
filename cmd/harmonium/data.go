package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/remedy"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func newData(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "data",
		Short: "Make, describe, split and convert data sets",
		Example: `  harmonium data ising --L 16 --T 2.269 -n 50000 -o ising.npy
  harmonium data info ising.npy
  harmonium data split ising.npy --parts 0.8,0.1,0.1 -o train.npy,valid.npy,test.npy`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newDataInfo(t), newDataSplit(t), newDataConvert(t), newDataIsing(t), newDataBars(t),
		newDataTFIM(t), newDataXXZ(t), newDataGHZ(t), newDataW(t), newDataWerner(t), newDataMeasure(t),
	)
	return cmd
}

func newDataInfo(t *terminal) *cobra.Command {
	d := &dataFlags{}
	cmd := &cobra.Command{
		Use:   "info FILE",
		Short: "Describe a data file",
		Long: `Read a data file whole, check it, and say what it holds: of a table or an alignment what each column
was taken for, and why.`,
		Example: `  harmonium data info train.npy
  harmonium data info family.fasta.gz --identity 0.8`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			set, err := d.open(args[0], data.Gaps())
			if err != nil {
				return err
			}
			if err := d.reweight(set, t.compute); err != nil {
				return err
			}
			result := struct {
				data.Info
				Findings []diag.Finding `json:"findings"`
			}{data.Describe(set), []diag.Finding{}}
			constant := data.Constant(set.Means(), set.Variances())
			if constant == nil {
				constant = set.ConstantReals()
			}
			for _, f := range []*diag.Finding{constant, set.MissingColumns()} {
				if f != nil {
					result.Findings = append(result.Findings, *f)
				}
			}
			remedy.Add("data", result.Findings)
			err = t.result(result, func(w io.Writer) {
				printInfo(w, result.Info)
				printFindings(w, result.Findings)
			})
			if err != nil {
				return err
			}
			return untrusted(result.Findings)
		},
	}
	d.register(cmd.Flags(), t)
	d.registerKinds(cmd.Flags())
	d.registerWeights(cmd.Flags())
	return cmd
}

func printInfo(w io.Writer, info data.Info) {
	fmt.Fprintf(w, "file\t%s (%s)\n", info.Path, info.Format)
	fmt.Fprintf(w, "sha256\t%s\n", info.SHA256)
	fmt.Fprintf(w, "rows\t%d, %d distinct\n", info.Rows, info.Distinct)
	shape := ""
	if len(info.Shape) > 0 {
		shape = fmt.Sprintf(" in the layout %s", strings.ReplaceAll(strings.Trim(fmt.Sprint(info.Shape), "[]"), " ", "×"))
	}
	fmt.Fprintf(w, "units\t%d, %s%s\n", info.Units, info.Values, shape)
	if info.TotalWeight != float64(info.Rows) {
		fmt.Fprintf(w, "sum of the weights\t%.6g\n", info.TotalWeight)
	}
	if info.MinMean <= info.MaxMean { // of bits
		fmt.Fprintf(w, "mean of the bits\t%.4f, by unit %.4f to %.4f\n", info.Mean, info.MinMean, info.MaxMean)
	}
	if info.Missing > 0 {
		fmt.Fprintf(w, "missing cells\t%d\n", info.Missing)
	}
	for _, note := range info.Notes {
		fmt.Fprintf(w, "note\t%s\n", note)
	}
	printColumns(w, info)
	if info.Constant > 0 {
		fmt.Fprintf(w, "constant units\t%d, the first in columns %s\n",
			info.Constant, strings.Trim(fmt.Sprint(info.Constants), "[]"))
	}
	gaps := ""
	if info.Missing > 0 {
		gaps = ", with a gap for a value of its own"
	}
	fmt.Fprintf(w, "entropy of the rows\t%.4f nats, at most %.4f%s\n", info.Entropy, info.EntropyBound, gaps)
	fmt.Fprintf(w, "independent units\t%.4f nats a row, the log-likelihood to beat\n", info.Independent)
	fmt.Fprintf(w, "memory\t%.1f MB\n", float64(info.Bytes)/1e6)
}

// mostColumns is how many columns are described, one a line.
const mostColumns = 40

// printColumns tells what each column was taken for.
func printColumns(w io.Writer, info data.Info) {
	for k, c := range info.Columns {
		if k == mostColumns {
			fmt.Fprintf(w, "…\t%d more columns (--json has all)\n", len(info.Columns)-k)
			break
		}
		switch {
		case c.Missing == info.Rows:
			fmt.Fprintf(w, "column %s\tmissing in all rows\n", c.Name)
		case c.Kind == rbm.Gaussian:
			fmt.Fprintf(w, "column %s\treal, mean %.4g, standard deviation %.4g, from %.4g to %.4g%s\n",
				c.Name, c.Mean, c.SD, c.Min, c.Max, because(c))
		case c.Kind == rbm.Categorical:
			fmt.Fprintf(w, "column %s\tcategorical, %d states: %s%s\n", c.Name, len(c.Categories), sharesOf(c), because(c))
		case c.Genotype != "" && k+1 < len(info.Columns) && info.Columns[k+1].Genotype == c.Genotype:
			one, two := c.Shares[1], info.Columns[k+1].Shares[1]
			of := data.ColumnInfo{Kind: c.Kind, Shares: []float64{1 - one, max(0, one-two), two}, Missing: c.Missing}
			fmt.Fprintf(w, "column %s\tgenotype, two bits: %s%s\n", c.Genotype, sharesOf(of), because(of))
		case c.Genotype != "": // told with the first of the two
		default:
			fmt.Fprintf(w, "column %s\tbinary: %s%s\n", c.Name, sharesOf(c), because(c))
		}
	}
}

// because says why a column was taken for its kind, and how many of its cells are missing.
func because(c data.ColumnInfo) (text string) {
	if c.Missing > 0 {
		text = fmt.Sprintf(", %d missing", c.Missing)
	}
	if c.Reason != "" {
		text += " (" + c.Reason + ")"
	}
	return text
}

// sharesOf lists the most frequent categories of a column.
func sharesOf(c data.ColumnInfo) string {
	const most = 6
	order := make([]int, len(c.Shares))
	for k := range order {
		order[k] = k
	}
	if c.Kind == rbm.Categorical {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(c.Shares[b], c.Shares[a]) })
	}
	var texts []string
	for _, k := range order[:min(most, len(order))] {
		name := fmt.Sprint(k)
		if c.Categories != nil {
			name = c.Categories[k]
		}
		texts = append(texts, name+" "+sharePercent(c.Shares[k]))
	}
	if len(order) > most {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

// sharePercent tells a share as a percentage with a digit after the point, unless it is none or all.
func sharePercent(share float64) string {
	switch {
	case share == 0 || share == 1:
		return fmt.Sprintf("%.0f %%", 100*share)
	case share < 0.0005:
		return "< 0.1 %"
	case share >= 0.9995:
		return "> 99.9 %"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// written is the result of commands that write data files.
type written struct {
	Files []writtenFile `json:"files"`
}

type writtenFile struct {
	Path  string `json:"path"`
	Rows  int    `json:"rows"`
	Units int    `json:"units"`
}

// writeSets writes sets to files whose formats their names say.
func writeSets(t *terminal, paths []string, sets []*data.Set) error {
	result := written{}
	for k, set := range sets {
		if err := set.CheckName(paths[k]); err != nil {
			return badInput(err)
		}
	}
	for k, set := range sets {
		if err := data.WriteSet(paths[k], set); err != nil {
			return err
		}
		result.Files = append(result.Files, writtenFile{paths[k], set.Rows(), set.Units()})
	}
	return t.result(result, func(w io.Writer) {
		for _, f := range result.Files {
			fmt.Fprintf(w, "wrote\t%d rows of %d units to %s\n", f.Rows, f.Units, f.Path)
		}
	})
}

func newDataConvert(t *terminal) *cobra.Command {
	d, out := &dataFlags{}, ""
	cmd := &cobra.Command{
		Use:     "convert FILE… -o FILE",
		Short:   "Join data files and write them in another format",
		Example: "  harmonium data convert images-idx3-ubyte.gz --threshold 127 -o images.npy",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkFiles([]string{out}, dataInputs(args...)); err != nil {
				return err
			}
			sets := make([]*data.Set, len(args))
			for k, path := range args {
				var columns []rbm.Column // of the first file
				if k > 0 {
					columns = sets[0].Columns
				}
				set, err := d.open(path, data.ForColumns(columns), data.Gaps())
				if err == nil {
					err = badInput(set.Fit(columns))
				}
				if err != nil {
					return err
				}
				sets[k] = set
			}
			set, err := data.Merge(sets...)
			if err != nil {
				return badInput(err)
			}
			return writeSets(t, []string{out}, []*data.Set{set})
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write, .npy, .csv or .fasta, each also .gz (needed)")
	d.register(cmd.Flags(), t)
	d.registerKinds(cmd.Flags())
	return cmd
}

func newDataSplit(t *terminal) *cobra.Command {
	d, out, parts := &dataFlags{}, "", ""
	cmd := &cobra.Command{
		Use:     "split FILE --parts F,F,… -o FILE,FILE,…",
		Short:   "Deal the rows of a file out at random into parts",
		Example: "  harmonium data split all.npy --parts 0.8,0.1,0.1 -o train.npy,valid.npy,test.npy",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			paths := strings.Split(out, ",")
			if err := checkFiles(paths, dataInputs(args...)); err != nil {
				return err
			}
			fractions, err := parseNumbers(parts)
			if err != nil {
				return badInput(fmt.Errorf("--parts %s: %w", parts, err))
			}
			if len(fractions) != len(paths) {
				return badInput(fmt.Errorf("--parts names %d parts, -o %d files", len(fractions), len(paths)))
			}
			set, err := d.open(args[0], data.Gaps())
			if err != nil {
				return err
			}
			sets, err := data.Split(set, fractions, rng.Seed(d.seed))
			if err != nil {
				return badInput(fmt.Errorf("--parts %s: %w", parts, err))
			}
			return writeSets(t, paths, sets)
		},
	}
	cmd.Flags().StringVar(&parts, "parts", "0.9,0.1", "parts of the rows; they add up to 1")
	cmd.Flags().StringVarP(&out, "out", "o", "", "one file a part, .npy, .csv or .fasta, each also .gz (needed)")
	d.register(cmd.Flags(), t)
	d.registerKinds(cmd.Flags())
	return cmd
}

func parseNumbers(text string) ([]float64, error) {
	var numbers []float64
	for field := range strings.SplitSeq(text, ",") {
		x, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", field)
		}
		numbers = append(numbers, x)
	}
	return numbers, nil
}

func newDataBars(t *terminal) *cobra.Command {
	rows, columns, count, seed, out := 4, 4, 1000, uint64(1), ""
	cmd := &cobra.Command{
		Use:   "bars -o FILE",
		Short: "Draw bars and stripes",
		Long: `Draw k×l pictures of bars or of stripes: first the direction, then each line on or off, all with
probability 1/2. The entropy is known exactly and is printed.`,
		Example: "  harmonium data bars --rows 4 --columns 4 -n 10000 -o bars.npy",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := checkArrayFile(out); err != nil {
				return err
			}
			set, err := data.BarsSample(rows, columns, count, rng.Seed(seed))
			if err != nil {
				return badInput(err)
			}
			entropy, err := data.BarsEntropy(rows, columns)
			if err != nil {
				return badInput(err)
			}
			if err := data.Write(out, set.States, set.Values, set.Shape); err != nil {
				return err
			}
			result := struct {
				writtenFile
				Entropy float64 `json:"entropy"`
			}{writtenFile{out, count, rows * columns}, entropy}
			return t.result(result, func(w io.Writer) {
				fmt.Fprintf(w, "wrote\t%d rows of %d units to %s\n", count, rows*columns, out)
				fmt.Fprintf(w, "entropy\t%.6f nats a row\n", result.Entropy)
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&rows, "rows", rows, "lines across")
	f.IntVar(&columns, "columns", columns, "lines down")
	f.IntVarP(&count, "count", "n", count, "pictures to draw")
	f.StringVarP(&out, "out", "o", "", "file to write, .npy or .csv, each also .gz (needed)")
	f.Uint64Var(&seed, "seed", seed, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

type isingOptions struct {
	size, count int
	temperature float64
	seed        uint64
	out         string
}

func newDataIsing(t *terminal) *cobra.Command {
	o := &isingOptions{}
	cmd := &cobra.Command{
		Use:   "ising -o FILE",
		Short: "Draw 2D Ising configurations by Wolff clusters",
		Long: `Draw spin configurations of the Ising model on an L×L torus (J=1, no field) by Wolff clusters. The
energy of the sample is compared with the exact one of the finite lattice (Kaufman 1949); exit
status 3 if they don't agree.`,
		Example: "  harmonium data ising --L 16 --T 2.269 -n 50000 -o ising.npy",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return makeIsing(cmd.Context(), t, o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&o.size, "L", 16, "sites along an edge, 2 to 1024")
	f.Float64Var(&o.temperature, "T", ising.Tc, "temperature in J/k; the default is the critical one, 2/log(1+√2)")
	f.IntVarP(&o.count, "count", "n", 10000, "configurations to draw")
	f.StringVarP(&o.out, "out", "o", "", "file to write, .npy or .csv, each also .gz (needed)")
	f.Uint64Var(&o.seed, "seed", 1, "of all random numbers; the same seed gives the same bytes")
	return cmd
}

type isingResult struct {
	writtenFile
	Energy      estimateResult `json:"energy_per_site"`
	ExactEnergy float64        `json:"exact_energy_per_site"`
	Findings    []diag.Finding `json:"findings"`
}

func makeIsing(ctx context.Context, t *terminal, o *isingOptions) error {
	if err := checkArrayFile(o.out); err != nil {
		return err
	}
	switch {
	case o.size < 2 || o.size > ising.MaxSize:
		return badInput(fmt.Errorf("--L is %d, want 2 to %d sites", o.size, ising.MaxSize))
	case !(o.temperature > 0) || math.IsInf(o.temperature, 0):
		return badInput(fmt.Errorf("--T is %v, want a finite temperature above 0", o.temperature))
	case o.count < 1:
		return badInput(fmt.Errorf("-n is %d, want 1 configuration or more", o.count))
	}
	bar := t.progress("ising", int64(o.count))
	states, report, err := ising.Sample(ctx, o.size, o.temperature, o.count, rng.Seed(o.seed), ising.Options{
		Compute: t.compute, Progress: func(done, _ int) { bar.set(int64(done), fmt.Sprintf("%d configurations", done)) },
	})
	bar.stop()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return badInput(err)
	}
	if err := data.Write(o.out, states, rbm.Spin, []int{o.size, o.size}); err != nil {
		return err
	}
	result := isingResult{
		writtenFile: writtenFile{o.out, states.Rows(), states.Units()},
		Energy:      estimateResult{report.Energy.Value, report.Energy.Stderr},
		ExactEnergy: report.Exact, Findings: append([]diag.Finding{}, report.Findings...),
	}
	remedy.Add("data", result.Findings)
	err = t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "wrote\t%d configurations of %d×%d spins to %s\n", o.count, o.size, o.size, o.out)
		fmt.Fprintf(w, "energy per site\t%s, exactly %.6f\n", report.Energy, report.Exact)
		printFindings(w, result.Findings)
	})
	if err != nil {
		return err
	}
	return untrusted(result.Findings)
}
