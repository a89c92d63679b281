package data

import (
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// WriteSet writes a set to a file, atomically; the name says the format, and with ".gz" after its ending that the file
// is gzipped. A set of columns goes to ".csv" with a line of names, categories as their texts and real numbers in the
// table's units; to ".fasta" if it is an alignment; and to ".npy" as the numbers of its units: real numbers in the
// table's units as float32, categories one-hot. Other sets go as [Write] says.
func WriteSet(path string, s *Set) error {
	if err := s.CheckName(path); err != nil {
		return err
	}
	switch ending, _ := splitName(path); {
	case isFASTAName(ending):
		return writeFile(path, func(w io.Writer) error { return writeFASTA(w, s) })
	case s.plain() && s.Known.Rows() == 0 && (s.Columns == nil || ending != ".csv"):
		return Write(path, s.States, s.Values, s.Shape)
	case ending == ".csv":
		return writeFile(path, func(w io.Writer) error { return writeTable(w, s) })
	}
	return writeFile(path, func(w io.Writer) error { return writeColumnsNPY(w, s) })
}

// plain reports whether all units are bits, or all are spins.
func (s *Set) plain() bool {
	return s.Values != rbm.Gaussian && s.Values != rbm.Categorical && s.Values != rbm.Mixed
}

// CheckName returns the error that [WriteSet] would return for a name that says no format, or one that the set has no
// place in.
func (s *Set) CheckName(path string) error {
	if ending, _ := splitName(path); isFASTAName(ending) && !s.isAlignment() {
		return fmt.Errorf("%s: only an alignment of letters can be written as FASTA, want .npy or .csv", path)
	}
	return CheckName(path)
}

func isFASTAName(ending string) bool {
	return slices.Contains([]string{".fasta", ".fa", ".fas", ".a2m", ".afa"}, ending)
}

// splitName returns the ending of a name that says the format, in lower case, and whether ".gz" comes after it.
func splitName(path string) (ending string, packed bool) {
	path, packed = strings.CutSuffix(strings.ToLower(path), ".gz")
	return filepath.Ext(path), packed
}

// writeFile writes a file atomically, gzipped if its name ends so.
func writeFile(path string, write func(w io.Writer) error) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if _, packed := splitName(path); !packed {
			return write(w)
		}
		z := gzip.NewWriter(w)
		if err := write(z); err != nil {
			return err
		}
		return z.Close()
	})
}

// value is the number of a real column in the table's units.
func (s *Set) value(r int, span rbm.Span, c rbm.Column) float64 {
	return s.States.Value(r, span.From)*scaleOf(c.Scale) + c.Mean
}

