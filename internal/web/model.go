package web

import (
	"cmp"
	"encoding/base64"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"harmonium/internal/plot"
	"harmonium/internal/run"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

const (
	mostTiles    = 256 // hidden units whose weights are sent
	fewParticles = 1
	allParticles = 64
	stepEvery    = 200 * time.Millisecond // between sweeps of the particles
)

// weightsAnswer has the weights of hidden units as bytes: w = Scale/127 · int8.
type weightsAnswer struct {
	Rows    int          `json:"rows"`    // of a configuration's layout
	Columns int          `json:"columns"` //
	Hidden  int          `json:"hidden"`
	Scale   float64      `json:"scale"`
	Shades  []string     `json:"shades"` // colours of −127 … 127
	Units   []unitAnswer `json:"units"`  // those with the largest norms, by falling norm
}

type unitAnswer struct {
	J    int     `json:"j"`
	Norm float64 `json:"norm"`
	Bias float32 `json:"bias"`
	W    string  `json:"w"` // base64 of one int8 a visible unit
}

// weights answers with the columns of W of a run's model: ?run=ID.
func (s *Server) weights(w http.ResponseWriter, r *http.Request) {
	opened, ok := s.open(w, r)
	if !ok {
		return
	}
	model, err := opened.Model()
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer(w, describe(model, opened.Config.Shape))
}

func describe(model *rbm.Model, shape []int) weightsAnswer {
	m, n := model.M(), model.N()
	rows, columns := run.Layout(m, shape)
	a := weightsAnswer{Rows: rows, Columns: columns, Hidden: n, Shades: plot.Shades(255)}
	for j := range n {
		square := 0.0
		for i := range m {
			x := float64(model.W[i*n+j])
			square += x * x
			a.Scale = max(a.Scale, math.Abs(x))
		}
		a.Units = append(a.Units, unitAnswer{J: j, Norm: math.Sqrt(square), Bias: model.C()[j]})
	}
	slices.SortStableFunc(a.Units, func(x, y unitAnswer) int { return cmp.Compare(y.Norm, x.Norm) })
	a.Units = a.Units[:min(mostTiles, n)]
	column := make([]byte, m)
	for k := range a.Units {
		for i := range m {
			column[i] = 0
			if a.Scale > 0 {
				column[i] = byte(int8(math.Round(127 * float64(model.W[i*n+a.Units[k].J]) / a.Scale)))
			}
		}
		a.Units[k].W = base64.StdEncoding.EncodeToString(column)
	}
	return a
}

// particlesAnswer is an event of a stream of particles.
type particlesAnswer struct {
	Rows      int       `json:"rows"`
	Columns   int       `json:"columns"`
	Sweeps    uint64    `json:"sweeps"`
	Particles []string  `json:"particles"` // base64 of bits, unit i is bit i%8 of byte i/8
	Free      []float64 `json:"free"`      // free energies
	Error     string    `json:"error,omitempty"`
}

// streamParticles sends block Gibbs chains of a run's model that begin at its biases, a sweep an event, and takes the newest model when
// there is one: ?run=ID&count=N.
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
	p := &particles{run: opened, count: count}
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
	loaded       time.Time // the model file's time when it was read
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
	a.Rows, a.Columns = run.Layout(p.model.M(), p.run.Config.Shape)
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

// follow reads the model if it is new. Chains go on, unless the model's size is another.
func (p *particles) follow() error {
	info, err := os.Stat(filepath.Join(p.run.Dir, run.ModelName))
	if err != nil {
		return err
	}
	if info.ModTime().Equal(p.loaded) {
		return nil
	}
	model, err := p.run.Model()
	if err != nil {
		return err
	}
	same := p.model != nil && p.model.M() == model.M() && p.model.N() == model.N()
	p.model, p.conditionals, p.loaded = model, rbm.NewConditionals(model, 1), info.ModTime()
	if !same {
		key := rng.Seed(1).Stream(rng.StreamDraw)
		p.chains = sample.NewChains(sample.FromBiases(model, p.count, key), model.N(), key)
	}
	return nil
}
