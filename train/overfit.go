package train

// overfit notices that the log-likelihood of the validation data falls while that of the training data rises, and ends
// the training from the best model: early stopping (L. Prechelt, in: Neural Networks: Tricks of the Trade, Springer 1998,
// 55), but with a rate that falls to zero, as the noise of the rate at the best model is still in it.
type overfit struct {
	update      uint64  // of the best model,
	rate, train float64 // its rate and the score of the training data
	worse       uint64  // scores in a row that are worse on validation data and better on training data than those of the best model

	begun, length uint64 // updates of the end: the first, and their number; 0 before it begins
}

const (
	overfitScores = 3   // that are worse
	overfitErrors = 2   // by more than so many errors of log Z
	endPart       = 0.5 // updates of the end, as a part of those that led to the best model
)

// see takes a score after an update.
func (o *overfit) see(e *Evaluation, best bool, sure float64) {
	valid, train := float64(e.Valid.Value), float64(e.Train.Value)
	switch {
	case best:
		o.update, o.rate, o.train, o.worse = uint64(e.Update), e.Rate, train, 0
	case e.UpperBounds() || valid+overfitErrors*e.LogZ.Stderr >= sure || train-overfitErrors*e.LogZ.Stderr <= o.train:
		o.worse = 0
	default:
		o.worse++
	}
}

// beginEnd goes back to the best model where the training overfits, and lets the rate fall from there. With patience, a
// constant rate or a bound on the time alone nothing of that happens.
func (t *Training) beginEnd() {
	o := &t.overfit
	if o.worse < overfitScores || t.config.Patience > 0 || t.config.Schedule == Constant || t.planned == noBound {
		return
	}
	o.begun, o.length = t.done, max(1, min(uint64(endPart*float64(o.update)), uint64(t.planned)-t.done))
	t.Model.Copy(t.best)
}

// rate is the learning rate of the next update.
func (t *Training) rate() float64 {
	if o := &t.overfit; o.length > 0 {
		return o.rate * (1 - float64(t.done-o.begun)/float64(o.length))
	}
	return t.config.Rate * t.config.Schedule.Factor(t.part())
}

// end is the number of updates after which the training ends, if nothing ends it before; noBound where Time is the only
// bound.
func (t *Training) end() int {
	if o := &t.overfit; o.length > 0 {
		return min(t.planned, int(o.begun+o.length))
	}
	return t.planned
}

func (o *overfit) remember(m *Memory) {
	m.Counter("update", &o.update)
	m.Number("rate", &o.rate)
	m.Number("train", &o.train)
	m.Counter("worse", &o.worse)
	m.Counter("begun", &o.begun)
	m.Counter("length", &o.length)
}
