package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// started is a service of a model of rows that are red and off, or blue or green and on, in a folder of its own.
func started(t *testing.T) *httptest.Server {
	t.Helper()
	folder := t.TempDir()
	table := filepath.Join(folder, "rows.csv")
	text := "colour,on\n" + strings.Repeat("red,0\n", 50) + strings.Repeat("blue,1\ngreen,1\n", 25) + "red,1\n"
	if err := os.WriteFile(table, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	set, err := data.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	visible, err := rbm.NewLayers(rbm.LayoutFor(set.Columns)...)
	if err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(visible, rbm.NewLayer(rbm.Bernoulli, 4), rng.Seed(1))
	model.Columns = set.Columns
	training, err := train.Start(model, set, train.Config{Updates: 300})
	if err != nil {
		t.Fatal(err)
	}
	for range training.Steps(t.Context()) {
	}
	if err := training.Err(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "model.safetensors")
	if err := model.Save(path); err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), path, table, 0.02)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

func post(server *httptest.Server, table string) (status int, body []byte, err error) {
	r, err := http.Post(server.URL, "text/csv", strings.NewReader(table))
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r.Body)
	return r.StatusCode, b.Bytes(), err
}

// The probabilities of all rows sum to 1, in any order of the columns and of the requests, and rows that hardly come are
// rare.
func TestService(t *testing.T) {
	server := started(t)
	const all = "name,on,colour\na,0,red\nb,1,red\nc,0,blue\nd,1,blue\ne,0,green\nf,1,green\n"
	var all4 [4][]scored
	var wait sync.WaitGroup
	for k := range all4 {
		wait.Go(func() {
			status, body, err := post(server, all)
			if err == nil {
				err = json.Unmarshal(body, &all4[k])
			}
			if err != nil || status != http.StatusOK {
				t.Errorf("status %d, %v: %s", status, err, body)
			}
		})
	}
	wait.Wait()
	for _, rows := range all4 {
		sum, text := 0.0, ""
		for _, row := range rows {
			sum += math.Exp(row.LogLikelihood)
			text += fmt.Sprintf("%s %v ", row.Name, row.Rare)
		}
		if math.Abs(sum-1) > 1e-6 || text != "a false b true c true d false e true f false " {
			t.Errorf("the rows %s have a probability of %v together", text, sum)
		}
	}
}

func TestBadRequests(t *testing.T) {
	server := started(t)
	var packed bytes.Buffer // 20 million rows
	z := gzip.NewWriter(&packed)
	for range 20 {
		if _, err := z.Write(bytes.Repeat([]byte("red,0\n"), 1e6)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]string{
		"":                         "the request",
		"colour,on\n":              "the request",
		"colour,on\nred,2\n":       "row 1",
		"colour,on\npink,1\n":      "pink",
		"colour\nred\n":            "on",
		"colour,on\nred,\n":        "row 1",
		"colour,on\nred,1,1\n":     "row 1",
		strings.Repeat("x", 2<<20): "too large",
		packed.String():            "not packed",
	} {
		status, body, err := post(server, table)
		wantStatus := http.StatusBadRequest
		if want == "too large" {
			wantStatus = http.StatusRequestEntityTooLarge
		}
		if err != nil || status != wantStatus || !strings.Contains(string(body), want) {
			t.Errorf("%.30q: status %d, %v, %q, want one with %q", table, status, err, body, want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for _, rare := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := newService(t.Context(), "model", "file", rare); err == nil || !strings.Contains(err.Error(), "between 0 and 1") {
			t.Errorf("rare = %v: %v", rare, err)
		}
	}
	if _, err := newService(t.Context(), filepath.Join(t.TempDir(), "none"), "file", 0.1); !os.IsNotExist(err) {
		t.Errorf("no model: %v", err)
	}
}

// The page has the program as it is.
func TestPageHasTheProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../tutorials/service.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(page), "```go\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(string(program), block) {
			t.Errorf("main.go has not\n%s", block)
		}
	}
}
