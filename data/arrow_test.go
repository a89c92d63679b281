package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	arrays "github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	buffers "github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// buffer is a file in memory, for a writer that asks where it is.
type buffer struct{ bytes.Buffer }

func (b *buffer) Seek(int64, int) (int64, error) { return int64(b.Len()), nil }

// arrowOf is an Arrow file or stream of six people in two batches: 2 with columns that are whole, 1 with missing cells,
// 0 with columns that are not read.
func arrowOf(stream bool, kind int) string {
	grade := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint16, ValueType: arrow.PrimitiveTypes.Float64}
	fields := []arrow.Field{
		{Name: "age", Type: arrow.PrimitiveTypes.Float32},
		{Name: "sex", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}},
		{Name: "grade", Type: grade, Nullable: true},
		{Name: "pay", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
		{Name: "smokes", Type: arrow.FixedWidthTypes.Boolean},
	}
	if kind == 0 {
		fields = append(fields, arrow.Field{Name: "born", Type: arrow.FixedWidthTypes.Date32},
			arrow.Field{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.StringView)})
	}
	schema, out := arrow.NewSchema(fields, nil), &buffer{}
	var w interface {
		Write(rec arrow.RecordBatch) error
		io.Closer
	}
	w, err := ipc.NewFileWriter(out, ipc.WithSchema(schema), ipc.WithLZ4())
	if stream {
		w = ipc.NewWriter(out, ipc.WithSchema(schema), ipc.WithZstd())
	} else if err != nil {
		panic(err)
	}
	const batch = `[{"age": AGE, "sex": "f", "grade": 1.5, "pay": -1, "smokes": true, "born": "2001-02-03", "tags": ["x"]},
		{"age": BGE, "sex": "m", "grade": 300, "pay": 70000, "smokes": false, "born": "2001-02-04", "tags": []},
		{"age": 7.5, "sex": "m", "grade": 4, "pay": 5, "smokes": false, "born": "2001-02-05", "tags": []}]`
	for _, ages := range [][2]string{{"31.5", "60"}, {"25.125", "2"}} {
		text := strings.NewReplacer("AGE", ages[0], "BGE", ages[1]).Replace(batch)
		if kind == 1 {
			text = strings.Replace(strings.Replace(text, "300", "null", 1), "70000", "null", 1)
		}
		rows, _, err := arrays.RecordFromJSON(buffers.DefaultAllocator, schema, strings.NewReader(text))
		if err == nil {
			err = w.Write(rows)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.String()
}

// A stream that was cut between two messages is told from a whole one, as far as can be: nothing need end a stream.
func TestArrowStreamWithoutEnd(t *testing.T) {
	whole := []byte(arrowOf(true, 2))
	rows := map[int]string{}
	for size := len(whole); size > 0; size -= 8 {
		s, err := readBytes(whole[:size])
		if err != nil {
			continue
		}
		if notes := fmt.Sprint(s.Notes); rows[s.Rows()] == "" || size == len(whole) {
			rows[s.Rows()] = notes
		}
	}
	cut := "[the stream has no message that ends it, and may have been cut between two batches of rows]"
	if len(rows) != 2 || rows[6] != "[]" || rows[3] != cut {
		t.Errorf("notes by numbers of rows: %v", rows)
	}
	if s, err := readBytes(whole[:len(whole)-8]); err != nil || s.Rows() != 6 || fmt.Sprint(s.Notes) != cut {
		t.Errorf("without its end: %v", err)
	}
	if _, err := readBytes(whole[:len(whole)-4]); err == nil {
		t.Error("half a message at the end is not refused")
	}
	if s, err := readBytes([]byte(arrowOf(false, 2))); err != nil || s.Notes != nil {
		t.Errorf("a file: %v, %v", s, err)
	}
}

// A damaged file that declares a huge buffer is refused before there is memory for it.
func TestHugeArrowBuffer(t *testing.T) {
	whole := []byte(arrowOf(true, 2))
	refused := 0
	for k := 0; k+8 <= len(whole); k += 8 {
		content := bytes.Clone(whole)
		copy(content[k:], "\x00\x00\x00\x00\x00\x01\x00\x00") // 2⁴⁰ bytes
		if _, err := readBytes(content); err != nil && strings.Contains(err.Error(), "it declares a buffer of 1099511627776 bytes") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no place of the file is a length of a buffer")
	}
}

// A column of the type null is missing in all rows, as a model's column may be.
func TestArrowNull(t *testing.T) {
	columns := []rbm.Column{{Name: "n", Kind: rbm.Gaussian}, {Name: "a", Kind: rbm.Gaussian}}
	s, err := Open(filepath.Join("testdata", "foreign", "polars.arrow"), Gaps(), ForColumns(columns))
	if err != nil {
		t.Fatal(err)
	}
	for r := range s.Rows() {
		if s.Known.Bit(r, 0) || s.Known.Bit(r, 1) != (r != 1) {
			t.Errorf("row %d: n is known: %v, a: %v", r+1, s.Known.Bit(r, 0), s.Known.Bit(r, 1))
		}
	}
}

// A table of contents that names the same messages again and again is refused before they are read.
func TestArrowMessagesComeOnce(t *testing.T) {
	whole := []byte(arrowOf(false, 2))
	at := len(whole) - 10
	footer := whole[at-int(binary.LittleEndian.Uint32(whole[at:])) : at]
	v := vectors{flatbuffers.Table{Bytes: footer, Pos: flatbuffers.GetUOffsetT(footer)}}
	start, n := v.vector(10)
	if n != 2 {
		t.Fatalf("%d batches, want 2", n)
	}
	binary.LittleEndian.PutUint64(footer[start+16:], uint64(len(whole)-50))
	if _, err := readBytes(whole); err == nil || !strings.Contains(err.Error(), "its table of contents declares more than") {
		t.Errorf("%v, want that there are too many bytes", err)
	}
}

// Options for arrays are refused where columns are of kinds of their own.
func TestParquetAndArrowAreNoArrays(t *testing.T) {
	for name, content := range map[string]string{"parquet": parquetOf(parquetRow{Age: 1}), "arrow": arrowOf(false, 2)} {
		for want, opt := range map[string]Option{
			"packed bits are in an array":      PackedBits(8),
			"a threshold or bernoulli go with": Threshold(0.5),
			"bernoulli go with an array":       Bernoulli(rng.Seed(1)),
		} {
			if _, err := readBytes([]byte(content), opt); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}