func writeTable(w io.Writer, s *Set) error {
	lines, spans := csv.NewWriter(w), rbm.Spans(s.Columns)
	cells := writtenCells(s.Columns)
	line := make([]string, 1+max(len(cells), s.Units()))
	fields := line[1:]
	if s.Columns != nil {
		line = line[:1+len(cells)]
		fields = line[1:]
		for k, at := range cells {
			c := s.Columns[at]
			fields[k] = cmp.Or(c.Genotype, c.Name)
		}
	}
	if s.Names == nil {
		line = fields
	}
	if s.Names != nil && s.readAsNames() && !slices.Contains(fields, s.Index) {
		line[0] = s.Index
	}
	named := s.Columns != nil && !s.numberedBits()
	if named {
		if err := lines.Write(line); err != nil {
			return err
		}
	}
	for r := range s.Rows() {
		if s.Names != nil {
			line[0] = s.Names[r]
		}
		for k, at := range cells {
			if fields[k] = s.text(r, spans[at], s.Columns[at]); rbm.GenotypeAt(s.Columns, at) {
				fields[k] = s.genotype(r, spans[at].From)
			}
			if fields[k] == "" && !named {
				fields[k] = "NA"
			}
		}
		if s.Columns == nil {
			for i := range fields {
				fields[i] = s.number(r, i)
			}
		}
		if len(line) == 1 && line[0] == "" { // an empty line is no row
			line[0] = "NA"
		}
		if err := lines.Write(line); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

// writtenCells are the columns that a table has a cell of: all but the second of each genotype.
func writtenCells(columns []rbm.Column) (at []int) {
	for k := range columns {
		if k == 0 || !rbm.GenotypeAt(columns, k-1) {
			at = append(at, k)
		}
	}
	return at
}

// readAsNames reports whether names of rows are taken for such where their column has its own name, as [Open] says. Else
// they are written below no name.
func (s *Set) readAsNames() bool {
	numbers, seen := 0, map[string]bool{}
	for _, name := range s.Names {
		x, ok := number([]byte(name))
		if seen[name] || isMissing(name) || ok && x != math.Trunc(x) {
			return false
		}
		seen[name] = true
		numbers += bit(ok)
	}
	if numbers == 0 {
		return len(s.Names) > fewIntegers
	}
	return numbers == len(s.Names) && len(s.Names) > 2 && isIndexName(s.Index)
}

// numberedBits reports whether the columns are bits or genotypes that have numbers for names, which would be taken for a
// row of them.
func (s *Set) numberedBits() bool {
	for k, at := range writtenCells(s.Columns) {
		c := s.Columns[at]
		if cmp.Or(c.Genotype, c.Name) != strconv.Itoa(k+1) || c.Categories != nil {
			return false
		}
	}
	return s.plain() && len(s.Columns) > 1
}

// number is a number of a file without names.
func (s *Set) number(r, i int) string {
	if !s.isKnown(r, i) {
		return "NA"
	}
	scale, offset := s.Values.Line()
	return strconv.FormatFloat(scale*s.States.Value(r, i)+offset, 'g', -1, 32)
}

// text is a cell of a table, empty where it is missing.
func (s *Set) text(r int, span rbm.Span, c rbm.Column) string {
	switch {
	case !s.isKnown(r, span.From):
		return ""
	case c.Kind == rbm.Gaussian:
		return strconv.FormatFloat(s.value(r, span, c), 'g', 7, 64)
	case c.Kind == rbm.Categorical:
		return c.Categories[s.state(r, span)]
	case len(c.Categories) == 2 && s.States.Bit(r, span.From):
		return c.Categories[1]
	case len(c.Categories) == 2:
		return c.Categories[0]
	case s.States.Bit(r, span.From):
		return "1"
	}
	return strconv.Itoa(int(offValue(c.Kind)))
}

// equalStates is the number of states of every site if all columns are sites with as many, else 0.
func (s *Set) equalStates() int {
	states := 0
	for k, c := range s.Columns {
		if c.Kind != rbm.Categorical || k > 0 && len(c.Categories) != states {
			return 0
		}
		states = len(c.Categories)
	}
	return states
}

// writeColumnsNPY writes the numbers of all units, those of real columns in the table's units: float32 if there are
// some, else uint8. Sites with as many states have the layout sites × states.
func writeColumnsNPY(w io.Writer, s *Set) error {
	descr := "|u1"
	if s.States.Bits() < s.Units() || s.Known.Rows() > 0 {
		descr = "<f4"
	}
	shape := []int{s.Units()}
	if states := s.equalStates(); states > 0 {
		shape = []int{len(s.Columns), states}
	}
	if err := npyHead(w, descr, s.Rows(), shape); err != nil {
		return err
	}
	columns := make([]rbm.Column, s.Units()) // of each unit
	for k, span := range rbm.Spans(s.Columns) {
		for i := span.From; i < span.To; i++ {
			columns[i] = s.Columns[k]
		}
	}
	var row []byte
	for r := range s.Rows() {
		row = row[:0]
		for i, c := range columns {
			x := s.value(r, rbm.Span{From: i, To: i + 1}, c)
			if s.Values == rbm.Spin {
				x = 2*x - 1
			}
			if !s.isKnown(r, i) {
				x = math.NaN()
			}
			if descr == "|u1" {
				row = append(row, byte(x))
			} else {
				row = binary.LittleEndian.AppendUint32(row, math.Float32bits(float32(x)))
			}
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// Write writes configurations to a file, atomically; the name says the format. ".npy" is an array of rows × units, or
// of rows and the layout of a row where shape is not nil, uint8 for Bernoulli units and int8 for spins; ".csv" is one
// row a line, separated by commas. Values are 0 and 1, or −1 and 1. Any other ending is an error.
func Write(path string, states rbm.Batch, values rbm.Kind, shape []int) error {
	if err := new(Set).CheckName(path); err != nil {
		return err
	}
	return writeFile(path, func(w io.Writer) error {
		if ending, _ := splitName(path); ending == ".csv" {
			return writeCSV(w, states, values)
		}
		return writeNPY(w, states, values, shape)
	})
}

// CheckName returns an error for a name that says no format, before there is anything to write.
func CheckName(path string) error {
	if ending, _ := splitName(path); ending == ".npy" || ending == ".csv" || isFASTAName(ending) {
		return nil
	}
	return fmt.Errorf("%s: unknown ending, want .npy, .csv or .fasta, or one of these and .gz", path)
}

// npyHead writes the head of an array of rows and the layout of a row.
func npyHead(w io.Writer, descr string, rows int, shape []int) error {
	return npyHeadOf(w, descr, append([]int{rows}, shape...))
}

// npyHeadOf writes the head of version 1 of the format; the data begin at a multiple of 64 bytes, as numpy's do.
func npyHeadOf(w io.Writer, descr string, shape []int) error {
	axes := make([]string, len(shape))
	for k, d := range shape {
		axes[k] = strconv.Itoa(d)
	}
	if len(axes) == 1 {
		axes[0] += "," // as Python writes a tuple
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, strings.Join(axes, ", "))
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	length := string([]byte{byte(len(head)), byte(len(head) >> 8)})
	_, err := io.WriteString(w, npyMagic+"\x01\x00"+length+head)
	return err
}

func writeNPY(w io.Writer, states rbm.Batch, values rbm.Kind, shape []int) error {
	descr, off := "|u1", offValue(values)
	if off < 0 {
		descr = "|i1"
	}
	if shape == nil {
		shape = []int{states.Units()}
	}
	if err := npyHead(w, descr, states.Rows(), shape); err != nil {
		return err
	}
	row := make([]byte, states.Units())
	for r := range states.Rows() {
		for i := range row {
			row[i] = byte(off)
			if states.Bit(r, i) {
				row[i] = 1
			}
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// offValue is the value of a unit that is not on.
func offValue(values rbm.Kind) int8 {
	_, offset := values.Line()
	return int8(offset)
}

func writeCSV(w io.Writer, states rbm.Batch, values rbm.Kind) error {
	off := offValue(values)
	var line []byte
	for r := range states.Rows() {
		line = line[:0]
		for i := range states.Units() {
			if i > 0 {
				line = append(line, ',')
			}
			if states.Bit(r, i) {
				line = append(line, '1')
			} else {
				line = strconv.AppendInt(line, int64(off), 10)
			}
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
