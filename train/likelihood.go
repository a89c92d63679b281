package train

import (
	"errors"
	"fmt"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Likelihood is P(row) of rows that are no configurations of the visible units, but outcomes of measurements in many bases
// ([data.Set].Bases), of which the model knows by its State: P(row) = e^(log weight)/Z. The positive phase of the
// gradient then is that of the log weight, and the negative phase stays what it is, as Z does.
type Likelihood interface {
	monitor.Likelihood
	// Phase writes the mean gradient of the log weight over rows into dst, for all parameters of the model, at which the
	// conditionals are. weights gives each row's weight, nil for equal ones. left is the part of the training that is
	// ahead, from 1 to 0: early gradients may be those of a smoother function.
	Phase(
		dst *rbm.Statistics, model *rbm.Model, c *rbm.Conditionals, outcomes rbm.Batch, bases []string, weights []float32, left float64,
	)
	// Configurations lists the rows whose outcomes are configurations of the visible units.
	Configurations(bases []string) []int
}

// hiddenMeans are those that the center ν follows: of the positive phase or, where its weights have both signs, of the
// negative one. They agree where the training ends.
func (t *Training) hiddenMeans() []float32 {
	if t.set.Bases == nil {
		return t.positive.H
	}
	return t.negative.H
}

// chainStarts are the rows that chains of contrastive divergence begin at: the minibatch, or where rows were measured in
// many bases, as many that are drawn from those that are configurations.
func (t *Training) chainStarts(rows rbm.Batch) rbm.Batch {
	if t.configurations == nil {
		return rows
	}
	source, index := rng.NewSource(rng.Seed(t.config.Seed).Stream(rng.StreamStart), t.done), make([]int, rows.Rows())
	for r := range index {
		index[r] = t.configurations[source.IntN(len(t.configurations))]
	}
	starts := rows.Like(len(index))
	starts.Gather(t.set.States, index)
	return starts
}

// findConfigurations finds the rows that chains of contrastive divergence can begin at.
func (t *Training) findConfigurations() error {
	if _, cd := t.config.Negative.(*CD); !cd || t.set.Bases == nil {
		return nil
	}
	t.configurations = t.config.Likelihood.Configurations(t.set.Bases)
	if len(t.configurations) == 0 {
		return errors.New("contrastive divergence begins at configurations, and all rows were measured in other bases: want pcd or exact")
	}
	return nil
}

// checkBases refuses rows with bases that nothing has a likelihood for, and what can't be done with them.
func (c Config) checkBases(set *data.Set) error {
	switch {
	case (set.Bases != nil) != (c.Likelihood != nil):
		return errors.New("rows that were measured in many bases need a likelihood, and others have none")
	case set.Bases == nil:
		return nil
	case c.Valid != nil && c.Valid.Bases == nil:
		return errors.New("the validation data has no bases, and the data has: want both to have some")
	case set.Missing() > 0:
		return fmt.Errorf("%d outcomes are missing, want all of a row that was measured in many bases", set.Missing())
	}
	return nil
}
