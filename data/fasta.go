package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// alphabets are the letters of aligned sequences, of which the one is taken that the file's letters fit. A gap is a
// state of its own, the first, also where the file has none: rows that come later, such as the other part of an
// alignment, have the same states.
var alphabets = []struct{ name, letters, odd string }{
	{"DNA", "ACGT", "NRYKMSWBDHV"},
	{"RNA", "ACGU", "NRYKMSWBDHV"},
	{"protein", "ACDEFGHIKLMNPQRSTVWY", "BJOUXZ*"},
}

const gap = '-'

func isFASTA(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	return len(head) > 0 && head[0] == '>'
}

// alignment is a FASTA file before its letters are judged.
type alignment struct {
	names   []string
	lines   []int  // of the names
	letters []byte // of all sequences, one after the other
	sites   int
	inserts int // letters and dots that are left out
	stops   int // at the ends of sequences
}

// readAlignment reads aligned sequences, each a line that begins with > and a name, and lines of letters. As in the a2m
// format lower-case letters and dots are insertions, which are left out. What is left of the sequences must have one
// length.
func readAlignment(s source) (*alignment, error) {
	l, err := newLines(s)
	if err != nil {
		return nil, err
	}
	a, from := &alignment{sites: -1}, 0
	end := func() error {
		if len(a.names) == 0 {
			return nil
		}
		if len(a.letters) > from && a.letters[len(a.letters)-1] == '*' { // a stop, no column
			a.letters, a.stops = a.letters[:len(a.letters)-1], a.stops+1
		}
		name, length := a.names[len(a.names)-1], len(a.letters)-from
		switch {
		case length == 0:
			return fmt.Errorf("sequence %d (%s) has no letters outside insertions", len(a.names), name)
		case a.sites < 0:
			a.sites = length
		case length != a.sites:
			return fmt.Errorf("sequence %d (%s) has %d sites, sequence 1 (%s) has %d: want an alignment, with all sequences of one length "+
				"(lower-case letters and dots are insertions and don't count)", len(a.names), name, length, a.names[0], a.sites)
		}
		from = len(a.letters)
		return nil
	}
	for {
		line, err := l.next()
		switch {
		case err == io.EOF:
			if len(a.names) == 0 {
				return nil, errors.New("no sequences")
			}
			return a, end()
		case err != nil:
			return nil, err
		case line[0] == '>':
			if err := end(); err != nil {
				return nil, err
			}
			a.names, a.lines = append(a.names, string(bytes.TrimSpace(line[1:]))), append(a.lines, l.line)
			continue
		case len(a.names) == 0:
			return nil, fmt.Errorf("line %d comes before the first name, a line that begins with >", l.line)
		}
		for k, c := range line {
			switch {
			case c >= 'a' && c <= 'z' || c == '.':
				a.inserts++
			case c == ' ' || c == '\t':
			case c >= 'A' && c <= 'Z' || c == gap || c == '*':
				a.letters = append(a.letters, c)
			default:
				return nil, fmt.Errorf("sequence %d (%s), line %d, column %d: found %q, want a letter, a dash or a dot",
					len(a.names), a.names[len(a.names)-1], l.line, k+1, c)
			}
		}
	}
}

