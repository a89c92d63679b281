// Package atomicfile writes whole files that are never seen half written: after a crash at any moment the
// path holds either the old contents or the new.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
)

// Write replaces the file at path by what write writes to w (buffered).
//
// The bytes go to a temporary file in the same folder, which is fsynced and renamed to path; then the folder is
// fsynced. If anything fails, or write panics, the temporary file is removed and path is as it was. A
// new file gets the permissions that the umask leaves, an old one keeps its own; a symbolic link is
// followed. Something at path that is no regular file (a folder, a device) is an error.
func Write(path string, write func(w io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: not a regular file, cannot be replaced", path)
		}
		mode = info.Mode().Perm()
	}
	temporary, err := writeTemporary(path, mode, write)
	if err != nil {
		return err
	}
	if err := rename(temporary, path); err != nil {
		os.Remove(temporary)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeTemporary returns the name of a complete, fsynced file beside path, or an error and leaves nothing.
func writeTemporary(path string, mode fs.FileMode, write func(w io.Writer) error) (name string, err error) {
	f, err := create(path)
	if err != nil {
		return "", err
	}
	done := false
	defer func() {
		if !done {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if mode != 0 {
		if err := f.Chmod(mode); err != nil {
			return "", err
		}
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return "", err
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	if err := f.Sync(); err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	done = true
	return f.Name(), nil
}

// create makes a new file beside path. os.CreateTemp would do, but for its permissions: it ignores the umask.
func create(path string) (*os.File, error) {
	folder, base := filepath.Split(path)
	for try := 0; ; try++ {
		name := filepath.Join(folder, fmt.Sprintf(".%s.%d-%d.tmp", base, os.Getpid(), try))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || try == 10000 {
			return f, err
		}
	}
}

// temporaries are the names that create gives.
var temporaries = regexp.MustCompile(`^\..+\.[0-9]+-[0-9]+\.tmp$`)

// IsTemporary reports whether a file's name is that of a temporary file of [Write].
func IsTemporary(name string) bool { return temporaries.MatchString(name) }

// Clear removes the temporary files that killed processes left in a folder. No other process may be writing there.
func Clear(folder string) error {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if IsTemporary(e.Name()) && e.Type().IsRegular() {
			err = errors.Join(err, os.Remove(filepath.Join(folder, e.Name())))
		}
	}
	return err
}

// syncFolder makes a rename in the folder last. Windows, and a few file systems by EINVAL, have no such call.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
