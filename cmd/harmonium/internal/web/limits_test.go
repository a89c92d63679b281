package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// Many requests for the weights of a large model at once take no more memory than a few of its size.
func TestWeightsMemory(t *testing.T) {
	const m, n = 1000, 4000 // 16 MB
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	if err := rbm.New(m, n, rng.Seed(1)).Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
	url := serve(t, dir)
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // garbage is not what is measured
	runtime.GC()
	heap := func() uint64 {
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before, most := heap(), uint64(0)
	done, measured := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(measured)
		for {
			most = max(most, heap())
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	var wait sync.WaitGroup
	var answered atomic.Int32
	for range 16 {
		wait.Go(func() {
			response, err := http.Get(url + "/api/weights?run=r")
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "" {
				return // a slow machine asks requests that wait too long to come again
			}
			answered.Add(1)
			var answer struct{ Units []struct{ J int } }
			if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != 200 || len(answer.Units) != 256 {
				t.Errorf("status %d, %d units, error %v", response.StatusCode, len(answer.Units), err)
			}
		})
	}
	wait.Wait()
	close(done)
	<-measured
	if answered.Load() == 0 {
		t.Error("no request was answered")
	}
	if used := most - before; used > 5*4*m*n {
		t.Errorf("16 requests at a time take up to %d MB for a model of %d MB", used>>20, 4*m*n>>20)
	}
}

// A model that is too large is refused by its file's size, unread, and the answer says so.
func TestLargeModels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	if err := os.Truncate(filepath.Join(dir, run.ModelName), 600<<20); err != nil {
		t.Fatal(err)
	}
	url := serve(t, dir)
	want := "the model has 600 MB, and the page shows weights of up to 512 MB; 'harmonium inspect' draws them"
	if status, body := get(t, url+"/api/weights?run=r"); status != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
		t.Errorf("weights: status %d: %s", status, body)
	}
	next, end := streamed(t, http.DefaultClient, url+"/api/particles?run=r&count=1")
	defer end()
	want = "the particles of this model take 2400 MB, and those of all pages together may have 1024 MB"
	if text, err := next(); err != nil || !strings.Contains(text, want) {
		t.Errorf("particles: %s, error %v", text, err)
	}
}

// Streams of particles share what they may take: one is too many until another ends.
func TestParticlesShare(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	// The file's size is what counts, and a stream takes four times that. It isn't whole, so that nothing of it is
	// kept.
	if err := os.Truncate(filepath.Join(dir, run.ModelName), 120<<20); err != nil {
		t.Fatal(err)
	}
	url := serve(t, dir)
	first := func(refused bool) (end func()) {
		t.Helper()
		next, end := streamed(t, http.DefaultClient, url+"/api/particles?run=r&count=1")
		if text, err := next(); err != nil || strings.Contains(text, "close others") != refused {
			t.Errorf("refused is not %v: %.200s, error %v", refused, text, err)
		}
		return end
	}
	defer first(false)()
	end := first(false)
	first(true)()
	end()
	time.Sleep(500 * time.Millisecond) // until the server knows
	first(false)()
}

// Run directories that are links are shown as others are.
func TestLinkedRuns(t *testing.T) {
	folder, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "r")
	makeRun(t, elsewhere, 3)
	for name, target := range map[string]string{"linked": elsewhere, "nothing": filepath.Join(folder, "gone")} {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	status, body := get(t, serve(t, folder)+"/api/runs")
	var runs []struct {
		ID   string
		Last *struct{ Update int }
	}
	err := json.Unmarshal([]byte(body), &runs)
	if err != nil || status != 200 || len(runs) != 1 || runs[0].ID != "linked" || runs[0].Last == nil {
		t.Errorf("status %d, error %v: %s", status, err, body)
	}
}

