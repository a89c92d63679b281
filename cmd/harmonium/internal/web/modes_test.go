package web_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// twoModes makes a run of a magnet of 4×4 spins with a field, of which the upper mode has σ(1.6) = 0.83 of the model
// and a quarter of the data.
func twoModes(t testing.TB, dir string) {
	t.Helper()
	v := rbm.NewBatch(40, 16)
	for r := range 10 {
		for i := range 16 {
			v.SetBit(r, i, true)
		}
	}
	path := dir + ".npy"
	if err := data.Write(path, v, rbm.Spin, []int{4, 4}); err != nil {
		t.Fatal(err)
	}
	c := &run.Config{
		Model: run.Layers{Hidden: 1}, Data: run.Data{Train: []run.File{{Path: run.Path(path)}}}, Training: train.Config{Epochs: 1},
	}
	if _, err := run.Prepare(c, compute.New(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Create(dir, c); err != nil {
		t.Fatal(err)
	}
	saveMagnet(t, dir, 0.8)
}

func saveMagnet(t testing.TB, dir string, field float32) {
	t.Helper()
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, 16), rbm.NewLayer(rbm.Spin, 1), rng.Seed(1))
	for i := range model.W {
		model.W[i] = 2
	}
	model.C()[0] = field
	if err := model.Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
}

// report is what the server says of a task.
type report[T any] struct {
	Version, Stage, Error string
	Newer                 bool
	Done                  float64
	Result                *T
}

type modesAnswer struct {
	Found, Rows, Columns int
	NoData               string `json:"no_data"`
	Sites                *sitesAnswer
	List                 []struct {
		Share, Stderr    float64
		Data             *float64
		Means, Consensus string
	}
}

type sitesAnswer struct {
	Names  []string
	States [][]string
	Inks   []struct {
		Name, Light, Dark string
		States            []string
	}
}

// computed asks for what the server computes of a run's model until it is there, or there is an error.
func computed[T any](t testing.TB, url, what, query string) report[T] {
	t.Helper()
	for range 600 {
		status, body := get(t, url+"/api/"+what+"?"+query)
		var a report[T]
		if err := json.Unmarshal([]byte(body), &a); err != nil || status != 200 {
			t.Fatalf("status %d, error %v: %s", status, err, body)
		}
		if a.Result != nil || a.Error != "" {
			return a
		}
		if a.Stage == "" {
			t.Errorf("the page can't say what is done: %s", body)
		}
		query = fmt.Sprintf("%s&version=%s", strings.Split(query, "&")[0], a.Version)
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no %s in half a minute", what)
	panic("unreachable")
}

// modesOf asks for the modes of a run until they are there.
func modesOf(t testing.TB, url, query string) (modesAnswer, report[modesAnswer]) {
	t.Helper()
	a := computed[modesAnswer](t, url, "modes", query)
	if a.Result == nil {
		t.Fatal(a.Error)
	}
	return *a.Result, a
}

// The modes of a model come with their shares of the model and of the data.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	twoModes(t, dir)
	url := serve(t, dir)
	a, told := modesOf(t, url, "run=r")
	if a.Rows != 4 || a.Columns != 4 || a.Found != 2 || len(a.List) != 2 || told.Newer || a.NoData != "" || a.Sites != nil {
		t.Fatalf("%+v", a)
	}
	up := 1 / (1 + math.Exp(-1.6))
	for k, want := range []struct {
		share, data float64
		mean        byte
	}{{up, 0.25, 250}, {1 - up, 0.75, 5}} { // means of σ(±4)
		mode := a.List[k]
		means, err := base64.StdEncoding.DecodeString(mode.Means)
		if err != nil || len(means) != 16 || means[0] != want.mean || math.Abs(mode.Share-want.share) > 5*mode.Stderr+1e-3 ||
			mode.Stderr > 0.02 || mode.Data == nil || *mode.Data != want.data {
			t.Errorf("mode %d: %+v, means %v, error %v, want %+v", k+1, mode, means, err, want)
		}
	}
	if b, again := modesOf(t, url, "run=r"); again.Version != told.Version || b.List[0].Share != a.List[0].Share {
		t.Errorf("asked again: %+v", b)
	}
}

