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
	v.checkMessage()
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

func (v vectors) checkMessage() {
	v.vector(12) // custom_metadata
	header := v.table(8)
	switch v.GetByteSlot(6, 0) {
	case arrowSchema:
		header.vector(8) // custom_metadata
		header.checkFields(6)
	case arrowDictionary:
		header.table(6).checkBatch()
	case arrowBatch:
		header.checkBatch()
	}
}

// checkFields checks a vector of columns, which may have columns.
func (v vectors) checkFields(slot flatbuffers.VOffsetT) {
	start, n := v.vector(slot)
	for k := range n {
		field := vectors{flatbuffers.Table{Bytes: v.Bytes, Pos: v.Indirect(start + flatbuffers.UOffsetT(4*k))}}
		field.vector(16) // custom_metadata
		field.checkFields(14)
	}
}

// checkBatch checks that no column of texts says that it has more buffers than there are.
func (v vectors) checkBatch() {
	_, most := v.vector(8)
	start, n := v.vector(12)
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
