package data

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"harmonium/rbm"
	"harmonium/rng"
)

// Option says how values other than 0, 1 and −1 become bits.
type Option func(*options)

type options struct {
	threshold *float64
	bernoulli bool
	reals     bool
	units     bool // an array has the numbers of all units of columns, one-hot states among them
	oddAsGaps bool
	schema    *Schema
	columns   []rbm.Column
	key       rng.Key
}

// Threshold makes a bit of every value x: 1 if x > t, otherwise 0. The set is one of Bernoulli units.
func Threshold(t float64) Option { return func(o *options) { o.threshold = &t } }

// Bernoulli takes every value as the probability of a 1: bytes x as x/255 (unless no byte of the file exceeds 1: then
// they are bits), other numbers as they are. [Set.Redraw] draws the bits of an epoch.
func Bernoulli(key rng.Key) Option {
	return func(o *options) { o.bernoulli, o.key = true, key }
}

// Reals takes every value as a real number, for Gaussian units.
func Reals() Option { return func(o *options) { o.reals = true } }

// OddLettersAsGaps takes letters that stand for several, such as X and N, as gaps of an alignment.
func OddLettersAsGaps() Option { return func(o *options) { o.oddAsGaps = true } }

// WithSchema says what the columns of a table are.
func WithSchema(s *Schema) Option { return func(o *options) { o.schema = s } }

func (o options) check() error {
	switch {
	case o.reals && (o.threshold != nil || o.bernoulli):
		return errors.New("real numbers as they are and a threshold or bernoulli exclude each other")
	case o.threshold != nil && o.bernoulli:
		return errors.New("threshold and bernoulli exclude each other")
	case o.threshold != nil && (math.IsNaN(*o.threshold) || math.IsInf(*o.threshold, 0)):
		return fmt.Errorf("threshold is %v, want a finite number", *o.threshold)
	}
	return nil
}

// Open reads a data set. The contents say what the file is, not its name:
//
//   - .npy of version 1 to 3: booleans, integers or floats of any byte order, C or Fortran order, two axes or
//     more. The first axis counts rows; the others are flattened and kept as Shape.
//   - .npz: one such array. "file.npz#name" names it where there are several.
//   - IDX, the format of MNIST: two axes or more.
//   - text: one row a line, separated by commas, semicolons, or spaces and tabs, or digits 0 and 1 run
//     together; numbers in any notation (1, 1.0, 1.000e+00). Blank lines don't count; neither do lines that begin
//     with # before the first row, nor one line of names, each beginning with a letter, _ or a quote, one a column.
//
// All but .npz may be gzipped. The values are 0 and 1, or −1 and 1; with [Threshold] or [Bernoulli] others too.
// Everything else is an error that says what was found, in which row and column, and what was expected. Errors
// found in the contents begin with the path.
func Open(path string, opts ...Option) (*Set, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return f.read(o)
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
	name, member := SplitMember(path)
	if name != path && member == "" {
		return nil, fmt.Errorf("%s: no name after #", path)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
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
	s, npy, head, err := f.source()
	if err != nil {
		return nil, err
	}
	var set *Set
	switch plain := npy == "npy" && len(head) > 0; {
	case plain && isFASTA(head): // with names in any encoding
		set, err = readFASTA(s, o)
	case plain && isText(head) && bytes.Contains(head, []byte("\n>")):
		err = errors.New("a line begins with >, as the names of an alignment in FASTA format do, but the first line does not: " +
			"want a name above the first sequence")
	case plain && isText(head):
		set, err = readText(s, npy, head, o)
	case o.schema != nil:
		err = errors.New("a schema is for a table with names at its top, which this file is not")
	default:
		o.forColumns(false)
		set, err = readSet(s, npy, head, o)
	}
	if err != nil {
		return nil, err
	}
	set.Path = f.name
	set.SHA256, err = f.sha256()
	return set, err
}

func readFASTA(s source, o options) (*Set, error) {
	if o.threshold != nil || o.bernoulli || o.reals {
		return nil, errors.New("a FASTA alignment has letters, which no threshold, bernoulli or real numbers go with")
	}
	a, err := readAlignment(s)
	if err != nil {
		return nil, err
	}
	set, err := a.set(o.oddAsGaps, o.columns)
	if err == nil {
		set.Format += s.pack
	}
	return set, err
}

// readText reads a table if the file has one, and otherwise a matrix. The reader of bits has the first word where nothing
// is said of the columns: a file that it takes is no table, and one with a single other value is a damaged file of bits.
func readText(s source, npy string, head []byte, o options) (*Set, error) {
	if o.schema != nil {
		return readTable(s, o)
	}
	if o.columns != nil || o.reals {
		t, headed := findTable(s, o.columns)
		if o.forColumns(headed); headed {
			return t.read(o)
		}
	}
	set, err := readSet(s, npy, head, o)
	if err == nil || o.threshold != nil || o.bernoulli {
		return set, err
	}
	t, headed := findTable(s, nil)
	if !headed {
		return nil, err
	}
	set, tableErr := t.read(o)
	_, cell := errors.AsType[*cellError](err)
	if ragged := errors.Is(tableErr, errRagged); ragged && !cell || !ragged && t.damaged() {
		return nil, err
	}
	return set, tableErr
}

// readSet reads an array, or a text of numbers.
func readSet(s source, npy string, head []byte, o options) (*Set, error) {
	if err := o.check(); err != nil { // again, as columns may have said that there are real numbers
		return nil, err
	}
	m, err := readMatrix(s, npy, head, false)
	if err != nil {
		return nil, err
	}
	p := newPacker(m, o)
	if err := m.scan(p.put); err != nil {
		return nil, err
	}
	set := p.set()
	set.Format, set.Shape = m.format, m.shape
	if o.units {
		err = set.ofUnits(o.columns)
	}
	return set, err
}

func (f *file) sha256() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// errChanged is found when a second reading differs from the first.
var errChanged = errors.New("the file changed while it was read")

// A matrix is a decoded file before its values are judged: its size, which is known from bytes that are really
// there, and a function that goes through the values once.
type matrix struct {
	rows, units int
	shape       []int
	format      string
	bytes       bool // the values are of type uint8
	scan        func(put put) error
}

// put takes consecutive values of row r from column c on (both from 0) and keeps no reference to them. It returns a
// *cellError for a value it refuses.
type put func(r, c int, values []float64) error

// cellError is a value that was refused. Row, line and column count from 1; line 0 is none.
type cellError struct {
	row, line, column int
	found, want       string
	grey              bool // whether x may be a grey value
}

// ErrGrey is the error of values that are not binary, where nothing says how to make them so: [Threshold] or
// [Bernoulli].
var ErrGrey = errors.New("grey values")

// Is reports whether target is [ErrGrey] and the value may be grey.
func (e *cellError) Is(target error) bool { return target == ErrGrey && e.grey }

func (e *cellError) Error() string {
	line := ""
	if e.line != 0 && e.line != e.row {
		line = fmt.Sprintf(" (line %d)", e.line)
	}
	return fmt.Sprintf("row %d%s, column %d: found %s, want %s", e.row, line, e.column, e.found, e.want)
}

// source is a stream of bytes that can be read several times.
type source struct {
	open func() (io.Reader, error)
	size int64  // −1: only reading to the end tells
	pack string // how it was packed, for the format: "" or ", gzip"
}

// matrix is the file as numbers. If weights is set, one axis will do, and digits are never separate columns.
func (f *file) matrix(weights bool) (*matrix, error) {
	s, npy, head, err := f.source()
	if err != nil {
		return nil, err
	}
	return readMatrix(s, npy, head, weights)
}

// source unpacks the file, and returns its first bytes and whether they may be of an .npz member, which is an .npy
// array.
func (f *file) source() (s source, npy string, head []byte, err error) {
	head = make([]byte, 512)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return s, "", nil, err
	}
	head, err = head[:n], nil
	s = source{open: func() (io.Reader, error) { return io.NewSectionReader(f, 0, f.size), nil }, size: f.size}
	npy = "npy"
	switch {
	case isZip(head):
		npy = "npz"
		s, err = f.zipMember()
	case f.member != "":
		err = fmt.Errorf("#%s names a member of an .npz file, which this is not", f.member)
	case isGzip(head):
		s = source{open: func() (io.Reader, error) { return newGunzip(f) }, size: -1, pack: ", gzip"}
	}
	if err == nil && s.size < 0 {
		head, err = s.head()
	}
	return s, npy, head, err
}

