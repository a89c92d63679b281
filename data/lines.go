package data

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// maxLine bounds the bytes of a line of text, so that a compressed file can't make us hold an endless one.
const maxLine = 1 << 26

func newBuffer(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, 1<<16) }

// lines goes through the lines of a text that are not blank.
type lines struct {
	r     *bufio.Reader
	spill []byte // a line that is longer than the buffer
	line  int    // number of the last line, from 1
	whole []byte // the last line, with the white space around it
}

func newLines(s source) (*lines, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	l := &lines{r: newBuffer(r)}
	if bom, _ := l.r.Peek(3); string(bom) == "\ufeff" {
		_, err = l.r.Discard(3)
	}
	return l, err
}

// next returns the next line that is not blank, without the white space around it, or io.EOF. The line is valid until
// the next call.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.raw()
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, err
		}
		l.line++
		l.whole = line
		if line = bytes.Trim(line, " \t\r\n\f\v"); len(line) > 0 {
			return line, nil
		}
	}
}

// nextRow returns the next line below the first row that is no comment: that does not begin with # and a blank.
func (l *lines) nextRow() ([]byte, error) {
	line, err := l.next()
	for err == nil && line[0] == '#' && (len(line) == 1 || line[1] == ' ') {
		line, err = l.next()
	}
	return line, err
}

// raw returns the next line with its end; the last one may have none, and then comes with io.EOF.
func (l *lines) raw() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	l.spill = l.spill[:0]
	for err == bufio.ErrBufferFull {
		l.spill = append(l.spill, line...)
		if len(l.spill) > maxLine {
			return nil, fmt.Errorf("line %d is longer than %d MiB", l.line+1, maxLine>>20)
		}
		line, err = l.r.ReadSlice('\n')
	}
	l.spill = append(l.spill, line...)
	return l.spill, err
}
