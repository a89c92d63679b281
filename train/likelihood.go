package train

import (
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// Likelihood is P(row) of rows that are no configurations of the visible units, but outcomes of measurements in many bases
// ([data.Set].Bases), of which the model knows by its State: P(row) = e^(log weight)/Z. The positive phase of the
// gradient then is that of the log weight, and the negative phase stays what it is, as Z does.
type Likelihood interface {
	monitor.Likelihood
	// Phase writes the mean gradient of the log weight over rows into dst, for all parameters of the model, at which the
	// conditionals are. weights gives each row's weight, nil for equal ones.
	Phase(dst *rbm.Statistics, model *rbm.Model, c *rbm.Conditionals, outcomes rbm.Batch, bases []string, weights []float32)
}

// hiddenMeans are those that the center ν follows: of the positive phase or, where its weights have both signs, of the
// negative one. They agree where the training ends.
func (t *Training) hiddenMeans() []float32 {
	if t.set.Bases == nil {
		return t.positive.H
	}
	return t.negative.H
}

// checkBases refuses rows with bases that nothing has a likelihood for, and what can't be done with them.
func (c Config) checkBases(set *data.Set) error {
	switch _, cd := c.Negative.(*CD); {
	case (set.Bases != nil) != (c.Likelihood != nil):
		return errors.New("rows that were measured in many bases need a likelihood, and others have none")
	case set.Bases == nil:
		return nil
	case c.Valid != nil && c.Valid.Bases == nil:
		return errors.New("the validation data has no bases, and the data has: want both to have some")
	case set.Missing() > 0:
		return fmt.Errorf("%d outcomes are missing, want all of a row that was measured in many bases", set.Missing())
	case cd:
		return errors.New("contrastive divergence begins at rows of data, which outcomes in other bases are no states of: want pcd or exact")
	}
	return nil
}
