package data

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// sparseMembers are the members of a sparse matrix, as scipy.sparse.save_npz writes it, by their names; nil for another
// file.
func sparseMembers(z *zip.Reader) map[string]*zip.File {
	members := map[string]*zip.File{}
	for _, m := range z.File {
		members[strings.TrimSuffix(m.Name, ".npy")] = m
	}
	if members["format"] == nil || members["shape"] == nil || members["data"] == nil {
		return nil
	}
	return members
}

// mostSparse bounds the cells of a sparse matrix, zeros among them, which no bytes of the file vouch for: 4 GiB of
// bits.
const mostSparse = 1 << 35

// sparse is a matrix of which a file has the numbers that are not 0.
type sparse struct {
	members     map[string]*zip.File
	rows, units int
	entries     int
}

func readSparse(s source) (*matrix, error) {
	x := &sparse{members: s.sparse}
	format, err := x.format()
	if err != nil {
		return nil, err
	}
	if format != "csr" && format != "csc" && format != "coo" {
		return nil, fmt.Errorf("found a sparse matrix of the format %q, want csr, csc or coo: save x.tocsr()", format)
	}
	shape, err := x.numbers("shape")
	if err != nil {
		return nil, err
	}
	for k, size := range []*int{&x.rows, &x.units} {
		n, err := shape.next()
		if err != nil || shape.count != 2 || !(n >= 1 && n <= 1<<31) {
			return nil, fmt.Errorf("sparse matrix: axis %d of %d has the length %v, want two axes of a length above 0", k+1, shape.count, n)
		}
		*size = int(n)
	}
	if cells := float64(x.rows) * float64(x.units); cells > mostSparse {
		return nil, fmt.Errorf("a sparse matrix of %d×%d has %.3g cells, want at most %.3g: save x[:, :N], or give parts of its rows as files",
			x.rows, x.units, cells, float64(mostSparse))
	}
	data, err := x.numbers("data")
	if err != nil {
		return nil, err
	}
	x.entries = data.count
	m := &matrix{rows: x.rows, units: x.units, scattered: true, format: fmt.Sprintf("npz (sparse %s, %s)", format, data.name)}
	entries := x.coordinates
	switch format {
	case "csr":
		entries = func(put put) error { return x.compressed(x.rows, x.units, put) }
	case "csc":
		entries = func(put put) error {
			return x.compressed(x.units, x.rows, func(c, r int, value []float64) error { return put(r, c, value) })
		}
	}
	m.scan = func(put put) error {
		if err := x.zeros(put); err != nil {
			return err
		}
		return entries(put)
	}
	return m, nil
}

// format reads the member with the name of the format.
func (x *sparse) format() (string, error) {
	r, err := openMember(x.members["format"])
	if err != nil {
		return "", err
	}
	if _, _, err := npyDescription(r); err != nil {
		return "", fmt.Errorf("sparse matrix: member format: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, 64))
	return strings.ReplaceAll(string(text), "\x00", ""), err
}

// numberStream is the numbers of an array of one axis.
type numberStream struct {
	element
	count int
	r     io.Reader
	raw   []byte
	value [1]float64
}

func (n *numberStream) next() (float64, error) {
	if _, err := io.ReadFull(n.r, n.raw); err != nil {
		return 0, changed(err)
	}
	n.decode(n.value[:], n.raw)
	return n.value[0], nil
}

// numbers opens a member, whose numbers are as many as its head says.
func (x *sparse) numbers(name string) (*numberStream, error) {
	member := x.members[name]
	if member == nil {
		return nil, fmt.Errorf("sparse matrix: there is no member %s", name)
	}
	s := source{open: func() (io.Reader, error) { return openMember(member) }, size: -1}
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	b := newBuffer(r)
	a, err := npyHeader(b)
	if err != nil {
		return nil, fmt.Errorf("sparse matrix: member %s: %w", name, changed(err))
	}
	if len(a.dims) != 1 {
		return nil, fmt.Errorf("sparse matrix: member %s has %d axes, want one", name, len(a.dims))
	}
	if a.dims[0] > 0 {
		if _, err := a.matrix(s, true); err != nil { // as many bytes as declared
			return nil, fmt.Errorf("sparse matrix: member %s: %w", name, err)
		}
	}
	return &numberStream{element: a.element, count: a.dims[0], r: b, raw: make([]byte, a.element.size)}, nil
}

// index reads a place on an axis.
func (n *numberStream) index(name string, length int) (int, error) {
	x, err := n.next()
	if err == nil && !(x >= 0 && x < float64(length) && x == float64(int(x))) {
		err = fmt.Errorf("sparse matrix: member %s has %v, want a number from 0 to %d", name, x, length-1)
	}
	return int(x), err
}

// zeros puts zeros in all places, as the file has the other numbers alone.
func (x *sparse) zeros(put put) error {
	var none [chunk]float64
	for r := range x.rows {
		for at := 0; at < x.units; at += chunk {
			if err := put(r, at, none[:min(chunk, x.units-at)]); err != nil {
				return err
			}
		}
	}
	return nil
}

// compressed goes through rows of columns (csr) or columns of rows (csc): indptr[k] to indptr[k+1] are the entries of
// k.
func (x *sparse) compressed(lines, length int, put put) error {
	ends, err := x.numbers("indptr")
	if err != nil {
		return err
	}
	places, err := x.numbers("indices")
	if err != nil {
		return err
	}
	data, err := x.numbers("data")
	if err != nil {
		return err
	}
	if ends.count != lines+1 || places.count != data.count {
		return fmt.Errorf("sparse matrix: members indptr, indices and data have %d, %d and %d numbers, want %d, and as many of both others",
			ends.count, places.count, data.count, lines+1)
	}
	from, err := ends.index("indptr", 1)
	if err != nil {
		return err
	}
	seen := map[int]struct{}{}
	for k := range lines {
		to, err := ends.index("indptr", data.count+1)
		if err != nil {
			return err
		}
		if to < from || k == lines-1 && to != data.count {
			return fmt.Errorf("sparse matrix: member indptr goes from %d to %d, want numbers that rise to %d", from, to, data.count)
		}
		clear(seen)
		for ; from < to; from++ {
			at, err := places.index("indices", length)
			if err != nil {
				return err
			}
			if _, again := seen[at]; again {
				return errTwice
			}
			seen[at] = struct{}{}
			if _, err := data.next(); err != nil {
				return err
			}
			if err := put(k, at, data.value[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

var errTwice = errors.New("sparse matrix: a place has two numbers: call x.sum_duplicates() before it is saved")

// coordinates goes through entries with a row and a column.
func (x *sparse) coordinates(put put) error {
	var streams [3]*numberStream
	for k, name := range []string{"row", "col", "data"} {
		var err error
		if streams[k], err = x.numbers(name); err != nil {
			return err
		}
		if streams[k].count != x.entries {
			return fmt.Errorf("sparse matrix: member %s has %d numbers, data %d: want as many", name, streams[k].count, x.entries)
		}
	}
	seen := make([]uint64, (x.rows*x.units+63)/64)
	for range x.entries {
		r, err := streams[0].index("row", x.rows)
		if err != nil {
			return err
		}
		c, err := streams[1].index("col", x.units)
		if err != nil {
			return err
		}
		if _, err := streams[2].next(); err != nil {
			return err
		}
		at := r*x.units + c
		if seen[at/64]>>(at%64)&1 == 1 {
			return errTwice
		}
		seen[at/64] |= 1 << (at % 64)
		if err := put(r, c, streams[2].value[:]); err != nil {
			return err
		}
	}
	return nil
}
