package safetensors_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

// everyType is what testdata/python.py writes with Python's safetensors, in the order of Python's file.
func everyType() *safetensors.File {
	return &safetensors.File{
		Metadata: map[string]string{"who": "Python", "überschrift": "naïve \"quotes\" \\ ✓"},
		Tensors: []safetensors.Tensor{
			{Name: "u64", Shape: []int{3}, Data: []uint64{0, math.MaxUint64, 12345}},
			{Name: "i64", Shape: []int{2, 1}, Data: []int64{math.MinInt64, math.MaxInt64}},
			{Name: "f64", Shape: []int{2}, Data: []float64{0.1, -1e300}},
			{Name: "empty", Shape: []int{0, 3}, Data: []float32{}},
			{Name: "f32", Shape: []int{2, 3}, Data: []float32{1.5, -2, 3, 4, 5e-3, 6}},
			{Name: "scalar", Shape: nil, Data: []float32{7}},
			{Name: "u8", Shape: []int{5}, Data: []uint8{0, 1, 2, 3, 4}},
		},
	}
}

func encode(t testing.TB, f *safetensors.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadsPythonsFile(t *testing.T) {
	text, err := os.ReadFile("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	got, err := safetensors.Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	if want := everyType(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v,\nwant %+v", got, want)
	}
}

func TestWriteThenRead(t *testing.T) {
	long := make([]float64, 20011) // several chunks and a rest
	for k := range long {
		long[k] = float64(k)
	}
	for _, want := range []*safetensors.File{
		{Tensors: []safetensors.Tensor{}},
		{Metadata: map[string]string{"a": ""}, Tensors: []safetensors.Tensor{}},
		{Tensors: []safetensors.Tensor{{Name: "long", Shape: []int{20011}, Data: long}}},
		{Tensors: []safetensors.Tensor{{Name: "", Shape: []int{1}, Data: []float32{float32(math.Inf(-1))}}}},
		everyType(),
	} {
		text := encode(t, want)
		if again := encode(t, want); !bytes.Equal(text, again) {
			t.Error("two writes of a file differ")
		}
		got, err := safetensors.Read(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v,\nwant %+v", got, want)
		}
	}
}

// The bytes of a small file, written out.
func TestBytes(t *testing.T) {
	got := encode(t, &safetensors.File{
		Metadata: map[string]string{"z": "1", "a": "2"},
		Tensors: []safetensors.Tensor{
			{Name: "x", Shape: []int{1, 2}, Data: []float32{1, -2}},
			{Name: "y", Data: []uint8{9}},
		},
	})
	header := `{"__metadata__":{"a":"2","z":"1"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},` +
		`"y":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}`
	header += "    " // to a multiple of eight
	want := string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}) + header + "\x00\x00\x80\x3f\x00\x00\x00\xc0\x09"
	if string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(header)%8 != 0 {
		t.Errorf("header of %d bytes", len(header))
	}
}

func TestTensorByName(t *testing.T) {
	f := everyType()
	if x, err := f.Tensor("u8"); err != nil || x.Name != "u8" {
		t.Errorf("Tensor(u8) is %v, %v", x, err)
	}
	if _, err := f.Tensor("W"); err == nil || err.Error() != `there is no tensor "W"` {
		t.Errorf("Tensor(W): %v", err)
	}
}

