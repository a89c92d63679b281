package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/web"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// makeRun makes the directory of a run with a number of lines in its metrics.
func makeRun(t testing.TB, dir string, lines int) {
	t.Helper()
	c := &run.Config{
		Model:    run.Layers{Visible: 16, Hidden: 8},
		Data:     run.Data{Shape: []int{4, 4}, Rows: 100, Train: []run.File{{Path: "x.npy", Rows: 100}}},
		Training: train.Config{Negative: &train.PCD{}, Optimizer: &train.Adam{}},
	}
	if _, err := run.Create(dir, c); err != nil {
		t.Fatal(err)
	}
	if err := rbm.New(16, 8, rng.Seed(1)).Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
	appendMetrics(t, dir, 0, lines)
}

func appendMetrics(t testing.TB, dir string, from, to int) {
	t.Helper()
	var b bytes.Buffer
	for k := from; k < to; k++ {
		fmt.Fprintf(&b, `{"update":%d,"epoch":%g,"seconds":%g,"rate":0.01,"gradient_norm":1,"log_z":11,"log_z_stderr":0.1,"ess":50,`+
			`"train_ll":{"value":%g,"stderr":0.1,"method":"live"},"valid_ll":null,"best":true,"singular_values":[3,2,1]}`+"\n",
			k, float64(k)/10, float64(k)/100, -10-1/float64(k+1))
	}
	f, err := os.OpenFile(filepath.Join(dir, run.MetricsName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// serve serves paths on a free port until the test ends.
func serve(t testing.TB, paths ...string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(paths, listener.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	ctx := t.Context() // ends before the cleanups
	go func() { done <- server.Serve(ctx, listener, log.New(io.Discard, "", 0)) }()
	t.Cleanup(func() { <-done })
	return "http://" + listener.Addr().String()
}

// get answers with status and body.
func get(t testing.TB, url string) (int, string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestGuard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	open, err := web.New([]string{dir}, "127.0.0.1:8000", "")
	if err != nil {
		t.Fatal(err)
	}
	closed, err := web.New([]string{dir}, "192.0.2.1:8000", "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name           string
		server         *web.Server
		method, target string
		host           string
		header         map[string]string
		body           string
		status         int
	}{
		{"plain", open, "GET", "/", "127.0.0.1:8000", nil, "", 200},
		{"by name", open, "GET", "/api/runs", "LOCALHOST:8000", nil, "", 200},
		{"head", open, "HEAD", "/api/runs", "127.0.0.1:8000", nil, "", 200},
		{"another name", open, "GET", "/api/runs", "evil.example:8000", nil, "", 403},
		{"through a tunnel", open, "GET", "/api/runs", "127.0.0.1:9000", nil, "", 200},
		{"no port", open, "GET", "/api/runs", "[::1]", nil, "", 200},
		{"another name without a port", open, "GET", "/api/runs", "evil.example", nil, "", 403},
		{"a page at another port", open, "GET", "/api/runs", "127.0.0.1:8000", map[string]string{"Origin": "http://127.0.0.1:80"}, "", 403},
		{"own origin", open, "GET", "/api/runs", "127.0.0.1:8000", map[string]string{"Origin": "http://127.0.0.1:8000"}, "", 200},
		{"foreign origin", open, "GET", "/api/runs", "127.0.0.1:8000", map[string]string{"Origin": "http://evil.example"}, "", 403},
		{"no origin", open, "GET", "/api/runs", "127.0.0.1:8000", map[string]string{"Origin": "null"}, "", 403},
		{"foreign script", open, "GET", "/dom.js", "127.0.0.1:8000",
			map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, "", 403},
		{"other port's page", open, "GET", "/api/runs", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "same-site"}, "", 403},
		{"a link", open, "GET", "/", "127.0.0.1:8000", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "", 200},
		{"a link to data", open, "GET", "/api/runs", "127.0.0.1:8000",
			map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, "", 403},
		{"post", open, "POST", "/api/runs", "127.0.0.1:8000", nil, "", 405},
		{"options", open, "OPTIONS", "/api/runs", "127.0.0.1:8000", map[string]string{"Origin": "http://evil.example"}, "", 405},
		{"body", open, "GET", "/api/runs", "127.0.0.1:8000", nil, "body", 413},
		{"long query", open, "GET", "/api/metrics?run=" + strings.Repeat("x", 5000), "127.0.0.1:8000", nil, "", 414},
		{"no token", closed, "GET", "/", "192.0.2.1:8000", nil, "", 403},
		{"wrong token", closed, "GET", "/?token=guess", "192.0.2.1:8000", nil, "", 403},
		{"token", closed, "GET", "/?token=secret", "192.0.2.1:8000", nil, "", 303},
		{"cookie", closed, "GET", "/api/runs", "192.0.2.1:8000", map[string]string{"Cookie": "harmonium-8000=secret"}, "", 200},
		{"wrong cookie", closed, "GET", "/api/runs", "192.0.2.1:8000", map[string]string{"Cookie": "harmonium-8000=secretx"}, "", 403},
		{"empty cookie", closed, "GET", "/api/runs", "192.0.2.1:8000", map[string]string{"Cookie": "harmonium-8000="}, "", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://"+c.host+c.target, strings.NewReader(c.body))
			for name, value := range c.header {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			c.server.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			policy := w.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
				t.Errorf("policy %q", policy)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Error("other pages are let in")
			}
		})
	}
	for _, address := range []string{"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "example.org:80"} {
		if _, err := web.New(nil, address, ""); err == nil {
			t.Errorf("%s is served without a token", address)
		}
	}
}

// Nothing but the assets and the runs can be read, however a path is written.
func TestTraversal(t *testing.T) {
	folder := t.TempDir()
	makeRun(t, filepath.Join(folder, "shown"), 1)
	makeRun(t, filepath.Join(folder, "hidden"), 1)
	if err := os.WriteFile(filepath.Join(folder, "secret.txt"), []byte("SECRET"), 0o666); err != nil {
		t.Fatal(err)
	}
	url := serve(t, filepath.Join(folder, "shown"))
	for _, target := range []string{
		"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt", "/vendor/../../secret.txt", "//etc/passwd", "/etc/passwd",
		"/%ff", "/vendor/%ff%fe/x", "/%00", "/web.go", "/assets/app.js", "/.git/config",
		"/api/metrics?points=10&run=hidden", "/api/metrics?points=10&run=../hidden",
		"/api/metrics?points=10&run=shown/../hidden", "/api/metrics?points=10&run=%00",
		"/api/weights?run=" + filepath.Join(folder, "hidden"), "/api/weights?run=", "/api/particles?count=1&run=..", "/api/nothing",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")) // by hand: clients clean paths up
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, strings.TrimPrefix(url, "http://"))
		text, err := io.ReadAll(conn)
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
		if status := strings.Fields(string(text))[1]; status != "404" && status != "400" && status != "307" && status != "301" {
			t.Errorf("%s: status %s", target, status)
		}
		if bytes.Contains(text, []byte("SECRET")) || bytes.Contains(text, []byte("root:")) || bytes.Contains(text, []byte("gradient_norm")) {
			t.Errorf("%s is answered with %s", target, text)
		}
	}
}

func TestBadRequests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	url := serve(t, dir)
	for target, want := range map[string]int{
		"/api/metrics?run=r":                         400,
		"/api/metrics?run=r&points=1":                400,
		"/api/metrics?run=r&points=1000000000":       400,
		"/api/metrics?run=r&points=-5":               400,
		"/api/particles?run=r&count=0":               400,
		"/api/particles?run=r&count=100000":          400,
		"/api/particles?run=nobody&count=1":          404,
		"/api/metrics?run=r&points=100":              200,
		"/api/metrics?run=r&points=100&points=99999": 200,
	} {
		if status, body := get(t, url+target); status != want {
			t.Errorf("%s: status %d, want %d: %s", target, status, want, body)
		}
	}
	huge, err := http.NewRequest("GET", url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	huge.Header.Set("X", strings.Repeat("x", 1<<20))
	if response, err := http.DefaultClient.Do(huge); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header of a megabyte: status %d", response.StatusCode)
		}
	}
}

