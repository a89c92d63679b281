package data

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
)

// findIndex finds the column with the names of the rows: the one that is asked for, or one that programs write as an
// index, a first column without a name among them.
func (t *table) findIndex(o options) error {
	t.index = -1
	if name := o.selection.RowNames; name != "" {
		fields, err := fieldsOf([]string{name}, t.fileNames(), len(t.names))
		if err != nil {
			return fmt.Errorf("names of the rows: %w", err)
		}
		t.index = fields[0]
		return nil
	}
	for k, name := range t.names {
		first := k == 0 && (name == "" || name == "Unnamed: 0")
		if (first || name == "__index_level_0__") && !t.asks(name, o) { // as pandas writes it in CSV and Parquet
			t.index = k
			return nil
		}
	}
	return nil
}

// isCount reports whether a text is the number of row at, counted from 0 or 1.
func isCount(text string, at int) bool { return text == strconv.Itoa(at) || text == strconv.Itoa(at+1) }

// noteIndex says what becomes of the index. One that counts the rows is left out.
func (t *table) noteIndex(counted bool) {
	if t.index < 0 {
		return
	}
	if t.indexNote != "" {
		t.notes = append(t.notes, t.indexNote)
		return
	}
	what := fmt.Sprintf("column %d", t.index+1)
	if t.index == 0 {
		what = "the first column"
	}
	if name := t.names[t.index]; name != "" {
		what += fmt.Sprintf(" (%s)", name)
	} else {
		what += " has no name and"
	}
	if counted {
		t.counter, t.index = t.names[t.index], -1
		t.notes = append(t.notes, what+" is left out, as an index of the rows")
		return
	}
	t.notes = append(t.notes, what+" is kept as names of the rows")
}

// asks reports whether a column is asked for by name.
func (t *table) asks(name string, o options) bool {
	if o.schema != nil {
		if _, ok := o.schema.columns[name]; ok {
			return true
		}
	}
	return slices.Contains(o.selection.Columns, name)
}

// isIndex reports whether a column holds names of the rows, though it has a name of its own: the first one, with
// another text in every row, or with other whole numbers and a name that says so. A kind that is told of all columns,
// such as genotypes, is not told of the names.
func (t *table) isIndex(p *profile, o options) bool {
	if p.field != 0 || t.index >= 0 || t.numbered || t.asks(p.name, o) || p.column.Kind != "" && !p.unnamed || o.selection.Columns != nil ||
		len(p.hashes) != p.rows || p.missing > 0 {
		return false
	}
	if p.numbers == 0 { // of which a column of categories can't have as many
		return p.rows > fewIntegers || p.other
	}
	return p.numbers == p.rows && !p.fraction && (p.rows > 2 || p.other) && isIndexName(p.name)
}

func isIndexName(name string) bool {
	return slices.Contains([]string{"id", "index", "row", "rowid", "row_id", "nr", "no"}, strings.ToLower(name))
}

var hashSeed = maphash.MakeSeed()

// differ notes that the column has a text, until one comes twice.
func (p *profile) differ(text string, row int) {
	if p.field != 0 || p.given || len(p.hashes) < p.rows || !isIndexName(p.name) && isNumber(text) {
		return
	}
	p.counted = (p.counted || p.rows == 0) && isCount(text, row)
	if p.hashes == nil {
		p.hashes = map[uint64]struct{}{}
	}
	if len(p.hashes) == p.rows {
		p.hashes[maphash.String(hashSeed, text)] = struct{}{}
	}
}
