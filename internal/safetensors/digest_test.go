package safetensors_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

// The digest is that of the file as it is written without the entry.
func TestSeal(t *testing.T) {
	f := everyType()
	bare := sha256.Sum256(encode(t, f))
	if sealed, err := f.Verify(); sealed || err != nil {
		t.Errorf("no digest: sealed %v, error %v", sealed, err)
	}
	f.Seal()
	if got, want := f.Metadata["sha256"], hex.EncodeToString(bare[:]); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	text := encode(t, f)
	read, err := safetensors.Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if sealed, err := read.Verify(); !sealed || err != nil {
		t.Errorf("read back: sealed %v, error %v", sealed, err)
	}
	metadata, err := safetensors.ReadMetadata(bytes.NewReader(text), int64(len(text)))
	if err != nil || !reflect.DeepEqual(metadata, f.Metadata) || !safetensors.HasDigest(metadata) {
		t.Errorf("metadata %v, error %v, want %v", metadata, err, f.Metadata)
	}
}

func TestVerifyNoticesEveryChange(t *testing.T) {
	for name, change := range map[string]func(*safetensors.File){
		"a number":         func(f *safetensors.File) { f.Tensors[5].Data.([]float32)[0] = -7 },
		"a name":           func(f *safetensors.File) { f.Tensors[0].Name = "v64" },
		"a shape":          func(f *safetensors.File) { f.Tensors[4].Shape = []int{3, 2} },
		"a type":           func(f *safetensors.File) { f.Tensors[0].Data = []int64{0, -1, 12345} },
		"the metadata":     func(f *safetensors.File) { f.Metadata["who"] = "Pythia" },
		"the order":        func(f *safetensors.File) { f.Tensors[0], f.Tensors[1] = f.Tensors[1], f.Tensors[0] },
		"a tensor missing": func(f *safetensors.File) { f.Tensors = f.Tensors[1:] },
		"the digest":       func(f *safetensors.File) { f.Metadata["sha256"] = strings.Repeat("0", 64) },
	} {
		f := everyType()
		f.Seal()
		change(f)
		if sealed, err := f.Verify(); !sealed || err == nil {
			t.Errorf("%s has changed: sealed %v, error %v", name, sealed, err)
		}
	}
}
