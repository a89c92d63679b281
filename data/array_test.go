package data

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// blocksOf yields blocks in one piece of memory, as a command does, and then an error unless it is nil.
func blocksOf[T Number](end error, blocks ...[]T) iter.Seq2[Block[T], error] {
	return func(yield func(Block[T], error) bool) {
		var memory []T
		for _, b := range blocks {
			memory = append(memory[:0], b...)
			if !yield(Block[T]{Numbers: memory}, nil) {
				return
			}
		}
		if end != nil {
			yield(Block[T]{}, end)
		}
	}
}

func TestWriteArrayAsCSV(t *testing.T) {
	array := Array{Rows: 3, Columns: []string{"h1", "a, b"}, Named: true}
	path := filepath.Join(t.TempDir(), "a.CSV")
	names := [][]string{{"x"}, {`say "y"`, "z, z"}}
	for index, called := range map[string]string{"": "name", "who, else": `"who, else"`, "h1": "name"} { // one name is that of a column
		array.Index = index
		blocks := func(yield func(Block[float32], error) bool) {
			at := 0
			for b := range blocksOf(nil, []float32{0.1, -2}, []float32{1e-30, 3, 4, 0.25}) {
				yield(Block[float32]{b.Numbers, names[at]}, nil)
				at++
			}
		}
		if err := WriteArray(path, array, blocks); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if want := called + ",h1,\"a, b\"\nx,0.1,-2\n\"say \"\"y\"\"\",1e-30,3\n\"z, z\",4,0.25\n"; err != nil || string(got) != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	array.Named = false
	if err := WriteArray(path, array, blocksOf(nil, []int8{1, -1, -1, 1, 1, 1})); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := "h1,\"a, b\"\n1,-1\n-1,1\n1,1\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

// What is written as .npy is read again, and is as long as its type says.
func TestWriteArrayAsNPY(t *testing.T) {
	folder := t.TempDir()
	for name, test := range map[string]struct {
		write func(path string, a Array) error
		bytes int64
	}{
		"uint8": {func(path string, a Array) error { return WriteArray(path, a, blocksOf(nil, []uint8{0, 1, 1, 0})) }, 4},
		"int8": {func(path string, a Array) error {
			return WriteArray(path, a, blocksOf(nil, []int8{-1, 1}, []int8{1, -1}))
		}, 4},
		"float32": {func(path string, a Array) error { return WriteArray(path, a, blocksOf(nil, []float32{0, 1, 1, 0})) }, 16},
		"float64": {func(path string, a Array) error {
			return WriteArray(path, a, blocksOf(nil, []float64{0, 1}, []float64{1, 0}))
		}, 32},
	} {
		path := filepath.Join(folder, name+".npy")
		if err := test.write(path, Array{Rows: 2, Columns: []string{"a", "b"}}); err != nil {
			t.Fatal(err)
		}
		set, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := set.States.Bytes(); !slices.Equal(got[0], []uint8{0, 1}) || !slices.Equal(got[1], []uint8{1, 0}) {
			t.Errorf("%s: %v, want [[0 1] [1 0]]", name, got)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != 128+test.bytes {
			t.Errorf("%s: %v bytes, %v, want a head of 128 and %d", name, info.Size(), err, test.bytes)
		}
	}
}

func TestWriteArrayLeavesTheFileAsItWas(t *testing.T) {
	folder := t.TempDir()
	path, failed := filepath.Join(folder, "a.csv"), errors.New("interrupted")
	if err := os.WriteFile(path, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	err := WriteArray(path, Array{Rows: 2, Columns: []string{"a"}}, blocksOf(failed, []float64{1}))
	if !errors.Is(err, failed) {
		t.Errorf("%v, want %v", err, failed)
	}
	if got, _ := os.ReadFile(path); string(got) != "before" {
		t.Errorf("the file is %q now", got)
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("%d files, want 1", len(files))
	}
	if err := WriteArray(filepath.Join(folder, "a.fasta"), Array{}, blocksOf[uint8](nil)); err == nil {
		t.Error("FASTA is taken")
	}
}
