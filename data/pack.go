package data

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// packer turns values into the bits of a set, and refuses what is no bit.
type packer struct {
	m      *matrix
	o      options
	states rbm.Batch
	known  rbm.Batch // without rows as long as no number is missing
	grey   *grey

	block, size int                // the first row of states, and how many there are in a block
	each        func(s *Set) error // takes a block
	head        *Set               // what is known of all rows; nil: nothing yet
	gaps        bool               // some of them have gaps
	from, to    int                // rows that are kept here

	bits        []uint8   // scratch
	numbers     []float64 // scratch
	binary      bool      // with Bernoulli: all values so far are 0 or 1
	zero, minus cell      // the first 0 and the first −1
}

// cell is a place in a matrix, counted from 1; the zero cell is none.
type cell struct{ row, column int }

func newPacker(m *matrix, o options, size int, each func(s *Set) error) *packer {
	p := &packer{m: m, o: o, binary: true, size: size, each: each, to: m.rows}
	p.begin(0)
	if o.spread = spreads(m, o); o.spread != nil {
		p.from, p.to = o.spread.Part(m.rows)
	}
	p.o = o
	if o.bernoulli {
		p.grey = &grey{key: o.key}
		if m.bytes {
			p.grey.bytes = make([]uint8, m.rows*m.units)
		} else {
			p.grey.floats = make([]float32, m.rows*m.units)
		}
	}
	return p
}

// begin makes room for a block of rows.
func (p *packer) begin(row int) {
	p.block, p.known = row, rbm.Batch{}
	if rows := min(p.size, p.m.rows-row); p.o.reals {
		p.states = rbm.NewReals(rows, 0, p.m.units)
	} else {
		p.states = rbm.NewBatch(rows, p.m.units)
	}
}

// flush hands a block on.
func (p *packer) flush() error {
	s := p.set()
	s.Format, s.Shape, s.first = p.m.format, p.m.shape, p.block
	if p.head != nil {
		s.Values = p.head.Values
	}
	if p.gaps {
		s.Known = s.known()
	}
	for _, name := range p.m.names {
		s.Columns = append(s.Columns, rbm.Column{Name: name, Kind: s.Values})
	}
	if p.o.units {
		if err := s.ofUnits(p.o.columns); err != nil {
			return err
		}
	}
	return p.each(s)
}

// leastSpread is the number of bytes of states from which on they are spread over processes.
var leastSpread = 1 << 24

// spreads returns the context over whose processes the rows are spread, or nil.
func spreads(m *matrix, o options) *compute.Context {
	if compute.Group(o.spread) == nil || o.reals || o.bernoulli || o.units || m.rows*(m.units/8) < leastSpread {
		return nil
	}
	return o.spread
}

// keep packs bits of a row, if it is kept here.
func (p *packer) keep(r, c int, bits []uint8) {
	if p.from <= r && r < p.to {
		p.states.SetBits(r-p.block, c, bits)
	}
}

// set returns the set when all values of its rows have been put.
func (p *packer) set() *Set {
	if p.o.spread != nil {
		p.states.Spread(p.o.spread)
	}
	s := &Set{States: p.states, Known: p.known, Values: rbm.Bernoulli}
	switch {
	case p.o.reals:
		s.Values = rbm.Gaussian
	case p.minus != (cell{}):
		s.Values = rbm.Spin
	}
	if p.grey != nil && !p.binary {
		s.grey = p.grey
		s.Redraw(0, nil)
	}
	return s
}

func (p *packer) put(r, c int, values []float64) error {
	if r >= p.block+p.size {
		if err := p.flush(); err != nil {
			return err
		}
		p.begin(p.block + p.size)
	}
	switch {
	case p.o.reals:
		return p.putReals(r, c, values)
	case p.o.threshold != nil:
		return p.putThreshold(r, c, values)
	case p.o.bernoulli:
		return p.putGrey(r, c, values)
	}
	return p.putBinary(r, c, values)
}

// areBits reports whether bytes are 0 or 1.
func areBits(values []uint8) bool {
	var others uint64 // bits beyond the lowest of each byte
	for ; len(values) >= 8; values = values[8:] {
		others |= binary.LittleEndian.Uint64(values)
	}
	for _, x := range values {
		others |= uint64(x)
	}
	return others&0xfefefefefefefefe == 0
}

// putBytes is put of bytes, of which most are bits as they are.
func (p *packer) putBytes(r, c int, values []uint8) error {
	if p.o.reals || p.o.threshold != nil || p.o.bernoulli || !areBits(values) {
		p.numbers = p.numbers[:0]
		for _, x := range values {
			p.numbers = append(p.numbers, float64(x))
		}
		return p.put(r, c, p.numbers)
	}
	if r >= p.block+p.size {
		if err := p.flush(); err != nil {
			return err
		}
		p.begin(p.block + p.size)
	}
	if p.zero == (cell{}) {
		if i := slices.Index(values, 0); i >= 0 {
			row, column := p.m.place(r, c+i)
			p.zero = cell{row, column}
		}
	}
	p.keep(r, c, values)
	return nil
}

