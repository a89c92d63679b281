package rbm_test

import (
	"bytes"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// tableColumns are columns of all kinds, not in the order of their units.
func tableColumns() []rbm.Column {
	return []rbm.Column{
		{Name: "height", Kind: rbm.Gaussian, Mean: 170, Scale: 8},
		{Name: "letter", Kind: rbm.Categorical, Categories: []string{"a", "b", "c"}},
		{Name: "smokes", Kind: rbm.Bernoulli, Categories: []string{"no", "yes"}},
		{Name: "weight", Kind: rbm.Gaussian, Mean: 70, Scale: 0.5},
		{Name: "coin", Kind: rbm.Categorical, Categories: []string{"head", "tail"}},
	}
}

// modelsOfAllKinds are models of which every kind is the visible or hidden layer.
func modelsOfAllKinds(t testing.TB) map[string]*rbm.Model {
	visible, err := rbm.NewLayers(rbm.LayoutFor(tableColumns())...)
	if err != nil {
		t.Fatal(err)
	}
	table := shaken(visible, rbm.NewLayer(rbm.DReLU, 2))
	table.Columns = tableColumns()
	return map[string]*rbm.Model{
		"categorical": shaken(rbm.NewCategorical(3, 2), rbm.NewLayer(rbm.ReLU, 2)),
		"gaussian":    shaken(rbm.NewLayer(rbm.Gaussian, 3), rbm.NewCategorical(2)),
		"mixed":       table,
	}
}

// shaken returns a model with parameters between −1 and 1, or between ½ and 2½ where they must be above 0.
func shaken(visible, hidden rbm.Layer) *rbm.Model {
	model, source := rbm.NewModel(visible, hidden, rng.Seed(1)), rng.NewSource(rng.Seed(2), 0)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			if p.Values[k] = float32(2*source.Float64() - 1); p.Positive {
				p.Values[k] += 1.5
			}
		}
	}
	return model
}

func TestFilesOfAllKinds(t *testing.T) {
	for name, want := range modelsOfAllKinds(t) {
		file := encode(t, want)
		got, err := rbm.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(name, err)
		}
		if !got.Fits(want) || !reflect.DeepEqual(got.Parameters(), want.Parameters()) || !reflect.DeepEqual(got.Columns, want.Columns) {
			t.Errorf("%s: the model comes back changed", name)
		}
		clone := got.Clone()
		if !bytes.Equal(encode(t, clone), file) {
			t.Errorf("%s: a clone has another file", name)
		}
		if got.Transpose().Columns != nil {
			t.Errorf("%s: a transposed model has columns", name)
		}
	}
}

func TestBrokenFilesOfAllKinds(t *testing.T) {
	for _, c := range []struct {
		model, key, value, want string
	}{
		{"categorical", "visible.layout", "", "metadata visible.layout is missing, which categorical units need"},
		{"categorical", "visible.layout", "[", "metadata visible.layout: unexpected EOF"},
		{"categorical", "visible.layout", "[]", "metadata visible.layout has 0 units, but W has 5"},
		{"categorical", "visible.layout", `[{"kind":"categorical","units":5,"states":[5],"x":1}]`,
			`metadata visible.layout: json: unknown field "x"`},
		{"categorical", "visible.layout", `[{"kind":"categorical","units":5,"states":[3,1,1]}]`,
			"metadata visible.layout: part 1: site 2 has 1 states, want at least 2"},
		{"categorical", "visible.layout", `[{"kind":"categorical","units":5,"states":[3]}]`,
			"metadata visible.layout: part 1 has 5 units, but its sites 3 states in all"},
		{"categorical", "visible.layout", `[{"kind":"categorical","units":4,"states":[2,2]}]`,
			"metadata visible.layout has 4 units, but W has 5"},
		{"categorical", "visible", "mixed", "metadata visible.layout is of categorical units, want mixed"},
		{"categorical", "columns", `[{"kind":"gaussian"}]`,
			"metadata columns: the columns are of [1 gaussian units], the layer of [2 sites of [3 2] states]"},
		{"mixed", "columns", `[{"name":"x","kind":"gaussian","scale":-1}]`,
			"metadata columns: column 1 has the scale -1 and the mean 0, want numbers up to 1e+29, and no negative scale"},
		{"mixed", "columns", `[{"name":"x","kind":"gaussian","mean":1e300}]`,
			"metadata columns: column 1 has the scale 0 and the mean 1e+300, want numbers up to 1e+29, and no negative scale"},
		{"mixed", "columns", `[{"name":"x","kind":"gaussian"},{"name":"x","kind":"gaussian"}]`,
			`metadata columns: two columns are called "x"`},
		{"mixed", "columns", `[{"name":"x","kind":"bernoulli","genotype":"g"}]`,
			`metadata columns: column 1 ("x") is of the genotype "g", which has not two columns side by side`},
		{"mixed", "columns", `[{"name":"x","kind":"bernoulli","genotype":"g"},{"kind":"bernoulli","genotype":"h"}]`,
			`metadata columns: column 1 ("x") is of the genotype "g", which has not two columns side by side`},
		{"mixed", "columns", `[{"kind":"bernoulli","genotype":"g"},{"kind":"bernoulli","genotype":"g"},{"kind":"bernoulli","genotype":"g"}]`,
			`metadata columns: three columns are of the genotype "g"`},
		{"mixed", "columns", `[{"name":"x","kind":"gaussian","genotype":"g"}]`,
			`metadata columns: column 1 ("x") is gaussian, and those of a genotype are bits`},
		{"mixed", "columns", `[{"name":"x","kind":"categorical","categories":["a","a"]}]`,
			`metadata columns: column 1 ("x") has a category twice: ["a" "a"]`},
		{"mixed", "columns", `[{"name":"x","kind":"relu"}]`,
			`metadata columns: column 1 is of "relu" units, want bernoulli, spin, categorical or gaussian`},
		{"mixed", "columns", `[{"kind":"categorical","categories":["a"]}]`,
			`metadata columns: column 1 ("") has 1 categories, want 2 or more`},
		{"mixed", "visible.layout", `[{"kind":"gaussian","units":2},{"kind":"bernoulli","units":6}]`,
			"metadata visible.layout: part 2 of a mixed layer is bernoulli, want at most one part each of bernoulli, categorical and gaussian, " +
				"in this order"},
		{"gaussian", "precisions", "0", "tensor visible.precisions: number 1 is 0, want a number above 0"},
	} {
		file := encode(t, modelsOfAllKinds(t)[c.model])
		f, err := safetensors.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.key == "precisions":
			x, err := f.Tensor("visible.precisions")
			if err != nil {
				t.Fatal(err)
			}
			x.Data.([]float32)[0] = 0
		case c.value == "":
			delete(f.Metadata, c.key)
		default:
			f.Metadata[c.key] = c.value
		}
		var b bytes.Buffer
		if err := safetensors.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		if _, err := rbm.Read(&b, int64(b.Len())); err == nil || err.Error() != c.want {
			t.Errorf("%s %s=%s: error\n%v, want\n%s", c.model, c.key, c.value, err, c.want)
		}
	}
	model := modelsOfAllKinds(t)["gaussian"]
	model.Visible.Parameters()[1].Values[2] = -1
	err := model.Write(new(bytes.Buffer))
	if want := "tensor visible.precisions: number 3 is -1, want a number above 0"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// Python opens every kind; skipped where its packages are missing.
