package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/data"
)

// An input is a file that a command reads, or that the run it uses was made from.
type input struct{ path, what string }

// inputsOf lists what a command reads when it opens a model, which is of run r unless that is nil.
func inputsOf(path string, r *run.Run) []input {
	if r == nil {
		return []input{{path, "the model"}}
	}
	list := []input{{filepath.Join(r.Dir, run.ModelName), "the model"}}
	for _, path := range r.Inputs() {
		list = append(list, input{path, "data of " + r.Dir})
	}
	return list
}

// dataInputs lists files of data that a command reads; a path of "" is none.
func dataInputs(paths ...string) []input {
	var list []input
	for _, path := range paths {
		if path != "" {
			list = append(list, input{path, "an input"})
		}
	}
	return list
}

// checkFiles refuses data files to be written, before there is any work: a name that says no format, a place where
// nothing can be written, an input that would be lost, and a file that is named twice.
func checkFiles(out []string, inputs []input) error {
	for _, path := range out {
		if path == "" {
			return badInput(errors.New("no file to write: name one by -o FILE"))
		}
		if err := data.CheckName(path); err != nil {
			return badInput(err)
		}
	}
	return checkPlaces(out, inputs)
}

// checkPlaces refuses files to be written whatever their format is.
func checkPlaces(out []string, inputs []input) error {
	if err := checkLoss(out, inputs); err != nil {
		return err
	}
	for _, path := range out {
		if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
			return badInput(fmt.Errorf("-o %s is a folder or device, want a file", path))
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		if err := checkWritable(path, filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

// checkArray refuses an array to be written as checkFiles does, and also as an alignment.
func checkArray(out string, inputs []input) error {
	if out != "" {
		if err := data.CheckArrayName(out); err != nil {
			return badInput(err)
		}
	}
	return checkFiles([]string{out}, inputs)
}

// checkArrayFile is checkFiles of a command that reads nothing and writes an array.
func checkArrayFile(out string) error {
	if err := checkFiles([]string{out}, nil); err != nil {
		return err
	}
	return badInput(new(data.Set).CheckName(out))
}

// checkLoss refuses to write over an input, and to write a file twice.
func checkLoss(out []string, inputs []input) error {
	for k, path := range out {
		for _, in := range inputs {
			if sameFile(path, in.path) || sameFile(path, withoutMember(in.path)) {
				return badInput(fmt.Errorf("-o %s is %s (%s), which would be lost: name another file",
					path, in.path, in.what))
			}
		}
		for _, earlier := range out[:k] {
			if sameFile(path, earlier) {
				return badInput(fmt.Errorf("-o names one file twice, %s and %s: want a file for each part",
					earlier, path))
			}
		}
	}
	return nil
}

// withoutMember is the file of a member of an .npz file.
func withoutMember(path string) string {
	if k := strings.LastIndexByte(path, '#'); k > 0 {
		return path[:k]
	}
	return path
}

// sameFile reports whether two names are those of one file, also by way of links, or will be when it is written.
func sameFile(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	switch {
	case errA == nil && errB == nil:
		return os.SameFile(x, y)
	case errA == nil || errB == nil:
		return false
	}
	if a, b = linked(a), linked(b); filepath.Base(a) != filepath.Base(b) {
		return false
	}
	x, errA = os.Stat(filepath.Dir(a))
	y, errB = os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(x, y)
}

// linked is where a link leads to at which there is nothing yet.
func linked(path string) string {
	for range 40 { // as many as systems follow
		target, err := os.Readlink(path)
		if err != nil {
			return path
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path
}

// checkFolder refuses a folder to be written that is a file, lies in one, or can't be made.
func checkFolder(path string) error {
	for dir := path; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(dir)
		if err == nil {
			return checkWritable(path, dir)
		}
		if !errors.Is(err, fs.ErrNotExist) && !isFile(filepath.Dir(dir)) || dir == filepath.Dir(dir) {
			return badInput(fmt.Errorf("-o %s: %w", path, err))
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// checkWritable refuses an output in a folder where no file can be made.
func checkWritable(out, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return badInput(fmt.Errorf("-o %s: there is no folder %s", out, dir))
	case err != nil:
		return badInput(fmt.Errorf("-o %s: %w", out, err))
	case !info.IsDir():
		return badInput(fmt.Errorf("-o %s: %s is a file, want a folder", out, dir))
	}
	f, err := os.CreateTemp(dir, ".harmonium-*")
	if err != nil {
		return badInput(fmt.Errorf("-o %s: no file can be made in %s: %w", out, dir, errors.Unwrap(err)))
	}
	f.Close()
	return os.Remove(f.Name())
}
