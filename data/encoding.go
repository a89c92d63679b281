package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// isText reports whether a file may be text: UTF-8 without control characters but white space.
func isText(head []byte) bool {
	for i := 0; i < len(head); {
		c, size := utf8.DecodeRune(head[i:])
		cut := len(head) == headSize && len(head)-i < utf8.UTFMax
		if c == utf8.RuneError && size == 1 && !cut || isControl(c) {
			return false
		}
		i += size
	}
	return true
}

func isControl(c rune) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' || c == 0x7f
}

// notUTF8 describes text in another encoding, or is nil for what is no text. Encodings of one byte a letter can't be
// told apart, so that they are not read; the most frequent one is named.
func notUTF8(head []byte) error {
	odd := -1
	for i, c := range head {
		if isControl(rune(c)) {
			return nil
		}
		if c >= utf8.RuneSelf && odd < 0 {
			if r, size := utf8.DecodeRune(head[i:]); r == utf8.RuneError && size == 1 {
				odd = i
			}
		}
	}
	if odd < 0 {
		return nil
	}
	line := bytes.Count(head[:odd], []byte("\n")) + 1
	return fmt.Errorf("line %d, byte %d is %#x: %w", line, odd-bytes.LastIndexByte(head[:odd], '\n'), head[odd], errNotUTF8)
}

var errNotUTF8 = errors.New("the text is not in UTF-8, but perhaps in Latin-1 (Windows-1252), as older programs write it; " +
	"convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD.csv > NEW.csv")

// utf16Order returns the order of the bytes in text of UTF-16, which begins with U+FEFF, or nil.
func utf16Order(head []byte) func(pair []byte) uint16 {
	switch {
	case bytes.HasPrefix(head, []byte{0xff, 0xfe, 0, 0}): // UTF-32
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return func(pair []byte) uint16 { return uint16(pair[0]) | uint16(pair[1])<<8 }
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return func(pair []byte) uint16 { return uint16(pair[1]) | uint16(pair[0])<<8 }
	}
	return nil
}

// fromUTF16 makes UTF-8 of UTF-16, which spreadsheets call Unicode text.
type fromUTF16 struct {
	r     *bufio.Reader
	order func(pair []byte) uint16
	rest  []byte // of UTF-8
}

func (u *fromUTF16) Read(p []byte) (int, error) {
	for len(u.rest) < min(len(p), 4096) {
		c, err := u.unit()
		if err == io.EOF && len(u.rest) > 0 {
			break
		}
		if err != nil {
			return 0, err
		}
		r := rune(c)
		if utf16.IsSurrogate(r) {
			low, err := u.unit()
			if err != nil && err != io.EOF {
				return 0, err
			}
			if r = utf16.DecodeRune(r, rune(low)); r == utf8.RuneError {
				return 0, errors.New("damaged UTF-16 text: half a surrogate pair")
			}
		}
		u.rest = utf8.AppendRune(u.rest, r)
	}
	n := copy(p, u.rest)
	u.rest = append(u.rest[:0], u.rest[n:]...)
	return n, nil
}

func (u *fromUTF16) unit() (uint16, error) {
	var pair [2]byte
	switch _, err := io.ReadFull(u.r, pair[:]); err {
	case io.ErrUnexpectedEOF:
		return 0, errors.New("damaged UTF-16 text: an odd number of bytes")
	default:
		return u.order(pair[:]), err
	}
}
