package safetensors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// A Reader reads the tensors of a file one by one, into memory that is there already.
type Reader struct {
	Metadata map[string]string

	r       io.ReaderAt
	entries []entry // in the order of their data
	data    int64   // where that begins
}

// Open reads the header of a file of the given size in bytes. Errors are those of [Read].
func Open(r io.ReaderAt, size int64) (*Reader, error) {
	metadata, entries, data, err := open(io.NewSectionReader(r, 0, size), size)
	return &Reader{metadata, r, entries, data}, err
}

// Len is the number of tensors.
func (f *Reader) Len() int { return len(f.entries) }

// Count is the number of numbers of a tensor, if there is one of that name and type ("F32", …).
func (f *Reader) Count(name, dtype string) (n int, ok bool) {
	k := slices.IndexFunc(f.entries, func(e entry) bool { return e.name == name && e.dtype == dtype })
	if k < 0 {
		return 0, false
	}
	return product(f.entries[k].shape)
}

// Fill reads the numbers of a tensor into x, a slice as [Tensor].Data is. It reports whether there is one of that name,
// with numbers of that type and number, and leaves x alone where there isn't.
func (f *Reader) Fill(name string, x any) (ok bool, err error) {
	want, count := dtype(x)
	if n, ok := f.Count(name, want); !ok || n != count {
		return false, nil
	}
	k := slices.IndexFunc(f.entries, func(e entry) bool { return e.name == name })
	e := f.entries[k]
	if err := fill(io.NewSectionReader(f.r, f.data+int64(e.from), int64(e.to-e.from)), x); err != nil {
		return false, fmt.Errorf("tensor %.60q: %w", name, err)
	}
	return true, nil
}

// Verify is [File.Verify].
func (f *Reader) Verify() (sealed bool, err error) {
	want, sealed := f.Metadata[digestKey]
	if !sealed {
		return false, nil
	}
	hash, size := sha256.New(), int64(0)
	for _, e := range f.entries {
		size = max(size, int64(e.to))
	}
	hash.Write(headerOf(withoutDigest(f.Metadata), f.entries))
	if _, err := io.Copy(hash, io.NewSectionReader(f.r, f.data, size)); err != nil {
		return true, err
	}
	return true, compareDigests(want, hex.EncodeToString(hash.Sum(nil)))
}
