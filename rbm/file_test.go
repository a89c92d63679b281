package rbm_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// small is the model of testdata/python.py.
func small() *rbm.Model {
	return &rbm.Model{
		Visible: rbm.WithBiases(rbm.Spin, -1, 0.5, 2), Hidden: rbm.WithBiases(rbm.Bernoulli, 0.25, -1.5),
		W: []float32{1, -2, 0.5, 3, 0.25, -0.125},
	}
}

func encode(t testing.TB, model *rbm.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := model.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestModelFileGolden(t *testing.T) {
	const golden = "testdata/model.safetensors"
	got := encode(t, small())
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the model file is %q, want %q", got, want)
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		want, _ := wild(130, 67, 1, visible, hidden)
		want.W[0], want.W[1], want.B()[0] = math.MaxFloat32*1e-10, math.SmallestNonzeroFloat32, float32(math.Copysign(0, -1))
		path := filepath.Join(dir, fmt.Sprint(visible, hidden))
		if err := want.Save(path); err != nil {
			t.Fatal(err)
		}
		got, err := rbm.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Error("the model comes back changed")
		}
	})
}

// A model file that ends anywhere before its end is refused, whether the size is known to be smaller or not.
func TestTruncatedModelFiles(t *testing.T) {
	whole := encode(t, small())
	for cut := range len(whole) {
		if _, err := rbm.Read(bytes.NewReader(whole[:cut]), int64(cut)); err == nil {
			t.Errorf("a file of %d bytes of %d: no error", cut, len(whole))
		}
		if _, err := rbm.Read(bytes.NewReader(whole[:cut]), int64(len(whole))); err == nil {
			t.Errorf("reading stops at %d bytes of %d: no error", cut, len(whole))
		}
	}
}

func TestLoadsPythonsModel(t *testing.T) {
	got, err := rbm.Load("testdata/python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if want := small(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Python's safetensors reads a model file, and we read what it writes; skipped where its packages are missing.
func TestThroughPython(t *testing.T) {
	if err := exec.Command("python3", "-c", "import numpy, safetensors").Run(); err != nil {
		t.Skip("python3 with numpy and safetensors is not installed; testdata/python.safetensors tests one direction")
	}
	ours, theirs := filepath.Join(t.TempDir(), "ours"), filepath.Join(t.TempDir(), "theirs")
	if err := small().Save(ours); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("python3", "testdata/double.py", ours, theirs).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	const want = `64 format=harmonium-rbm hidden=bernoulli version=1 visible=spin
W float32 [[1.0, -2.0], [0.5, 3.0], [0.25, -0.125]]
b float32 [-1.0, 0.5, 2.0]
c float32 [0.25, -1.5]
`
	if string(text) != want {
		t.Errorf("Python reads\n%swant\n%s", text, want)
	}
	got, err := rbm.Load(theirs)
	if err != nil {
		t.Fatal(err)
	}
	double := small()
	for _, x := range [][]float32{double.W, double.B(), double.C()} {
		for k := range x {
			x[k] *= 2
		}
	}
	if !reflect.DeepEqual(got, double) {
		t.Errorf("from Python %+v, want %+v", got, double)
	}
}

// A model that Load would refuse is not saved, and what was there stays.
func TestSaveRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	if err := small().Save(path); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want  string
		spoil func(*rbm.Model)
	}{
		{"tensor W: row 3, column 1 is NaN", func(m *rbm.Model) { m.W[4] = float32(math.NaN()) }},
		{"tensor b: number 2 is +Inf", func(m *rbm.Model) { m.B()[1] = float32(math.Inf(1)) }},
		{"tensor c: number 1 is -1e+30", func(m *rbm.Model) { m.C()[0] = -1e30 }},
	} {
		model := small()
		c.spoil(model)
		if err := model.Save(path); err == nil || err.Error() != c.want+", want a finite number within ±1e+29" {
			t.Errorf("error %v, want %s", err, c.want)
		}
		if got, err := rbm.Load(path); err != nil || !reflect.DeepEqual(got, small()) {
			t.Errorf("the file before is gone: %v, %v", got, err)
		}
	}
	for name, model := range map[string]*rbm.Model{
		"weights":   {W: make([]float32, 5), Visible: rbm.NewLayer(rbm.Bernoulli, 3), Hidden: rbm.NewLayer(rbm.Bernoulli, 2)},
		"no hidden": {Visible: rbm.NewLayer(rbm.Bernoulli, 3)},
		"no units":  {Visible: rbm.NewLayer(rbm.Bernoulli, 3), Hidden: rbm.NewLayer(rbm.Bernoulli, 0)},
		"zero":      {},
	} {
		panics(t, name, "rbm: Write of ", func() { model.Save(path) })
	}
	if err := small().Save(filepath.Join(path, "x")); err == nil {
		t.Error("saved below a file")
	}
}

