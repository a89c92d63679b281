package data

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const npyMagic = "\x93NUMPY"

// maxHeader bounds the header of an .npy file; numpy itself reads no more than 10,000 bytes unless told.
const maxHeader = 1 << 16

func isNPY(head []byte) bool { return bytes.HasPrefix(head, []byte(npyMagic)) }

// readNPY reads the header of an .npy file: magic, version, length of the description, description (NEP 1).
func readNPY(s source, format string, weights bool) (*matrix, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	a, err := npyHeader(r)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("the .npy header ends early, the file is truncated")
	}
	if err != nil {
		return nil, err
	}
	a.format = format
	return a.matrix(s, weights)
}

func npyHeader(r io.Reader) (a array, err error) {
	text, offset, err := npyDescription(r)
	if err != nil {
		return a, err
	}
	if a, err = parseNPY(text); err != nil {
		return a, fmt.Errorf("the .npy header %.100q: %w", strings.TrimSpace(text), err)
	}
	a.offset = offset
	return a, nil
}

// npyDescription reads the description of an array, and says where its numbers begin.
func npyDescription(r io.Reader) (description string, offset int64, err error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(r, head[:10]); err != nil {
		return "", 0, err
	}
	start, length := 10, uint32(binary.LittleEndian.Uint16(head[8:]))
	switch version := head[6]; version {
	case 1:
	case 2, 3:
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			return "", 0, err
		}
		start, length = 12, binary.LittleEndian.Uint32(head[8:])
	default:
		return "", 0, fmt.Errorf("the .npy file has version %d, want 1 to 3", version)
	}
	if length > maxHeader {
		return "", 0, fmt.Errorf("the .npy header declares %d bytes of description, want at most %d", length, maxHeader)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", 0, err
	}
	return string(text), int64(start) + int64(length), nil
}

// parseNPY parses the description, a Python dictionary as in
//
//	{'descr': '<f8', 'fortran_order': False, 'shape': (60000, 28, 28), }
func parseNPY(text string) (a array, err error) {
	p := &literal{rest: text}
	seen := map[string]bool{}
	p.expect("{")
	for !p.accept("}") && p.err == nil {
		key := p.str()
		p.expect(":")
		if seen[key] {
			p.fail("one " + strconv.Quote(key))
		}
		seen[key] = true
		switch key {
		case "descr":
			a.element, err = npyElement(p)
			if err != nil {
				return a, err
			}
		case "fortran_order":
			a.fortran = p.accept("True")
			if !a.fortran {
				p.expect("False")
			}
		case "shape":
			a.dims = p.tuple()
		default:
			p.fail("descr, fortran_order or shape")
		}
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	if p.err == nil && (strings.TrimSpace(p.rest) != "" || len(seen) != 3) {
		p.fail("descr, fortran_order and shape")
	}
	return a, p.err
}

// npyElement parses a type such as '<f8' or '|b1'.
func npyElement(p *literal) (element, error) {
	if p.accept("[") {
		return element{}, errors.New("found an array of structures, want numbers: " +
			"numpy.lib.recfunctions.structured_to_unstructured makes an array of them")
	}
	descr := p.str()
	if p.err != nil {
		return element{}, p.err
	}
	unknown := fmt.Errorf("found type %q, want a boolean, an integer or a float of 2, 4 or 8 bytes%s", descr, wayOutOf(descr))
	if len(descr) != 3 {
		return element{}, unknown
	}
	var order binary.ByteOrder = binary.LittleEndian
	size := int(descr[2] - '0')
	switch descr[0] {
	case '<', '=':
	case '>':
		order = binary.BigEndian
	case '|':
		if size != 1 {
			return element{}, unknown
		}
	default:
		return element{}, unknown
	}
	e, ok := elementOf(descr[1], size, order)
	if !ok {
		return element{}, unknown
	}
	return e, nil
}

// wayOutOf says how to save an array of a type that is not read.
func wayOutOf(descr string) string {
	switch strings.TrimLeft(descr, "<>|=")[:min(1, len(strings.TrimLeft(descr, "<>|=")))] {
	case "U", "S", "O":
		return `: save texts as a table, pandas.DataFrame(x).to_csv("x.csv", index=False)`
	case "f":
		return `: save x.astype("f8")`
	case "c":
		return `: save its real and imaginary parts, x.view("f8"), or "f4" of c8`
	case "M", "m":
		return `: save numbers, such as x.astype("i8")`
	}
	return ""
}

// literal reads the few Python literals of an .npy header. After a failure it accepts nothing and keeps the first
// error.
type literal struct {
	rest string
	err  error
}

func (p *literal) fail(want string) {
	if p.err == nil {
		p.err = fmt.Errorf("found %.20q, want %s", p.rest, want)
	}
}

// accept skips white space and then token, if it is next.
func (p *literal) accept(token string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\n\r")
	rest, ok := strings.CutPrefix(p.rest, token)
	if !ok || p.err != nil {
		return false
	}
	p.rest = rest
	return true
}

func (p *literal) expect(token string) {
	if !p.accept(token) {
		p.fail(strconv.Quote(token))
	}
}

// str reads a string in single or double quotes, without escapes.
func (p *literal) str() string {
	quote := "'"
	if !p.accept(quote) {
		quote = `"`
		p.expect(quote)
	}
	s, rest, ok := strings.Cut(p.rest, quote)
	if !ok {
		p.fail("a string in quotes")
	}
	if p.err != nil {
		return ""
	}
	p.rest = rest
	return s
}

// tuple reads (), (1,), (1, 2) and so on; Python 2 wrote 1L for 1.
func (p *literal) tuple() []int {
	var dims []int
	p.expect("(")
	for !p.accept(")") && p.err == nil {
		end := 0
		for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
			end++
		}
		d, err := strconv.Atoi(p.rest[:end])
		if err != nil {
			p.fail("the length of an axis")
			break
		}
		p.rest = p.rest[end:]
		dims = append(dims, d)
		p.accept("L")
		if !p.accept(",") {
			p.expect(")")
			break
		}
	}
	return dims
}
