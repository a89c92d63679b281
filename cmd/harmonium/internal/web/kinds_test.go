package web_test

import (
	"encoding/base64"
	"encoding/json"
	"math/bits"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// saveModel gives a run another model.
func saveModel(t *testing.T, dir string, model *rbm.Model) {
	t.Helper()
	if err := model.Save(filepath.Join(dir, run.ModelName)); err != nil {
		t.Fatal(err)
	}
}

// Of categorical sites a row is a site, and each has one state in particles.
func TestSites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	model := rbm.NewModel(rbm.NewCategorical(3, 3, 3, 3, 3), rbm.NewLayer(rbm.Gaussian, 4), rng.Seed(1))
	for range 5 {
		model.Columns = append(model.Columns, rbm.Column{Kind: rbm.Categorical, Categories: []string{"-", "A", "C"}})
	}
	saveModel(t, dir, model)
	url := serve(t, dir)
	type layout struct {
		Sites         *sitesAnswer
		Rows, Columns int
		Layout        string
		Particles     []string
		Error         string
	}
	want := layout{Rows: 5, Columns: 3, Layout: "A row is a site, a column a state: - A C."}
	check := func(text string) (got layout) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if got.Rows != want.Rows || got.Columns != want.Columns || got.Layout != want.Layout || got.Error != "" {
			t.Errorf("answer %+v, want %+v", got, want)
		}
		return got
	}
	status, text := get(t, url+"/api/weights?run=r")
	if status != http.StatusOK {
		t.Fatalf("weights: status %d, %s", status, text)
	}
	if s := check(text).Sites; s == nil || len(s.Names) != 5 || !slices.Equal(s.States[4], []string{"-", "A", "C"}) || s.Inks[0].Light == "" {
		t.Errorf("for logos there is %+v", s)
	}
	next, end := streamed(t, http.DefaultClient, url+"/api/particles?run=r&count=2")
	defer end()
	text, err := next()
	if err != nil {
		t.Fatal(err)
	}
	for _, particle := range check(text).Particles {
		packed, err := base64.StdEncoding.DecodeString(particle)
		if err != nil {
			t.Fatal(err)
		}
		states := uint(packed[0]) | uint(packed[1])<<8
		for site := range 5 {
			if n := bits.OnesCount(states >> (3 * site) & 7); n != 1 {
				t.Errorf("particle %b has %d states at site %d", states, n, site)
			}
		}
	}
}

// Of real numbers there are weights, and a sentence in place of particles, modes and contacts.
func TestRealNumbers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	saveModel(t, dir, rbm.NewModel(rbm.NewLayer(rbm.Gaussian, 16), rbm.NewLayer(rbm.ReLU, 4), rng.Seed(1)))
	url := serve(t, dir)
	if status, text := get(t, url+"/api/weights?run=r"); status != http.StatusOK || !strings.Contains(text, `"rows":4,"columns":4,`) {
		t.Errorf("weights: status %d, %.200s", status, text)
	}
	next, end := streamed(t, http.DefaultClient, url+"/api/particles?run=r&count=2")
	defer end()
	text, err := next()
	if want := "particles are shown of visible units that are bits or sites, and this model has gaussian ones"; err != nil ||
		!strings.Contains(text, want) {
		t.Errorf("particles: %s, error %v, want %q", text, err, want)
	}
	for what, want := range map[string]string{
		"modes":    "modes of gaussian visible units can't be looked for, want bernoulli, spin or categorical ones",
		"contacts": "no contacts of 16 gaussian units, want categorical sites alone",
	} {
		if a := computed[struct{}](t, url, what, "run=r"); a.Error != want {
			t.Errorf("%s: %q, want %q", what, a.Error, want)
		}
	}
}
