package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"

	_ "embed"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// trained are models of Harmonium on data sets of the DEBD collection: trained well, briefly, and too fast.
func trained(c *collection) error {
	for _, t := range []struct {
		set     string
		hidden  int
		rate    float64 // 0: the default
		updates int
	}{
		{"nltcs", 16, 0, 4000}, {"nltcs", 12, 0, 100}, {"nltcs", 16, 0.1, 2000}, {"nltcs", 10, 0.3, 2000},
		{"mushrooms", 16, 0, 3000}, {"mushrooms", 16, 0, 60}, {"mushrooms", 12, 0.1, 1500}, {"mushrooms", 16, 0.03, 3000},
		{"adult", 16, 0, 3000}, {"adult", 14, 0, 50}, {"adult", 12, 0.1, 1500},
		{"dna", 12, 0, 2000}, {"dna", 16, 0.1, 1000}, {"connect4", 14, 0, 3000}, {"connect4", 16, 0.1, 1500},
	} {
		name, _ := c.next("trained")
		path := filepath.Join(c.data, "debd", t.set+".train.data.gz")
		if _, err := os.Stat(path); c.data == "" || errors.Is(err, fs.ErrNotExist) {
			fmt.Printf("%s is left out: no %s (--data)\n", name, path)
			continue
		}
		set, err := data.Open(path)
		if err != nil {
			return err
		}
		model := rbm.New(set.Units(), t.hidden, rng.Seed(1))
		if err := fit(model, set, train.Config{Rate: t.rate, Updates: t.updates, Every: t.updates}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all, class := first(set, 500, nil), first(set, 500, classOf(set))
		if err := c.add(name, model, subject{}, shown{"all", all}, shown{"one-class", class}); err != nil {
			return err
		}
	}
	return nil
}

func fit(model *rbm.Model, set *data.Set, config train.Config) error {
	training, err := train.Start(model, set, config)
	if err != nil {
		return err
	}
	for range training.Steps(context.Background()) {
	}
	return training.Err()
}

// classOf tells the rows in which that unit is on which divides the data best.
func classOf(set *data.Set) func(row int) bool {
	best, means := 0, set.Means()
	for i, mean := range means {
		if math.Abs(mean-0.5) < math.Abs(means[best]-0.5) {
			best = i
		}
	}
	return func(row int) bool { return set.States.Bit(row, best) }
}

// first returns the first rows of a set that a condition, if any, holds for.
func first(set *data.Set, count int, holds func(row int) bool) rbm.Batch {
	index := []int(nil)
	for row := 0; row < set.Rows() && len(index) < count; row++ {
		if holds == nil || holds(row) {
			index = append(index, row)
		}
	}
	rows := rbm.NewBatch(len(index), set.Units())
	rows.Gather(set.States, index)
	return rows
}

//go:embed peers.py
var peersProgram string

// peers are models of other programs, made by peers.py: scikit-learn's BernoulliRBM, and CD-1 as it is mostly written
// in PyTorch.
func peers(c *collection) error {
	cmd := exec.Command(c.python, "-c", peersProgram, c.folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Printf("no models of other programs, as %s with numpy and scikit-learn is needed (--python): %v\n%s", c.python, err, out)
		return nil
	}
	type line struct {
		Model string   `json:"model"`
		Shown []string `json:"shown"`
	}
	lines, err := readLines[line](c.path("peers.jsonl"))
	if err != nil {
		return err
	}
	for _, l := range lines {
		model, err := rbm.Load(c.path(l.Model + ".safetensors"))
		if err != nil {
			return err
		}
		list := []shown(nil)
		for _, label := range l.Shown {
			set, err := data.Open(c.path(l.Model + "." + label + ".npy"))
			if err != nil {
				return err
			}
			list = append(list, shown{label, set.States})
		}
		if err := c.add(l.Model, model, subject{Python: true}, list...); err != nil {
			return err
		}
	}
	return nil
}
