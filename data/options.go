package data

import (
	"errors"
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Option says how to read a file.
type Option func(*options)

type options struct {
	threshold *float64
	bernoulli bool
	reals     bool
	units     bool // an array has the numbers of all units of columns, one-hot states among them
	oddAsGaps bool
	gaps      bool
	lack      []string // columns that a table may lack
	noNames   bool
	unpacked  bool
	decimal   byte // of numbers in text: 0 for a point
	packed    int  // units of rows of packed bits; 0: rows are not packed
	schema    *Schema
	selection Selection
	columns   []rbm.Column
	model     *rbm.Model // whose rows are read; nil for none
	key       rng.Key

	notes  func(notes []string)
	spread *compute.Context // nil: all rows are kept here
	stream bool             // rows are read in blocks, once all have been seen that must be
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

// Gaps takes cells that are missing, and NaN in arrays, as such: Known says which they are. Without it they are an
// error.
func Gaps() Option { return func(o *options) { o.gaps = true } }

// MayLack says that a table may be without some of the columns that are asked for: they are missing in all rows. It
// goes with [Gaps].
func MayLack(columns ...string) Option { return func(o *options) { o.lack = columns } }

// OddLettersAsGaps takes letters that stand for several, such as X and N, as gaps of an alignment.
func OddLettersAsGaps() Option { return func(o *options) { o.oddAsGaps = true } }

// WithSchema says what the columns of a table are.
func WithSchema(s *Schema) Option { return func(o *options) { o.schema = s } }

// WithoutNames says that the first line of a text is a row. Columns are called 1, 2 and so on.
func WithoutNames() Option { return func(o *options) { o.noNames = true } }

// DecimalComma says that numbers in text have a decimal comma.
func DecimalComma() Option { return func(o *options) { o.decimal = ',' } }

// PackedBits says that the bytes of an array are packed bits, as numpy.packbits makes them along rows, of units
// columns.
func PackedBits(units int) Option { return func(o *options) { o.packed = units } }

// Unpacked refuses files in which a few bytes may stand for many rows: packed ones, .npz, Parquet and Arrow. With it, a file
// that somebody else sends takes memory and time in proportion to its size.
func Unpacked() Option { return func(o *options) { o.unpacked = true } }

// Noting has what was left out of a file told before it is held against columns or a model, which it may not fit.
func Noting(to func(notes []string)) Option { return func(o *options) { o.notes = to } }

// note tells notes to whom they are for.
func (o options) note(notes []string) {
	if o.notes != nil {
		o.notes(notes)
	}
}

// Select reads only some rows or columns.
func Select(s Selection) Option { return func(o *options) { o.selection = s } }

// SpreadOver keeps rows of bits on the processes of a context that is several ([rbm.Batch.Spread]): each process reads the
// file and has its part of the rows. It does so for large sets without gaps and grey values.
func SpreadOver(on *compute.Context) Option { return func(o *options) { o.spread = on } }

func (o options) check() error {
	switch {
	case o.reals && (o.threshold != nil || o.bernoulli):
		return errors.New("real numbers as they are and a threshold or bernoulli exclude each other")
	case o.threshold != nil && o.bernoulli:
		return errors.New("threshold and bernoulli exclude each other")
	case o.threshold != nil && (math.IsNaN(*o.threshold) || math.IsInf(*o.threshold, 0)):
		return fmt.Errorf("threshold is %v, want a finite number", *o.threshold)
	case o.packed < 0:
		return fmt.Errorf("rows of packed bits have %d units, want a number above 0", o.packed)
	case o.selection.Categories != nil && (o.threshold != nil || o.bernoulli || o.reals):
		return errors.New("categories and a threshold, bernoulli or real numbers exclude each other")
	case o.selection.Genotypes != nil && (o.threshold != nil || o.bernoulli || o.reals):
		return errors.New("genotypes and a threshold, bernoulli or real numbers exclude each other")
	case o.selection.Genotypes != nil && o.columns != nil && !hasGenotypes(o.columns):
		return errors.New("the model has no genotypes, which are two bits a site: read its columns, or the haplotypes of a VCF file, as they are")
	}
	return nil
}
