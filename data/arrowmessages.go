package data

import (
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

	views        int           // columns of texts with any number of buffers
	dictionaries map[int64]int // the same of dictionaries, by their numbers
}

const arrowMark = 0xffffffff // before the length of each message

func (m *arrowMessages) Message() (message *ipc.Message, err error) {
	var head [8]byte
	if _, err := io.ReadFull(m.r, head[:]); err != nil { // io.EOF, as the message that ends a stream may be absent
		return nil, err
	}
	if mark := binary.LittleEndian.Uint32(head[:]); mark != arrowMark {
		return nil, fmt.Errorf("found %#x, want %#x before a message", mark, uint32(arrowMark))
	}
	n := binary.LittleEndian.Uint32(head[4:])
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
