package data

import (
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// Array says of an array of numbers what [WriteArray] must know before the first of them.
type Array struct {
	Rows    int
	Columns []string // their names
	Named   bool     // the rows have names
	Index   string   // what these are called; "" is name
}

// Block is some rows of an array, one after the other, and their names where rows have some.
type Block[T Number] struct {
	Numbers []T
	Names   []string
}

// Number is a type of the numbers of an array.
type Number interface {
	uint8 | int8 | float32 | float64
}

// WriteArray writes an array of numbers to a file, atomically; the name says the format. Blocks are whole rows, one
// after the other, and may share their memory: the array is never held whole. ".npy" has the numbers alone, in their
// own type; ".csv" begins with a line of the columns' names, and each row with its name where rows have some. An error
// among the blocks ends it, and the file is as it was.
func WriteArray[T Number](path string, a Array, blocks iter.Seq2[Block[T], error]) error {
	if err := CheckArrayName(path); err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		put, err := arrayWriter[T](w, a, strings.EqualFold(filepath.Ext(path), ".csv"))
		if err != nil {
			return err
		}
		numbers := 0
		for block, err := range blocks {
			if err != nil {
				return err
			}
			if err := put(block); err != nil {
				return err
			}
			numbers += len(block.Numbers)
		}
		if want := a.Rows * len(a.Columns); numbers != want {
			panic(fmt.Sprintf("data: an array of %d numbers, want %d", numbers, want))
		}
		return nil
	})
}

// CheckArrayName returns the error that [WriteArray] would return for a name that says no format.
func CheckArrayName(path string) error {
	if ending := strings.ToLower(filepath.Ext(path)); ending == ".npy" || ending == ".csv" {
		return nil
	}
	return fmt.Errorf("%s: unknown ending, want .npy or .csv", path)
}

// arrayWriter writes the head of an array, and returns what writes its rows.
func arrayWriter[T Number](w io.Writer, a Array, asCSV bool) (put func(block Block[T]) error, err error) {
	if !asCSV {
		var buffer []byte
		return func(block Block[T]) error {
			if buffer, err = binary.Append(buffer[:0], binary.LittleEndian, block.Numbers); err != nil {
				return err
			}
			_, err := w.Write(buffer)
			return err
		}, npyHead(w, npyType[T](), a.Rows, []int{len(a.Columns)})
	}
	head := a.Columns
	if a.Named {
		head = append([]string{IndexName(a.Index, head)}, head...)
	}
	if _, err := io.WriteString(w, csvLine(head)+"\n"); err != nil {
		return nil, err
	}
	var text []byte
	return func(block Block[T]) error {
		text = text[:0]
		names := block.Names
		for row := range slices.Chunk(block.Numbers, len(a.Columns)) {
			if a.Named {
				text = append(append(text, csvLine(names[:1])...), ',')
				names = names[1:]
			}
			for k, x := range row {
				if k > 0 {
					text = append(text, ',')
				}
				text = appendNumber(text, x)
			}
			text = append(text, '\n')
		}
		_, err := w.Write(text)
		return err
	}, nil
}

// IndexName is what a column of names is called beside others: as in the file that they are from, or name.
func IndexName(index string, columns []string) string {
	if index == "" || slices.Contains(columns, index) {
		return "name"
	}
	return index
}

// csvLine is a line of a table, without its end.
func csvLine(fields []string) string {
	var line strings.Builder
	w := csv.NewWriter(&line)
	w.Write(fields)
	w.Flush() // a builder takes everything
	return strings.TrimSuffix(line.String(), "\n")
}

// npyType is numpy's name of a type.
func npyType[T Number]() string {
	var zero T
	switch any(zero).(type) {
	case uint8:
		return "|u1"
	case int8:
		return "|i1"
	case float32:
		return "<f4"
	}
	return "<f8"
}

// appendNumber writes a number: one of float32 in as few digits as tell it from all others, one of float64 in ten at
// most.
func appendNumber[T Number](text []byte, x T) []byte {
	switch x := any(x).(type) {
	case uint8:
		return strconv.AppendUint(text, uint64(x), 10)
	case int8:
		return strconv.AppendInt(text, int64(x), 10)
	case float32:
		return strconv.AppendFloat(text, float64(x), 'g', -1, 32)
	}
	return strconv.AppendFloat(text, float64(x), 'g', 10, 64)
}
