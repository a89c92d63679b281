package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Write writes a file. Equal files give equal bytes: the tensors lie in the given order, metadata is sorted by key, and
// the header is padded with spaces to a multiple of eight bytes. It panics if a shape doesn't fit its data, if a name
// comes twice or is "__metadata__", and if a text is not valid UTF-8. The error is that of w.
func Write(w io.Writer, f *File) error {
	if _, err := w.Write(headerOf(f.Metadata, describe(f))); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if err := t.write(w); err != nil {
			return err
		}
	}
	return nil
}

// describe returns the tensors as a header has them.
func describe(f *File) []entry {
	for key, value := range f.Metadata {
		checkText(key)
		checkText(value)
	}
	entries, seen, at := []entry(nil), map[string]bool{metadataKey: true}, uint64(0)
	for _, t := range f.Tensors {
		checkText(t.Name)
		name, count := dtype(t.Data)
		if seen[t.Name] {
			panic(fmt.Sprintf("safetensors: the name %q is taken", t.Name))
		}
		if n, ok := product(t.Shape); !ok || n != count {
			panic(fmt.Sprintf("safetensors: tensor %q of shape %v with %d numbers", t.Name, t.Shape, count))
		}
		seen[t.Name] = true
		end := at + uint64(count)*width(name)
		entries = append(entries, entry{t.Name, name, t.Shape, at, end})
		at = end
	}
	return entries
}

// headerOf returns the header's length and the padded header.
func headerOf(metadata map[string]string, entries []entry) []byte {
	const prefix = 8
	header := bytes.NewBuffer(make([]byte, prefix))
	header.WriteByte('{')
	if len(metadata) > 0 {
		fmt.Fprintf(header, "%q:%s", metadataKey, marshal(metadata)) // json sorts by key
	}
	for _, e := range entries {
		if header.Len() > prefix+1 {
			header.WriteByte(',')
		}
		shape := append([]int{}, e.shape...) // never nil, which would be written as null
		fmt.Fprintf(header, `%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`,
			marshal(e.name), e.dtype, marshal(shape), e.from, e.to)
	}
	header.WriteByte('}')
	header.WriteString(strings.Repeat(" ", -header.Len()&7))
	binary.LittleEndian.PutUint64(header.Bytes(), uint64(header.Len()-prefix))
	return header.Bytes()
}

// checkText panics unless the text is what JSON can hold.
func checkText(s string) {
	if !utf8.ValidString(s) {
		panic(fmt.Sprintf("safetensors: text %q is not valid UTF-8", s))
	}
}

// marshal encodes strings and numbers, which cannot fail.
func marshal(x any) []byte {
	text, err := json.Marshal(x)
	if err != nil {
		panic(fmt.Sprintf("safetensors: %v", err))
	}
	return text
}

func dtype(data any) (name string, count int) {
	switch x := data.(type) {
	case []float32:
		return "F32", len(x)
	case []float64:
		return "F64", len(x)
	case []uint64:
		return "U64", len(x)
	case []int64:
		return "I64", len(x)
	case []uint8:
		return "U8", len(x)
	}
	panic(fmt.Sprintf("safetensors: data of type %T", data))
}

func (t *Tensor) write(w io.Writer) error {
	switch x := t.Data.(type) {
	case []float32:
		return writeNumbers(w, x)
	case []float64:
		return writeNumbers(w, x)
	case []uint64:
		return writeNumbers(w, x)
	case []int64:
		return writeNumbers(w, x)
	case []uint8:
		return writeNumbers(w, x)
	}
	panic(fmt.Sprintf("safetensors: data of type %T", t.Data))
}

func writeNumbers[T number](w io.Writer, x []T) error {
	buffer := make([]byte, binary.Size(x[:min(len(x), chunk)]))
	for part := range slices.Chunk(x, chunk) {
		n, err := binary.Encode(buffer, binary.LittleEndian, part)
		if err == nil {
			_, err = w.Write(buffer[:n])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
