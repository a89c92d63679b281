package data

import (
	"errors"
	"fmt"
	"iter"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// A Stream is a data set whose rows are read a block at a time, as often as wanted: of a file with any number of rows one
// block is in memory. Some files can't be read so, and are in memory whole: arrays in Fortran order, sparse matrices, grey
// values to be drawn ([Bernoulli]), FASTA, and of VCF the alleles.
type Stream struct {
	Head Set // what is said of all rows, without rows

	rows        int
	gaps, named bool
	all         *Set // nil where the rows are read from the file
	read        func(size int, each func(s *Set) error) error
	close       func() error
}

// OpenStream opens a data set as [Open] does, with the same options and the same errors, of which some come with the
// blocks. It reads a table once to see what its columns are, text to see whether it has numbers, and an array of floats for
// gaps. SHA256 is empty. The file stays open until Close.
func OpenStream(path string, opts ...Option) (*Stream, error) {
	o := options{stream: true}
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
	s, err := f.stream(o)
	if err != nil {
		f.close()
		return nil, err
	}
	return s, nil
}

func (f *file) stream(o options) (*Stream, error) {
	r, err := f.reading(o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	fit := func(s *Set) error {
		s.Path = f.name
		if o.model == nil {
			return nil
		}
		return s.fitModel(o.model)
	}
	if r.all != nil {
		o.note(r.all.Notes)
		if err := fit(r.all); err != nil {
			return nil, err
		}
		s := r.all.Stream()
		s.close = f.close
		return s, nil
	}
	o.note(r.head.Notes)
	s := &Stream{Head: *r.head, rows: r.rows, gaps: r.gaps, named: r.named, close: f.close}
	if err := fit(&s.Head); err != nil {
		return nil, err
	}
	s.read = func(size int, each func(s *Set) error) error {
		refused := errors.New("") // by each
		err := r.fill(size, func(s *Set) error {
			if refused = fit(s); refused == nil {
				refused = each(s)
			}
			return refused
		})
		if err != nil && err != refused {
			err = fmt.Errorf("%s: %w", f.name, err)
		}
		return err
	}
	return s, nil
}

// Stream is the stream of a set in memory.
func (s *Set) Stream() *Stream {
	head := *s
	head.States, head.Known, head.Weights, head.Names, head.Bases, head.grey = s.States.Like(0), rbm.Batch{}, nil, nil, nil, nil
	head.Groups = nil
	return &Stream{
		Head: head, rows: s.Rows(), gaps: s.Missing() > 0, named: s.Names != nil, all: s, close: func() error { return nil },
	}
}

// Rows is the number of rows in all blocks.
func (s *Stream) Rows() int { return s.rows }

// HasGaps reports whether cells of some rows are missing.
func (s *Stream) HasGaps() bool { return s.gaps }

// HasNames reports whether the rows have names.
func (s *Stream) HasNames() bool { return s.named }

// All is the set of all rows where they are in memory, else nil.
func (s *Stream) All() *Set { return s.all }

// Close closes the file.
func (s *Stream) Close() error { return s.close() }

// errStop ends a reading where nothing more is wanted.
var errStop = errors.New("stop")

// Blocks goes through the rows in sets of size of them, the last of which may have fewer. It ends with the first error.
func (s *Stream) Blocks(size int) iter.Seq2[*Set, error] {
	return func(yield func(*Set, error) bool) {
		if s.all != nil {
			for from := 0; from < s.rows; from += size {
				if !yield(s.all.slice(from, min(from+size, s.rows)), nil) {
					return
				}
			}
			return
		}
		err := s.read(size, func(block *Set) error {
			if !yield(block, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

// slice is rows from…to−1 in the same memory, without grey values.
func (s *Set) slice(from, to int) *Set {
	part := *s
	part.States, part.first, part.grey = s.States.Slice(from, to), s.first+from, nil
	if s.Known.Rows() > 0 {
		part.Known = s.Known.Slice(from, to)
	}
	if s.Weights != nil {
		part.Weights = s.Weights[from:to]
	}
	if s.Names != nil {
		part.Names = s.Names[from:to]
	}
	if s.Groups != nil {
		part.Groups = s.Groups[from:to]
	}
	if s.Bases != nil {
		part.Bases = s.Bases[from:to]
	}
	return &part
}
