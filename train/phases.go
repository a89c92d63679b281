package train

import "errors"

// Negatives returns one of each kind of negative phase; the first is the default.
func Negatives() []Negative { return []Negative{&PCD{}, &CD{}, &PT{}, &Exact{}} }

// Kind is "pcd".
func (*PCD) Kind() string { return "pcd" }

// About names the method.
func (*PCD) About() string {
	return "persistent chains, and a random restart every 20 updates, a heuristic: docs/math.md"
}

// Settings lists the settings.
func (p *PCD) Settings() []Setting {
	return []Setting{
		{Name: "steps", At: &p.Steps, Auto: &p.Adapt, Default: DefaultSteps, Least: 1,
			Help: "Gibbs sweeps an update; more: less bias, more time; auto: as many as the chains need to forget within a few updates"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1, Help: "persistent chains; more: less noise in the gradient, more time"},
		{Name: "refresh", At: &p.Refresh,
			Help: "replica sets that exchange states with the chains, so that these change modes; 0 means none, " +
				"10 cost as much as 6 to 15 sweeps of 100 chains"},
		{Name: "rungs", At: &p.Rungs, Default: DefaultRungs, Least: 2, Needs: "refresh", Help: rungsHelp},
		{Name: "path", At: along{&p.Along}, Default: PathLine, Needs: "refresh", Help: pathHelp},
	}
}

// Kind is "cd".
func (*CD) Kind() string { return "cd" }

// About names the method.
func (*CD) About() string { return "chains that start at the data" }

// Settings lists the settings.
func (c *CD) Settings() []Setting {
	return []Setting{
		{Name: "steps", At: &c.Steps, Default: DefaultSteps, Least: 1, Help: "Gibbs sweeps an update; more: less bias, more time"},
	}
}

// Kind is "pt".
func (*PT) Kind() string { return "pt" }

// About names the method.
func (*PT) About() string {
	return "persistent chains that change modes by parallel tempering; takes more time"
}

// Settings lists the settings.
func (p *PT) Settings() []Setting {
	return []Setting{
		{Name: "steps", At: &p.Steps, Default: DefaultSteps, Least: 1, Help: "Gibbs sweeps and exchanges an update; more: less bias, more time"},
		{Name: "chains", At: &p.Chains, Default: DefaultChains, Least: 1, Help: "replica sets; more: less noise in the gradient, more time"},
		{Name: "rungs", At: &p.Rungs, Default: DefaultRungs, Least: 2, Help: rungsHelp},
		{Name: "path", At: along{&p.Along}, Default: PathLine, Help: pathHelp},
	}
}

// Kind is "exact".
func (*Exact) Kind() string { return "exact" }

// About names the method.
func (*Exact) About() string { return "enumeration, small models" }

// Settings are none.
func (*Exact) Settings() []Setting { return nil }

const (
	rungsHelp = "models between independent units and the model that a replica set has"
	pathHelp  = "where these models lie: line (straight; mixes faster wherever it was measured) or training (along the models kept so far)"
)

// The paths of replica sets between independent units and a model: the straight line, and along the models kept in training.
const (
	PathLine     = "line"
	PathTraining = "training"
)

// along is the path of replica sets as text.
type along struct{ is *bool }

func (a along) Type() string { return PathLine + "|" + PathTraining }

func (a along) String() string {
	if *a.is {
		return PathTraining
	}
	return PathLine
}

func (a along) Set(text string) error {
	if text != PathLine && text != PathTraining {
		return errors.New("want " + PathLine + " or " + PathTraining)
	}
	*a.is = text == PathTraining
	return nil
}