// alphabet returns the name and the letters of the alphabet that an alignment fits, in the order of states, and which
// letters are odd in it. Letters of nucleotides that stand for several are amino acids too: where they, but for N, are
// more than a tenth of all letters, these are amino acids. Columns that are asked for have the last word.
func (a *alignment) alphabet(columns []rbm.Column) (name, letters, odd string) {
	const most = 0.1
	var seen [256]int
	for _, c := range a.letters {
		seen[c]++
	}
	for _, all := range alphabets {
		name, letters, odd = all.name, all.letters, ""
		fits, count := true, 0
		for c := range seen {
			switch {
			case seen[c] == 0 || c == gap || strings.IndexByte(letters, byte(c)) >= 0:
			case strings.IndexByte(all.odd, byte(c)) >= 0:
				if odd += string(rune(c)); c != 'N' {
					count += seen[c]
				}
			default:
				fits = false
			}
		}
		if columns != nil {
			if strings.TrimPrefix(strings.Join(columns[0].Categories, ""), string(gap)) == letters {
				break
			}
			continue
		}
		if fits && float64(count) <= most*float64(len(a.letters)-seen[gap]) {
			break
		}
	}
	if columns != nil && seen[gap] == 0 && odd == "" && !slices.Contains(columns[0].Categories, string(gap)) {
		return name, letters, odd // as a table of letters may have been, without gaps
	}
	return name, string(gap) + letters, odd
}

// ErrOddLetter is the error of a letter that stands for several; [OddLettersAsGaps] takes it for a gap.
var ErrOddLetter = errors.New("letter that stands for several")

// oddLetterError says which letter.
type oddLetterError struct{ text string }

func (e *oddLetterError) Error() string        { return e.text }
func (e *oddLetterError) Is(target error) bool { return target == ErrOddLetter }

// set turns an alignment into a set of categorical columns, one a site. Odd letters, such as X for any amino acid,
// become gaps, or are refused.
func (a *alignment) set(oddAsGaps bool, columns []rbm.Column) (*Set, error) {
	name, letters, odd := a.alphabet(columns)
	var state [256]int
	for c := range state {
		state[c] = -1
	}
	categories := make([]string, len(letters))
	for k := range letters {
		state[letters[k]], categories[k] = k, letters[k:k+1]
	}
	if oddAsGaps {
		for k := range odd {
			state[odd[k]] = 0
		}
	}
	s := &Set{Values: rbm.Categorical, Names: a.names, Format: "FASTA, " + name}
	if a.inserts > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d letters and dots of insertions are left out (lower case and ., as in a2m)", a.inserts))
	}
	if a.stops > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d stops (* at the end of a sequence) are left out", a.stops))
	}
	unknown := 0
	for _, c := range a.letters {
		unknown += bit(strings.IndexByte(odd, c) >= 0)
	}
	if oddAsGaps && unknown > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d letters that stand for several are taken for gaps (%s)", unknown, odd))
	}
	for i := range a.sites {
		s.Columns = append(s.Columns, rbm.Column{Name: fmt.Sprint(i + 1), Kind: rbm.Categorical, Categories: categories})
	}
	s.States = rbm.NewBatch(len(a.names), a.sites*len(letters))
	for k, c := range a.letters {
		r, i := k/a.sites, k%a.sites
		if state[c] < 0 {
			text := fmt.Sprintf("sequence %d (%s, below line %d), site %d: found %q, want one of %s",
				r+1, a.names[r], a.lines[r], i+1, c, letters)
			if strings.IndexByte(odd, c) < 0 {
				return nil, errors.New(text)
			}
			return nil, &oddLetterError{text + ": other letters can be taken as gaps"}
		}
		s.States.SetBit(r, i*len(letters)+state[c], true)
	}
	return s, nil
}

// writeFASTA writes sequences of sites whose categories are letters.
func writeFASTA(w io.Writer, s *Set) error {
	var line []byte
	for r := range s.Rows() {
		name := fmt.Sprint(r + 1)
		if s.Names != nil {
			name = s.Names[r]
		}
		line = append(append(append(line[:0], '>'), name...), '\n')
		for k, span := range rbm.Spans(s.Columns) {
			line = append(line, s.Columns[k].Categories[s.state(r, span)]...)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// isAlignment reports whether all columns are sites whose categories are single letters.
func (s *Set) isAlignment() bool {
	for _, c := range s.Columns {
		if c.Kind != rbm.Categorical {
			return false
		}
		for _, letter := range c.Categories {
			if len(letter) != 1 {
				return false
			}
		}
	}
	return s.Columns != nil
}