// The largest parameters that a file may hold don't overflow anything.
func TestLargestParameters(t *testing.T) {
	eachUnits(t, func(t *testing.T, visible, hidden rbm.Kind) {
		model, v := wild(300, 200, 2, visible, hidden)
		for _, x := range model.Parameters() {
			for k := range x.Values {
				x.Values[k] = float32(math.Copysign(1e29, float64(x.Values[0])))
			}
		}
		model, err := rbm.Read(bytes.NewReader(encode(t, model)), int64(len(encode(t, model))))
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float32, 2*200)
		rbm.NewConditionals(model, compute.New(1)).HiddenProbs(p, v)
		for _, p := range p {
			if !(0 <= p && p <= 1) {
				t.Fatalf("a probability is %v", p)
			}
		}
		pseudo, err := model.PseudoLogLikelihood(v, compute.New(1))
		if err != nil {
			t.Fatal(err)
		}
		for r, f := range model.FreeEnergy(v) {
			if math.IsNaN(f-f) || math.IsNaN(pseudo[r]-pseudo[r]) {
				t.Errorf("free energy %v, pseudo-log-likelihood %v", f, pseudo[r])
			}
		}
	})
}

func ExampleModel_Save() {
	dir, err := os.MkdirTemp("", "harmonium")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	if err := rbm.New(16, 4, rng.Seed(1)).Save(path); err != nil {
		log.Fatal(err)
	}
	model, err := rbm.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(model.M(), "visible and", model.N(), "hidden units,", model.Visible.Kind(), "and", model.Hidden.Kind())
	// Output: 16 visible and 4 hidden units, bernoulli and bernoulli
}

// brokenModel is a model file with one thing changed.
type brokenModel struct {
	name, want string
	text       []byte
}

