package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// patience is how long a rename waits for a file that others have open: a page that reads it, an indexer, a virus
// scanner.
const patience = 2 * time.Second

// rename is os.Rename, again and again for a while: Windows replaces no file that is open.
func rename(from, to string) error {
	for begun, pause := time.Now(), time.Millisecond; ; pause *= 2 {
		err := os.Rename(from, to)
		open := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !open || time.Since(begun) > patience {
			return err
		}
		time.Sleep(pause)
	}
}
