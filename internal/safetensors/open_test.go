package safetensors_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

// Tensors are read one by one into memory that is there, and only into what they fit.
func TestOpen(t *testing.T) {
	f := everyType()
	f.Seal()
	text := encode(t, f)
	opened, err := safetensors.Open(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if opened.Len() != len(f.Tensors) || !reflect.DeepEqual(opened.Metadata, f.Metadata) {
		t.Errorf("%d tensors and %v, want %d and %v", opened.Len(), opened.Metadata, len(f.Tensors), f.Metadata)
	}
	if sealed, err := opened.Verify(); !sealed || err != nil {
		t.Errorf("sealed %v, %v", sealed, err)
	}
	for _, tensor := range f.Tensors {
		n := reflect.ValueOf(tensor.Data).Len()
		room := reflect.MakeSlice(reflect.TypeOf(tensor.Data), n, n).Interface()
		if ok, err := opened.Fill(tensor.Name, room); !ok || err != nil || fmt.Sprint(room) != fmt.Sprint(tensor.Data) {
			t.Errorf("%s: %v, %v: %v, want %v", tensor.Name, ok, err, room, tensor.Data)
		}
		more := reflect.MakeSlice(reflect.TypeOf(tensor.Data), n+1, n+1).Interface()
		if ok, err := opened.Fill(tensor.Name, more); ok || err != nil {
			t.Errorf("%s fills %d numbers: %v", tensor.Name, n+1, err)
		}
	}
	if ok, _ := opened.Fill("none", []float32{}); ok {
		t.Error("a tensor that is not there fills")
	}
	if _, ok := opened.Count(f.Tensors[0].Name, "none"); ok {
		t.Error("a tensor has numbers of an unknown type")
	}

	changed := bytes.Clone(text)
	changed[len(changed)-1] ^= 1
	if opened, err = safetensors.Open(bytes.NewReader(changed), int64(len(changed))); err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Verify(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a changed number: %v", err)
	}
	if _, err := safetensors.Open(bytes.NewReader(text[:len(text)-1]), int64(len(text)-1)); err == nil {
		t.Error("a truncated file is opened")
	}
}
