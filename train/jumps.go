package train

import (
	"context"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// jumps lets chains jump between modes of the model ([sample.Jumps]). Every searchEvery updates it looks for modes anew,
// from the modes that it has, rows of the minibatch and patterns that know nothing of the data.
//
// The model has narrow modes that neither sweeps nor replicas come to, many of them at rows of data. Without chains in them nothing
// holds them back, and they grow until the model has all its weight there.
type jumps struct {
	modes  *sample.Jumps // nil before the first search, and after a checkpoint has been read
	means  []float32     // of modes, as modes has them
	bounds []float64
	key    rng.Key
}

const (
	searchEvery = 50 // updates
	searchRows  = 16 // of the minibatch
	searchCount = 4  // patterns of each kind
	jumping     = 20 // chains that may jump in an update
)

// move lets some of the chains jump, others in each update.
func (j *jumps) move(p *population, u Update) {
	if u.Number%searchEvery == 0 {
		j.search(u)
	}
	if j.modes == nil {
		j.modes = sample.NewJumps(u.Model.M(), j.means, j.bounds, u.Conditionals.Compute())
	}
	chains := p.chains.Rows()
	from := int(u.Number) * jumping % chains
	to := min(from+jumping, chains)
	for _, r := range j.modes.Move(p.chains.Slice(from, to), u.Conditionals, j.key, u.Number) {
		p.overlap.Replace(from+r, p.chains.Slice(from+r, from+r+1))
	}
}

func (j *jumps) search(u Update) {
	key := j.key.Stream(rng.Stream(u.Number))
	known := sample.FromRows(u.Rows, searchRows, key)
	all := known.Like(searchRows + len(j.bounds))
	all.Slice(0, searchRows).Copy(known)
	for k, μ := range j.means {
		all.SetBit(searchRows+k/u.Model.M(), k%u.Model.M(), μ > 0.5)
	}
	modes := sample.NewModes(u.Model, u.Conditionals.Compute())
	_ = modes.Search(context.Background(), searchCount, all, key) // never cancelled
	j.modes = modes.Jumps()
	j.means, j.bounds = j.modes.Means, j.modes.Bounds
}

// jumpsCost is the number of elementary operations in an update, with its part of a search.
func jumpsCost(model *rbm.Model) float64 {
	return monitor.GibbsCost(model, 2*jumping, 0)/2 + monitor.SearchCost(model, usualIterations)/searchEvery
}

// usualIterations is the number of mean-field iterations of a search, about.
const usualIterations = 1500

func (j *jumps) remember(m *Memory, units int) {
	if n, ok := m.Length("bounds"); ok {
		j.modes, j.means, j.bounds = nil, make([]float32, n*units), make([]float64, n)
	}
	m.Floats("means", j.means)
	m.Numbers("bounds", j.bounds)
}
