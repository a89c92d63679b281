package train

import (
	"errors"
	"fmt"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/sample"
)

// replicaSets are tempered chains that follow the model from update to update.
type replicaSets struct {
	*sample.Tempering
	base   *rbm.Model // independent units
	frozen uint64     // models of the ladder that the temperatures lie along
}

// respaceEvery is the number of updates after which the temperatures are spaced again.
const respaceEvery = 50

func newReplicaSets(s Setup, count, temperatures int) *replicaSets {
	base, starts := sample.IndependentModel(s.Model), sample.FromBiases(s.Model, count, s.Key)
	return &replicaSets{Tempering: sample.NewTempering(sample.Path{base, s.Model}, starts, temperatures, s.Key, s.Compute), base: base}
}

// replicasCost is the number of operations of a number of rounds. An exchange takes two products for each of the two neighbours, and is
// tried in every second round.
func replicasCost(model *rbm.Model, count, temperatures, rounds int) float64 {
	return float64(temperatures) * (2*monitor.GibbsCost(model, count, rounds) + monitor.LoadCost(model))
}

// follow takes over the model of an update, and the ladder, which is empty where the path is the straight line.
func (r *replicaSets) follow(u Update) {
	if frozen := uint64(len(u.Ladder)); frozen != r.frozen {
		r.Compress(float64(r.frozen+1) / float64(frozen+1))
		r.frozen = frozen
	}
	r.SetPath(append(append(sample.Path{r.base}, u.Ladder...), u.Model))
	if u.Number > 0 && u.Number%respaceEvery == 0 {
		r.RespaceEvenly()
	}
}

func (r *replicaSets) remember(m *Memory) {
	m.Counter("frozen", &r.frozen)
	s := r.State()
	m.Counter("rounds", s.Rounds)
	for k, v := range s.Visible {
		m.States(fmt.Sprintf("chains.%d", k), v)
		m.Counter(fmt.Sprintf("sweeps.%d", k), s.Sweeps[k])
	}
	for k, x := range s.Numbers {
		m.Number(fmt.Sprintf("numbers.%d", k), x)
	}
}

// replicaSettings are the settings that PCD and PT have in common. They have no effect without the setting that they need, if any.
func replicaSettings(temperatures *int, ladder *bool, needs string) []Setting {
	return []Setting{
		{Name: "temperatures", At: temperatures, Default: DefaultTemperatures, Least: 2, Needs: needs,
			Help: "of a replica set: models between independent units and the model"},
		{Name: "path", At: pathName{ladder}, Default: PathLine, Needs: needs,
			Help: "where these models lie: line (straight; mixes faster wherever it was measured) or " +
				"training (along the models frozen so far)"},
	}
}

// The paths of replica sets between independent units and a model: the straight line, and along the ladder.
const (
	PathLine     = "line"
	PathTraining = "training"
)

// pathName is the path of replica sets as text.
type pathName struct{ ladder *bool }

func (p pathName) Type() string { return PathLine + "|" + PathTraining }

func (p pathName) String() string {
	if *p.ladder {
		return PathTraining
	}
	return PathLine
}

func (p pathName) Set(text string) error {
	if text != PathLine && text != PathTraining {
		return errors.New("want " + PathLine + " or " + PathTraining)
	}
	*p.ladder = text == PathTraining
	return nil
}