// readMatrix finds out the format.
func readMatrix(s source, npy string, head []byte, weights bool) (*matrix, error) {
	switch {
	case len(head) == 0:
		return nil, errors.New("empty file")
	case isNPY(head):
		return readNPY(s, npy, weights)
	case npy == "npz":
		return nil, errors.New("the member of the .npz file is no .npy array: want .npz as numpy.savez writes it; unpack other zip files")
	case isZip(head):
		return nil, errors.New("found a zip file within gzip, want .npz as it is")
	case isIDX(head):
		return readIDX(s, weights)
	case isText(head):
		return readLines(s, weights)
	}
	if err := foreignError(head); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("unknown format: begins with % x, want .npy, .npz, IDX or text, or one of these gzipped",
		head[:min(8, len(head))])
}

// head returns the first bytes of the stream.
func (s source) head() ([]byte, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

// length returns the number of bytes in the stream, counting them if need be.
func (s source) length() (int64, error) {
	if s.size >= 0 {
		return s.size, nil
	}
	r, err := s.open()
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, r)
}

func isGzip(head []byte) bool { return bytes.HasPrefix(head, []byte{0x1f, 0x8b}) }

// isText reports whether a file may be text: UTF-8 without control characters but white space.
func isText(head []byte) bool {
	for i := 0; i < len(head); {
		c, size := utf8.DecodeRune(head[i:])
		if c == utf8.RuneError && size == 1 && len(head)-i >= utf8.UTFMax {
			return false
		}
		if c < ' ' && !strings.ContainsRune("\t\n\r\f\v", c) || c == 0x7f {
			return false
		}
		i += size
	}
	return true
}

// gunzip reads gzip data and says in its errors what they mean.
type gunzip struct{ z *gzip.Reader }

func newGunzip(f *file) (io.Reader, error) {
	z, err := gzip.NewReader(newBuffer(io.NewSectionReader(f, 0, f.size)))
	if err != nil {
		return nil, gzipError(err)
	}
	return gunzip{z}, nil
}

func (g gunzip) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != nil && err != io.EOF {
		err = gzipError(err)
	}
	return n, err
}

func gzipError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("the gzip data end early, the file is truncated")
	}
	return fmt.Errorf("damaged gzip data: %w", err)
}