func brokenModels(t testing.TB) []brokenModel {
	good := encode(t, small())
	tensor := func(f *safetensors.File, name string) *safetensors.Tensor {
		x, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	set := func(name string, shape []int, data any) func(*safetensors.File) {
		return func(f *safetensors.File) { *tensor(f, name) = safetensors.Tensor{Name: name, Shape: shape, Data: data} }
	}
	spoil := func(name string, at int, x float64) func(*safetensors.File) {
		return func(f *safetensors.File) { tensor(f, name).Data.([]float32)[at] = float32(x) }
	}
	meta := func(key, value string) func(*safetensors.File) {
		return func(f *safetensors.File) { f.Metadata[key] = value }
	}
	files := []brokenModel{
		{"empty", "0 bytes are no safetensors file: want at least 8, the length of the header", nil},
		{"text", "a header of 3184093526257380400 bytes in a file of 19: truncated, or no safetensors file",
			[]byte("0,1,1,0,-1,1\n1,1,1\n")},
		{"header cut", "a header of 344 bytes in a file of 100: truncated, or no safetensors file", good[:100]},
		{"truncated", "truncated: the header describes 44 bytes of data, the file holds 43", good[:len(good)-1]},
		{"trailing bytes", "2 bytes too many: the header describes 44 bytes of data, the file holds 46",
			append(good[:len(good):len(good)], "xx"...)},
		{"damaged header", "header: invalid character 'x'",
			bytes.Replace(good, []byte(`{"__`), []byte(`{x__`), 1)},
	}
	for _, c := range []struct{ name, want, old, new string }{
		{"duplicate tensor", `header: "b" comes twice`, `"c":`, `"b":`},
		{"duplicate key", `header: "__metadata__": "format" comes twice`, `"hidden":`, `"format":`},
		{"overlapping tensors", `tensor "b" begins at byte 20 of the data, want 24: right after the one before`,
			`[24,36]`, `[20,32]`},
		{"huge shape", `tensor "c" of type F32 and shape [99999999999999999] is given the bytes 36 to 44`,
			`"shape":[2]`, `"shape":[99999999999999999]`},
		{"overflowing shape", `tensor "W" of type F32 and shape [4294967296 4294967296] is given the bytes 0 to 24`,
			`[3,2]`, `[4294967296,4294967296]`},
	} {
		files = append(files, brokenModel{c.name, c.want, changeHeader(t, good, c.old, c.new)})
	}
	for _, c := range []struct {
		name, want string
		change     func(f *safetensors.File)
	}{
		{"no metadata", `metadata format is "", want "harmonium-rbm": not a model of Harmonium`,
			func(f *safetensors.File) { f.Metadata = nil }},
		{"another format", `metadata format is "pt", want "harmonium-rbm": not a model of Harmonium`, meta("format", "pt")},
		{"newer version", `metadata version is "2", this program reads version "1"`, meta("version", "2")},
		{"unknown units", `metadata visible: unknown units "normal", want ` + rbm.KindNames(), meta("visible", "normal")},
		{"other parameters", `there is no tensor "visible.precisions"`, meta("visible", "gaussian")},
		{"no layout", "metadata visible.layout is missing, which categorical units need", meta("visible", "categorical")},
		{"needless layout", "metadata hidden.layout is there, and bernoulli units have none", meta("hidden.layout", "[]")},
		{"no hidden units' kind", `metadata hidden: unknown units "", want ` + rbm.KindNames(),
			func(f *safetensors.File) { delete(f.Metadata, "hidden") }},
		{"W missing", `there is no tensor "W"`, func(f *safetensors.File) { f.Tensors = f.Tensors[1:] }},
		{"c missing", `there is no tensor "c"`, func(f *safetensors.File) { f.Tensors = f.Tensors[:2] }},
		{"w for W", `there is no tensor "W"`, func(f *safetensors.File) { f.Tensors[0].Name = "w" }},
		{"one more", "the file holds 4 tensors, want W, b and c alone", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "d", Data: []float32{1}})
		}},
		{"double precision", "tensor b holds []float64, want float32 (F32)", set("b", []int{3}, make([]float64, 3))},
		{"bytes", "tensor W holds []uint8, want float32 (F32)", set("W", []int{3, 2}, make([]uint8, 6))},
		{"W flat", "tensor W has shape [6], want 2 axes, none of them empty", set("W", []int{6}, make([]float32, 6))},
		{"b a column", "tensor b has shape [3 1], want 1 axes, none of them empty", set("b", []int{3, 1}, make([]float32, 3))},
		{"c a number", "tensor c has shape [], want 1 axes, none of them empty", set("c", nil, make([]float32, 1))},
		{"W transposed", "tensor b has 3 numbers, but W is 2×3: want 2", set("W", []int{2, 3}, make([]float32, 6))},
		{"c too long", "tensor c has 3 numbers, but W is 3×2: want 2", set("c", []int{3}, make([]float32, 3))},
		{"no visible units", "tensor W has shape [0 2], want 2 axes, none of them empty", func(f *safetensors.File) {
			set("W", []int{0, 2}, []float32{})(f)
			set("b", []int{0}, []float32{})(f)
		}},
		{"no hidden units", "tensor W has shape [3 0], want 2 axes, none of them empty", func(f *safetensors.File) {
			set("W", []int{3, 0}, []float32{})(f)
			set("c", []int{0}, []float32{})(f)
		}},
		{"NaN", "tensor W: row 2, column 1 is NaN, want a finite number within ±1e+29", spoil("W", 2, math.NaN())},
		{"Inf", "tensor b: number 3 is +Inf, want a finite number within ±1e+29", spoil("b", 2, math.Inf(1))},
		{"-Inf", "tensor c: number 1 is -Inf, want a finite number within ±1e+29", spoil("c", 0, math.Inf(-1))},
		{"too large", "tensor W: row 1, column 2 is 3e+38, want a finite number within ±1e+29", spoil("W", 1, 3e38)},
	} {
		f, err := safetensors.Read(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		c.change(f)
		var b bytes.Buffer
		if err := safetensors.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		files = append(files, brokenModel{c.name, c.want, b.Bytes()})
	}
	return files
}

