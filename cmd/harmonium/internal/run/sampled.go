package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Files of metrics up to wholeFile bytes are read whole. A line of more than longestLine bytes is none of ours.
const (
	wholeFile   = 1 << 18
	longestLine = 1 << 20
	firstChunk  = 2 << 10
)

// Sampled reads about as many lines of metrics.jsonl as points, evenly over the file, with the first and the last; the
// last alone for one point. It reads a few kilobytes a line, however long the file is. Without a file there are no
// metrics. Lines that can't be read are left out, and the error says what is wrong with the last of them, unquoted.
func (r *Run) Sampled(points int) ([]Metric, error) {
	path := filepath.Join(r.Dir, MetricsName)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	var lines [][]byte
	switch {
	case points == 1:
		lines, _, err = lastLine(f, size)
	case size <= wholeFile:
		lines, err = everyLine(f, size, points)
	default:
		lines, err = someLines(f, size, points)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	metrics := make([]Metric, 0, len(lines))
	broken := 0
	var why error
	for _, line := range lines {
		var m Metric
		if err := json.Unmarshal(line, &m); err != nil {
			broken, why = broken+1, withoutContent(err)
			continue
		}
		metrics = append(metrics, m)
	}
	if broken > 0 {
		return metrics, fmt.Errorf("%s: %d of %d lines that were read are damaged, or no evaluations: %w",
			path, broken, len(lines), why)
	}
	return metrics, nil
}

// everyLine reads the whole lines of a short file, and chooses from them if there are too many.
func everyLine(f *os.File, size int64, points int) ([][]byte, error) {
	text := make([]byte, size)
	n, err := f.ReadAt(text, 0)
	if n < len(text) { // cut back meanwhile
		text = text[:n]
	} else if err != nil {
		return nil, err
	}
	end := bytes.LastIndexByte(text, '\n')
	if end < 0 {
		return nil, nil
	}
	lines := bytes.Split(text[:end], []byte("\n"))
	if len(lines) <= points {
		return lines, nil
	}
	chosen := make([][]byte, points)
	for k := range chosen {
		chosen[k] = lines[k*(len(lines)-1)/(points-1)]
	}
	return chosen, nil
}

// someLines reads lines at even distances, and the last.
func someLines(f *os.File, size int64, points int) ([][]byte, error) {
	var lines [][]byte
	next := int64(0) // where the next line that was not read may begin
	for k := range points {
		at := max(next, int64(k)*size/int64(points))
		line, begin, err := lineFrom(f, size, at)
		if err != nil {
			return nil, err
		}
		if line == nil {
			break
		}
		lines, next = append(lines, line), begin+int64(len(line))+1
	}
	last, begin, err := lastLine(f, size)
	if err != nil || begin < next {
		return lines, err
	}
	return append(lines, last...), nil
}

// lastLine reads the last whole line, and tells where it begins; a list of none if there is none.
func lastLine(f *os.File, size int64) (line [][]byte, begin int64, err error) {
	for chunk := int64(firstChunk); ; chunk *= 2 {
		tail := make([]byte, min(chunk, size))
		from := size - int64(len(tail))
		if _, err := f.ReadAt(tail, from); err != nil && len(tail) > 0 {
			return nil, 0, err
		}
		if end := bytes.LastIndexByte(tail, '\n'); end >= 0 {
			if start := bytes.LastIndexByte(tail[:end], '\n') + 1; start > 0 || from == 0 {
				return [][]byte{tail[start:end]}, from + int64(start), nil
			}
		}
		if from == 0 {
			return nil, 0, nil
		}
		if chunk > longestLine {
			return nil, 0, fmt.Errorf("the last %d bytes hold no whole line", chunk)
		}
	}
}

// lineFrom reads the first whole line that begins at an offset or after it; nil if there is none.
func lineFrom(f *os.File, size, offset int64) (line []byte, begin int64, err error) {
	from := max(offset-1, 0) // a line begins after the end of another
	for chunk := int64(firstChunk); ; chunk *= 2 {
		text := make([]byte, min(chunk, size-from))
		if _, err := f.ReadAt(text, from); err != nil {
			return nil, 0, err
		}
		start := 0
		if offset > 0 {
			start = bytes.IndexByte(text, '\n') + 1
		}
		if start > 0 || offset == 0 {
			if n := bytes.IndexByte(text[start:], '\n'); n >= 0 {
				return text[start : start+n], from + int64(start), nil
			}
		}
		if from+chunk >= size {
			return nil, 0, nil
		}
		if chunk > longestLine {
			return nil, 0, fmt.Errorf("no end of a line in %d bytes from byte %d on", chunk, from)
		}
	}
}
