package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/harmonium-rbm/harmonium/data"
)

// Path is the name of a file. JSON holds it as a string, or as {"base64": …} where it is not UTF-8.
type Path string

type rawPath struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements [json.Marshaler].
func (p Path) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(p)) {
		return json.Marshal(string(p))
	}
	return json.Marshal(rawPath{[]byte(p)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (p *Path) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		var raw rawPath
		err := json.Unmarshal(text, &raw)
		*p = Path(raw.Base64)
		return err
	}
	return json.Unmarshal(text, (*string)(p))
}

// File is one input file of a run. A file is known by its contents; the paths are the places to look for it.
type File struct {
	Path     Path   `json:"path"`               // as it was given
	Absolute Path   `json:"absolute,omitempty"` // the same from the root
	FromRun  Path   `json:"from_run,omitempty"` // the same from the run directory
	Member   string `json:"member,omitempty"`   // of an .npz file
	Rows     int    `json:"rows"`
	SHA256   string `json:"sha256"`

	at string // where it was found
}

// here is where to read the file.
func (f *File) here() string {
	if f.at != "" {
		return f.at
	}
	return string(f.Path)
}

// files lists the input files of a run.
func (c *Config) files() []*File {
	var files []*File
	for k := range c.Train {
		files = append(files, &c.Train[k])
	}
	for _, f := range []*File{c.Valid, c.Weights, c.Schema} {
		if f != nil {
			files = append(files, f)
		}
	}
	return append(files, c.Quantum.files()...)
}

// Inputs are the places where the run's input files may be, whatever the working directory is.
func (r *Run) Inputs() []string {
	var paths []string
	for _, f := range r.Config.files() {
		places := f.places(r.Dir)
		if f.Absolute != "" {
			places = places[:len(places)-1] // as it was given, which may be relative to anything
		}
		paths = append(paths, places...)
	}
	return paths
}

// places lists where the file may be, the likeliest first.
func (f *File) places(dir string) []string {
	var places []string
	if f.Absolute != "" {
		places = append(places, string(f.Absolute))
	}
	if f.FromRun != "" {
		places = append(places, filepath.Join(dir, string(f.FromRun)))
	}
	return append(places, string(f.Path))
}

// put says where the file is, for a run in a folder.
func (f *File) put(path, dir string) {
	f.Path, f.Absolute, f.FromRun = Path(path), "", ""
	_, f.Member = data.SplitMember(path)
	absolute, err := filepath.Abs(path)
	if err != nil {
		return // there is no working directory any more
	}
	f.Absolute = Path(absolute)
	if folder, err := filepath.Abs(dir); err == nil {
		if from, err := filepath.Rel(folder, absolute); err == nil {
			f.FromRun = Path(from)
		}
	}
}

// locate finds the file with the recorded contents where it was before.
func (f *File) locate(dir string) error {
	var changed string
	var missing []string
	for _, path := range f.places(dir) {
		sum, err := data.HashFile(path)
		switch {
		case err != nil:
			if why := fmt.Sprintf("%s (%v)", path, errors.Unwrap(err)); errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, path)
			} else {
				missing = append(missing, why)
			}
		case sum == f.SHA256:
			f.at = path
			return nil
		case changed == "":
			changed = path
		}
	}
	if changed != "" {
		return fmt.Errorf("%s has changed since the run began: the run's config.json says sha256 %.12s…: "+
			"put the old file back, name its place by --resume --data FILE, or begin a new run", changed, f.SHA256)
	}
	slices.Sort(missing)
	return fmt.Errorf("data of %d rows with sha256 %.12s… is not at %s: name its new place by --resume --data FILE: %w",
		f.Rows, f.SHA256, strings.Join(slices.Compact(missing), ", nor at "), fs.ErrNotExist)
}

// Place records where the input files are, for a run in a folder. Their paths as given stay.
func (c *Config) Place(dir string) {
	for _, f := range c.files() {
		given := f.Path
		f.put(f.here(), dir)
		f.Path = given
	}
}

// Locate looks for the input files of a run in a folder, by their contents. Files that are named are new places of
// them.
func (c *Config) Locate(dir string, files ...string) error {
	r := &Run{Dir: dir, Config: c}
	if err := r.moved(files); err != nil {
		return err
	}
	return r.find()
}

// moved says that the files named are the run's input files, whose contents tell which is which. Members of an .npz
// file keep their names.
func (r *Run) moved(paths []string) error {
	for _, path := range paths {
		sum, err := data.HashFile(path)
		if err != nil {
			return fmt.Errorf("--data %s: %w", path, err)
		}
		name, member := data.SplitMember(path)
		known := false
		for _, f := range r.Config.files() {
			if f.SHA256 != sum || member != "" && member != f.Member {
				continue
			}
			place := name
			if f.Member != "" {
				place += "#" + f.Member
			}
			f.put(place, r.Dir)
			known = true
		}
		if !known {
			return fmt.Errorf("%s is none of the files that the run began with: its sha256 is %.12s…, "+
				"which %s does not have, or not with this member", path, sum, ConfigName)
		}
	}
	return nil
}

// find looks for all input files.
func (r *Run) find() error {
	for _, f := range r.Config.files() {
		if err := f.locate(r.Dir); err != nil {
			return err
		}
	}
	return nil
}

// OpenData reads the run's training data and validation data, as [OpenData] does, wherever they are now.
func (r *Run) OpenData() (set, valid *data.Set, err error) {
	if err := r.find(); err != nil {
		return nil, nil, err
	}
	return OpenData(r.Config)
}