func TestAllKindsThroughPython(t *testing.T) {
	if err := exec.Command("python3", "-c", "import numpy, safetensors").Run(); err != nil {
		t.Skip("python3 with numpy and safetensors is not installed")
	}
	const program = `
import json, sys
from safetensors import safe_open
for path in sys.argv[1:]:
    with safe_open(path, framework="numpy") as f:
        metadata = f.metadata()
        layout = json.loads(metadata.get("visible.layout", "[]"))
        print(metadata["visible"], sum(p["units"] for p in layout), *(f"{k}:{f.get_tensor(k).shape[0]}" for k in sorted(f.keys())))
`
	models, arguments := modelsOfAllKinds(t), []string{"-c", program}
	names := []string{"categorical", "gaussian", "mixed"}
	for _, name := range names {
		path := filepath.Join(t.TempDir(), name)
		if err := models[name].Save(path); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, path)
	}
	text, err := exec.Command("python3", arguments...).CombinedOutput()
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != len(names)+1 {
		t.Fatalf("%v: %s", err, text)
	}
	for k, name := range names {
		model, got := models[name], lines[k]
		units := 0
		for _, p := range rbm.LayoutOf(model.Visible) {
			units += p.Units
		}
		if name == "gaussian" {
			units = 0 // its file has no layout
		}
		want := fmt.Sprint(name, " ", units)
		if !strings.HasPrefix(got, want) || !strings.Contains(got, fmt.Sprint("W:", model.M())) {
			t.Errorf("Python reads %s, want %s …", got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	columns := tableColumns()
	want := [][2]int{{6, 7}, {1, 4}, {0, 1}, {7, 8}, {4, 6}}
	for k, s := range rbm.Spans(columns) {
		if s.From != want[k][0] || s.To != want[k][1] {
			t.Errorf("column %q has the units %d to %d, want %v", columns[k].Name, s.From, s.To, want[k])
		}
	}
	layout := []rbm.Part{
		{Kind: rbm.Bernoulli, Units: 1}, {Kind: rbm.Categorical, Units: 5, States: []int{3, 2}}, {Kind: rbm.Gaussian, Units: 2},
	}
	if got := rbm.LayoutFor(columns); !reflect.DeepEqual(got, layout) {
		t.Errorf("the layout is %v, want %v", got, layout)
	}
	if got, want := rbm.LogScale(append(columns, rbm.Column{Kind: rbm.Gaussian})), math.Log(4); math.Abs(got-want) > 1e-15 {
		t.Errorf("log scale %v, want %v", got, want)
	}
	for _, c := range []struct {
		parts []rbm.Part
		want  string
	}{
		{nil, "a layout without parts, want one or more"},
		{[]rbm.Part{{Kind: rbm.Spin}}, "part 1 has 0 spin units"},
		{[]rbm.Part{{Kind: rbm.Spin, Units: 2}, {Kind: rbm.Gaussian, Units: 1}}, "part 1 of a mixed layer is spin, want at most one part"},
		{[]rbm.Part{{Kind: rbm.Gaussian, Units: 2, States: []int{2}}}, "part 1 has 2 gaussian units and 1 numbers of states"},
	} {
		if _, err := rbm.NewLayers(c.parts...); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %s", c.parts, err, c.want)
		}
	}
}
