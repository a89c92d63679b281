package train

import "fmt"

// overfit is early stopping (L. Prechelt, in: Neural Networks: Tricks of the Trade, Springer 1998, 55) with an end:
// where the log-likelihood of the validation data falls while that of the training data rises, training goes back to
// the best model, and makes some more updates with a rate that falls to zero. The best model itself has the noise of
// its rate.
type overfit struct {
	update      uint64  // of the best model,
	rate, train float64 // its learning rate without the pace of trust, and its score on the training data
	worse       uint64  // scores in a row, now, that are worse on validation data and better on training data

	begun, length uint64 // the end: updates before it, and its own; both 0 until it begins
}

const (
	overfitScores = 3    // that are worse
	overfitErrors = 2    // by more than this many errors of log Z,
	overfitPart   = 0.3  // and on validation data by this part of the error of the mean over rows: noise of the training is less
	endPart       = 0.25 // updates of the end, as a part of the updates that led to the best model
)

// see takes a score, and the learning rate without the pace. sure is the most that a validation score was for sure.
func (o *overfit) see(e *Evaluation, rate, sure float64) {
	valid, train := float64(e.Valid.Value), float64(e.Train.Value)
	margin := overfitErrors * e.LogZ.Stderr
	switch {
	case e.Best:
		o.update, o.rate, o.train, o.worse = uint64(e.Update), rate, train, 0
	case e.UpperBounds() || valid+max(margin, overfitPart*float64(e.Valid.Stderr)) >= sure || train-margin <= o.train:
		o.worse = 0
	default:
		o.worse++
	}
}

// beginEnd goes back to the best model where the training overfits, once, and has the rate fall from there. It does not
// with patience, a constant rate or a bound on the time alone.
func (t *Training) beginEnd() {
	o := &t.overfit
	if o.worse < overfitScores || t.config.Patience > 0 || t.config.Schedule == Constant || t.planned == noBound {
		return
	}
	o.begun, o.length = t.done, max(1, min(uint64(endPart*float64(o.update)), uint64(t.planned)-t.done))
	t.average.restart()
	t.Model.Copy(t.best)
	t.device.pushModel()
}

// rate is the learning rate of the next update.
func (t *Training) rate() float64 {
	if o := &t.overfit; o.length > 0 {
		return o.rate * (1 - float64(t.done-o.begun)/float64(o.length))
	}
	done, left := t.progress()
	return t.config.Rate * t.config.Schedule.restartFactor(left) * t.config.Schedule.Factor(done)
}

// left is the part of the training that is ahead, from 1 to 0: the factor of the rate by the linear schedule, whatever
// schedule there is.
func (t *Training) left() float64 {
	done, all := t.progress()
	end := 1.0 // of the end of a training that overfits
	if o := &t.overfit; o.length > 0 {
		done = max(0, (float64(o.update)-float64(t.now.After))/float64(t.planned-t.now.After))
		end = 1 - float64(t.done-o.begun)/float64(o.length)
	}
	return Linear.restartFactor(all) * Linear.Factor(done) * end
}

// end is the number of updates after which the training ends, if nothing ends it before; noBound where Time is the only
// bound.
func (t *Training) end() int {
	if o := &t.overfit; o.length > 0 {
		return min(t.planned, int(o.begun+o.length))
	}
	return t.planned
}

// check refuses an end that can't be where a number of updates is done.
func (o *overfit) check(done uint64) error {
	if inside := done >= o.begun && done-o.begun <= o.length; o.length > 0 && !inside || o.length == 0 && o.begun > 0 {
		return fmt.Errorf("%d updates done, and an end of %d after update %d", done, o.length, o.begun)
	}
	return nil
}

func (o *overfit) remember(m *Memory) {
	m.Counter("update", &o.update)
	m.Number("rate", &o.rate)
	m.Number("train", &o.train)
	m.Counter("worse", &o.worse)
	m.Counter("begun", &o.begun)
	m.Counter("length", &o.length)
}
