package data

import (
	"encoding/binary"
	"fmt"
	"io"
)

// isIDX reports whether a file begins as the MNIST files do: two zero bytes, the type and the number of axes.
func isIDX(head []byte) bool {
	return len(head) >= 4 && head[0] == 0 && head[1] == 0 && head[2] >= 8 && head[2] <= 14 && head[3] > 0
}

// readIDX reads the header of an IDX file: the magic number, then the length of every axis as a
// big-endian uint32 (Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database).
func readIDX(s source, weights bool) (*matrix, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4, 4+4*255)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	kinds := map[byte]struct {
		kind byte
		size int
	}{8: {'u', 1}, 9: {'i', 1}, 11: {'i', 2}, 12: {'i', 4}, 13: {'f', 4}, 14: {'f', 8}}
	kind := kinds[head[2]]
	e, ok := elementOf(kind.kind, kind.size, binary.BigEndian)
	if !ok {
		return nil, fmt.Errorf("IDX: unknown type 0x%02x", head[2])
	}
	axes := int(head[3])
	head = head[:4+4*axes]
	if n, err := io.ReadFull(r, head[4:]); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("IDX: the header ends after %d bytes, want %d for %d axes", 4+n, len(head), axes)
		}
		return nil, err
	}
	a := array{element: e, offset: int64(len(head)), format: "idx"}
	for k := range axes {
		a.dims = append(a.dims, int(binary.BigEndian.Uint32(head[4+4*k:])))
	}
	return a.matrix(s, weights)
}
