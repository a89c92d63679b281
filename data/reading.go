package data

import "github.com/harmonium-rbm/harmonium/rbm"

// reading is a file that is understood, before its rows are kept: all at once in a [Set], or a block of them after
// another in a [Stream].
type reading struct {
	head   *Set // what is said of all rows, without rows; nil where a survey is needed
	rows   int
	gaps   bool // some rows have missing cells
	named  bool // the rows have names
	finite bool // no value can be missing

	inMemory bool // the rows can't be had one after the other
	// fill goes through the rows: sets of size rows each, and what is left in the last one.
	fill func(size int, each func(s *Set) error) error

	all *Set // the rows, where they have been read
}

// whole is a reading of rows that are in memory.
func whole(s *Set, err error) (*reading, error) {
	if err != nil {
		return nil, err
	}
	return &reading{rows: s.Rows(), all: s}, nil
}

// set reads all rows.
func (r *reading) set() (*Set, error) {
	if r.all != nil {
		return r.all, nil
	}
	return r.all, r.fill(r.rows, func(s *Set) error {
		r.all = s
		return nil
	})
}

// take makes sure that all rows can be read.
func (r *reading) take(stream bool) error {
	if stream {
		return r.survey(false)
	}
	_, err := r.set()
	return err
}

// surveyRows is the number of rows of a block that is read to see what it holds.
const surveyRows = 256

// survey finds out what is said of all rows: whether they are spins, and whether some have gaps. It reads all of them, or
// as many as tell it.
func (r *reading) survey(early bool) error {
	switch {
	case r.all != nil || r.head != nil && early:
		return nil
	case r.inMemory:
		_, err := r.set()
		return err
	}
	var head Set
	err := r.fill(surveyRows, func(s *Set) error {
		r.gaps = r.gaps || s.Known.Rows() > 0
		head = *s
		if early && (s.Values != rbm.Bernoulli || s.hasZero()) {
			return errStop
		}
		return nil
	})
	if err != nil && err != errStop {
		return err
	}
	if r.head != nil {
		return nil
	}
	head.States, head.Known, head.first = head.States.Like(0), head.Known.Like(0), 0
	r.head = &head
	return nil
}

// hasZero reports whether a bit is 0: then the file has no spins.
func (s *Set) hasZero() bool {
	for r := range s.Rows() {
		if s.States.Bits() == 0 || s.States.Ones(r) < s.States.Bits() {
			return true
		}
	}
	return false
}

// blocks makes sets of the rows of a reading whose columns are known.
type blocks struct {
	r    *reading
	size int
	each func(s *Set) error
	set  *Set
	rows int // that have come
}

func newBlocks(r *reading, size int, each func(s *Set) error) *blocks {
	return &blocks{r: r, size: size, each: each}
}

// row returns the set that has a row, and its number there. Rows come one after the other, unless all are in one set.
func (b *blocks) row(row int) (s *Set, at int, err error) {
	switch {
	case row >= b.r.rows:
		return nil, 0, errChanged
	case b.set == nil:
		b.begin(0)
	case row >= b.set.first+b.size:
		if err := b.each(b.set); err != nil {
			return nil, 0, err
		}
		b.begin(b.set.first + b.size)
	}
	b.rows = row + 1
	return b.set, row - b.set.first, nil
}

func (b *blocks) begin(first int) {
	s := *b.r.head
	s.first, s.States = first, s.States.Like(min(b.size, b.r.rows-first))
	if b.r.gaps {
		s.Known = s.known()
	}
	b.set = &s
}

// end hands the last block on.
func (b *blocks) end() error {
	if b.rows < b.r.rows {
		return errChanged
	}
	return b.each(b.set)
}