func TestWritePanics(t *testing.T) {
	one := func(name string, shape []int, data any) []safetensors.Tensor {
		return []safetensors.Tensor{{Name: name, Shape: shape, Data: data}}
	}
	for _, c := range []struct {
		name string
		file safetensors.File
	}{
		{"type", safetensors.File{Tensors: one("x", []int{1}, []int32{1})}},
		{"no data", safetensors.File{Tensors: one("x", []int{0}, nil)}},
		{"shape", safetensors.File{Tensors: one("x", []int{2}, []float32{1})}},
		{"negative shape", safetensors.File{Tensors: one("x", []int{-1, -1}, []float32{1})}},
		{"overflowing shape", safetensors.File{Tensors: one("x", []int{1 << 32, 1 << 32}, []float32{})}},
		{"metadata's name", safetensors.File{Tensors: one("__metadata__", []int{1}, []float32{1})}},
		{"name twice", safetensors.File{Tensors: append(one("x", nil, []uint8{1}), one("x", nil, []uint8{1})...)}},
		{"name", safetensors.File{Tensors: one("\xff", []int{1}, []float32{1})}},
		{"metadata", safetensors.File{Metadata: map[string]string{"x": "\xff"}}},
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "safetensors: ") {
					t.Errorf("%s: panic %s", c.name, text)
				}
			}()
			safetensors.Write(&bytes.Buffer{}, &c.file)
		}()
	}
}

// full is a writer with room for a number of bytes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		return 0, errors.New("disk full")
	}
	*f -= full(len(p))
	return len(p), nil
}

func TestWriteReportsErrors(t *testing.T) {
	for _, room := range []full{0, 8, 500, 580} {
		if err := safetensors.Write(&room, everyType()); err == nil || err.Error() != "disk full" {
			t.Errorf("error %v, want disk full", err)
		}
	}
}

// A small file that declares a lot costs no more memory than its own size justifies, nor does the densest header.
func TestMemory(t *testing.T) {
	repeated := func(count int, format string) string {
		var b strings.Builder
		for k := range count {
			fmt.Fprintf(&b, format, k)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	shape := "0" + strings.Repeat(",1", 63)
	for name, text := range map[string][]byte{
		"tensor":   file(`{"x":{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8000000000]}}`, 8),
		"header":   append([]byte{0, 0xe1, 0xf5, 0x05, 0, 0, 0, 0}, "{}"...), // 100,000,000 bytes
		"data":     file(`{"x":{"dtype":"F32","shape":[250000],"data_offsets":[0,1000000]}}`, 1000000),
		"metadata": file(`{"__metadata__":{`+repeated(15000, `"%x":"",`)+`}}`, 0),
		"tensors":  file(`{`+repeated(15000, `"%x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},`)+`}`, 0),
		"axes":     file(`{`+repeated(5000, `"%x":{"dtype":"U8","shape":[`+shape+`],"data_offsets":[0,0]},`)+`}`, 0),
		"spaces":   file("{"+strings.Repeat(" ", 1000000)+"}", 0),
		"escapes":  file(`{"`+strings.Repeat(`\u0000`, 100000)+`":1}`, 0),
	} {
		_, used, _ := measured(text)
		if bound := memoryBound(text); used > bound {
			t.Errorf("%s: %d bytes allocated for a file of %d, want at most %d", name, used, len(text), bound)
		}
		t.Logf("%s: %d bytes allocated for a file of %d", name, used, len(text))
	}
}

// Python's safetensors opens what we write; skipped where python3 or its packages are missing.
func TestPythonReadsOurs(t *testing.T) {
	if err := exec.Command("python3", "-c", "import numpy, safetensors").Run(); err != nil {
		t.Skip("python3 with numpy and safetensors is not installed; testdata/python.safetensors tests the other direction")
	}
	path := filepath.Join(t.TempDir(), "ours.safetensors")
	if err := os.WriteFile(path, encode(t, everyType()), 0o666); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command("python3", "testdata/open.py", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	want := `who = Python
überschrift = naïve "quotes" \ ✓
empty float32 [0, 3] []
f32 float32 [2, 3] [1.5, -2.0, 3.0, 4.0, 0.004999999888241291, 6.0]
f64 float64 [2] [0.1, -1e+300]
i64 int64 [2, 1] [-9223372036854775808, 9223372036854775807]
scalar float32 [] [7.0]
u64 uint64 [3] [0, 18446744073709551615, 12345]
u8 uint8 [5] [0, 1, 2, 3, 4]
`
	if string(got) != want {
		t.Errorf("Python reads\n%swant\n%s", got, want)
	}
}