// Of many modes all have their shares, and twelve their means.
func TestManyModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	twoModes(t, dir)
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, 16), rbm.NewLayer(rbm.Spin, 4), rng.Seed(1)) // four separate blocks
	clear(model.W)
	for i := range 16 {
		model.W[i*4+i/4] = 2
	}
	if err := model.Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
	a, _ := modesOf(t, serve(t, dir), "run=r")
	sum, data, shown := 0.0, 0.0, 0
	for k, mode := range a.List {
		sum += mode.Share
		data += *mode.Data
		if mode.Means != "" {
			shown++
		}
		if k > 0 && mode.Share > a.List[k-1].Share || k < 16 && mode.Share < 0.02 { // a sixteenth, less what is halfway to others
			t.Errorf("mode %d has a share of %v", k+1, mode.Share)
		}
	}
	if len(a.List) < 16 || shown != 12 || math.Abs(sum-1) > 1e-9 || math.Abs(data-1) > 1e-9 {
		t.Errorf("%d modes, %d with means; their shares are %v in all, those of the data %v", len(a.List), shown, sum, data)
	}
}

// Energies that are too large for AIS leave shares of nothing, and the page goes on.
func TestModesOfHugeWeights(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	twoModes(t, dir)
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, 16), rbm.NewLayer(rbm.Spin, 2), rng.Seed(1))
	for i := range model.W {
		model.W[i] = float32(9e28 * float64(1-i%3))
	}
	if err := model.Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
	a, _ := modesOf(t, serve(t, dir), "run=r")
	data := 0.0
	for _, mode := range a.List {
		data += *mode.Data
	}
	if len(a.List) == 0 || math.Abs(data-1) > 1e-9 {
		t.Errorf("%+v", a)
	}
}

// A search goes on with the model that it began with. Another model is told of, and looked at when it is asked for.
func TestModesOfANewerModel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	twoModes(t, dir)
	url := serve(t, dir)
	_, first := modesOf(t, url, "run=r")
	time.Sleep(10 * time.Millisecond) // for another time of the file
	saveMagnet(t, dir, -0.8)
	_, again := modesOf(t, url, "run=r&version="+first.Version)
	if !again.Newer || again.Version != first.Version || *again.Result.List[0].Data != 0.25 {
		t.Errorf("the first model, asked for again: %+v", again)
	}
	if _, second := modesOf(t, url, "run=r"); second.Newer || second.Version == first.Version || *second.Result.List[0].Data != 0.75 {
		t.Errorf("the second model: %+v", second)
	}
}

// Runs without data, without a model, or with one that is too large or broken say so, and show nothing of other files.
func TestModesRefuse(t *testing.T) {
	write := func(path, text string) error { return os.WriteFile(path, []byte(text), 0o666) }
	for name, c := range map[string]struct {
		change func(data, model string) error
		status int
		want   string
	}{
		"no data":     {func(data, _ string) error { return os.Remove(data) }, 200, "the training data are not where they were"},
		"other data":  {func(data, _ string) error { return write(data, "SECRET") }, 200, "or not as they were"},
		"no model":    {func(_, model string) error { return os.Remove(model) }, 422, "there is no model yet"},
		"large model": {func(_, model string) error { return os.Truncate(model, 70<<20) }, 422, "70 MB, and the page looks"},
		"broken":      {func(_, model string) error { return write(model, "SECRET: 1\nSECRET") }, 200, `"error":`},
	} {
		dir := filepath.Join(t.TempDir(), "r")
		twoModes(t, dir)
		if err := c.change(dir+".npy", filepath.Join(dir, run.ModelName)); err != nil {
			t.Fatal(err)
		}
		url := serve(t, dir)
		status, body := 0, ""
		for range 200 {
			status, body = get(t, url+"/api/modes?run=r")
			if status != 200 || strings.Contains(body, `"result"`) || strings.Contains(body, `"error"`) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if status != c.status || !strings.Contains(body, c.want) || strings.Contains(body, dir+".npy") || strings.Contains(body, "SEC") {
			t.Errorf("%s: status %d: %s", name, status, body)
		}
		if name == "no data" && !strings.Contains(body, `"data":null`) {
			t.Errorf("%s: %s", name, body)
		}
	}
	if status, _ := get(t, serve(t, t.TempDir())+"/api/modes?run=nobody"); status != http.StatusNotFound {
		t.Errorf("no run: status %d", status)
	}
}