func (p *packer) putBinary(r, c int, values []float64) error {
	bits := p.scratch(values)
	zeros, minuses := 0, 0
	for i, x := range values {
		zero, minus, one := bit(x == 0), bit(x == -1), bit(x == 1)
		zeros += zero
		minuses += minus
		bits[i] = uint8(one)
		if zero+minus+one != 1 && !p.gap(r, c+i, x) {
			return p.notBinary(r, c+i, x)
		}
	}
	p.keep(r, c, bits)
	if zeros > 0 && p.zero == (cell{}) || minuses > 0 && p.minus == (cell{}) {
		return p.note(r, c, values)
	}
	return nil
}

// missing is the way out of NaN and infinities, which no option makes bits of.
const missing = "a number that is missing or infinite has to be filled in, or its row left out"

// notBinary refuses x and says what it should have been, and the way out.
func (p *packer) notBinary(r, c int, x float64) error {
	if x-x != 0 {
		return p.refuse(r, c, x, "0 or 1 (or -1 and 1 for spins): "+missing)
	}
	return p.refuseGrey(r, c, x, binaryWanted)
}

const binaryWanted = "0 or 1 (or -1 and 1 for spins); grey values need a threshold, or to be drawn as probabilities"

// note remembers where the first 0 and the first −1 are, and refuses to have both.
func (p *packer) note(r, c int, values []float64) error {
	for i, x := range values {
		row, column := p.m.place(r, c+i)
		here := cell{row, column}
		if x == 0 && p.zero == (cell{}) {
			p.zero = here
		}
		if x == -1 && p.minus == (cell{}) {
			p.minus = here
		}
		if p.zero == (cell{}) || p.minus == (cell{}) {
			continue
		}
		if x == 0 {
			return p.refuse(r, c+i, x, fmt.Sprintf("-1 or 1, as row %d, column %d is -1", p.minus.row, p.minus.column))
		}
		return p.refuse(r, c+i, x, fmt.Sprintf("0 or 1, as row %d, column %d is 0", p.zero.row, p.zero.column))
	}
	return nil
}

func (p *packer) putThreshold(r, c int, values []float64) error {
	bits, t := p.scratch(values), *p.o.threshold
	for i, x := range values {
		if x-x != 0 {
			return p.refuse(r, c+i, x, "a finite number: "+missing)
		}
		bits[i] = uint8(bit(x > t))
	}
	p.keep(r, c, bits)
	return nil
}

func (p *packer) putReals(r, c int, values []float64) error {
	row := p.states.Reals(r - p.block)
	for i, x := range values {
		if row[c+i] = float32(x); p.gap(r, c+i, x) {
			row[c+i] = 0
		} else if x-x != 0 || math.IsInf(float64(row[c+i]), 0) {
			return p.refuse(r, c+i, x, "a finite number: "+missing)
		}
	}
	return nil
}

func (p *packer) putGrey(r, c int, values []float64) error {
	bits, at := p.scratch(values), r*p.m.units+c
	for i, x := range values {
		p.binary = p.binary && (x == 0 || x == 1)
		bits[i] = uint8(bit(x == 1))
		if p.m.bytes {
			p.grey.bytes[at+i] = uint8(x)
			continue
		}
		if x-x != 0 {
			return p.refuse(r, c+i, x, "a probability in [0,1]: "+missing)
		}
		if !(x >= 0 && x <= 1) {
			return p.refuseGrey(r, c+i, x, "a probability in [0,1]; other grey values need a threshold")
		}
		p.grey.floats[at+i] = float32(x)
	}
	p.states.SetBits(r, c, bits)
	return nil
}

// scratch has a bit for each of the values.
func (p *packer) scratch(values []float64) []uint8 {
	if len(p.bits) < len(values) {
		p.bits = make([]uint8, len(values))
	}
	return p.bits[:len(values)]
}

// bit is 1 for true; the compiler makes it branchless.
func bit(b bool) (one int) {
	if b {
		one = 1
	}
	return one
}

func (p *packer) refuse(r, c int, x float64, want string) *cellError {
	row, column := p.m.place(r, c)
	return refuse(row-1, column-1, x, want)
}

// refuseGrey refuses a value that may be grey.
func (p *packer) refuseGrey(r, c int, x float64, want string) *cellError {
	err := p.refuse(r, c, x, want)
	err.grey = true
	return err
}

// refuse refuses a value; row and column count from 0.
func refuse(r, c int, x float64, want string) *cellError {
	return &cellError{row: r + 1, column: c + 1, found: strconv.FormatFloat(x, 'g', -1, 64), want: want}
}
