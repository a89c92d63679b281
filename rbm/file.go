package rbm

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

const (
	fileFormat  = "harmonium-rbm"
	fileVersion = "1"
)

// Save writes the model to a file, atomically: tensors W [m,n], b [m] and c [n] in the safetensors format
// (docs/formats.md). A model with a parameter that is not finite or beyond ±10^29 is refused with an error, and the
// file stays as it was: Load would not take it. It panics if the number of weights is not m·n.
func (model *Model) Save(path string) error { return atomicfile.Write(path, model.Write) }

// Load reads a model that [Model.Save] wrote. The error names the file and what is wrong with it: truncated, of another
// format or version, wrong shapes or types, numbers that are not finite or beyond ±10^29, contents that don't fit the
// digest.
func Load(path string) (*Model, error) {
	f, size, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	model, err := Read(f, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return model, nil
}

// Write writes the model file to w, always the same bytes for the same model. It refuses what [Model.Save] refuses.
func (model *Model) Write(w io.Writer) error {
	if model.Visible == nil || model.Hidden == nil {
		panic("rbm: Write of a model without layers")
	}
	m, n := model.M(), model.N()
	if m == 0 || n == 0 || len(model.W) != m*n {
		panic(fmt.Sprintf("rbm: Write of %d weights, %d visible and %d hidden biases", len(model.W), m, n))
	}
	var tensors []safetensors.Tensor
	for _, p := range model.Parameters() {
		t := safetensors.Tensor{Name: p.Name, Shape: model.Shape(p), Data: p.Values}
		if err := checkNumbers(&t, p); err != nil {
			return err
		}
		tensors = append(tensors, t)
	}
	f := &safetensors.File{Metadata: model.Metadata(), Tensors: tensors}
	f.Seal()
	return safetensors.Write(w, f)
}

// Metadata is what a model file says of the model beside its parameters: kinds, layouts, columns, the kind of state
// (docs/formats.md).
func (model *Model) Metadata() map[string]string {
	metadata := map[string]string{"format": fileFormat, "version": fileVersion}
	describe(metadata, "visible", model.Visible)
	describe(metadata, "hidden", model.Hidden)
	if model.Columns != nil {
		metadata["columns"] = marshal(model.Columns)
	}
	if model.State != nil {
		metadata["state"] = string(model.State.Kind)
	}
	return metadata
}

// describe writes the kind of a layer, and its layout where the kind and a number of units don't say it.
func describe(metadata map[string]string, name string, l Layer) {
	metadata[name] = string(l.Kind())
	if _, ok := l.(interface{ Layout() []Part }); ok {
		metadata[name+".layout"] = marshal(LayoutOf(l))
	}
}

func marshal(x any) string {
	text, err := json.Marshal(x)
	if err != nil {
		panic(fmt.Sprintf("rbm: %v", err)) // names and numbers, which are finite
	}
	return string(text)
}

// unmarshal reads JSON in which every key is known.
func unmarshal(text string, x any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(x)
}

// layerOf returns the layer of a number of units that metadata describe.
func layerOf(metadata map[string]string, name string, units int) (Layer, error) {
	kind, err := ParseKind(metadata[name])
	if err != nil {
		return nil, fmt.Errorf("metadata %s: %w", name, err)
	}
	layout := name + ".layout"
	text, ok := metadata[layout]
	if needs := kind == Categorical || kind == Mixed; needs != ok {
		if ok {
			return nil, fmt.Errorf("metadata %s is there, and %s units have none", layout, kind)
		}
		return nil, fmt.Errorf("metadata %s is missing, which %s units need", layout, kind)
	} else if !needs {
		return NewLayer(kind, units), nil
	}
	var parts []Part
	if err := unmarshal(text, &parts); err != nil {
		return nil, fmt.Errorf("metadata %s: %w", layout, err)
	}
	sum := 0
	for _, p := range parts { // before anything of that size is made
		if p.Units < 0 || p.Units > units {
			return nil, fmt.Errorf("metadata %s has a part of %d units, but W has %d", layout, p.Units, units)
		}
		sum += p.Units
	}
	if sum != units {
		return nil, fmt.Errorf("metadata %s has %d units, but W has %d", layout, sum, units)
	}
	l, err := NewLayers(parts...)
	if err != nil {
		return nil, fmt.Errorf("metadata %s: %w", layout, err)
	}
	if l.Kind() != kind {
		return nil, fmt.Errorf("metadata %s is of %s units, want %s", layout, l.Kind(), kind)
	}
	return l, nil
}

// columnsOf returns the columns that metadata describe, which must be those of the layer; nil if there are none.
func columnsOf(metadata map[string]string, visible Layer) ([]Column, error) {
	text, ok := metadata["columns"]
	if !ok {
		return nil, nil
	}
	var columns []Column
	if err := unmarshal(text, &columns); err != nil {
		return nil, fmt.Errorf("metadata columns: %w", err)
	}
	if err := checkColumns(columns, visible); err != nil {
		return nil, fmt.Errorf("metadata columns: %w", err)
	}
	return columns, nil
}

// HasDigest reports whether a model file carries the digest by which [Load] notices damage. Files of other programs
// need none.
func HasDigest(path string) (bool, error) {
	f, size, err := open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	metadata, err := safetensors.ReadMetadata(f, size)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return safetensors.HasDigest(metadata), nil
}

// open opens a regular file and tells its size.
func open(path string) (*os.File, int64, error) {
	info, err := os.Stat(path) // before opening, which would wait for the other end of a pipe
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("%s: not a regular file, want a model file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// Read reads a model file of the given size in bytes. Numbers that don't fit the file's digest are an error; a file
// without one is taken as it is.
func Read(r io.Reader, size int64) (*Model, error) {
	f, err := safetensors.Read(r, size)
	if err != nil {
		return nil, err
	}
	if format := f.Metadata["format"]; format != fileFormat {
		return nil, fmt.Errorf("metadata format is %q, want %q: not a model of Harmonium", format, fileFormat)
	}
	if version := f.Metadata["version"]; version != fileVersion {
		return nil, fmt.Errorf("metadata version is %q, this program reads version %q", version, fileVersion)
	}
	W, shape, err := parameters(f, "W", 2)
	if err != nil {
		return nil, err
	}
	model := &Model{W: W}
	if model.Visible, err = layerOf(f.Metadata, "visible", shape[0]); err != nil {
		return nil, err
	}
	if model.Hidden, err = layerOf(f.Metadata, "hidden", shape[1]); err != nil {
		return nil, err
	}
	if model.Columns, err = columnsOf(f.Metadata, model.Visible); err != nil {
		return nil, err
	}
	if model.State, err = stateOf(f, model); err != nil {
		return nil, err
	}
	if err := model.onlyParameters(f); err != nil {
		return nil, err
	}
	for _, p := range model.Parameters()[1:] {
		x, got, err := parameters(f, p.Name, len(model.Shape(p)))
		if err != nil {
			return nil, err
		}
		if len(x) != len(p.Values) {
			return nil, fmt.Errorf("tensor %s has %d numbers, but W is %d×%d: want %d", p.Name, len(x), shape[0], shape[1], len(p.Values))
		}
		copy(p.Values, x)
		if err := checkNumbers(&safetensors.Tensor{Name: p.Name, Shape: got}, p); err != nil {
			return nil, err
		}
	}
	if _, err := f.Verify(); err != nil { // last, as a file of another program gains from being told what is wrong
		return nil, err
	}
	return model, nil
}

// onlyParameters refuses a file that holds more than the parameters of its kinds of units.
func (model *Model) onlyParameters(f *safetensors.File) error {
	var names []string
	for _, p := range model.Parameters() {
		names = append(names, p.Name)
	}
	if last := len(names) - 1; len(f.Tensors) > len(names) {
		return fmt.Errorf("the file holds %d tensors, want %s and %s alone", len(f.Tensors), strings.Join(names[:last], ", "), names[last])
	}
	return nil
}

// parameters returns a tensor of float32 numbers with the given number of axes, none of them empty.
func parameters(f *safetensors.File, name string, axes int) ([]float32, []int, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return nil, nil, err
	}
	x, ok := t.Data.([]float32)
	if !ok {
		return nil, nil, fmt.Errorf("tensor %s holds %T, want float32 (F32)", name, t.Data)
	}
	if len(t.Shape) != axes || len(x) == 0 {
		return nil, nil, fmt.Errorf("tensor %s has shape %v, want %d axes, none of them empty", name, t.Shape, axes)
	}
	if err := checkNumbers(t, Named{Values: x}); err != nil {
		return nil, nil, err
	}
	return x, t.Shape, nil
}

// checkNumbers names the first number of a tensor that is NaN, infinite or absurdly large, or not above 0
// where it must be; places count from 1.
func checkNumbers(t *safetensors.Tensor, p Named) error {
	for k, x := range p.Values {
		if p.allows(x) {
			continue
		}
		if p.Positive && x <= 0 {
			return fmt.Errorf("tensor %s: number %d is %v, want a number above 0", t.Name, k+1, x)
		}
		place := fmt.Sprintf("number %d", k+1)
		if len(t.Shape) == 2 {
			place = fmt.Sprintf("row %d, column %d", k/t.Shape[1]+1, k%t.Shape[1]+1)
		}
		return fmt.Errorf("tensor %s: %s is %v, want a finite number within ±%g", t.Name, place, x, maxParameter)
	}
	return nil
}
