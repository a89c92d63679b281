// Command calibration checks the error bars of estimate.LogZ. It trains models that can be enumerated on the data sets
// of a folder, some of them too fast or too briefly, and asks for each how often the exact log Z lies in the 95 %
// interval, over many seeds.
//
// usage: go run ./bench/calibration DATA [SEEDS [BUDGET [SET…]]], where a SET such as mnist:20 is the one with 20
// hidden units
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// subject is a model to be made.
type subject struct {
	set     string
	hidden  int
	rate    float64 // 0: the default
	updates int
}

var subjects = []subject{
	{"nltcs", 20, 0, 10000}, {"nltcs", 16, 0.1, 3000}, {"mushrooms", 20, 0, 5000}, {"mushrooms", 20, 0.03, 5000},
	{"adult", 20, 0, 5000}, {"adult", 16, 0, 50}, {"connect4", 20, 0, 5000}, {"connect4", 20, 0.1, 3000},
	{"dna", 20, 0, 3000}, {"dna", 20, 0.1, 2000}, {"nips", 20, 0, 2000}, {"nips", 12, 0.003, 300},
	{"mnist", 16, 0, 5000}, {"mnist", 20, 0.03, 3000},
}

// outcome is a line of the table.
type outcome struct {
	Set     string      `json:"set"`
	Visible int         `json:"visible"`
	Hidden  int         `json:"hidden"`
	Rate    float64     `json:"rate"`
	Updates int         `json:"updates"`
	LogZ    float64     `json:"log_z"`
	Seeds   int         `json:"seeds"`
	Trusted int         `json:"trusted"` // without findings
	Inside  int         `json:"inside"`  // the 95 % interval of a trusted estimate
	Covered int         `json:"covered"` // the same of all estimates
	Outside int         `json:"outside"` // the bracket, of a trusted estimate
	Stderr  diag.Number `json:"stderr"`  // mean, of trusted ones
	RMS     diag.Number `json:"rms"`     // of the true error, of trusted ones
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: calibration DATA [SEEDS [BUDGET [SET…]]]")
	}
	numbers, sets := []int{50, estimate.DefaultBudget}, os.Args[min(4, len(os.Args)):]
	for k, text := range os.Args[2:min(4, len(os.Args))] {
		n, err := strconv.Atoi(text)
		if err != nil {
			log.Fatal(err)
		}
		numbers[k] = n
	}
	for _, s := range subjects {
		if len(sets) > 0 && !slices.Contains(sets, s.set) && !slices.Contains(sets, fmt.Sprintf("%s:%d", s.set, s.hidden)) {
			continue
		}
		o, err := s.calibrate(os.Args[1], numbers[0], int64(numbers[1]))
		if err != nil {
			log.Fatal(err)
		}
		line, err := json.Marshal(o)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(line))
	}
}

func (s subject) open(folder string) (*data.Set, error) {
	if s.set == "mnist" {
		return data.Open(filepath.Join(folder, "mnist", "train-images-idx3-ubyte.gz"), data.Threshold(127))
	}
	return data.Open(filepath.Join(folder, "debd", s.set+".train.data.gz"))
}

func (s subject) calibrate(folder string, seeds int, budget int64) (*outcome, error) {
	ctx := context.Background()
	set, err := s.open(folder)
	if err != nil {
		return nil, err
	}
	model := rbm.New(set.Units(), s.hidden, rng.Seed(1))
	training, err := train.Start(model, set, train.Config{Rate: s.rate, Updates: s.updates, Every: s.updates})
	if err != nil {
		return nil, err
	}
	for range training.Steps(ctx) {
	}
	if training.Err() != nil {
		return nil, training.Err()
	}
	o := &outcome{Set: s.set, Visible: set.Units(), Hidden: s.hidden, Rate: training.Config().Rate, Updates: s.updates,
		Seeds: seeds}
	if o.LogZ, err = exact.LogZ(ctx, model, exact.Options{}); err != nil {
		return nil, err
	}
	for seed := range seeds {
		b, err := estimate.LogZ(ctx, model, set.States, set.Means(), nil,
			estimate.Options{Budget: budget, Seed: uint64(seed)})
		if err != nil {
			return nil, err
		}
		o.count(b)
	}
	o.Stderr /= diag.Number(o.Trusted)
	o.RMS = diag.Number(math.Sqrt(float64(o.RMS) / float64(o.Trusted)))
	return o, nil
}

func (o *outcome) count(b *estimate.Bracket) {
	miss := math.Abs(b.Value - o.LogZ)
	inside := miss <= 1.96*b.Stderr
	if inside {
		o.Covered++
	}
	if len(b.Findings) > 0 {
		return
	}
	o.Trusted++
	if inside {
		o.Inside++
	}
	if o.LogZ < b.Lower || o.LogZ > b.Upper {
		o.Outside++
	}
	o.Stderr += diag.Number(b.Stderr)
	o.RMS += diag.Number(miss * miss)
}
