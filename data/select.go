package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Selection says which rows and columns of a file to read. Columns are called by their names, or by numbers from 1
// where they have none; A:B are the columns from number A to number B. The zero value is all of them.
type Selection struct {
	Columns    []string `json:"columns,omitempty"`    // in this order; nil: all
	Drop       []string `json:"drop,omitempty"`       // to leave out
	Categories []string `json:"categories,omitempty"` // to take as categories, whatever their values; "all" are all
	Genotypes  []string `json:"genotypes,omitempty"`  // of 0, 1 and 2, to take as two bits; "all" are all but those told otherwise
	RowNames   string   `json:"row_names,omitempty"`  // has the names of the rows; "": the first column, if it looks so
	FirstRow   int      `json:"first_row,omitempty"`  // from 1; 0 is 1
	LastRow    int      `json:"last_row,omitempty"`   // 0: the last of the file
}

// allColumns are all columns, by a word.
var allColumns = []string{"all"}

// ParseRows reads A:B, rows A to B from 1, of which one may be absent.
func (s *Selection) ParseRows(text string) error {
	first, last, ok := strings.Cut(text, ":")
	var err [2]error
	s.FirstRow, s.LastRow = 0, 0
	if first != "" {
		s.FirstRow, err[0] = strconv.Atoi(first)
	}
	if last != "" {
		s.LastRow, err[1] = strconv.Atoi(last)
	}
	bad := first != "" && s.FirstRow < 1 || last != "" && s.LastRow < max(1, s.FirstRow)
	if !ok || bad || err[0] != nil || err[1] != nil || first == "" && last == "" {
		return fmt.Errorf("found %q, want A:B, A: or :B with rows from 1, such as 1:1000", text)
	}
	return nil
}

// rows are the rows from…to−1, from 0, of a file with that many; to is −1 for all where the number is not known.
func (s *Selection) rows() (from, to int) {
	to = -1
	if s.LastRow > 0 {
		to = s.LastRow
	}
	return max(0, s.FirstRow-1), to
}

// checkRows refuses rows of which a file has none.
func (s *Selection) checkRows(rows int) error {
	if from, _ := s.rows(); from > 0 && from >= rows {
		return fmt.Errorf("found %s, want some from row %d on", plural(rows, "row", "rows"), from+1)
	}
	return nil
}

// chooseRows keeps the rows of a set that are asked for.
func (s *Set) chooseRows(sel *Selection) (*Set, error) {
	if err := sel.checkRows(s.Rows()); err != nil {
		return nil, err
	}
	from, to := sel.rows()
	if to < 0 || to > s.Rows() {
		to = s.Rows()
	}
	if from == 0 && to == s.Rows() {
		return s, nil
	}
	rows := make([]int, to-from)
	for k := range rows {
		rows[k] = from + k
	}
	return s.Subset(rows), nil
}

// kept returns the fields, from 0, of the columns to read, in their order. names are nil where the columns have none.
func (s *Selection) kept(names []string, columns int) ([]int, error) {
	keep := make([]int, columns)
	for k := range keep {
		keep[k] = k
	}
	if s.Columns != nil {
		var err error
		if keep, err = fieldsOf(s.Columns, names, columns); err != nil {
			return nil, err
		}
		for k, field := range keep {
			if slices.Contains(keep[:k], field) {
				return nil, fmt.Errorf("column %d is asked for twice", field+1)
			}
		}
	}
	drop, err := fieldsOf(s.Drop, names, columns)
	if err != nil {
		return nil, err
	}
	if drop != nil {
		dropped := make([]bool, columns)
		for _, field := range drop {
			dropped[field] = true
		}
		keep = slices.DeleteFunc(keep, func(field int) bool { return dropped[field] })
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("all of the %d columns are left out: want one at least", columns)
	}
	return keep, nil
}

// categorical returns the fields of the columns to take as categories.
func (s *Selection) categorical(names []string, columns int) ([]int, error) {
	if slices.Equal(s.Categories, allColumns) {
		return (&Selection{}).kept(names, columns)
	}
	return fieldsOf(s.Categories, names, columns)
}

// genotypes returns the fields of the columns of genotypes. Of "all" told says which are something else.
func (s *Selection) genotypes(names []string, columns int, told func(field int) bool) ([]int, error) {
	if !slices.Equal(s.Genotypes, allColumns) {
		return fieldsOf(s.Genotypes, names, columns)
	}
	all, err := (&Selection{}).kept(names, columns)
	return slices.DeleteFunc(all, told), err
}

// fieldsOf returns the fields of columns that are called by name or, where there are no names, by number.
func fieldsOf(list, names []string, columns int) ([]int, error) {
	var fields []int
	at := map[string]int{}
	for k, name := range names {
		at[name] = k
	}
	for _, text := range list {
		if k, ok := at[text]; ok {
			fields = append(fields, k)
			continue
		}
		if names != nil {
			return nil, fmt.Errorf("the table has no column %q: it has %s", text, someOf(names))
		}
		first, last, isRange := strings.Cut(text, ":")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || from < 1 || to < from || to > columns {
			return nil, fmt.Errorf("found %q, want a number from 1 to %d or a range such as 1:%d, as the columns have no names",
				text, columns, columns)
		}
		for k := from; k <= to; k++ {
			fields = append(fields, k-1)
		}
	}
	return fields, nil
}

// someOf lists names, at most twelve of them.
func someOf(names []string) string {
	const most = 12
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	text := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
