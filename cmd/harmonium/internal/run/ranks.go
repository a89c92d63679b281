package run

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/train"
)

// A run of several processes is written by rank 0 alone. The others have no folder: what they need of it rank 0 sends
// them, so that the data alone must be where all of them can read it. They need no lock either.

// CreateIn is [Create] in a group of processes.
func CreateIn(g group.Group, dir string, c *Config) (*Run, error) {
	if g == nil {
		return Create(dir, c)
	}
	r, err := &Run{Dir: dir, Config: c}, error(nil)
	if g.Rank() == 0 {
		r, err = Create(dir, c)
	}
	return r.joined(g, err)
}

// ReopenIn is [Reopen] in a group of processes.
func ReopenIn(g group.Group, dir string, files ...string) (*Run, error) {
	if g == nil {
		return Reopen(dir, files...)
	}
	var r *Run
	var err error
	if g.Rank() == 0 {
		r, err = Reopen(dir, files...)
	}
	if r, err = r.joined(g, err); err != nil {
		return nil, err
	}
	var text []byte
	if g.Rank() == 0 {
		text = r.Config.encode()
	}
	if text = group.Share(g, text)[0]; g.Rank() != 0 {
		r = &Run{Dir: dir, ranks: g}
		if r.Config, err = parseConfig(text); err == nil {
			err = r.Config.Locate(dir, files...)
		}
	}
	return r.joined(g, err)
}

// joined is a run that a group of processes has, if none of them has an error.
func (r *Run) joined(g group.Group, err error) (*Run, error) {
	if failed := group.Agree(g, err); failed != nil {
		if err == nil && r != nil {
			failed = errors.Join(failed, r.Close())
		}
		return nil, failed
	}
	if r != nil {
		r.ranks = g
	}
	return r, nil
}

// Writes reports whether this process writes the run: of a group rank 0 alone does.
func (r *Run) Writes() bool { return group.Rank(r.ranks) == 0 }

// alone has rank 0 do what writes the run. All ranks get its error.
func (r *Run) alone(write func() error) error {
	var err error
	if r.Writes() {
		err = write()
	}
	return group.Agree(r.ranks, err)
}

// resumeOthers has all ranks restore a checkpoint that rank 0 has found good, and reads for all of them.
func (r *Run) resumeOthers(t *train.Training, path string) error {
	var f *os.File
	var size int64
	err := r.alone(func() (err error) {
		if path != "" {
			f, size, err = open(path)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer f.Close() // of nil an error
	if size = group.All(r.ranks, size)[0]; size > 0 {
		err = t.ResumeFrom(&shared{r.ranks, f}, size)
	}
	return group.Agree(r.ranks, err)
}

// open opens a file, and tells its size.
func open(path string) (f *os.File, size int64, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// shared is a file that rank 0 has: all ranks read the same of it at the same time.
type shared struct {
	ranks group.Group
	file  *os.File
}

func (s *shared) ReadAt(p []byte, at int64) (n int, err error) {
	bounds := make([]int, s.ranks.Size()+1)
	for r := range s.ranks.Size() {
		bounds[r+1] = len(p)
	}
	if s.ranks.Rank() == 0 {
		if n, err = s.file.ReadAt(p, at); n == len(p) {
			err = nil
		}
	}
	if err := group.Agree(s.ranks, err); err != nil {
		return 0, err
	}
	s.ranks.Gather(p, bounds)
	return len(p), nil
}

// keptIn is Kept on all ranks, of the file that rank 0 has.
func (r *Run) keptIn(kept *Metric, err error) (*Metric, error) {
	if r.ranks == nil {
		return kept, err
	}
	if err := group.Agree(r.ranks, err); err != nil {
		return nil, err
	}
	var text []byte
	if r.Writes() {
		if text, err = json.Marshal(kept); err != nil {
			return nil, err
		}
		group.Share(r.ranks, text)
		return kept, nil
	}
	err = json.Unmarshal(group.Share(r.ranks, nil)[0], &kept)
	return kept, err
}

// agree refuses ranks that would not compute the same: with other programs, kernels, settings or data than rank 0. err
// is that of reading the data.
func (c *Config) agree(on *compute.Context, err error) error {
	g := compute.Group(on)
	if g == nil {
		return err
	}
	program := ""
	if err == nil {
		program, err = hashProgram()
	}
	if err := group.Agree(g, err); err != nil {
		return err
	}
	names := []string{"another program", "kernels for other processors", "other settings or data"}
	mine := strings.Join([]string{program, on.ISA().String(), c.identity()}, "\n")
	all := group.Share(g, []byte(mine))
	for r, other := range all {
		for k, have := range strings.Split(string(other), "\n") {
			if want := strings.Split(string(all[0]), "\n")[k]; have != want {
				return fmt.Errorf("%s has %s than %s (%.12s, not %.12s): all ranks must do the same",
					group.Name(g, r), names[k], group.Name(g, 0), have, want)
			}
		}
	}
	return nil
}

// hashProgram is the SHA-256 of this program.
func hashProgram() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return fmt.Sprintf("%x", h.Sum(nil)), err
}
