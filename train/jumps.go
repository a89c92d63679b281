package train

import (
	"cmp"
	"slices"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// jumps lets chains, and replicas at all temperatures, jump between modes of the model ([sample.Jumps]). Every
// searchEvery updates it looks for modes: from the most probable rows of data, from states of chains, from modes found
// before, and from patterns that know nothing of these.
//
// The model has narrow modes that neither sweeps nor replicas come to, many of them at rows of data. Without chains in
// them nothing holds them back, and they grow until the model has all its weight there. Modes of the chains' own states
// are needed too: a state that is improbable under q can't be left.
type jumps struct {
	modes *sample.Jumps     // nil before the first search, and after a checkpoint has been read
	known sample.KnownModes // of modes
	key   rng.Key
	data  rbm.Batch
}

const (
	searchEvery  = 25   // updates
	lookedAt     = 1000 // rows of data whose F is looked at for a search,
	searchRows   = 16   // of which those with the lowest F begin one,
	searchChains = 32   // chains,
	searchBefore = 64   // modes of the search before, those with the largest bounds,
	searchCount  = 4    // and patterns of each kind
	jumpEvery    = 5    // updates after which a chain may jump again
)

// move lets some of the chains jump, others in each update, and returns the modes. A search comes after that: modes
// found from a state must not serve it at once.
func (j *jumps) move(p *population, u Update) *sample.Jumps {
	if j.modes == nil {
		j.modes = sample.NewJumps(u.Model.Visible, j.known.Means, j.known.Bounds, u.Conditionals.Compute())
	}
	chains, turn := p.chains.Rows(), int(u.Number%jumpEvery)
	from, to := turn*chains/jumpEvery, (turn+1)*chains/jumpEvery
	j.modes.Move(p.chains.Slice(from, to), u.Conditionals.FreeEnergy, j.key, u.Number)
	if u.Number%searchEvery == 0 {
		j.search(p, u)
	}
	return j.modes
}

func (j *jumps) search(p *population, u Update) {
	key := j.key.Stream(rng.Stream(u.Number))
	before := min(len(j.known.Bounds), searchBefore) // the largest bounds first
	known := p.chains.Like(searchRows + searchChains + before)
	known.Slice(0, searchRows).Copy(j.mostProbable(u.Conditionals, key))
	known.Slice(searchRows, searchRows+searchChains).Copy(sample.FromRows(p.chains, searchChains, key.Stream(1)))
	j.known.Rows(known.Slice(searchRows+searchChains, known.Rows()), u.Model.Visible)
	j.modes = sample.FindJumps(u.Model, known, searchCount, key, u.Conditionals.Compute())
	j.known = j.modes.Known()
}

// mostProbable returns the rows with the lowest F among some of the data.
func (j *jumps) mostProbable(c *rbm.Conditionals, key rng.Key) rbm.Batch {
	rows := sample.FromRows(j.data, lookedAt, key)
	free, order := make([]float64, lookedAt), make([]int, lookedAt)
	c.FreeEnergy(free, rows)
	for r := range order {
		order[r] = r
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(free[a], free[b]) })
	v := rows.Like(searchRows)
	v.Gather(rows, order[:searchRows])
	return v
}

// jumpsCost is the number of elementary operations in an update, with its part of a search.
func jumpsCost(model *rbm.Model, chains int) float64 {
	return monitor.GibbsCost(model, 2*chains/jumpEvery, 0) + monitor.SearchCost(model, searchIterations)/searchEvery
}

// searchIterations is about the number of mean-field iterations of a search, over all starts.
const searchIterations = 1200

func (j *jumps) remember(m *Memory, units int) {
	if monitor.RememberModes(m, "", &j.known, units) {
		j.modes = nil
	}
}
