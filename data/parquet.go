package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

func isParquet(head []byte) bool { return bytes.HasPrefix(head, []byte("PAR1")) }

// parquetTable opens a Parquet file as a table. Its columns are texts as a table in CSV has them: numbers in their
// shortest form, False and True, and nothing for null.
func parquetTable(f *file) (t *table, err error) {
	defer recoverDamaged("Parquet", &err)
	if err := checkFooter(f); err != nil {
		return nil, err
	}
	p, err := parquet.OpenFile(f, f.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, parquetError(err)
	}
	x := &parquetRecords{file: p}
	t = &table{format: "parquet", records: x.records, odds: map[int]string{}}
	schema := p.Schema()
	for k, path := range schema.Columns() {
		leaf, ok := schema.Lookup(path...)
		if !ok {
			return nil, parquetError(errors.New("a column is not in the schema"))
		}
		text, what := parquetText(leaf.Node)
		if len(path) > 1 || leaf.MaxRepetitionLevel > 0 {
			text, what = nil, "lists or structures"
		}
		if text == nil {
			t.odds[k] = what
		}
		t.names, x.text = append(t.names, strings.Join(path, ".")), append(x.text, text)
	}
	return t, nil
}

// checkFooter refuses a file whose end declares a longer footer than there are bytes, which the library would make room
// for.
func checkFooter(f *file) error {
	const magic, length = 4, 4
	end := make([]byte, length+magic)
	if _, err := f.ReadAt(end, max(0, f.size-int64(len(end)))); err != nil && err != io.EOF {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(end)); string(end[length:]) != "PAR1" || n+2*magic+length > f.size {
		return parquetError(errors.New("it does not end with a footer and PAR1, as a whole file does: it is truncated"))
	}
	return nil
}

// parquetText returns the function that makes texts of the values of a column, or what they are where there is none.
func parquetText(n parquet.Node) (text func(v parquet.Value) string, what string) {
	kind, logical := n.Type().Kind(), ""
	if l := n.Type().LogicalType(); l != nil {
		logical = l.String()
	}
	switch {
	case logical == "" || strings.HasPrefix(logical, "INT") || logical == "STRING" || logical == "ENUM" || logical == "JSON":
	case logical == "FLOAT16":
		return func(v parquet.Value) string {
			return floatText(half(binary.LittleEndian.Uint16(v.ByteArray())), 32)
		}, ""
	default:
		return nil, "values of the type " + logical
	}
	unsigned := strings.HasSuffix(logical, "false)")
	switch kind {
	case parquet.Boolean:
		return func(v parquet.Value) string { return boolText(v.Boolean()) }, ""
	case parquet.Int32:
		if unsigned {
			return func(v parquet.Value) string { return strconv.FormatUint(uint64(v.Uint32()), 10) }, ""
		}
		return func(v parquet.Value) string { return strconv.FormatInt(int64(v.Int32()), 10) }, ""
	case parquet.Int64:
		if unsigned {
			return func(v parquet.Value) string { return strconv.FormatUint(v.Uint64(), 10) }, ""
		}
		return func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }, ""
	case parquet.Float:
		return func(v parquet.Value) string { return floatText(float64(v.Float()), 32) }, ""
	case parquet.Double:
		return func(v parquet.Value) string { return floatText(v.Double(), 64) }, ""
	case parquet.ByteArray:
		return func(v parquet.Value) string { return strings.TrimSpace(string(v.ByteArray())) }, ""
	}
	return nil, "values of the type " + n.Type().String()
}

// parquetRecords goes through the rows of a file.
type parquetRecords struct {
	file *parquet.File
	text []func(v parquet.Value) string
}

func (x *parquetRecords) records(each func(row, line int, fields []string) error) error {
	row, fields := 0, make([]string, len(x.text))
	for _, group := range x.file.RowGroups() {
		if err := x.group(group, func(values parquet.Row) error {
			clear(fields)
			for _, v := range values {
				if k := v.Column(); k < len(fields) && x.text[k] != nil && !v.IsNull() {
					fields[k] = x.text[k](v)
				}
			}
			row++
			return each(row-1, 0, fields)
		}); err != nil {
			return err
		}
	}
	return nil
}

// group reads a group of rows, some at a time.
func (x *parquetRecords) group(group parquet.RowGroup, each func(values parquet.Row) error) (err error) {
	defer recoverDamaged("Parquet", &err)
	rows := group.Rows()
	defer rows.Close()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := rows.ReadRows(buffer)
		for _, values := range buffer[:n] {
			if err := each(values); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return parquetError(err)
		}
		if n == 0 {
			return parquetError(io.ErrNoProgress)
		}
	}
}

func parquetError(err error) error { return damagedError("Parquet", err) }

// recoverDamaged makes an error of a panic, as libraries have for some damaged files.
func recoverDamaged(format string, err *error) {
	if p := recover(); p != nil {
		*err = damagedError(format, fmt.Errorf("%v", p))
	}
}

func damagedError(format string, err error) error {
	text := err.Error()
	if !utf8.ValidString(text) {
		text = strconv.Quote(text)
	}
	return fmt.Errorf("damaged %s file: %s", format, text)
}

// boolText is how pandas writes it in CSV.
func boolText(x bool) string {
	if x {
		return "True"
	}
	return "False"
}

// floatText is the shortest text from which a float of the given bits is read back.
func floatText(x float64, bits int) string { return strconv.FormatFloat(x, 'g', -1, bits) }
