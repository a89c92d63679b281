package train

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Start prepares training: it takes the settings over, checks them against model and data, and lets the visible biases
// start at the log-odds of the data's means. It changes model, which the Training owns from now on. Where the model is
// Trained it is the start as it is.
func Start(model *rbm.Model, set *data.Set, config Config) (*Training, error) {
	if err := config.checkBases(set); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	set, means, variances, err := prepared(model, set, config.Valid)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if config, err = config.resolved(model, set.Rows()); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t := &Training{
		Model: model, config: config, set: set,
		weightUnit: meanWeightUnit(set), order: make([]int, set.Rows()), orderOf: -1, centerH: make([]float32, model.N()),
	}
	t.stratify()
	t.rewind()
	if err := t.findConfigurations(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if err := checkCoupling(model, config.Trained); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t.centerV = make([]float32, model.M())
	scale, offset := model.Visible.Line()
	for i, p := range means {
		t.centerV[i] = float32(scale*p + offset)
	}
	if !config.KeepBiases {
		model.SetMoments(means, variances)
		model.Gauge()
	}
	var base *rbm.Model
	if config.Trained || config.Wide { // biases alone are not what it is
		base = sample.IndependentModel(model)
		base.SetMoments(means, variances)
	}
	t.gaps = newGaps(t, base)
	if t.best = model; config.Valid != nil { // without validation data the best model is the one of now
		t.best = model.Clone()
	}
	t.conditionals = rbm.NewConditionals(model, config.Compute)
	t.positive, t.negative = rbm.NewStatisticsWith(model, nil), rbm.NewStatisticsWith(model, nil)
	if together := usesConditionalsAlone(config.Negative) && set.Bases == nil; !together {
		t.positive, t.negative = rbm.NewStatistics(model), rbm.NewStatistics(model)
	} else if !t.conditionals.ByRows() {
		t.positive = rbm.NewStatistics(model)
	}
	setup := Setup{
		Model: model, Base: base, Conditionals: t.conditionals, Data: t.set.States, Batch: config.Batch,
		Key: rng.Seed(config.Seed), Compute: config.Compute,
	}
	if err := config.Negative.Start(setup); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	config.Optimizer.Start(model, config.Compute)
	t.Monitor = monitor.New(t.watched())
	t.device = newDevice(t)
	t.device.bind(t.positive.Averages()...)
	if usesConditionalsAlone(config.Negative) {
		t.device.bind(t.negative.Averages()...)
	}
	t.ascent = newAscent(t, t.positive, t.negative, config.Optimizer, true)
	t.trust = newTrust(t)
	t.average = newAverage(t)
	return t, nil
}

// checkCoupling refuses a model without a finite Z. One that is trained already may be a little above the bound of
// training, to which the first update brings it back.
func checkCoupling(model *rbm.Model, trained bool) error {
	most := mostCoupling
	if trained {
		most = mostTrainedCoupling
	}
	if coupling := model.Coupling(mostCoupling); coupling > most {
		return fmt.Errorf("the model's real units are coupled by %.3g, want at most %g: from 1 on it has no finite Z", coupling, most)
	}
	return nil
}

// prepared returns the rows that count and the moments of their units, or an error if there is nothing to learn from
// them.
func prepared(model *rbm.Model, set, valid *data.Set) (_ *data.Set, means, variances []float64, err error) {
	if set.Rows() == 0 {
		return nil, nil, nil, errors.New("the data has no rows")
	}
	if err := fits(model, "data", set); err != nil {
		return nil, nil, nil, err
	}
	if valid != nil {
		if err := fits(model, "validation data", valid); err != nil {
			return nil, nil, nil, err
		}
	}
	if err := errors.Join(checkWeights("data", set), checkWeights("validation data", valid)); err != nil {
		return nil, nil, nil, err
	}
	set = withoutIdleRows(set)
	means, variances = set.Moments()
	if set.Bases != nil { // the same outcome in several bases is something to learn from
		return set, means, variances, nil
	}
	if i := slices.IndexFunc(means, math.IsNaN); i >= 0 {
		return nil, nil, nil, fmt.Errorf("unit %d is missing in all rows of the data: leave it out", i+1)
	}
	if f := data.Constant(means, variances); f != nil {
		return nil, nil, nil, fmt.Errorf("%s, so that %s: %w", f.Message, f.Consequence, data.ErrConstant)
	}
	if f := set.ConstantReals(); f != nil {
		return nil, nil, nil, fmt.Errorf("%s, so that %s: %w", f.Message, f.Consequence, data.ErrConstantColumn)
	}
	return set, means, variances, set.CheckReals(means, variances)
}

// fits refuses data that is not made of the model's visible units.
func fits(model *rbm.Model, name string, set *data.Set) error {
	if set.Units() != model.M() {
		return fmt.Errorf("the %s has %d units, the model %d visible ones", name, set.Units(), model.M())
	}
	if bits := model.Visible.NewBatch(0).Bits(); set.States.Bits() != bits {
		return fmt.Errorf("%d units of the %s are bits, and %d of the model's visible ones", set.States.Bits(), name, bits)
	}
	return nil
}

// withoutIdleRows drops rows of weight zero, so that every minibatch has a weight.
func withoutIdleRows(set *data.Set) *data.Set {
	var index []int
	unit := meanWeightUnit(set)
	for r, w := range set.Weights {
		if float32(w*unit) > 0 {
			index = append(index, r)
		}
	}
	if set.Weights == nil || len(index) == set.Rows() {
		return set
	}
	return set.Subset(index)
}

// checkWeights refuses rows without a finite mean weight above zero.
func checkWeights(name string, set *data.Set) error {
	if set == nil {
		return nil
	}
	for r, w := range set.Weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("row %d of the %s has the weight %v, want a finite number that is not negative", r+1, name, w)
		}
	}
	switch total := set.TotalWeight(); {
	case total == 0:
		return fmt.Errorf("all %d rows of the %s have weight zero: want a row that counts", set.Rows(), name)
	case math.IsInf(total, 1) || math.IsInf(meanWeightUnit(set), 1):
		return fmt.Errorf("the weights of the %s add up to %v, want a sum from 10^-300 to 10^300: multiply all of them by one number",
			name, total)
	}
	return nil
}

func meanWeightUnit(set *data.Set) float64 { return float64(set.Rows()) / set.TotalWeight() }
