package run

import (
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// Prepare reads the data of a run and starts its training. Where the config records a file's sha256 already, the file
// must still have it; otherwise it is recorded, with the settings that defaults stand for. Nothing is written.
func Prepare(c *Config, on *compute.Context) (*train.Training, error) {
	c.spread = on
	set, valid, err := OpenData(c)
	if err = c.agree(on, err); err != nil {
		return nil, err
	}
	if err := c.Reweight(on, set, valid); err != nil {
		return nil, err
	}
	return c.Start(set, valid, on)
}

// Start starts the training of a run on its data, and records the settings that defaults stand for. Trainings on the
// same sets take turns: they draw grey values and missing cells there.
func (c *Config) Start(set, valid *data.Set, on *compute.Context) (*train.Training, error) {
	c.Model.Visible, c.Shape, c.Rows, c.Notes = set.Units(), set.Shape, set.Rows(), set.Notes
	if valid != nil {
		c.ValidRows = valid.Rows()
	}
	model, err := c.start(set)
	if err != nil {
		return nil, err
	}
	config := c.Training.Fresh()
	if config.Likelihood, err = c.prepareQuantum(model, set, valid, on); err != nil {
		return nil, err
	}
	if c.Model.InitialStd != 0 {
		model.DrawWeights(c.Model.InitialStd, rng.Seed(c.Training.Seed))
	}
	config.Compute, config.Valid = on, valid
	config.Trained, config.Wide = c.From != nil, c.Model.InitialStd > rbm.InitialStd
	training, err := train.Start(model, set, config)
	if err != nil {
		return nil, err
	}
	c.Training = training.Config()
	c.Training.Compute, c.Training.Valid, c.Training.Likelihood, c.Training.Every = nil, nil, nil, training.Every()
	c.Model.Hidden = model.N()
	if model.State != nil {
		c.Model.Hidden -= model.State.Auxiliary()
	}
	c.Model.VisibleKind, c.Model.HiddenKind = string(model.Visible.Kind()), string(model.Hidden.Kind())
	return training, nil
}

// mostInitialStd bounds the first weights. All units are as good as frozen long before.
const mostInitialStd = 1000

// start returns the model that training starts from.
func (c *Config) start(set *data.Set) (*rbm.Model, error) {
	switch std := c.Model.InitialStd; {
	case !(std >= 0 && std <= mostInitialStd):
		return nil, fmt.Errorf("initial std is %g, want a number from 0 to %d", std, mostInitialStd)
	case std != 0 && c.From != nil:
		return nil, errors.New("initial std is that of new weights, and the run begins at a model's: want one of them")
	}
	if c.From == nil {
		layers := c.Model
		if c.Quantum.Fill(set.Units(), layers.Hidden); c.Quantum != nil {
			layers.Hidden += c.Quantum.Auxiliary
		}
		return layers.Start(set, c.Training.Seed)
	}
	return c.From.start(set, c.Model.Hidden, c.Quantum, c.Training.Seed)
}

// Reweight gives the rows of each set the weights by identity that the run has, each among the rows of its own set; a
// set may be nil.
func (c *Config) Reweight(on *compute.Context, sets ...*data.Set) error {
	for _, set := range sets {
		if c.Identity == 0 || set == nil {
			continue
		}
		if err := set.Reweight(c.Identity, on); err != nil {
			return fmt.Errorf("identity: %w", err)
		}
	}
	return nil
}

// OpenData reads the training data of a run and the validation data, which are nil if it has none. Both may have gaps.
// Files must be as the config records them.
func OpenData(c *Config) (set, valid *data.Set, err error) {
	var columns []rbm.Column // of the model that the run begins at
	if c.From != nil {
		if columns, err = c.From.readFor(&c.Reading); err != nil {
			return nil, nil, err
		}
	}
	set, err = openTrain(c, columns)
	if err = group.Agree(compute.Group(c.spread), err); err != nil { // before anything of the rows crosses
		return nil, nil, err
	}
	if c.Quantum != nil {
		if err := c.Quantum.attach(set, c.Quantum.Bases); err != nil {
			return nil, nil, err
		}
	}
	if set, valid, err = validation(c, set); err != nil {
		return nil, nil, err
	}
	if !c.Unscaled && c.From == nil {
		set.Standardize() // by the rows trained on alone
	}
	if valid != nil {
		err = valid.Fit(set.Columns)
	}
	return set, valid, err
}

// validation returns the validation data, and the rows to train on.
func validation(c *Config, set *data.Set) (train, valid *data.Set, err error) {
	switch {
	case c.Valid != nil:
		all := *c
		all.Select.FirstRow, all.Select.LastRow = 0, 0
		if valid, err = openFile(c.Valid, &all, set.Columns); err == nil && c.Quantum != nil {
			err = c.Quantum.attach(valid, c.Quantum.ValidBases)
		}
		return set, valid, err
	case c.Holdout != 0:
		if !(c.Holdout > 0 && c.Holdout < 1) {
			return nil, nil, fmt.Errorf("holdout is %v, want a part between 0 and 1", c.Holdout)
		}
		parts, err := data.Split(set, []float64{1 - c.Holdout, c.Holdout}, rng.Seed(c.Training.Seed))
		if err != nil {
			return nil, nil, fmt.Errorf("holdout of %v: %w", c.Holdout, err)
		}
		return parts[0], parts[1], nil
	}
	return set, nil, nil
}

// openTrain reads the training data, for columns that are given or are those of the first file.
func openTrain(c *Config, columns []rbm.Column) (*data.Set, error) {
	if len(c.Train) > 1 && (c.Select.FirstRow > 0 || c.Select.LastRow > 0) {
		return nil, errors.New("rows are chosen of one file, and several are given: want one, or all rows")
	}
	var options []data.Option
	if len(c.Train) == 1 && c.Weights == nil && c.Identity == 0 {
		options = append(options, data.SpreadOver(c.spread))
	}
	sets := make([]*data.Set, len(c.Train))
	for k := range c.Train {
		if k > 0 && columns == nil {
			columns = sets[0].Columns
		}
		set, err := openFile(&c.Train[k], c, columns, options...)
		if err == nil {
			err = set.Fit(columns)
		}
		if err != nil {
			return nil, err
		}
		sets[k] = set
	}
	set, err := data.Merge(sets...)
	if err != nil || c.Weights == nil {
		return set, err
	}
	if set.Weights, err = data.OpenWeights(c.Weights.here(), set.Rows()); err != nil {
		return nil, err
	}
	sum, err := data.HashFile(c.Weights.here())
	if err != nil {
		return nil, err
	}
	return set, c.Weights.confirm(set.Rows(), sum)
}

// openFile reads a file, for columns where another one has said what they are.
func openFile(f *File, c *Config, columns []rbm.Column, more ...data.Option) (*data.Set, error) {
	options, err := c.Reading.Options()
	if err != nil {
		return nil, err
	}
	options = append(options, DataOptions(c.Threshold, c.Bernoulli, c.Training.Seed)...)
	set, err := data.Open(f.here(), append(append(options, data.ForColumns(columns), data.Gaps()), more...)...)
	if err != nil {
		return nil, err
	}
	return set, f.confirm(set.Rows(), set.SHA256)
}

// DataOptions say how grey values become bits: by a threshold if it is not nil, by drawing them if bernoulli.
func DataOptions(threshold *float64, bernoulli bool, seed uint64) []data.Option {
	var options []data.Option
	if threshold != nil {
		options = append(options, data.Threshold(*threshold))
	}
	if bernoulli {
		options = append(options, data.Bernoulli(rng.Seed(seed)))
	}
	return options
}

// confirm records what a file held when the run began, or compares it with that.
func (f *File) confirm(rows int, sum string) error {
	if f.SHA256 == "" {
		f.Rows, f.SHA256 = rows, sum
		return nil
	}
	if f.SHA256 != sum {
		return fmt.Errorf("%s has changed since the run began: its sha256 is %.12s…, the run's config.json says %.12s…: "+
			"put the old file back, or begin a new run", f.here(), sum, f.SHA256)
	}
	return nil
}