// A run whose files are links to others shows nothing of these, whatever they hold.
func TestLinkedFiles(t *testing.T) {
	for _, secret := range []string{
		"SECRET", "SECRET\n", "SECRET\nSECRET\n", "SECRET: 1\nSECRET: 2\n", `{"SECRET":"SECRET"}` + "\n", `{"update":"SECRET"}` + "\n",
		`{"format":"SECRET","version":1}` + "\n", strings.Repeat("SECRET\n", 100000),
	} {
		for _, name := range []string{run.ConfigName, run.MetricsName, run.ModelName} {
			dir, target := filepath.Join(t.TempDir(), "r"), filepath.Join(t.TempDir(), "x")
			makeRun(t, dir, 3)
			if err := os.WriteFile(target, []byte(secret), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			url := serve(t, dir)
			for _, path := range []string{"runs", "metrics?run=r&points=10", "metrics?run=r&points=2", "weights?run=r", "modes?run=r"} {
				if _, body := get(t, url+"/api/"+path); strings.Contains(body, "SEC") {
					t.Errorf("%s, a link to %.40q: %s says %s", name, secret, path, body)
				}
			}
		}
	}
}

// A run that is over says so, and why.
func TestFinished(t *testing.T) {
	folder := t.TempDir()
	bars, err := data.BarsSample(2, 2, 40, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "bars.npy")
	if err := data.Write(path, bars.States, bars.Values, nil); err != nil {
		t.Fatal(err)
	}
	c := &run.Config{
		Model: run.Layers{Hidden: 2}, Data: run.Data{Train: []run.File{{Path: run.Path(path)}}}, Training: train.Config{Epochs: 2},
	}
	training, err := run.Prepare(c, compute.New(1))
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.Create(filepath.Join(folder, "r"), c)
	if err != nil {
		t.Fatal(err)
	}
	url := serve(t, r.Dir)
	finished := func() string {
		_, body := get(t, url+"/api/runs")
		var runs []struct{ Finished string }
		if err := json.Unmarshal([]byte(body), &runs); err != nil || len(runs) != 1 {
			t.Fatalf("error %v: %s", err, body)
		}
		return runs[0].Finished
	}
	if got := finished(); got != "" {
		t.Errorf("a run that has not begun is finished: %q", got)
	}
	if err := r.Record(t.Context(), training, nil); err != nil {
		t.Fatal(err)
	}
	if got := finished(); got != "done" {
		t.Errorf("finished is %q, want done", got)
	}
}

// What the page says of a run, by the script itself.
func TestStateInWords(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node here: the scripts were not tested")
	}
	assets, err := filepath.Abs("assets")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`
		const { state, settingsOf } = await import(%q);
		const { counted } = await import(%q);
		const fetched = performance.now();
		console.log(JSON.stringify([
			state({ settings: {}, quiet: 99, fetched, finished: 'done' }), state({ settings: {}, quiet: 0, fetched, finished: 'patience' }),
			state({ settings: {}, quiet: 99, fetched }), state({ settings: {}, quiet: 1, fetched }),
			state({ error: 'x', quiet: 1, fetched }),
			counted(0, 'run'), counted(1, 'run'), counted(2, 'run'),
			settingsOf({ settings: { model: { hidden: 3, hidden_kind: '' }, data: { threshold: null },
				training: { time: '0s', negative: { kind: 'cd', steps: 10 }, optimizer: { kind: 'adam', epsilon: 1e-8 } } } }).join(' '),
		]));`, filepath.Join(assets, "summary.js"), filepath.Join(assets, "dom.js"))
	out, err := exec.Command(node, "--no-warnings", "--input-type=module", "-e", script).CombinedOutput()
	const want = `["finished","finished (patience)","quiet for 99 s","running","broken","0 runs","1 run","2 runs",` +
		`"hidden,3 hidden_kind,default threshold,default time,0s negative,cd negative: steps,10 optimizer,adam optimizer: epsilon,1e-8"]`
	if err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("error %v: %s, want %s", err, out, want)
	}
}

// The page shows a run of an earlier version, with the settings of training that its config.json has.
func TestEarlierVersions(t *testing.T) {
	folder := t.TempDir()
	for name, want := range map[string]string{
		"1-pcd": `"negative":"pcd"`, "2-pt": `"negative":{"kind":"pt","steps":10,"chains":100,"temperatures":10,"path":"line"}`,
	} {
		dir := filepath.Join(folder, name)
		makeRun(t, dir, 3)
		text, err := os.ReadFile(filepath.Join("..", "run", "testdata", "earlier", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, run.ConfigName), text, 0o666); err != nil {
			t.Fatal(err)
		}
		status, body := get(t, serve(t, dir)+"/api/runs")
		if status != http.StatusOK || !strings.Contains(body, want) || !strings.Contains(body, `"model":{"visible":9,"hidden":3,`) ||
			strings.Contains(body, `"error"`) {
			t.Errorf("%s: status %d, %s", name, status, body)
		}
	}
}

// Scripts import each other one way: app.js the views, these what they share, and nobody app.js.
func TestScriptsImportOneWay(t *testing.T) {
	imports := map[string][]string{}
	files, err := filepath.Glob("assets/*.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts, error %v", err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`from '\./([^']+)'`).FindAllSubmatch(text, -1) {
			imports[filepath.Base(path)] = append(imports[filepath.Base(path)], string(m[1]))
		}
	}
	views := imports["app.js"]
	if len(views) < 5 {
		t.Fatalf("app.js imports %v", views)
	}
	var visit func(path []string)
	visit = func(path []string) {
		last := path[len(path)-1]
		if slices.Contains(path[:len(path)-1], last) {
			t.Errorf("scripts import each other: %s", strings.Join(path, " → "))
			return
		}
		for _, next := range imports[last] {
			if len(path) > 1 && next != "dom.js" && slices.Contains(views, next) {
				t.Errorf("the view %s imports the view %s", last, next)
			}
			visit(append(slices.Clone(path), next))
		}
	}
	visit([]string{"app.js"})
	for name := range imports {
		visit([]string{name})
	}
}
