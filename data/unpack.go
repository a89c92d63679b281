package data

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// packings are the compressions that a file may have, told by its first bytes.
var packings = []struct {
	name, magic string
	open        func(r io.Reader) (io.Reader, error)
}{
	{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"zstd", "\x28\xb5\x2f\xfd", newZstd},
	{"xz", "\xfd7zXZ\x00", newXZ},
	{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
}

// mostWindow bounds what a packed file has of itself in memory: as much as zstd --long and xz -9 take.
const mostWindow = 1 << 27

func newZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(mostWindow))
}

// newXZ reads xz data, of which the head of the first block says how much memory it takes.
func newXZ(r io.Reader) (io.Reader, error) {
	b := newBuffer(r)
	const header = 12                              // of the stream; then the length of the block's head in words of 4 bytes, less one
	head, _ := b.Peek(header + 2)                  //
	if len(head) > header+1 && head[header] != 0 { // 0: there are no blocks
		head, _ = b.Peek(header + 4*(int(head[header])+1))
		const lzma2 = "\x21\x01" // a filter and the length of its properties
		if at := bytes.Index(head[header+2:], []byte(lzma2)); at >= 0 && header+2+at+2 < len(head) {
			if size, err := lzma.DecodeDictCap(head[header+2+at+2]); err == nil && size > mostWindow {
				return nil, fmt.Errorf("takes %d MiB of memory to unpack, want at most %d", size>>20, mostWindow>>20)
			}
		}
	}
	return xz.NewReader(b)
}

// packed reads packed data and says in its errors what they mean.
type packed struct {
	r    io.Reader
	name string
}

// unpack opens a file that may be packed: open is nil where it is not.
func unpack(f *file, head []byte) (open func() (io.Reader, error), name string) {
	for _, p := range packings {
		if bytes.HasPrefix(head, []byte(p.magic)) && !(p.name == "bzip2" && isText(head)) {
			return func() (io.Reader, error) {
				r, err := p.open(newBuffer(io.NewSectionReader(f, 0, f.size)))
				if err != nil {
					return nil, packingError(p.name, err)
				}
				return packed{r, p.name}, nil
			}, p.name
		}
	}
	return nil, ""
}

func (p packed) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err != nil && err != io.EOF {
		err = packingError(p.name, err)
	}
	return n, err
}

func packingError(name string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("the %s data end early, the file is truncated", name)
	}
	return fmt.Errorf("damaged %s data: %w", name, err)
}
