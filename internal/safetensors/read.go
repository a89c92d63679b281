package safetensors

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// Read reads a file of the given size in bytes. The error says what is wrong and where. The tensors must follow each
// other without gap or overlap from the first byte of the data to the last, as the reference implementation demands.
// Numbers are not compared with a digest: see [File.Verify].
func Read(r io.Reader, size int64) (*File, error) {
	metadata, entries, _, err := open(r, size)
	if err != nil {
		return nil, err
	}
	f := &File{Metadata: metadata, Tensors: make([]Tensor, len(entries))}
	for k, e := range entries {
		if f.Tensors[k], err = e.read(r); err != nil {
			return nil, fmt.Errorf("tensor %.60q: %w", e.name, err)
		}
	}
	return f, nil
}

// open reads the header, compares it with the size, and returns the tensors in the order of their data, which begins at
// byte `data`.
func open(r io.Reader, size int64) (metadata map[string]string, entries []entry, data int64, err error) {
	metadata, entries, rest, err := readHeader(r, size)
	if err != nil {
		return nil, nil, 0, err
	}
	end, err := layOut(entries)
	switch {
	case err != nil:
	case end > rest:
		err = fmt.Errorf("truncated: the header describes %d bytes of data, the file holds %d", end, rest)
	case end < rest:
		err = fmt.Errorf("%d bytes too many: the header describes %d bytes of data, the file holds %d",
			rest-end, end, rest)
	}
	return metadata, entries, size - int64(rest), err
}

// ReadMetadata reads the metadata alone of a file of the given size in bytes.
func ReadMetadata(r io.Reader, size int64) (map[string]string, error) {
	metadata, _, _, err := readHeader(r, size)
	return metadata, err
}

// readHeader reads the header of a file of size bytes. rest is the number of bytes after it.
func readHeader(r io.Reader, size int64) (metadata map[string]string, entries []entry, rest uint64, err error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil || size < 8 {
		return nil, nil, 0, fmt.Errorf("%d bytes are no safetensors file: want at least 8, the length of the header", max(size, 0))
	}
	length, rest := binary.LittleEndian.Uint64(prefix[:]), uint64(size-8)
	if length > maxHeader || length > rest {
		return nil, nil, 0, fmt.Errorf("a header of %d bytes in a file of %d: truncated, or no safetensors file", length, size)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, nil, 0, fmt.Errorf("header of %d bytes: %w", length, err)
	}
	if metadata, entries, err = parseHeader(text); err != nil {
		return nil, nil, 0, fmt.Errorf("header: %w", err)
	}
	return metadata, entries, rest - length, nil
}

// layOut puts the tensors in the order of their data and checks that they follow each other without gap or overlap.
func layOut(entries []entry) (end uint64, err error) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for _, e := range entries {
		size := width(e.dtype)
		if size == 0 {
			return 0, fmt.Errorf("tensor %.60q has type %.60q, want F32, F64, U64, I64 or U8", e.name, e.dtype)
		}
		count, ok := product(e.shape)
		hi, want := bits.Mul64(uint64(count), size)
		if !ok || hi != 0 || e.to < e.from || e.to-e.from != want {
			return 0, fmt.Errorf("tensor %.60q of type %s and shape %v is given the bytes %d to %d",
				e.name, e.dtype, e.shape, e.from, e.to)
		}
		if e.from != end {
			return 0, fmt.Errorf("tensor %.60q begins at byte %d of the data, want %d: right after the one before",
				e.name, e.from, end)
		}
		end = e.to
	}
	return end, nil
}

// read returns the tensor. Its size has been compared with the file's, so the memory is justified.
func (e entry) read(r io.Reader) (t Tensor, err error) {
	t = Tensor{Name: e.name, Shape: e.shape}
	n, _ := product(e.shape)
	switch e.dtype {
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
	return t, fill(r, t.Data)
}

// fill reads numbers into a slice of one of the types of [Tensor].Data.
func fill(r io.Reader, x any) error {
	switch x := x.(type) {
	case []float32:
		return readNumbers(r, x)
	case []float64:
		return readNumbers(r, x)
	case []uint64:
		return readNumbers(r, x)
	case []int64:
		return readNumbers(r, x)
	case []uint8:
		return readNumbers(r, x)
	}
	panic(fmt.Sprintf("safetensors: data of type %T", x))
}

func readNumbers[T number](r io.Reader, x []T) error {
	buffer := make([]byte, binary.Size(x[:min(len(x), chunk)]))
	for part := range slices.Chunk(x, chunk) {
		bytes := buffer[:binary.Size(part)]
		if _, err := io.ReadFull(r, bytes); err != nil {
			return err
		}
		if _, err := binary.Decode(bytes, binary.LittleEndian, part); err != nil {
			return err
		}
	}
	return nil
}
