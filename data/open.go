package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Open reads a data set. The contents say what the file is, not its name:
//
//   - .npy of version 1 to 3: booleans, integers or floats of any byte order, C or Fortran order, two axes or
//     more. The first axis counts rows; the others are flattened and kept as Shape.
//   - .npz: one such array, or a sparse matrix as SciPy writes it. "file.npz#name" names an array where there are
//     several.
//   - IDX, the format of MNIST: two axes or more.
//   - text: one row a line, separated by commas, semicolons, bars, or spaces and tabs, or digits 0 and 1 run together;
//     numbers in any notation (1, 1.0, 1.000e+00). Blank lines and comments with # don't count, nor one line of names.
//   - tables, in text, Parquet or Arrow (Feather), and alignments in FASTA, whose columns hold more than bits.
//   - VCF: of phased genotypes the haplotypes of the samples are rows, and the sites columns; with Selection.Genotypes
//     the samples are, phased or not.
//
// All but .npz, Parquet and Arrow may be packed by gzip, zstd, xz or bzip2. The path [StandardInput] stands for
// standard input. The values are 0 and 1, or −1 and 1; with [Threshold] or [Bernoulli] others too. Everything else is
// an error that says what was found, in which row and column, and what was expected. Errors found in the contents begin
// with the path.
func Open(path string, opts ...Option) (*Set, error) {
	return read(func() (*file, error) { return openFile(path) }, opts)
}

// Read is [Open] of a file that is not on disk, such as the body of a request, which it keeps in memory whole. The name
// is for messages.
func Read(in io.Reader, name string, opts ...Option) (*Set, error) {
	return read(func() (*file, error) {
		whole, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return &file{bytes.NewReader(whole), int64(len(whole)), name, "", func() error { return nil }}, nil
	}, opts)
}

func read(open func() (*file, error), opts []Option) (*Set, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil {
		return nil, err
	}
	defer f.close()
	set, err := f.read(o)
	if err == nil {
		o.note(set.Notes)
	}
	if err == nil && o.model != nil {
		err = set.fitModel(o.model)
	}
	if err != nil {
		return nil, err
	}
	return set, nil
}

// file is the bytes of a file.
type file struct {
	io.ReaderAt
	size   int64
	name   string // for messages
	member string // of an .npz file
	close  func() error
}

// HashFile returns the SHA-256 of a data file's bytes, in hex: what [Set] has of it. Of "file.npz#name" it is that of
// the .npz file.
func HashFile(path string) (string, error) {
	f, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer f.close()
	return f.sha256()
}

// SplitMember splits "file.npz#name" where there is no file of that whole name. member is "" where path names a file.
func SplitMember(path string) (name, member string) {
	_, err := os.Stat(path)
	if i := strings.LastIndexByte(path, '#'); err != nil && i >= 0 {
		if _, err := os.Stat(path[:i]); err == nil {
			return path[:i], path[i+1:]
		}
	}
	return path, ""
}

