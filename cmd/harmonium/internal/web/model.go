package web

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/run"
	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/sites"
)

const (
	mostTiles    = 256 // hidden units whose weights are sent, fewer where they are
	tileBytes    = 16 << 20
	fewParticles = 1
	allParticles = 64
	stepEvery    = 200 * time.Millisecond // between sweeps of the particles

	waitForWeights = writeTimeout / 2
)

// weightsAnswer has the weights of hidden units as bytes: w = Scale/127 · int8.
type weightsAnswer struct {
	Rows    int          `json:"rows"`    // of a configuration's layout
	Columns int          `json:"columns"` //
	Layout  string       `json:"layout,omitempty"`
	Hidden  int          `json:"hidden"`
	Scale   float64      `json:"scale"`
	Shades  []string     `json:"shades"` // colours of −127 … 127
	Units   []unitAnswer `json:"units"`  // those with the largest norms, by falling norm
	Sites   *sitesAnswer `json:"sites"`  // of a model of categorical sites; null of others
}

// sitesAnswer has what logos need: names of the sites and of the states of each, and their colours.
type sitesAnswer struct {
	Names  []string   `json:"names"`
	States [][]string `json:"states"`
	Inks   []plot.Ink `json:"inks"`
}

type unitAnswer struct {
	J    int     `json:"j"`
	Norm float64 `json:"norm"`
	Bias float32 `json:"bias"`
	W    string  `json:"w"` // base64 of one int8 a visible unit
}

// weights answers with the columns of W of a run's model: ?run=ID. Requests wait for each other, so that they don't
// fill the memory.
func (s *Server) weights(w http.ResponseWriter, r *http.Request) {
	opened, ok := s.open(w, r)
	if !ok {
		return
	}
	select {
	case s.weighing <- struct{}{}:
		defer func() { <-s.weighing }()
	case <-r.Context().Done():
		return
	case <-time.After(waitForWeights):
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "other requests for weights are being answered")
		return
	}
	if size := modelBytes(opened); size > weightBytes {
		refuse(w, http.StatusUnprocessableEntity, fmt.Sprintf(
			"the model has %d MB, and the page shows weights of up to %d MB; 'harmonium inspect' draws them", size>>20, weightBytes>>20))
		return
	}
	model, err := opened.Model()
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, describe(model, opened.Config.Shape))
}

// modelBytes is the size of a run's model file, 0 where there is none.
func modelBytes(r *run.Run) int64 {
	info, err := os.Stat(filepath.Join(r.Dir, run.ModelName))
	if err != nil {
		return 0
	}
	return info.Size()
}

func describe(model *rbm.Model, shape []int) weightsAnswer {
	m, n := model.M(), model.N()
	rows, columns := run.Layout(model.Visible, shape)
	a := weightsAnswer{
		Rows: rows, Columns: columns, Layout: inWords(model, columns), Hidden: n, Shades: plot.Shades(255), Sites: sitesOf(model),
	}
	squares, order := make([]float64, n), make([]int, n)
	for j := range n {
		order[j] = j
	}
	for i := range m {
		for j, w := range model.W[i*n : (i+1)*n] {
			x := float64(w)
			squares[j] += x * x
			a.Scale = max(a.Scale, math.Abs(x))
		}
	}
	slices.SortStableFunc(order, func(j, k int) int { return cmp.Compare(squares[k], squares[j]) })
	column := make([]byte, m)
	for _, j := range order[:min(mostTiles, max(1, tileBytes/m), n)] {
		for i := range m {
			column[i] = shade(float64(model.W[i*n+j]), a.Scale)
		}
		a.Units = append(a.Units, unitAnswer{j, math.Sqrt(squares[j]), model.C()[j],
			base64.StdEncoding.EncodeToString(column)})
	}
	return a
}

// shade is the byte of an int8 that stands for x between −scale and scale, where scale > 0.
func shade(x, scale float64) byte {
	if scale == 0 {
		return 0
	}
	return byte(int8(math.Round(127 * x / scale)))
}

// sitesOf are the sites of a model; nil where it has others than these.
func sitesOf(model *rbm.Model) *sitesAnswer {
	s, err := sites.Of(model.Visible)
	if err != nil {
		return nil
	}
	names := s.Names(model.Columns)
	return &sitesAnswer{names.Site, names.State, plot.Inks(names.State)}
}

// inWords says what the rows and columns of a layout are where they are sites and states.
func inWords(model *rbm.Model, columns int) string {
	parts := rbm.LayoutOf(model.Visible)
	if len(parts) != 1 || parts[0].Kind != rbm.Categorical || parts[0].States[0] != columns {
		return ""
	}
	words := "A row is a site, a column a state"
	if len(model.Columns) > 0 {
		words += ": " + strings.Join(model.Columns[0].Categories, " ")
	}
	return words + "."
}

