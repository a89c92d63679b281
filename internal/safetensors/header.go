package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// entry is a tensor in the header.
type entry struct {
	name     string
	dtype    string
	shape    []int
	from, to uint64 // bytes of the data
}

// maxAxes is NumPy's bound on the axes of an array.
const maxAxes = 64

// header parses by tokens: decoding into maps and structs would hide keys that come twice, and take null, missing
// or surplus values for zeros.
type header struct{ tokens *json.Decoder }

// parseHeader returns the metadata (nil where there is none) and the tensors in the order of the text.
func parseHeader(text []byte) (metadata map[string]string, entries []entry, err error) {
	if !utf8.Valid(text) {
		return nil, nil, errors.New("not valid UTF-8")
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.New("does not begin with {")
	}
	h := header{json.NewDecoder(bytes.NewReader(text))}
	h.tokens.UseNumber()
	err = h.object(func(name string) error {
		if name == metadataKey {
			m, err := h.metadata()
			metadata = m
			return err
		}
		e, err := h.entry(name)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if rest := bytes.TrimRight(text[h.tokens.InputOffset():], " \n\t\r"); len(rest) > 0 {
		return nil, nil, fmt.Errorf("%d bytes after the JSON object", len(rest))
	}
	return metadata, entries, nil
}

// next returns the next token.
func (h header) next() (json.Token, error) {
	token, err := h.tokens.Token()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, errors.New("the JSON ends early")
	}
	return token, err
}

// expect returns an error unless the next token is the delimiter.
func (h header) expect(want json.Delim) error {
	token, err := h.next()
	if err == nil && token != want {
		err = fmt.Errorf("%.60v where %v is expected", token, want)
	}
	return err
}

// object calls value for each key of an object; value consumes the key's value. No key may come twice.
func (h header) object(value func(key string) error) error {
	if err := h.expect('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for {
		token, err := h.next()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return nil // inside an object, what is no key is its end
		}
		if seen[key] {
			return fmt.Errorf("%.60q comes twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return fmt.Errorf("%.60q: %w", key, err)
		}
	}
}

// array calls value for each value of an array.
func (h header) array(value func(token json.Token) error) error {
	if err := h.expect('['); err != nil {
		return err
	}
	for {
		token, err := h.next()
		if err != nil || token == json.Delim(']') {
			return err
		}
		if err := value(token); err != nil {
			return err
		}
	}
}

func (h header) text() (string, error) {
	token, err := h.next()
	if err != nil {
		return "", err
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("%.60v where a text is expected", token)
	}
	return s, nil
}

func (h header) metadata() (map[string]string, error) {
	metadata := map[string]string{}
	return metadata, h.object(func(key string) error {
		s, err := h.text()
		metadata[key] = s
		return err
	})
}

// entry parses a tensor, which has exactly the keys dtype, shape and data_offsets.
func (h header) entry(name string) (entry, error) {
	e, keys := entry{name: name}, 0
	var offsets []uint64
	err := h.object(func(key string) (err error) {
		keys++
		switch key {
		case "dtype":
			e.dtype, err = h.text()
		case "shape":
			err = h.array(func(token json.Token) error {
				size, err := natural(token)
				e.shape = append(e.shape, int(size))
				if len(e.shape) > maxAxes {
					err = fmt.Errorf("more than %d axes", maxAxes)
				}
				return err
			})
		case "data_offsets":
			err = h.array(func(token json.Token) error {
				at, err := natural(token)
				offsets = append(offsets, at)
				return err
			})
			if err == nil && len(offsets) != 2 {
				err = fmt.Errorf("%d numbers, want 2", len(offsets))
			}
		default:
			err = errors.New("unknown key")
		}
		return err
	})
	if err != nil {
		return e, err
	}
	if keys != 3 {
		return e, errors.New("want dtype, shape and data_offsets")
	}
	e.from, e.to = offsets[0], offsets[1]
	return e, nil
}

// natural returns a number of at most 63 bits that is written in digits alone.
func natural(token json.Token) (uint64, error) {
	s, ok := token.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%.60v where a number is expected", token)
	}
	n, err := strconv.ParseUint(s.String(), 10, strconv.IntSize-1)
	if err != nil {
		return 0, fmt.Errorf("%.60s where a whole number, not negative, is expected", s)
	}
	return n, nil
}
