package data

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"harmonium/internal/atomicfile"
	"harmonium/rbm"
)

// Write writes configurations to a file, atomically; the name says the format. ".npy" is an array of rows × units, or
// of rows and the layout of a row where shape is not nil, uint8 for Bernoulli units and int8 for spins; ".csv" is one
// row a line, separated by commas. Values are 0 and 1, or −1 and 1. Any other ending is an error.
func Write(path string, states rbm.Batch, values rbm.Kind, shape []int) error {
	if err := CheckName(path); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".csv") {
			return writeCSV(w, states, values)
		}
		return writeNPY(w, states, values, shape)
	})
}

// CheckName returns the error that [Write] would return for a name that says no format, before there is anything to
// write.
func CheckName(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npy", ".csv":
		return nil
	}
	return fmt.Errorf("%s: unknown ending, want .npy or .csv", path)
}

// writeNPY writes version 1 of the format; the data begin at a multiple of 64 bytes, as numpy's do.
func writeNPY(w io.Writer, states rbm.Batch, values rbm.Kind, shape []int) error {
	descr, off := "|u1", offValue(values)
	if off < 0 {
		descr = "|i1"
	}
	if shape == nil {
		shape = []int{states.Units()}
	}
	axes := fmt.Sprint(states.Rows())
	for _, d := range shape {
		axes += fmt.Sprintf(", %d", d)
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, axes)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	length := string([]byte{byte(len(head)), byte(len(head) >> 8)})
	if _, err := io.WriteString(w, npyMagic+"\x01\x00"+length+head); err != nil {
		return err
	}
	row := make([]byte, states.Units())
	for r := range states.Rows() {
		for i := range row {
			row[i] = byte(off)
			if states.Bit(r, i) {
				row[i] = 1
			}
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// offValue is the value of a unit that is not on.
func offValue(values rbm.Kind) int8 {
	_, offset := values.Line()
	return int8(offset)
}

func writeCSV(w io.Writer, states rbm.Batch, values rbm.Kind) error {
	off := offValue(values)
	var line []byte
	for r := range states.Rows() {
		line = line[:0]
		for i := range states.Units() {
			if i > 0 {
				line = append(line, ',')
			}
			if states.Bit(r, i) {
				line = append(line, '1')
			} else {
				line = strconv.AppendInt(line, int64(off), 10)
			}
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return nil
}