// changeHeader replaces a piece of a file's header, which must be there, and corrects the header's length.
func changeHeader(t testing.TB, file []byte, old, new string) []byte {
	length := binary.LittleEndian.Uint64(file)
	header := bytes.TrimRight(file[8:8+length], " ")
	if !bytes.Contains(header, []byte(old)) {
		t.Fatalf("no %s in the header %s", old, header)
	}
	header = bytes.Replace(header, []byte(old), []byte(new), 1)
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header, file[8+length:])
}

func TestBrokenModelFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	for _, c := range brokenModels(t) {
		if err := os.WriteFile(path, c.text, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := rbm.Load(path)
		if want := path + ": " + c.want; err == nil || err.Error() != want {
			t.Errorf("%s: error\n%v, want\n%s", c.name, err, want)
		}
	}
}

// Of a model file with one byte changed, none is read as another model: the digest covers all that a model is made of. What is left
// is damage to the name of the digest's entry, after which the file counts as one of another program, and HasDigest says so.
func TestDamagedModelFiles(t *testing.T) {
	want := small()
	good := encode(t, want)
	path := filepath.Join(t.TempDir(), "model")
	changes := []byte{1, 2, 4, 0x40, 0x80, 0xff}
	refused, bare := 0, 0
	for at := range good {
		for _, change := range changes {
			text := slices.Clone(good)
			text[at] ^= change
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
			model, err := rbm.Load(path)
			if err != nil {
				refused++
				continue
			}
			digest, err := rbm.HasDigest(path)
			if err != nil {
				t.Fatal(err)
			}
			if !digest {
				bare++
			} else if !reflect.DeepEqual(model, want) {
				t.Errorf("byte %d changed by %#x: another model, and no error", at, change)
			}
		}
	}
	if all := len(changes) * len(good); all < 2000 || refused < all*19/20 || bare > len(changes)*len(`"sha256"`) {
		t.Errorf("of %d damaged files %d are refused, %d have no digest", all, refused, bare)
	}
}

func TestDigestOfOtherPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model")
	if err := small().Save(path); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]bool{path: true, "testdata/python.safetensors": false} {
		if got, err := rbm.HasDigest(file); got != want || err != nil {
			t.Errorf("HasDigest(%s) is %v, error %v, want %v", file, got, err, want)
		}
	}
}

func TestLoadNamesThePath(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing"), os.DevNull} {
		if _, err := rbm.Load(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("Load(%s): %v", path, err)
		}
	}
}

// Reading costs memory in proportion to the file. Whatever is read is a model that can be used, and that is written and
// read again without a change.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, small()))
	python, err := os.ReadFile("testdata/python.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(python)
	for _, c := range brokenModels(f) {
		f.Add(c.text)
	}
	for _, kind := range rbm.StateKinds() {
		f.Add(encode(f, ofState(f, kind)))
	}
	for _, text := range brokenStates(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		model, err := rbm.Read(bytes.NewReader(text), int64(len(text)))
		runtime.ReadMemStats(&after)
		// A byte of the header costs up to 100, as in the tests of internal/safetensors; the megabyte is the test's own.
		if used := after.TotalAlloc - before.TotalAlloc; used > 100*uint64(len(text))+1<<20 {
			t.Fatalf("%d bytes allocated for a file of %d", used, len(text))
		}
		if err != nil {
			return
		}
		v := rbm.NewBatch(1, model.M())
		v.SetBit(0, model.M()-1, true)
		if free := model.FreeEnergy(v)[0]; free-free != 0 {
			t.Fatalf("free energy %v", free)
		}
		rbm.NewConditionals(model, compute.New(1)).HiddenProbs(make([]float32, model.N()), v)
		written := encode(t, model)
		again, err := rbm.Read(bytes.NewReader(written), int64(len(written)))
		if err != nil || !reflect.DeepEqual(again, model) {
			t.Fatalf("written and read again: %v, error %v, want %v", again, err, model)
		}
	})
}
