package data

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Arrays of one axis and more are read again by their names, texts are in the letters of numpy, and the same arrays are
// the same bytes.
func TestWriteNPZ(t *testing.T) {
	folder := t.TempDir()
	members := []Member{
		{Name: "W", Shape: []int{2, 3}, Numbers: []float32{1, 0, 0, 1, 1, 0}},
		{Name: "hidden.precisions", Shape: []int{3}, Numbers: []float32{0.5, 2, 3.25}},
		{Name: "kind", Text: "σ1"},
	}
	var files [2][]byte
	for k, name := range []string{"a.npz", "b.NPZ"} {
		path := filepath.Join(folder, name)
		if err := WriteNPZ(path, members); err != nil {
			t.Fatal(err)
		}
		var err error
		if files[k], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the same arrays are other bytes")
	}
	set, err := Open(filepath.Join(folder, "a.npz#W"))
	if err != nil {
		t.Fatal(err)
	}
	if got := set.States.Bytes(); !slices.Equal(got[0], []uint8{1, 0, 0}) || !slices.Equal(got[1], []uint8{1, 1, 0}) {
		t.Errorf("W is %v, want [[1 0 0] [1 1 0]]", got)
	}
	numbers, err := OpenWeights(filepath.Join(folder, "a.npz#hidden.precisions"), 3)
	if err != nil || !slices.Equal(numbers, []float64{0.5, 2, 3.25}) {
		t.Errorf("precisions are %v, %v, want [0.5 2 3.25]", numbers, err)
	}
	z, err := zip.NewReader(bytes.NewReader(files[0]), int64(len(files[0])))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("kind.npy")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(f)
	if err != nil || len(text) != 128+8 || !bytes.Contains(text, []byte("'<U2', 'fortran_order': False, 'shape': ()")) {
		t.Errorf("the text is %q, %v", text, err)
	}
	if want := []byte{0xc3, 3, 0, 0, '1', 0, 0, 0}; !bytes.Equal(text[128:], want) {
		t.Errorf("the letters are %v, want %v", text[128:], want)
	}
	if err := WriteNPZ(filepath.Join(folder, "a.npy"), members); err == nil {
		t.Error(".npy is taken for several arrays")
	}
}