// A client that never ends its request is cut off, and meanwhile others are answered.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	url := serve(t, dir)
	var conns []net.Conn
	for range 50 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: ")
		conns = append(conns, conn)
	}
	if status, _ := get(t, url+"/api/runs"); status != 200 {
		t.Errorf("status %d beside slow clients", status)
	}
	for _, conn := range conns {
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatalf("a slow client is still served: %v", err)
		}
	}
}

// streamed opens a stream of events and returns a function that waits for the next.
func streamed(t testing.TB, client *http.Client, url string) (next func() (string, error), end func()) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != 200 {
		t.Fatalf("%s: status %d", url, response.StatusCode)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return func() (string, error) {
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return text, nil
			}
		}
		return "", io.ErrUnexpectedEOF
	}, func() { response.Body.Close() }
}

// 500 listeners all hear of a change, and nothing of them stays.
func TestManyStreams(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	url := serve(t, dir)
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	get(t, url+"/api/runs")
	before := runtime.NumGoroutine()
	const listeners = 500
	var nexts []func() (string, error)
	var ends []func()
	for range listeners {
		next, end := streamed(t, client, url+"/api/events")
		if text, err := next(); err != nil || text != `{"changed":["r"],"gone":[]}` {
			t.Fatalf("the first event is %s, error %v", text, err)
		}
		nexts, ends = append(nexts, next), append(ends, end)
	}
	time.Sleep(10 * time.Millisecond) // file times must differ
	appendMetrics(t, dir, 1, 2)
	var wait sync.WaitGroup
	for _, next := range nexts {
		wait.Go(func() {
			if text, err := next(); err != nil || text != `{"changed":["r"],"gone":[]}` {
				t.Errorf("the event of a change is %s, error %v", text, err)
			}
		})
	}
	wait.Wait()
	for _, end := range ends {
		end()
	}
	transport.CloseIdleConnections()
	for range 100 {
		if runtime.NumGoroutine() <= before+5 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func TestParticleStreamsAreLimited(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	url := serve(t, dir)
	for range 16 {
		next, end := streamed(t, http.DefaultClient, url+"/api/particles?run=r&count=3")
		defer end()
		for sweep := 1; sweep <= 2; sweep++ {
			text, err := next()
			if err != nil {
				t.Fatal(err)
			}
			var event struct {
				Sweeps    int
				Particles []string
			}
			if err := json.Unmarshal([]byte(text), &event); err != nil || event.Sweeps != sweep || len(event.Particles) != 3 {
				t.Errorf("event %s, error %v", text, err)
			}
		}
	}
	if status, _ := get(t, url+"/api/particles?run=r&count=3"); status != http.StatusServiceUnavailable {
		t.Errorf("one more: status %d", status)
	}
}

// What is shown of runs that are whole, empty, broken, twice of a name, deleted and back.
func TestRuns(t *testing.T) {
	folder := t.TempDir()
	makeRun(t, filepath.Join(folder, "whole"), 5)
	makeRun(t, filepath.Join(folder, "empty"), 0)
	makeRun(t, filepath.Join(folder, "broken"), 1)
	makeRun(t, filepath.Join(folder, "deep", "whole"), 2)
	if err := os.WriteFile(filepath.Join(folder, "broken", run.ConfigName), []byte(`{"format":`), 0o666); err != nil {
		t.Fatal(err)
	}
	url := serve(t, folder, filepath.Join(folder, "deep", "whole"))
	type summary struct {
		ID, Error string
		Last      *struct{ Update int }
	}
	list := func() map[string]summary {
		var all []summary
		_, body := get(t, url+"/api/runs")
		if err := json.Unmarshal([]byte(body), &all); err != nil {
			t.Fatal(err)
		}
		byID := map[string]summary{}
		for _, s := range all {
			byID[s.ID] = s
		}
		return byID
	}
	all := list()
	if len(all) != 4 || all["whole"].Last == nil || all["whole"].Last.Update != 4 || all["empty"].Last != nil || all["empty"].Error != "" ||
		!strings.Contains(all["broken"].Error, "config.json") || all["whole~2"].Last == nil || all["whole~2"].Last.Update != 1 {
		t.Errorf("runs %+v", all)
	}
	if status, _ := get(t, url+"/api/metrics?run=broken&points=10"); status != http.StatusUnprocessableEntity {
		t.Errorf("metrics of a broken run: status %d", status)
	}
	next, end := streamed(t, http.DefaultClient, url+"/api/events")
	defer end()
	if _, err := next(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(folder, "whole")); err != nil {
		t.Fatal(err)
	}
	if text, err := next(); err != nil || !strings.Contains(text, `"gone":["whole"]`) {
		t.Errorf("after deleting: %s, error %v", text, err)
	}
	if all := list(); all["whole~2"].Last == nil || all["whole~2"].Last.Update != 1 || all["whole"].Last != nil {
		t.Errorf("a run has got another's identifier: %+v", all)
	}
	if err := os.RemoveAll(filepath.Join(folder, "empty")); err != nil {
		t.Fatal(err)
	}
	if text, err := next(); err != nil || !strings.Contains(text, `"gone":["empty"]`) {
		t.Errorf("after deleting: %s, error %v", text, err)
	}
	makeRun(t, filepath.Join(folder, "empty"), 3)
	if text, err := next(); err != nil || !strings.Contains(text, `"empty"`) {
		t.Errorf("after making it again: %s, error %v", text, err)
	}
}

// A day of updates, each followed by what an open page asks for, leaves neither memory nor files open.
func TestStaysFlat(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	server, err := web.New([]string{dir}, "127.0.0.1:8000", "")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(target string) {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1:8000"+target, nil))
		if w.Code != 200 {
			t.Fatalf("%s: status %d", target, w.Code)
		}
	}
	day := func(from, updates int) {
		for k := range updates {
			appendMetrics(t, dir, from+k, from+k+1)
			ask("/api/runs")
			ask("/api/metrics?run=r&points=60") // what is kept by mistake of each would be seen with few points as with many
		}
	}
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("this system doesn't tell what files are open")
		}
		return len(entries)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	updates := 1440 // one a minute
	if testing.Short() {
		updates = 100
	}
	appendMetrics(t, dir, 1, 5000)
	day(5000, 50)
	files, memory := open(), heap()
	day(5050, updates)
	if now := open(); now > files {
		t.Errorf("%d files open, before %d", now, files)
	}
	if now := heap(); now > memory+1<<20 {
		t.Errorf("%d bytes in use, before %d", now, memory)
	}
}

// BenchmarkOpen is the time for everything that a page asks for at first, with 200 runs of 100,000 lines.
func BenchmarkOpen(b *testing.B) {
	folder := b.TempDir()
	first := filepath.Join(folder, "run000")
	makeRun(b, first, 100_000)
	for k := 1; k < 200; k++ {
		dir := filepath.Join(folder, fmt.Sprintf("run%03d", k))
		makeRun(b, dir, 0)
		path := filepath.Join(dir, run.MetricsName)
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
		if err := os.Link(filepath.Join(first, run.MetricsName), path); err != nil {
			b.Skip("no hard links here")
		}
	}
	url := serve(b, folder)
	for b.Loop() {
		get(b, url+"/api/runs")
		for k := range 6 {
			get(b, url+fmt.Sprintf("/api/metrics?run=run%03d&points=400", k))
		}
	}
}
