package rbm

import (
	"fmt"
	"io"
	"os"

	"harmonium/internal/atomicfile"
	"harmonium/internal/safetensors"
)

const (
	fileFormat  = "harmonium-rbm"
	fileVersion = "1"

	// maxParameter bounds |w|, |b| and |c| in files: parameters of spins are summed up to parameters of bits, which are
	// float32 as well. With a billion units of this bound the sums stay below float32's 3·10^38.
	maxParameter = 1e29
)

// Save writes the model to a file, atomically: tensors W [m,n], b [m] and c [n] in the safetensors format
// (docs/formats.md). A model with a parameter that is not finite or beyond ±10^29 is refused with an error, and the
// file stays as it was: Load would not take it. It panics if the lengths of W, B and C don't fit each other.
func (model *Model) Save(path string) error { return atomicfile.Write(path, model.Write) }

// Load reads a model that [Model.Save] wrote. The error names the file and what is wrong with it: truncated, of another
// format or version, wrong shapes or types, numbers that are not finite or beyond ±10^29, contents that don't fit the digest.
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
	m, n := model.M(), model.N()
	if m == 0 || n == 0 || len(model.W) != m*n {
		panic(fmt.Sprintf("rbm: Write of %d weights, %d visible and %d hidden biases", len(model.W), m, n))
	}
	tensors := []safetensors.Tensor{
		{Name: "W", Shape: []int{m, n}, Data: model.W},
		{Name: "b", Shape: []int{m}, Data: model.B},
		{Name: "c", Shape: []int{n}, Data: model.C},
	}
	for k, x := range [][]float32{model.W, model.B, model.C} {
		if err := checkNumbers(&tensors[k], x); err != nil {
			return err
		}
	}
	f := &safetensors.File{
		Metadata: map[string]string{
			"format": fileFormat, "version": fileVersion,
			"visible": model.Visible.String(), "hidden": model.Hidden.String(),
		},
		Tensors: tensors,
	}
	f.Seal()
	return safetensors.Write(w, f)
}

// HasDigest reports whether a model file carries the digest by which [Load] notices damage. Files of other programs need none.
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

// Read reads a model file of the given size in bytes. Numbers that don't fit the file's digest are an error; a file without one is taken as it is.
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
	model := &Model{}
	if model.Visible, err = ParseUnits(f.Metadata["visible"]); err != nil {
		return nil, fmt.Errorf("metadata visible: %w", err)
	}
	if model.Hidden, err = ParseUnits(f.Metadata["hidden"]); err != nil {
		return nil, fmt.Errorf("metadata hidden: %w", err)
	}
	if len(f.Tensors) > 3 {
		return nil, fmt.Errorf("the file holds %d tensors, want W, b and c alone", len(f.Tensors))
	}
	var shape []int
	if model.W, shape, err = parameters(f, "W", 2); err != nil {
		return nil, err
	}
	for _, layer := range []struct {
		name   string
		biases *[]float32
		units  int
	}{{"b", &model.B, shape[0]}, {"c", &model.C, shape[1]}} {
		x, got, err := parameters(f, layer.name, 1)
		if err != nil {
			return nil, err
		}
		if got[0] != layer.units {
			return nil, fmt.Errorf("tensor %s has %d numbers, but W is %d×%d: want %d",
				layer.name, got[0], shape[0], shape[1], layer.units)
		}
		*layer.biases = x
	}
	if _, err := f.Verify(); err != nil { // last, as a file of another program gains from being told what is wrong
		return nil, err
	}
	return model, nil
}

// parameters returns a tensor of float32 numbers with so many axes, none of them empty.
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
	if err := checkNumbers(t, x); err != nil {
		return nil, nil, err
	}
	return x, t.Shape, nil
}

// checkNumbers names the first number of a tensor that is NaN, infinite or absurdly large; places count from 1.
func checkNumbers(t *safetensors.Tensor, x []float32) error {
	for k, x := range x {
		if -maxParameter <= x && x <= maxParameter { // false for NaN
			continue
		}
		place := fmt.Sprintf("number %d", k+1)
		if len(t.Shape) == 2 {
			place = fmt.Sprintf("row %d, column %d", k/t.Shape[1]+1, k%t.Shape[1]+1)
		}
		return fmt.Errorf("tensor %s: %s is %v, want a finite number within ±%g", t.Name, place, x, maxParameter)
	}
	return nil
}