func openFile(path string) (*file, error) {
	if path == StandardInput {
		return spool(os.Stdin)
	}
	name, member := SplitMember(path)
	if name != path && member == "" {
		return nil, fmt.Errorf("%s: no name after #", path)
	}
	if scheme, _, ok := strings.Cut(path, "://"); ok && !strings.ContainsAny(scheme, "/.") {
		return nil, fmt.Errorf("%s: files are read from this machine alone: fetch it first, or, as standard input -, by curl -L", path)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return nil, fmt.Errorf("%s: a folder, want a file", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file; what it says can be given as standard input -", path)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &file{ReaderAt: f, size: info.Size(), name: path, member: member, close: f.Close}, nil
}

func (f *file) read(o options) (*Set, error) {
	set, err := f.set(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return set, nil
}

func (f *file) set(o options) (*Set, error) {
	r, err := f.reading(o)
	if err != nil {
		return nil, err
	}
	set, err := r.set()
	if err != nil {
		return nil, err
	}
	set.Path = f.name
	set.SHA256, err = f.sha256()
	return set, err
}

// reading finds out what the file is.
func (f *file) reading(o options) (*reading, error) {
	s, npy, head, err := f.source()
	if err != nil {
		return nil, err
	}
	pack := strings.TrimPrefix(s.pack, ", UTF-16")
	if o.unpacked && (pack != "" || npy != "npy" || isArrow(head) || !isText(head) && isParquet(head)) {
		return nil, errors.New("want text or an array that is not packed: no .npz, Parquet or Arrow either")
	}
	if !isText(head) && isParquet(head) {
		return f.readColumns("a Parquet", parquetTable, s, o)
	}
	if isArrow(head) {
		return f.readColumns("an Arrow", arrowTable, s, o)
	}
	switch plain := npy == "npy" && len(head) > 0; {
	case plain && isFASTA(head): // with names in any encoding
		return whole(readFASTA(s, o))
	case plain && isVCF(head):
		return readVCF(s, o)
	case plain && isBCF(head):
		return nil, errBCF
	case plain && isText(head) && bytes.Contains(head, []byte("\n>")):
		return nil, errors.New("a line begins with >, as the names of an alignment in FASTA format do, but the first line does not: " +
			"want a name above the first sequence")
	case plain && isText(head):
		if err := foreignText(head); err != nil {
			return nil, err
		}
		r, err := readText(s, npy, head, o)
		return r, withHint(err, head)
	case o.schema != nil:
		return nil, errors.New("a schema is for a table with names at its top, which this file is not")
	}
	o.forColumns(false)
	r, err := readSet(s, npy, head, o)
	if err == nil && o.stream {
		err = r.survey(r.finite)
	}
	return r, err
}

// readColumns reads a file of a format that keeps columns together.
func (f *file) readColumns(format string, open func(f *file) (*table, error), s source, o options) (*reading, error) {
	if s.pack != "" {
		return nil, fmt.Errorf("found %s file within %s, want it as it is: its columns are packed already",
			format, strings.TrimPrefix(s.pack, ", "))
	}
	switch {
	case o.packed > 0:
		return nil, errPackedText
	case o.threshold != nil || o.bernoulli:
		return nil, fmt.Errorf("found %s file, whose columns are each of a kind: a threshold or bernoulli go with an array", format)
	}
	t, err := open(f)
	if err != nil {
		return nil, err
	}
	o.forColumns(true)
	return t.read(o)
}

func readFASTA(s source, o options) (*Set, error) {
	if o.packed > 0 {
		return nil, errPackedText
	}
	if o.threshold != nil || o.bernoulli || o.reals {
		return nil, errors.New("a FASTA alignment has letters, which no threshold, bernoulli or real numbers go with")
	}
	if s := o.selection; s.Columns != nil || s.Drop != nil || s.Categories != nil || s.Genotypes != nil || s.RowNames != "" {
		return nil, errors.New("a FASTA alignment has sites that are categories and names of rows: want all columns as they are, " +
			"or the alignment as a table")
	}
	a, err := readAlignment(s)
	if err != nil {
		return nil, err
	}
	set, err := a.set(o.oddAsGaps, o.columns)
	if err != nil {
		return nil, err
	}
	set.Format += s.pack
	return set.chooseRows(&o.selection)
}

// readText reads a table if the file has one, and otherwise a matrix. The reader of bits has the first word where
// nothing is said of the columns, or they are bits: a file that it takes is no table, unless its first column is none of
// these, and one with a single other value is a damaged file of bits.
func readText(s source, npy string, head []byte, o options) (*reading, error) {
	if o.packed > 0 {
		return nil, errPackedText
	}
	if o.schema != nil || o.selection.RowNames != "" {
		t, err := findTable(s, o)
		if err != nil {
			return nil, err
		}
		if o.schema == nil && !t.numbered {
			o.forColumns(true)
		}
		return t.read(o)
	}
	if (o.columns != nil || o.reals || o.selection.Categories != nil || o.selection.Genotypes != nil) && !plainBits(o.columns) {
		t, err := findTable(s, o)
		headed := err == nil && !t.numbered
		if o.forColumns(headed); headed {
			return t.read(o)
		}
	}
	if o.columns != nil && o.threshold == nil && !o.bernoulli {
		if t, err := findTable(s, o); err == nil && !t.numbered && t.beginsWithOther(o.columns) { // names of the rows, perhaps
			table := o
			table.notes = nil
			table.forColumns(true)
			r, err := t.read(table)
			if err == nil {
				err = r.take(o.stream)
			}
			if err == nil {
				return r, nil
			}
		}
	}
	r, err := readSet(s, npy, head, o)
	if err == nil {
		err = r.take(o.stream)
	}
	if err == nil || o.threshold != nil || o.bernoulli {
		return r, err
	}
	t, tableErr := findTable(s, o)
	if tableErr != nil {
		return nil, err
	}
	asked := o.selection.Genotypes != nil || o.selection.Categories != nil || hasGenotypes(o.columns) // other numbers are no damage
	genotypes := genotypesOf(o.columns)
	if t.numbered && len(genotypes) == len(t.names) {
		t.names = genotypes
	} else {
		genotypes = nil
	}
	o.forColumns(!t.numbered || genotypes != nil)
	kept, tableErr := t.profiles(o)
	if tableErr == nil {
		tableErr = t.profile(kept, &o.selection)
	}
	if t.numbered && (tableErr != nil || !t.clear(o.gaps)) {
		return nil, err
	}
	at, cell := errors.AsType[*cellError](err)
	if ragged := errors.Is(tableErr, errRagged); ragged && !cell {
		return nil, err
	}
	if tableErr == nil && !asked {
		switch damage := t.damage(kept, o); {
		case damage == nil:
		case !cell && !errors.Is(err, errTable) || cell && at.row == damage.row && at.column == damage.column:
			return nil, err
		default:
			return nil, damage
		}
	}
	if tableErr != nil {
		return nil, tableErr
	}
	return t.build(kept, o)
}

// plainBits reports whether columns are asked for that hold nothing but bits.
func plainBits(columns []rbm.Column) bool {
	return columns != nil && !slices.ContainsFunc(columns, func(c rbm.Column) bool {
		return c.Kind != rbm.Bernoulli && c.Kind != rbm.Spin || c.Categories != nil || c.Genotype != ""
	})
}

// readSet reads an array, or a text of numbers.
func readSet(s source, npy string, head []byte, o options) (*reading, error) {
	if err := o.check(); err != nil { // again, as columns may have said that there are real numbers
		return nil, err
	}
	m, err := readMatrix(s, npy, head, o, false)
	if err != nil {
		return nil, err
	}
	if o.packed > 0 {
		if err := m.unpackBits(o.packed); err != nil {
			return nil, err
		}
	}
	if err := m.arrange(o); err != nil {
		return nil, err
	}
	sites := m.units == len(o.columns) && every(o.columns, func(c rbm.Column) bool { return c.Kind == rbm.Categorical })
	if sites && m.names == nil {
		for _, c := range o.columns {
			m.names = append(m.names, c.Name)
		}
	}
	if o.selection.Categories != nil || sites { // or an array of a model's categories
		return m.categories(&o.selection, o.gaps)
	}
	genotypes := genotypesOf(o.columns)
	if m.units != len(genotypes) {
		genotypes = nil
	} else if m.names == nil {
		m.names = genotypes
	}
	if o.selection.Genotypes != nil && m.units != len(o.columns) || genotypes != nil {
		return m.genotypes(&o.selection, o.gaps)
	}
	r := &reading{rows: m.rows, finite: m.finite || !o.gaps, inMemory: m.scattered || o.bernoulli}
	r.fill = func(size int, each func(s *Set) error) error {
		p := newPacker(m, o, size, each)
		p.head, p.gaps = r.head, r.gaps
		var err error
		if m.scanBytes != nil {
			err = m.scanBytes(p.putBytes)
		} else {
			err = m.scan(p.put)
		}
		if err == nil && p.o.spread != nil && p.known.Rows() > 0 { // there are gaps: once more, with all rows
			o.spread = nil
			p = newPacker(m, o, size, each)
			err = m.scan(p.put)
		}
		if err == nil {
			err = p.flush()
		}
		return err
	}
	return r, nil
}

// arrange keeps the rows and columns that are asked for. Columns with names are put in the order of those of a model.
func (m *matrix) arrange(o options) error {
	if o.columns == nil || m.names == nil {
		return m.choose(&o.selection)
	}
	names := make([]string, len(o.columns))
	for k, c := range o.columns {
		names[k] = c.Name
	}
	if slices.Equal(names, m.names) {
		names = nil
	}
	return m.choose(&Selection{Columns: names, FirstRow: o.selection.FirstRow, LastRow: o.selection.LastRow})
}

func (f *file) sha256() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
