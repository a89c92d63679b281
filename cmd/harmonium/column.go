package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
)

// column is a number of each row. The last ones are in memory, and all others in a temporary file.
type column struct {
	last   []float64
	filed  int // numbers in the file
	file   *os.File
	buffer []byte
}

// mostInMemory bounds the numbers of a column in memory.
const mostInMemory = 1 << 16

// add appends numbers.
func (c *column) add(x ...float64) error {
	if len(c.last) > 0 && len(c.last)+len(x) > mostInMemory {
		if err := c.spill(); err != nil {
			return fmt.Errorf("scores, which a file in %s keeps: %w", os.TempDir(), err)
		}
	}
	c.last = append(c.last, x...)
	return nil
}

// spill moves the numbers in memory to the file.
func (c *column) spill() (err error) {
	if c.file == nil {
		if c.file, err = os.CreateTemp("", "harmonium-*"); err != nil {
			return err
		}
		os.Remove(c.file.Name()) // where an open file can have no name; else close removes it
	}
	c.buffer = c.buffer[:0]
	for _, x := range c.last {
		c.buffer = binary.LittleEndian.AppendUint64(c.buffer, math.Float64bits(x))
	}
	if _, err := c.file.WriteAt(c.buffer, 8*int64(c.filed)); err != nil {
		return err
	}
	c.filed += len(c.last)
	c.last = c.last[:0]
	return nil
}

// rows is how many numbers there are.
func (c *column) rows() int { return c.filed + len(c.last) }

// read reads numbers from row from on, all of which there are.
func (c *column) read(x []float64, from int) error {
	if from < c.filed {
		n := min(len(x), c.filed-from)
		if cap(c.buffer) < 8*n {
			c.buffer = make([]byte, 8*n)
		}
		raw := c.buffer[:8*n]
		if _, err := c.file.ReadAt(raw, 8*int64(from)); err != nil && err != io.EOF {
			return err
		}
		for k := range n {
			x[k] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*k:]))
		}
		x, from = x[n:], from+n
	}
	if len(x) > 0 {
		copy(x, c.last[from-c.filed:])
	}
	return nil
}

// all goes through the numbers. Its error is set where reading fails.
func (c *column) all(failed *error) iter.Seq[float64] {
	return func(yield func(float64) bool) {
		x := make([]float64, mostRows)
		for from := 0; from < c.rows(); from += len(x) {
			x = x[:min(len(x), c.rows()-from)]
			if err := c.read(x, from); err != nil {
				*failed = errors.Join(*failed, err)
				return
			}
			for _, x := range x {
				if !yield(x) {
					return
				}
			}
		}
	}
}

// close gives the file back.
func (c *column) close() {
	if c.file != nil {
		c.file.Close()
		os.Remove(c.file.Name())
	}
}
