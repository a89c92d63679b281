package data

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// StandardInput is the name that stands for standard input.
const StandardInput = "-"

var (
	inputRead    atomic.Bool
	inputRefused atomic.Pointer[string] // why
)

// RefuseStandardInput has [Open] refuse standard input from now on, for a program that reads it otherwise: why says for
// what.
func RefuseStandardInput(why string) { inputRefused.Store(&why) }

// spool keeps standard input in a temporary file, as data is read more than once. It can be done once.
func spool(in io.Reader) (*file, error) {
	if why := inputRefused.Load(); why != nil {
		return nil, fmt.Errorf("standard input can't be data here: %s", *why)
	}
	if inputRead.Swap(true) {
		return nil, errors.New("standard input is read already: want it once at most")
	}
	f, err := os.CreateTemp("", "harmonium-*")
	if err != nil {
		return nil, err
	}
	remove := func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
	size, err := io.Copy(f, in)
	if err != nil {
		remove()
		return nil, fmt.Errorf("standard input, of which a copy is kept in %s: %w", os.TempDir(), err)
	}
	return &file{ReaderAt: f, size: size, name: "standard input", close: remove}, nil
}
