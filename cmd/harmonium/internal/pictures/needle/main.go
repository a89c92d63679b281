// Command needle draws by how much estimates of log Z are wrong on models of 100 fair coins and one pattern of 70 of
// them, the others free, which has more and more of Z. Data show coins alone. Without a search for modes AIS, reverse
// AIS from three kinds of starts and tempering agree, and don't know of the pattern.
//
// usage: go run ./cmd/harmonium/internal/pictures/needle docs/images/needle.png
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"slices"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

const (
	units   = 100
	pattern = 70
	budget  = 4_000_000
	blind   = 1_500_000 // budget without modes: more changes nothing
)

// logOdds are those of the pattern's part of Z.
var logOdds = []float64{-5, 0, 5, 20, 35, 47}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: needle OUT.png")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out string) error {
	coins := sample.FromBiases(rbm.New(units, 1, rng.Seed(1)), 500, rng.Seed(2))
	means := slices.Repeat([]float64{0.5}, units)
	five, with := plot.Series{Name: "AIS, reverse AIS three times, tempering: one curve"}, plot.Series{Name: "with modes"}
	for _, x := range logOdds {
		model := needle(x)
		logZ, err := exact.LogZ(ctx, model, exact.Options{})
		if err != nil {
			return err
		}
		without, err := estimate.LogZ(ctx, withoutModes(model), coins, means, nil, estimate.Options{Budget: blind})
		if err != nil {
			return err
		}
		found, err := estimate.LogZ(ctx, model, coins, means, nil, estimate.Options{Budget: budget})
		if err != nil {
			return err
		}
		fmt.Printf("log-odds %3.0f: log Z is %.3f; with modes %.3f ± %.3f, %d findings; without %.3f ± %.3f, %d findings:",
			x, logZ, found.Value, found.Stderr, len(found.Findings), without.Value, without.Stderr, len(without.Findings))
		for _, e := range without.Estimates() {
			fmt.Printf(" %.3f by %s;", e.Value, e.Name)
			if math.Abs(e.Value-without.Value) > 0.1 {
				return fmt.Errorf("log-odds %v: %s is %v, and all together %v: not one curve", x, e.Name, e.Value, without.Value)
			}
		}
		fmt.Println()
		five.X, five.Y = append(five.X, x), append(five.Y, without.Value-logZ)
		with.X, with.Y = append(with.X, x), append(with.Y, found.Value-logZ)
	}
	return plot.Curve(out, plot.Chart{
		Title: "Coins, and a pattern of 70 of them that data do not show",
		X:     "log-odds of the pattern's part of Z", Y: "error of log Z, nats",
		Series: []plot.Series{five, with},
	})
}

// needle is the model: its first hidden unit favours the pattern.
func needle(logOdds float64) *rbm.Model {
	const weight = 12
	model := rbm.New(units, 2, rng.Seed(1))
	clear(model.W)
	c := logOdds
	for i := range pattern {
		w := float64(weight)
		if i%3 == 0 {
			w = -weight
		}
		model.W[i*2] = float32(w)
		c -= rbm.Softplus(w) - math.Ln2
	}
	model.C()[0] = float32(c)
	return model
}

// layer hides that units are bits, so that a model of them has no modes to search for.
type layer struct{ rbm.Layer }

func (l layer) Clone() rbm.Layer { return layer{l.Layer.Clone()} }

func withoutModes(model *rbm.Model) *rbm.Model {
	return &rbm.Model{Visible: layer{model.Visible}, Hidden: layer{model.Hidden}, W: model.W}
}
