package data

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// source is a stream of bytes that can be read several times.
type source struct {
	open func() (io.Reader, error)
	size int64  // −1: only reading to the end tells
	pack string // how it was packed, for the format: "", ", gzip" and so on

	sparse map[string]*zip.File // members of a sparse matrix, by their names; else nil
}

// matrix is the file as numbers. If weights is set, one axis will do, and digits are never separate columns.
func (f *file) matrix(o options, weights bool) (*matrix, error) {
	s, npy, head, err := f.source()
	if err != nil {
		return nil, err
	}
	return readMatrix(s, npy, head, o, weights)
}

// source unpacks the file, and returns its first bytes and whether they may be of an .npz member, which is an .npy
// array.
func (f *file) source() (s source, npy string, head []byte, err error) {
	head = make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return s, "", nil, err
	}
	head, err = head[:n], nil
	s = source{open: func() (io.Reader, error) { return io.NewSectionReader(f, 0, f.size), nil }, size: f.size}
	npy = "npy"
	switch {
	case isZip(head):
		npy = "npz"
		s, err = f.zipMember()
	case f.member != "":
		err = fmt.Errorf("#%s names a member of an .npz file, which this is not", f.member)
	default:
		if open, name := unpack(f, head); open != nil {
			s = source{open: open, size: -1, pack: ", " + name}
		}
	}
	if err == nil && s.size < 0 {
		head, err = s.head()
	}
	if order := utf16Order(head); order != nil && err == nil {
		s = s.decoded(order)
		head, err = s.head()
	}
	return s, npy, head, err
}

// decoded is the text of UTF-16 as UTF-8.
func (s source) decoded(order func(pair []byte) uint16) source {
	return source{size: -1, pack: ", UTF-16" + s.pack, open: func() (io.Reader, error) {
		r, err := s.open()
		if err != nil {
			return nil, err
		}
		return &fromUTF16{r: newBuffer(r), order: order}, nil
	}}
}

// headSize is the number of first bytes that say what a file is.
const headSize = 512

// formats are those that are read.
const formats = ".npy, .npz, .parquet, .arrow, IDX, FASTA, VCF or text, plain or packed by gzip, zstd, xz or bzip2"

// readMatrix finds out the format.
func readMatrix(s source, npy string, head []byte, o options, weights bool) (*matrix, error) {
	switch {
	case len(head) == 0:
		return nil, errors.New("empty file")
	case s.sparse != nil:
		return readSparse(s)
	case isNPY(head):
		return readNPY(s, npy, weights)
	case npy == "npz":
		return nil, errors.New("the member of the .npz file is no .npy array: want .npz as numpy.savez writes it; unpack other zip files: unzip")
	case isZip(head):
		return nil, fmt.Errorf("found a zip file within %s, want .npz as it is", strings.TrimPrefix(s.pack, ", "))
	case isIDX(head):
		return readIDX(s, weights)
	case isText(head):
		return readLines(s, o, weights)
	}
	if err := foreignError(head); err != nil {
		return nil, err
	}
	if err := notUTF8(head); err != nil {
		return nil, err
	}
	if err := oddBytes(head); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("unknown format: begins with % x, want %s; if it is numbers alone, numpy.fromfile(FILE, TYPE).reshape(-1, UNITS) "+
		"has them for numpy.save", head[:min(8, len(head))], formats)
}

// head returns the first bytes of the stream.
func (s source) head() ([]byte, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return head[:n], err
}

// length returns the number of bytes in the stream, counting them if need be.
func (s source) length() (int64, error) {
	if s.size >= 0 {
		return s.size, nil
	}
	r, err := s.open()
	if err != nil {
		return 0, err
	}
	return io.Copy(io.Discard, r)
}
