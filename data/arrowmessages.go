package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	buffers "github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// arrowMessages reads the messages of an Arrow stream, an [ipc.MessageReader]. The library makes room for as many
// elements as a message declares: those of a damaged one are refused here.
type arrowMessages struct {
	r    io.Reader
	most int64 // bytes of the file
	open bool  // it has come to its end without the message that ends a stream

	views        int           // columns of texts with any number of buffers
	dictionaries map[int64]int // the same of dictionaries, by their numbers
}

const arrowMark = 0xffffffff // before the length of each message

// arrowStream is the stream that a file stands for: the schema and the places of the messages are in the table of
// contents at its end. What is before it need be no stream: polars has the schema there without its mark.
func arrowStream(f *file) (io.Reader, error) {
	ends := make([]byte, 4+len(arrowMagic))
	at := f.size - int64(len(ends))
	if at < 0 {
		return nil, fmt.Errorf("%d bytes are too few: it is truncated", f.size)
	}
	if _, err := f.ReadAt(ends, at); err != nil {
		return nil, err
	}
	if string(ends[4:]) != arrowMagic {
		return nil, fmt.Errorf("it does not end with %s, as a whole file does: it is truncated", arrowMagic)
	}
	n := int64(binary.LittleEndian.Uint32(ends))
	if n < 4 || n > at {
		return nil, fmt.Errorf("its table of contents declares %d bytes of %d", n, f.size)
	}
	// A message whose header is the table of contents' schema: where its table is, the slots of that, and the table.
	const head, table = 32, 16
	meta := binary.LittleEndian.AppendUint32(nil, table)
	for _, x := range []uint16{10, 12, 4, 6, 8, 0} { // sizes of the slots and the table, its version, kind and header, padding
		meta = binary.LittleEndian.AppendUint16(meta, x)
	}
	meta = binary.LittleEndian.AppendUint32(meta, table-4)
	meta = append(meta, 4, 0, arrowSchema, 0) // version 5 of the format
	meta = append(meta, make([]byte, head-len(meta)+int(n))...)
	footer := meta[head:]
	if _, err := f.ReadAt(footer, at-n); err != nil {
		return nil, err
	}
	contents := vectors{flatbuffers.Table{Bytes: footer, Pos: flatbuffers.GetUOffsetT(footer)}}
	binary.LittleEndian.PutUint32(meta[table+8:], uint32(head-table-8+contents.table(6).Pos))

	length := binary.LittleEndian.AppendUint32(nil, uint32(len(meta)))
	parts, left := []io.Reader{bytes.NewReader(length), bytes.NewReader(meta)}, at-n
	for _, slot := range []flatbuffers.VOffsetT{8, 10} { // dictionaries, and batches of rows
		start, count := contents.vector(slot)
		for k := range count {
			block := start + flatbuffers.UOffsetT(24*k)
			from, size := contents.GetInt64(block), int64(contents.GetInt32(block+8))
			body := contents.GetInt64(block + 16)
			if from < 0 || size < 0 || body < 0 || body > left || size > left-body {
				return nil, fmt.Errorf("its table of contents declares more than %d bytes of messages", at-n)
			}
			left -= size + body
			parts = append(parts, io.NewSectionReader(f, from, size+body))
		}
	}
	return io.MultiReader(append(parts, bytes.NewReader(make([]byte, 4)))...), nil // with the message that ends a stream
}

