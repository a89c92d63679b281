package quantum

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
)

// maxLine bounds a line of a file in bytes.
const maxLine = 1 << 20

// lines calls f with each line that is not blank, with its number, and says the number where f has an error.
func lines(r io.Reader, f func(line int, fields [][]byte) error) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 1<<12), maxLine)
	for line := 1; scanner.Scan(); line++ {
		if fields := bytes.Fields(scanner.Bytes()); len(fields) > 0 {
			if err := f(line, fields); err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("a line is longer than %d bytes", maxLine)
	} else if err != nil {
		return err
	}
	return nil
}

// ReadBases reads bases, one a line: a letter for each site, apart (Z X Y) or run together (ZXY). All lines have as
// many sites as the first one. Which letters are known [Basis.Check] tells.
func ReadBases(r io.Reader) ([]Basis, error) {
	var rows []Basis
	same := map[string]Basis{} // rows of a file share their strings
	err := lines(r, func(line int, fields [][]byte) error {
		text := bytes.Join(fields, nil)
		for i, field := range fields {
			if len(fields) > 1 && len(field) != 1 {
				return fmt.Errorf("site %d has %.20q, want one letter a site", i, field)
			}
		}
		for i, c := range text {
			if !isLetter(c) {
				return fmt.Errorf("site %d has %q, want a letter such as X, Y or Z", i, text[i:i+1])
			}
		}
		if len(rows) > 0 && len(text) != len(rows[0]) {
			return fmt.Errorf("%d sites, want %d as in the first line", len(text), len(rows[0]))
		}
		b, seen := same[string(text)]
		if !seen {
			b = Basis(text)
			same[string(b)] = b
		}
		rows = append(rows, b)
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = errors.New("no bases")
	}
	return rows, err
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// WriteBases writes bases, one a line, the letters of the sites apart.
func WriteBases(w io.Writer, rows []Basis) error {
	out := bufio.NewWriter(w)
	for _, b := range rows {
		for i := range len(b) {
			end := byte(' ')
			if i == len(b)-1 {
				end = '\n'
			}
			if _, err := out.Write([]byte{b[i], end}); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

// ReadUnitaries reads rotations, one a line, and returns them beside those of [Pauli]: a letter and the real and
// imaginary parts of U_00, U_01, U_10 and U_11. X, Y and Z can't be given another meaning.
func ReadUnitaries(r io.Reader) (Unitaries, error) {
	all := Pauli()
	err := lines(r, func(_ int, fields [][]byte) error {
		name := fields[0]
		if len(name) != 1 || !isLetter(name[0]) {
			return fmt.Errorf("name %.20q, want one letter", name)
		}
		if _, known := all[name[0]]; known {
			return fmt.Errorf("%s has a meaning already, want another letter", name)
		}
		x, err := numbers(fields[1:], 8)
		if err != nil {
			return fmt.Errorf("%s: %w: the real and imaginary parts of U_00, U_01, U_10, U_11", name, err)
		}
		u := Unitary{{complex(x[0], x[1]), complex(x[2], x[3])}, {complex(x[4], x[5]), complex(x[6], x[7])}}
		if err := u.Check(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all[name[0]] = u
		return nil
	})
	if err == nil && len(all) == len(Pauli()) {
		err = errors.New("no matrices")
	}
	return all, err
}

// numbers parses finite numbers, as many as wanted.
func numbers(fields [][]byte, want int) ([]float64, error) {
	if len(fields) != want {
		return nil, fmt.Errorf("%d numbers, want %d", len(fields), want)
	}
	x := make([]float64, len(fields))
	for k, field := range fields {
		value, err := strconv.ParseFloat(string(field), 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			return nil, fmt.Errorf("%.20q is no finite number", field)
		}
		x[k] = value
	}
	return x, nil
}

// ReadState reads the amplitudes of a state as QuCumber writes them: a line each, the real and the imaginary part.
// Errors are also those of [NewState].
func ReadState(r io.Reader) (State, error) {
	var psi []complex128
	err := lines(r, func(_ int, fields [][]byte) error {
		x, err := numbers(fields, 2)
		if err != nil {
			return fmt.Errorf("%w: the real and the imaginary part of an amplitude", err)
		}
		if len(psi) == 1<<MaxSites {
			return fmt.Errorf("more than 2^%d amplitudes, want 2^n of n = 1 to %d sites", MaxSites, MaxSites)
		}
		psi = append(psi, complex(x[0], x[1]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return NewState(psi)
}

// WriteState writes the amplitudes, a line each, with all digits of their real and imaginary parts.
func WriteState(w io.Writer, s State) error {
	out, line := bufio.NewWriter(w), []byte(nil)
	for _, a := range s {
		line = appendNumber(append(appendNumber(line[:0], real(a)), ' '), imag(a))
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendNumber(line []byte, x float64) []byte { return strconv.AppendFloat(line, x, 'g', -1, 64) }

// ReadDensity reads a density matrix as QuCumber writes it: the real parts in one file and the imaginary parts in
// another, a row of the matrix a line. Errors are also those of [NewDensity].
func ReadDensity(re, im io.Reader) (Density, error) {
	x, err := readMatrix(re)
	if err != nil {
		return nil, fmt.Errorf("real parts: %w", err)
	}
	y, err := readMatrix(im)
	if err != nil {
		return nil, fmt.Errorf("imaginary parts: %w", err)
	}
	if len(x) != len(y) {
		return nil, fmt.Errorf("%d real parts and %d imaginary ones, want as many", len(x), len(y))
	}
	rho := make([]complex128, len(x))
	for k := range rho {
		rho[k] = complex(x[k], y[k])
	}
	return NewDensity(rho)
}

func readMatrix(r io.Reader) (x []float64, err error) {
	dim, rows := 0, 0
	err = lines(r, func(_ int, fields [][]byte) error {
		if rows == 0 {
			dim = len(fields)
		}
		row, err := numbers(fields, dim)
		if err != nil {
			return err
		}
		if rows++; rows > dim || dim > 1<<MaxDensitySites {
			return fmt.Errorf("row %d of %d numbers, want a square matrix of at most %d rows", rows, dim, 1<<MaxDensitySites)
		}
		x = append(x, row...)
		return nil
	})
	if err == nil && rows != dim {
		err = fmt.Errorf("%d rows of %d numbers, want a square matrix", rows, dim)
	}
	return x, err
}

// WriteDensity writes the real and the imaginary parts of a density matrix, a row a line.
func WriteDensity(re, im io.Writer, d Density) error {
	if err := writeMatrix(re, d, func(x complex128) float64 { return real(x) }); err != nil {
		return err
	}
	return writeMatrix(im, d, func(x complex128) float64 { return imag(x) })
}

func writeMatrix(w io.Writer, d Density, part func(complex128) float64) error {
	out, line, dim := bufio.NewWriter(w), []byte(nil), 1<<d.Sites()
	for k, x := range d {
		line = appendNumber(line[:0], part(x))
		end := byte(' ')
		if k%dim == dim-1 {
			end = '\n'
		}
		if _, err := out.Write(append(line, end)); err != nil {
			return err
		}
	}
	return out.Flush()
}
