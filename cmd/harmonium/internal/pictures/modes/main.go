// Command modes trains a model on the 16×16 Ising model well below the critical temperature, whose two modes are the
// signs of the magnetisation, and lets plain Gibbs chains and tempered ones run on it. It prints how often each changes
// mode, and draws the magnetisation.
//
// usage: go run ./cmd/harmonium/internal/pictures/modes docs/images/modes.png
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"time"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/ising"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

const (
	side        = 16
	temperature = 2.0
	hidden      = 64
	epochs      = 5
	chains      = 20
	sweeps      = 100_000
	rounds      = 20_000 // of tempering
	shown       = 250    // points of a curve
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: modes OUT.png")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out string) error {
	states, _, err := ising.Sample(ctx, side, temperature, 10000, rng.Seed(1), ising.Options{})
	if err != nil {
		return err
	}
	set := &data.Set{States: states}
	model := rbm.NewModel(rbm.NewLayer(rbm.Spin, side*side), rbm.NewLayer(rbm.Spin, hidden), rng.Seed(1))
	training, err := train.Start(model, set, train.Config{Epochs: epochs})
	if err != nil {
		return err
	}
	for range training.Steps(ctx) {
	}
	if training.Err() != nil {
		return training.Err()
	}
	// Without biases the two modes are equally likely. Persistent chains that don't change mode can't teach a model
	// that.
	clear(model.B())
	clear(model.C())

	start := sample.FromRows(states, chains, rng.Seed(2))
	gibbs, conditionals := sample.NewChains(start, model.Hidden, rng.Seed(3)), rbm.NewConditionals(model, nil)
	plain := newWatch("Gibbs", sweeps)
	begun := time.Now()
	for k := range sweeps {
		gibbs.Sweep(conditionals, 1)
		plain.see(k, gibbs.Visible)
	}
	fmt.Printf("Gibbs: %d changes of mode in %d sweeps of %d chains, %.1f s\n",
		plain.changes, sweeps, chains, time.Since(begun).Seconds())

	base := sample.IndependentModel(model)
	base.SetMoments(set.Means(), nil)
	replicas := sample.NewTempering(rbm.NewLine(base, model, conditionals), start, 12, rng.Seed(4))
	for _, n := range []int{200, 400, 800, 1600} {
		for range n {
			replicas.Round()
		}
		replicas.Respace(40)
	}
	tempered := newWatch("tempering", rounds)
	begun = time.Now()
	for k := range rounds {
		replicas.Round()
		tempered.see(k, replicas.Visible())
	}
	seconds := time.Since(begun).Seconds()
	fmt.Printf("tempering: %d changes of mode in %d rounds of %d replica sets with %d temperatures, %d round trips, %.0f a second\n",
		tempered.changes, rounds, chains, len(replicas.Betas()), replicas.RoundTrips(), float64(replicas.RoundTrips())/seconds)
	fmt.Printf("mean magnetisation: %.3f of the data, %.3f of Gibbs chains, %.3f of tempered ones\n",
		mean(states), plain.mean(), tempered.mean())
	return plot.Curve(out, plot.Chart{
		Title: fmt.Sprintf("One chain on a model of the %d×%d Ising model at T = %g", side, side, temperature),
		X:     "part of the run", Y: "magnetisation a spin",
		Series: []plot.Series{tempered.series(), plain.series()},
	})
}

// watch follows the magnetisation of chains.
type watch struct {
	name    string
	length  int
	signs   []float64
	changes int
	sum     float64
	seen    int
	x, y    []float64
}

func newWatch(name string, length int) *watch {
	return &watch{name: name, length: length, signs: make([]float64, chains)}
}

// see takes the states after step k. A chain changes mode when its magnetisation passes ±½ on the other side.
func (w *watch) see(k int, v rbm.Batch) {
	for r := range v.Rows() {
		m := magnetisation(v, r)
		w.sum += m
		w.seen++
		if math.Abs(m) > 0.5 && w.signs[r] != math.Copysign(1, m) {
			if w.signs[r] != 0 {
				w.changes++
			}
			w.signs[r] = math.Copysign(1, m)
		}
		if r == 0 && k%(w.length/shown) == 0 {
			w.x, w.y = append(w.x, float64(k)/float64(w.length)), append(w.y, m)
		}
	}
}

func (w *watch) mean() float64 { return w.sum / float64(w.seen) }

func (w *watch) series() plot.Series { return plot.Series{Name: w.name, X: w.x, Y: w.y} }

func magnetisation(v rbm.Batch, r int) float64 { return 2*float64(v.Ones(r))/float64(v.Units()) - 1 }

func mean(v rbm.Batch) float64 {
	sum := 0.0
	for r := range v.Rows() {
		sum += magnetisation(v, r)
	}
	return sum / float64(v.Rows())
}
