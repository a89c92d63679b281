package run

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// LockName is the file by which one process at a time writes a run. It stays; what counts is the operating system's
// lock on it, which ends with the process.
const LockName = "lock"

// ErrHeld is the error of writing a run that another process writes.
var ErrHeld = errors.New("is being written")

// lock takes the lock of a folder, or says who holds it. It is nil where the file system has no locks.
func lock(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, LockName)
	l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o666))
	locked, err := l.TryLock()
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s can't be locked: %w", path, err)
	case !locked:
		return nil, fmt.Errorf("%s %w by %s: wait for it or stop it first", dir, ErrHeld, holder(path))
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	if err := sign(path, fmt.Sprintf("process %d on %s since %s\n", os.Getpid(), host, time.Now().Format(time.DateTime))); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// signature is where the holder's name begins in the file of a lock. On Windows no other handle can read or write the
// locked byte, the first.
const signature = 1

// sign writes the name of a lock's holder, a line, over that of the one before.
func sign(path, line string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(line), signature)
	return errors.Join(err, f.Close())
}

// signed reads the name of a lock's holder.
func signed(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	line, err := bufio.NewReader(io.NewSectionReader(f, signature, 1<<10)).ReadString('\n')
	return strings.TrimSpace(line), err
}

// Hold keeps other processes from writing a folder until release is called, where the file system has locks.
func Hold(dir string) (release func() error, err error) {
	l, err := lock(dir)
	if l == nil {
		return func() error { return nil }, err
	}
	return l.Close, err
}

// holder reads who wrote the lock, as soon as it is written.
func holder(path string) string {
	for range 10 {
		if name, err := signed(path); err == nil && name != "" {
			return name
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "another process"
}

// held returns an error where the folder is no longer the run that this process has locked: then nothing more may be
// written there.
func (r *Run) held() error {
	_, err := os.Stat(filepath.Join(r.Dir, ConfigName))
	if err == nil && r.lock != nil {
		mine, errMine := r.lock.Stat()
		there, errThere := os.Stat(filepath.Join(r.Dir, LockName))
		if err = errors.Join(errMine, errThere); err == nil && !os.SameFile(mine, there) {
			err = errors.New("the lock is another one")
		}
	}
	if err != nil {
		return fmt.Errorf("%s is no longer the folder of this run: it, its %s or its %s was moved or removed: %w",
			r.Dir, ConfigName, LockName, err)
	}
	return nil
}

// Locked reports whether other processes are kept from writing the run: not every file system has locks.
func (r *Run) Locked() bool { return r.lock != nil }

// Close gives the lock of a run back that [Create] or [Reopen] took.
func (r *Run) Close() error {
	if r.lock == nil {
		return nil
	}
	return r.lock.Close()
}

// vacant returns an error unless a folder is missing, empty, or holds no more than a process leaves that was killed
// while it made a run there.
func vacant(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ConfigName }) {
		return fmt.Errorf("%s %w: it holds a run already; go on with it by --resume, or name another folder",
			dir, ErrOccupied)
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == LockName && e.Type().IsRegular():
		case name == StartName && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == LockName }):
		case atomicfile.IsTemporary(name):
		case name == CheckpointName && vacant(filepath.Join(dir, name)) == nil:
		default:
			return fmt.Errorf("%s %w: it holds %s; want a new or empty folder for the run", dir, ErrOccupied, name)
		}
	}
	return nil
}