// Message reads the next message, for the library, when its lengths are sound. io.EOF ends them.
func (m *arrowMessages) Message() (message *ipc.Message, err error) {
	var head [4]byte
	if _, err := io.ReadFull(m.r, head[:]); err != nil { // io.EOF, as the message that ends a stream may be absent
		m.open = err == io.EOF
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n == arrowMark { // absent before version 5 of the format
		if _, err := io.ReadFull(m.r, head[:]); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		n = binary.LittleEndian.Uint32(head[:])
	}
	if n == 0 {
		return nil, io.EOF
	}
	meta, err := m.read(int64(n))
	if err != nil {
		return nil, err
	}
	v := vectors{Table: flatbuffers.Table{Bytes: meta, Pos: flatbuffers.GetUOffsetT(meta)}}
	m.check(v)
	body, err := m.read(v.GetInt64Slot(10, 0))
	if err != nil {
		return nil, err
	}
	return ipc.NewMessage(buffers.NewBufferBytes(meta), buffers.NewBufferBytes(body)), nil
}

func (m *arrowMessages) read(n int64) ([]byte, error) {
	if n < 0 || n > m.most {
		return nil, fmt.Errorf("a message declares %d bytes of the file's %d", n, m.most)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(m.r, b); err != nil {
		return nil, fmt.Errorf("it is truncated within a message of %d bytes", n)
	}
	return b, nil
}

// Retain and Release count references, which the collector of garbage does.
func (m *arrowMessages) Retain()  {}
func (m *arrowMessages) Release() {}

// vectors checks the lengths of the vectors of a message in FlatBuffers, by the slots that the schema of Arrow gives to
// them. It panics where one is longer than the message.
type vectors struct{ flatbuffers.Table }

// The kinds of messages.
const (
	arrowSchema     = 1
	arrowDictionary = 2
	arrowBatch      = 3
)

func (m *arrowMessages) check(v vectors) {
	v.vector(12) // custom_metadata
	header := v.table(8)
	switch v.GetByteSlot(6, 0) {
	case arrowSchema:
		header.vector(8) // custom_metadata
		m.dictionaries = map[int64]int{}
		m.views = m.countViews(header, 6)
	case arrowDictionary:
		header.table(6).checkBatch(m.dictionaries[header.GetInt64Slot(4, 0)])
	case arrowBatch:
		header.checkBatch(m.views)
	}
}

// countViews checks a vector of columns, which may have columns, and counts those whose buffers a batch counts.
func (m *arrowMessages) countViews(v vectors, slot flatbuffers.VOffsetT) (views int) {
	const binaryView, textView = 23, 24
	start, n := v.vector(slot)
	for k := range n {
		field := vectors{flatbuffers.Table{Bytes: v.Bytes, Pos: v.Indirect(start + flatbuffers.UOffsetT(4*k))}}
		field.vector(16) // custom_metadata
		count := m.countViews(field, 14)
		if kind := field.GetByteSlot(8, 0); kind == binaryView || kind == textView {
			count++
		}
		if field.Offset(12) != 0 { // dictionary
			dictionary := field.table(12)
			m.dictionaries[dictionary.GetInt64Slot(4, 0)], count = count, 0
		}
		views += count
	}
	return views
}

// checkBatch checks that no column of texts says that it has more buffers than there are.
func (v vectors) checkBatch(views int) {
	_, most := v.vector(8)
	start, n := v.vector(12)
	if n < views {
		panic(fmt.Errorf("a message counts the buffers of %d columns, want %d", n, views))
	}
	for k := range n {
		if count := v.GetInt64(start + flatbuffers.UOffsetT(8*k)); count < 0 || count > int64(most) {
			panic(fmt.Errorf("a column declares %d buffers of %d", count, most))
		}
	}
}

// vector is the place of the elements of a vector, and their number.
func (v vectors) vector(slot flatbuffers.VOffsetT) (start flatbuffers.UOffsetT, n int) {
	o := flatbuffers.UOffsetT(v.Offset(slot))
	if o == 0 {
		return 0, 0
	}
	const least = 4 // bytes of an element
	if n = v.VectorLen(o); n > len(v.Bytes)/least {
		panic(fmt.Errorf("a message of %d bytes declares %d elements", len(v.Bytes), n))
	}
	return v.Vector(o), n
}

func (v vectors) table(slot flatbuffers.VOffsetT) vectors {
	o := flatbuffers.UOffsetT(v.Offset(slot))
	if o == 0 {
		panic(fmt.Errorf("a message lacks the table of slot %d", slot))
	}
	return vectors{flatbuffers.Table{Bytes: v.Bytes, Pos: v.Indirect(v.Pos + o)}}
}
