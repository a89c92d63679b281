package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	arrays "github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/float16"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	buffers "github.com/apache/arrow-go/v18/arrow/memory"
)

const arrowMagic = "ARROW1"

// isArrow reports whether a file is one of Arrow, also called Feather of version 2, or an Arrow stream, which begins
// with the mark of a message and its length.
func isArrow(head []byte) bool {
	if bytes.HasPrefix(head, []byte(arrowMagic)) {
		return true
	}
	if !bytes.HasPrefix(head, []byte("\xff\xff\xff\xff")) || len(head) < 16 {
		return false
	}
	n := binary.LittleEndian.Uint32(head[4:])
	return n > 0 && n%8 == 0
}

// arrowTable opens an Arrow file or stream as a table, with the texts of [parquetTable]. Columns that are dictionaries
// hold categories, whatever their values are.
func arrowTable(f *file) (*table, error) {
	batches, _, err := arrowBatches(f)
	if err != nil {
		return nil, err
	}
	x := &arrowRecords{file: f}
	t := &table{format: "arrow", odds: map[int]string{}, dictionaries: map[int]bool{}}
	for k, field := range batches.Schema().Fields() {
		text := arrowText(field.Type)
		if text == nil {
			t.odds[k] = "values of the type " + field.Type.String()
			if arrow.IsNested(field.Type.ID()) {
				t.odds[k] = "lists or structures"
			}
		}
		t.dictionaries[k] = field.Type.ID() == arrow.DICTIONARY
		t.names, x.text = append(t.names, field.Name), append(x.text, text)
	}
	const mayBeCut = "the stream has no message that ends it, and may have been cut between two batches of rows"
	t.records = func(each func(row, line int, fields []string) error) error {
		open, err := x.records(each)
		if open && !slices.Contains(t.notes, mayBeCut) {
			t.notes = append(t.notes, mayBeCut)
		}
		return err
	}
	return t, nil
}

// arrowBatches goes through the batches of a file or a stream from its beginning, by its messages.
func arrowBatches(f *file) (r *ipc.Reader, m *arrowMessages, err error) {
	defer recoverDamaged("Arrow", &err)
	m = &arrowMessages{r: io.NewSectionReader(f, 0, f.size), most: f.size}
	begins := make([]byte, len(arrowMagic))
	if _, err := f.ReadAt(begins, 0); err != nil {
		return nil, nil, err
	}
	if string(begins) == arrowMagic {
		if m.r, err = arrowStream(f); err != nil {
			return nil, nil, damagedError("Arrow", err)
		}
	}
	if r, err = ipc.NewReaderFromMessageReader(m, ipc.WithAllocator(limited{buffers.NewGoAllocator(), mostUnpacked * f.size})); err != nil {
		return nil, nil, damagedError("Arrow", err)
	}
	return r, m, nil
}

// mostUnpacked bounds what a byte may stand for: zstd packs 128 KiB of the same byte in four, and LZ4 packs less.
const mostUnpacked = 1 << 15

// limited refuses buffers for which a file is too short, and which a damaged one may declare.
type limited struct {
	buffers.Allocator
	most int64
}

// Allocate is that of the Allocator; it panics, as the library does for damage, where a file can't fill the buffer.
func (l limited) Allocate(size int) []byte {
	l.check(size)
	return l.Allocator.Allocate(size)
}

// Reallocate is that of the Allocator, with the bound of Allocate.
func (l limited) Reallocate(size int, b []byte) []byte {
	l.check(size)
	return l.Allocator.Reallocate(size, b)
}

func (l limited) check(size int) {
	if int64(size) > l.most {
		panic(fmt.Errorf("it declares a buffer of %d bytes", size))
	}
}

// arrowText returns the function that makes texts of the values of a column, or nil where there is none.
func arrowText(t arrow.DataType) func(a arrow.Array, i int) string {
	switch t.ID() {
	case arrow.BOOL:
		return func(a arrow.Array, i int) string { return boolText(a.(*arrays.Boolean).Value(i)) }
	case arrow.INT8:
		return signed[int8]
	case arrow.INT16:
		return signed[int16]
	case arrow.INT32:
		return signed[int32]
	case arrow.INT64:
		return signed[int64]
	case arrow.UINT8:
		return unsigned[uint8]
	case arrow.UINT16:
		return unsigned[uint16]
	case arrow.UINT32:
		return unsigned[uint32]
	case arrow.UINT64:
		return unsigned[uint64]
	case arrow.FLOAT16:
		return func(a arrow.Array, i int) string { return floatText(half(value[float16.Num](a, i).Uint16()), 32) }
	case arrow.FLOAT32:
		return func(a arrow.Array, i int) string { return floatText(float64(value[float32](a, i)), 32) }
	case arrow.FLOAT64:
		return func(a arrow.Array, i int) string { return floatText(value[float64](a, i), 64) }
	case arrow.NULL: // nothing but missing cells, as pandas and polars write a column of None
		return func(arrow.Array, int) string { return "" }
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return func(a arrow.Array, i int) string { return strings.TrimSpace(value[string](a, i)) }
	case arrow.DICTIONARY:
		text := arrowText(t.(*arrow.DictionaryType).ValueType)
		if text == nil {
			return nil
		}
		return func(a arrow.Array, i int) string {
			d := a.(*arrays.Dictionary)
			k, values := d.GetValueIndex(i), d.Dictionary()
			if values.IsNull(k) {
				return ""
			}
			return text(values, k)
		}
	}
	return nil
}

func value[T any](a arrow.Array, i int) T { return a.(interface{ Value(i int) T }).Value(i) }

func signed[T int8 | int16 | int32 | int64](a arrow.Array, i int) string {
	return strconv.FormatInt(int64(value[T](a, i)), 10)
}

func unsigned[T uint8 | uint16 | uint32 | uint64](a arrow.Array, i int) string {
	return strconv.FormatUint(uint64(value[T](a, i)), 10)
}

// arrowRecords goes through the rows of a file, from its beginning each time, as a stream may change its dictionaries.
// open is true for a stream that nothing ends.
type arrowRecords struct {
	file *file
	text []func(a arrow.Array, i int) string
}

func (x *arrowRecords) records(each func(row, line int, fields []string) error) (open bool, err error) {
	batches, messages, err := arrowBatches(x.file)
	if err != nil {
		return false, err
	}
	row, fields := 0, make([]string, len(x.text))
	for {
		batch, err := readBatch(batches)
		if err != nil {
			if err == io.EOF {
				return messages.open, nil
			}
			return false, err
		}
		for i := range int(batch.NumRows()) {
			if err := x.fill(fields, batch, i); err != nil {
				return false, err
			}
			if err := each(row, 0, fields); err != nil {
				return false, err
			}
			row++
		}
	}
}

func readBatch(batches *ipc.Reader) (batch arrow.RecordBatch, err error) {
	defer recoverDamaged("Arrow", &err)
	batch, err = batches.Read()
	switch {
	case err == io.EOF:
		return nil, io.EOF
	case err != nil:
		return nil, damagedError("Arrow", err)
	case batch == nil: // after a stream without batches
		return nil, damagedError("Arrow", errors.New("a batch of rows is missing"))
	}
	return batch, nil
}

// fill sets the fields of row i of a batch.
func (x *arrowRecords) fill(fields []string, batch arrow.RecordBatch, i int) (err error) {
	defer recoverDamaged("Arrow", &err)
	clear(fields)
	for k, text := range x.text {
		if a := batch.Column(k); text != nil && !a.IsNull(i) {
			fields[k] = text(a, i)
		}
	}
	return nil
}
