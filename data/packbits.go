package data

import (
	"errors"
	"fmt"
)

// unpackBits takes the bytes of each row as packed bits, the first in the highest bit, as numpy.packbits(x, axis=1)
// makes them. Bits beyond the last unit are 0.
func (m *matrix) unpackBits(units int) error {
	switch {
	case !m.bytes:
		return fmt.Errorf("packed bits are bytes, of the type uint8; found %s", m.format)
	case m.units != (units+7)/8:
		return fmt.Errorf("%s of packed bits are %s; found %d: numpy.packbits(x, axis=1) makes them of rows", plural(units, "unit", "units"),
			plural((units+7)/8, "byte a row", "bytes a row"), m.units)
	}
	last, scan := m.units-1, m.scanBytes
	rest := byte(0xff) >> ((units-1)%8 + 1) // bits beyond the last unit, in the last byte
	bits := make([]uint8, 0, 8*min(m.units, chunk))
	m.scanBytes = func(put putBytes) error {
		return scan(func(r, c int, values []uint8) error {
			bits = bits[:0]
			for i, b := range values {
				n := 8
				if c+i == last {
					if n = units - 8*last; b&rest != 0 {
						return &cellError{row: r + 1, column: c + i + 1, found: fmt.Sprintf("the byte %#x", b),
							want: fmt.Sprintf("its last %d bits 0, beyond the last of %d units: "+
								"numpy.packbits of the order big, and the right number of units", 8-n, units)}
					}
				}
				for k := range n {
					bits = append(bits, b>>(7-k)&1)
				}
			}
			return put(r, 8*c, bits)
		})
	}
	m.scan = asNumbers(m.scanBytes)
	m.units, m.shape, m.bytes, m.format = units, nil, false, m.format+", packed bits"
	return nil
}

// errPackedText is the error of packed bits in a file that has no bytes.
var errPackedText = errors.New("packed bits are in an array of bytes, as numpy.save writes it, which this file is not")
