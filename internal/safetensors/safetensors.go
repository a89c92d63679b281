// Package safetensors reads and writes the file format of the same name: eight bytes of header length, a JSON header with
// the name, type, shape and place of each tensor, and the numbers, little-endian.
//
// Reading is strict, for files of unknown origin: every byte must be accounted for once, no name may come twice, and no
// more memory is used than the file's own size justifies.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strings"
)

// maxHeader is the reference implementation's bound on the header: 100 MB.
const maxHeader = 100_000_000

// File is the contents of a file.
type File struct {
	Metadata map[string]string
	Tensors  []Tensor // in the order of their data
}

// Tensor is an array with a name. Data is a []float32 (F32), []float64 (F64), []uint64 (U64), []int64 (I64) or []uint8 (U8).
type Tensor struct {
	Name  string
	Shape []int
	Data  any
}

// Tensor returns the tensor of that name, or an error that says it is missing.
func (f *File) Tensor(name string) (*Tensor, error) {
	for k := range f.Tensors {
		if f.Tensors[k].Name == name {
			return &f.Tensors[k], nil
		}
	}
	return nil, fmt.Errorf("there is no tensor %q", name)
}

// entry is a tensor in the header.
type entry struct {
	Dtype   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// width is the number of bytes of a type's numbers, 0 for unknown types.
func width(dtype string) uint64 {
	switch dtype {
	case "F32":
		return 4
	case "F64", "U64", "I64":
		return 8
	case "U8":
		return 1
	}
	return 0
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

const metadataKey = "__metadata__"

// Write writes a file. Equal files give equal bytes: metadata is sorted by key, and the header is padded with spaces to a
// multiple of eight bytes. It panics if a shape doesn't fit its data, or a name comes twice.
func Write(w io.Writer, f *File) error {
	var header bytes.Buffer
	header.WriteByte('{')
	if len(f.Metadata) > 0 {
		text, err := json.Marshal(f.Metadata)
		if err != nil {
			return err
		}
		fmt.Fprintf(&header, "%q:%s", metadataKey, text)
	}
	seen, at := map[string]bool{metadataKey: true}, uint64(0)
	for _, t := range f.Tensors {
		name, count := dtype(t.Data)
		if seen[t.Name] || product(t.Shape) != uint64(count) {
			panic(fmt.Sprintf("safetensors: tensor %q of shape %v with %d numbers", t.Name, t.Shape, count))
		}
		seen[t.Name] = true
		end := at + uint64(count)*width(name)
		key, err := json.Marshal(t.Name)
		if err != nil {
			return err
		}
		text, err := json.Marshal(entry{name, slices.Concat([]int{}, t.Shape), [2]uint64{at, end}})
		if err != nil {
			return err
		}
		if header.Len() > 1 {
			header.WriteByte(',')
		}
		fmt.Fprintf(&header, "%s:%s", key, text)
		at = end
	}
	header.WriteByte('}')
	header.WriteString(strings.Repeat(" ", -header.Len()&7))
	if err := binary.Write(w, binary.LittleEndian, uint64(header.Len())); err != nil {
		return err
	}
	if _, err := w.Write(header.Bytes()); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if err := binary.Write(w, binary.LittleEndian, t.Data); err != nil {
			return err
		}
	}
	return nil
}

// product multiplies the sizes of a shape; it returns the largest uint64 if one is negative or the product too large.
func product(shape []int) uint64 {
	n := uint64(1)
	for _, size := range shape {
		hi, lo := bits.Mul64(n, uint64(size))
		if size < 0 || hi != 0 {
			return 1<<64 - 1
		}
		n = lo
	}
	return n
}

// Read reads a file of the given size in bytes. The error says what is wrong and where.
func Read(r io.Reader, size int64) (*File, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return nil, fmt.Errorf("%d bytes are no safetensors file: want at least 8 for the length of the header", max(size, 0))
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader || int64(length) > size-8 {
		return nil, fmt.Errorf("a header of %d bytes in a file of %d: truncated, or no safetensors file", length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("header of %d bytes: %w", length, err)
	}
	f, entries, err := parseHeader(text)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	end, err := layOut(f, entries)
	if err != nil {
		return nil, err
	}
	if rest := uint64(size-8) - length; end != rest {
		return nil, fmt.Errorf("the header describes %d bytes of data, but the file holds %d", end, rest)
	}
	for k := range f.Tensors {
		if err := f.Tensors[k].read(r, entries[f.Tensors[k].Name]); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", f.Tensors[k].Name, err)
		}
	}
	return f, nil
}

// parseHeader walks through the outermost object by tokens, because a map would hide keys that come twice.
func parseHeader(text []byte) (*File, map[string]entry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return nil, nil, errors.New("no JSON object")
	}
	f, entries, seen := &File{}, map[string]entry{}, map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, err
		}
		name := token.(string) // inside an object a key comes next, or an error
		if seen[name] {
			return nil, nil, fmt.Errorf("%q comes twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := d.Decode(&f.Metadata); err != nil {
				return nil, nil, fmt.Errorf("%q: %w", name, err)
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return nil, nil, fmt.Errorf("%q: %w", name, err)
		}
		entries[name] = e
		f.Tensors = append(f.Tensors, Tensor{Name: name, Shape: e.Shape})
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimRight(text[d.InputOffset():], " \n\t\r"); len(rest) > 0 {
		return nil, nil, fmt.Errorf("%d bytes after the JSON object", len(rest))
	}
	return f, entries, nil
}

// layOut puts the tensors in the order of their data and checks that they follow each other without gap or overlap.
func layOut(f *File, entries map[string]entry) (end uint64, err error) {
	slices.SortStableFunc(f.Tensors, func(a, b Tensor) int {
		x, y := entries[a.Name].Offsets, entries[b.Name].Offsets
		return slices.Compare(x[:], y[:])
	})
	for _, t := range f.Tensors {
		e := entries[t.Name]
		size := width(e.Dtype)
		if size == 0 {
			return 0, fmt.Errorf("tensor %q has type %q, want F32, F64, U64, I64 or U8", t.Name, e.Dtype)
		}
		hi, want := bits.Mul64(product(e.Shape), size)
		from, to := e.Offsets[0], e.Offsets[1]
		if hi != 0 || to < from || to-from != want {
			return 0, fmt.Errorf("tensor %q of type %s and shape %v is given the bytes %d to %d", t.Name, e.Dtype, e.Shape, from, to)
		}
		if from != end {
			return 0, fmt.Errorf("tensor %q begins at byte %d of the data, want %d: right after the one before", t.Name, from, end)
		}
		end = to
	}
	return end, nil
}

// read fills Data. The size has been compared with the file's, so the memory is justified.
func (t *Tensor) read(r io.Reader, e entry) error {
	n := int(product(e.Shape))
	switch e.Dtype {
	case "F32":
		t.Data = make([]float32, n)
	case "F64":
		t.Data = make([]float64, n)
	case "U64":
		t.Data = make([]uint64, n)
	case "I64":
		t.Data = make([]int64, n)
	case "U8":
		t.Data = make([]uint8, n)
	}
	if n == 0 {
		return nil
	}
	return binary.Read(r, binary.LittleEndian, t.Data)
}