// particlesAnswer is an event of a stream of particles.
type particlesAnswer struct {
	Rows      int       `json:"rows"`
	Columns   int       `json:"columns"`
	Layout    string    `json:"layout,omitempty"`
	Sweeps    uint64    `json:"sweeps"`
	Particles []string  `json:"particles"` // base64 of bits, unit i is bit i%8 of byte i/8
	Free      []float64 `json:"free"`      // free energies
	Error     string    `json:"error,omitempty"`
}

// streamParticles sends block Gibbs chains of a run's model that begin at its biases, a sweep an event, and takes the
// newest model when there is one: ?run=ID&count=N.
func (s *Server) streamParticles(w http.ResponseWriter, r *http.Request) {
	count, err := strconv.Atoi(r.URL.Query().Get("count"))
	if err != nil || count < fewParticles || count > allParticles {
		refuse(w, http.StatusBadRequest, "count must be from 1 to 64")
		return
	}
	opened, ok := s.open(w, r)
	if !ok {
		return
	}
	stream, ok := newStream(w, r, s.particles)
	if !ok {
		return
	}
	defer stream.close()
	p := &particles{run: opened, count: count, all: &s.moving}
	defer func() { s.moving.Add(-p.held) }()
	ticker := time.NewTicker(stepEvery)
	defer ticker.Stop()
	for {
		if stream.send(p.step()) != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ticker.C:
		}
	}
}

// particles are the chains of one stream.
type particles struct {
	run          *run.Run
	count        int
	all          *atomic.Int64 // bytes of the models of all streams
	held         int64         // of them, this stream's
	loaded       time.Time     // the model file's time when it was read
	model        *rbm.Model
	conditionals *rbm.Conditionals
	chains       *sample.Chains
}

// step makes a sweep. Where there is no model, or none that can be read, it says so and tries again the next time.
func (p *particles) step() particlesAnswer {
	if err := p.follow(); err != nil {
		return particlesAnswer{Error: err.Error()}
	}
	p.chains.Sweep(p.conditionals, 1)
	v := p.chains.Visible
	a := particlesAnswer{Sweeps: p.chains.Sweeps, Free: make([]float64, p.count)}
	a.Rows, a.Columns = run.Layout(p.model.Visible, p.run.Config.Shape)
	a.Layout = inWords(p.model, a.Columns)
	p.conditionals.FreeEnergy(a.Free, v)
	for r := range v.Rows() {
		bits := make([]byte, (p.model.M()+7)/8)
		for i := range p.model.M() {
			if v.Bit(r, i) {
				bits[i/8] |= 1 << (i % 8)
			}
		}
		a.Particles = append(a.Particles, base64.StdEncoding.EncodeToString(bits))
	}
	return a
}

// copies of the weights are the model, two products' operands, and the model that follows while it is read.
const copies = 4

// hold reserves bytes of the memory that all streams may have together.
func (p *particles) hold(bytes int64) error {
	if now := p.all.Add(bytes - p.held); now > particleBytes {
		p.all.Add(p.held - bytes)
		return fmt.Errorf("the particles of this model take %d MB, and those of all pages together may have %d MB: "+
			"close others, or draw by 'harmonium sample'", bytes>>20, particleBytes>>20)
	}
	p.held = bytes
	return nil
}

// follow reads the model if it is new. Chains go on, unless the model's size is another.
func (p *particles) follow() error {
	info, err := os.Stat(filepath.Join(p.run.Dir, run.ModelName))
	if err != nil {
		return err
	}
	if info.ModTime().Equal(p.loaded) {
		return nil
	}
	if err := p.hold(copies * info.Size()); err != nil {
		return err
	}
	model, err := p.run.Model()
	if err != nil {
		return err
	}
	if v := model.Visible.NewBatch(0); v.Bits() < v.Units() {
		return fmt.Errorf("particles are shown of visible units that are bits or sites, and this model has %s ones: "+
			"'harmonium sample' draws of it", model.Visible.Kind())
	}
	same := p.model != nil && p.model.Fits(model)
	p.model, p.conditionals, p.loaded = model, rbm.NewConditionals(model, compute.New(1)), info.ModTime()
	if !same {
		key := rng.Seed(1).Stream(rng.StreamDraw)
		p.chains = sample.NewChains(sample.FromBiases(model, p.count, key), model.Hidden, key)
	}
	return nil
}
