package web_test

import (
	"encoding/base64"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// makeFamily makes a run of sequences of six sites. In its model A at the second site goes with C at the last, and C
// with A.
func makeFamily(t *testing.T, dir string, change func(c *run.Config)) {
	t.Helper()
	path := dir + ".fasta"
	if err := os.WriteFile(path, []byte(">a\nGAGTTC\n>b\nTA-TGC\n>c\nGATATC\n>d\nTCGGTA\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	c := &run.Config{
		Model: run.Layers{Hidden: 1}, Data: run.Data{Train: []run.File{{Path: run.Path(path)}}}, Training: train.Config{Epochs: 1},
	}
	training, err := run.Prepare(c, compute.New(1))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	if _, err := run.Create(dir, c); err != nil {
		t.Fatal(err)
	}
	model := rbm.NewModel(rbm.NewCategorical(5, 5, 5, 5, 5, 5), rbm.NewLayer(rbm.Spin, 1), rng.Seed(1))
	model.Columns = training.Model.Columns
	clear(model.W)
	for unit, w := range map[int]float32{5 + 1: 3, 5 + 2: -3, 10 + 3: 1, 25 + 2: 3, 25 + 1: -3} { // states - A C G T
		model.W[unit] = w
	}
	saveModel(t, dir, model)
}

type contactsAnswer struct {
	Sites      []string
	Separation int
	Scale      float64
	Shades     []string
	Scores     string
	Pairs      int
	List       []struct {
		I, K  int
		Score float64
	}
	NoData string `json:"no_data"`
}

// The pair that the model couples is the strongest of those that are four sites apart, and all have their place in the
// map.
func TestContacts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeFamily(t, dir, nil)
	url := serve(t, dir)
	told := computed[contactsAnswer](t, url, "contacts", "run=r")
	if told.Result == nil {
		t.Fatal(told.Error)
	}
	a := *told.Result
	scores, err := base64.StdEncoding.DecodeString(a.Scores)
	if err != nil || len(scores) != 15 || a.Pairs != 3 || len(a.List) != 3 || a.Separation != 4 || len(a.Shades) != 255 ||
		!slices.Equal(a.Sites, []string{"1", "2", "3", "4", "5", "6"}) || a.NoData != "" {
		t.Fatalf("error %v, %+v", err, a)
	}
	if a.List[0].I != 1 || a.List[0].K != 5 || a.List[0].Score != a.Scale || a.List[0].Score < 2*a.List[1].Score {
		t.Errorf("the strongest pairs are %+v", a.List)
	}
	want := make([]int8, 15)
	for _, c := range a.List {
		at := map[[2]int]int{{0, 4}: 3, {0, 5}: 4, {1, 5}: 8}[[2]int{c.I, c.K}]
		want[at] = int8(math.Round(127 * c.Score / a.Scale))
	}
	for at, score := range scores {
		if int8(score) != want[at] {
			t.Errorf("pair %d of the map has %d, want %d", at, int8(score), want[at])
		}
	}
	if again := computed[contactsAnswer](t, url, "contacts", "run=r"); again.Version != told.Version || again.Newer {
		t.Errorf("asked again: version %s, newer %v", again.Version, again.Newer)
	}
}

// Frequencies of the data count as the run weighs them, and where there are none the answer says why.
func TestContactsWithoutData(t *testing.T) {
	score := func(change func(c *run.Config), after func(dir string)) contactsAnswer {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "r")
		makeFamily(t, dir, change)
		if after != nil {
			after(dir)
		}
		told := computed[contactsAnswer](t, serve(t, dir), "contacts", "run=r")
		if told.Result == nil {
			t.Fatal(told.Error)
		}
		return *told.Result
	}
	same := func(a, b contactsAnswer) bool { return math.Abs(a.Scale-b.Scale) < 1e-9 }
	with := score(nil, nil)
	without := score(nil, func(dir string) {
		if err := os.Remove(dir + ".fasta"); err != nil {
			t.Fatal(err)
		}
	})
	if want := "the training data are not where they were"; !strings.HasPrefix(without.NoData, want) || same(without, with) {
		t.Errorf("without data %q and scale %v, with data %v", without.NoData, without.Scale, with.Scale)
	}
	weighed := score(func(c *run.Config) { c.Identity = 0.5 }, nil)
	if weighed.NoData != "" || same(weighed, with) {
		t.Errorf("weighed by identity: %q and scale %v, unweighed %v", weighed.NoData, weighed.Scale, with.Scale)
	}
	many := score(func(c *run.Config) { c.Identity, c.Rows = 0.5, 100_000 }, nil)
	if want := "the training data are too many to be weighed by identity"; !strings.HasPrefix(many.NoData, want) ||
		!same(many, without) {
		t.Errorf("too many to weigh: %q and scale %v", many.NoData, many.Scale)
	}
}

// What is too much for the page, or has no contacts, is told.
func TestContactsRefuse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeRun(t, dir, 1)
	url := serve(t, dir)
	many := func(sites, states, hidden int) *rbm.Model {
		list := make([]int, sites)
		for site := range list {
			list[site] = states
		}
		return rbm.NewModel(rbm.NewCategorical(list...), rbm.NewLayer(rbm.Bernoulli, hidden), rng.Seed(1))
	}
	for want, model := range map[string]*rbm.Model{
		"no contacts of 2 sites: scores compare pairs, want three sites or more": many(2, 3, 1),
		"no contacts of 4 sites: none are 4 or more apart":                       many(4, 3, 1),
		"there are 1001 sites, and the page draws contacts of up to 1000":        many(1001, 2, 1),
		"the sites have 9000 states in all":                                      many(90, 100, 1),
		"the couplings of 100 sites and 500 hidden units take 2e+09 operations":  many(100, 21, 500),
	} {
		saveModel(t, dir, model)
		if a := computed[contactsAnswer](t, url, "contacts", "run=r"); !strings.HasPrefix(a.Error, want) {
			t.Errorf("%q, want %q", a.Error, want)
		}
	}
	if err := os.Truncate(filepath.Join(dir, run.ModelName), 70<<20); err != nil {
		t.Fatal(err)
	}
	want := "the model has 70 MB, and the page looks for contacts of up to 64 MB"
	if status, body := get(t, url+"/api/contacts?run=r"); status != 422 || !strings.Contains(body, want) {
		t.Errorf("status %d: %s", status, body)
	}
}

// Modes of sites have their consensus, and with the weights what logos need.
func TestModesOfSites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r")
	makeFamily(t, dir, nil)
	a, _ := modesOf(t, serve(t, dir), "run=r")
	if len(a.List) != 2 || a.Sites == nil || a.NoData != "" {
		t.Fatalf("%+v", a)
	}
	data := map[bool]float64{} // by the state at the second site
	for _, mode := range a.List {
		letters := mode.Consensus
		if len(letters) != 6 || !(letters[1] == 'A' && letters[5] == 'C' || letters[1] == 'C' && letters[5] == 'A') {
			t.Errorf("consensus %q, want A and C at the second and last site", letters)
			continue
		}
		data[letters[1] == 'A'] = *mode.Data
	}
	if data[true] != 0.75 || data[false] != 0.25 {
		t.Errorf("parts of the data %v", data)
	}
	if len(a.Sites.Names) != 6 || !slices.Equal(a.Sites.States[5], []string{"-", "A", "C", "G", "T"}) || len(a.Sites.Inks) == 0 {
		t.Errorf("sites %+v", a.Sites)
	}
}
