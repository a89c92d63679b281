package train

import (
	"cmp"
	"slices"

	"harmonium/monitor"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// jumps lets chains jump between modes of the model ([sample.Jumps]). Every searchEvery updates it looks for modes again,
// from the modes that it has, rows of the minibatch and patterns that know nothing of the data.
//
// The model has narrow modes that neither sweeps nor replicas come to, many of them at rows of data. Without chains in them nothing
// holds them back, and they grow until the model has all its weight there.
type jumps struct {
	modes *sample.Jumps     // nil before the first search, and after a checkpoint has been read
	known sample.KnownModes // of modes
	key   rng.Key
	data  rbm.Batch
}

const (
	searchEvery  = 50   // updates
	lookedAt     = 1000 // rows of data whose F is looked at for a search,
	searchRows   = 16   // of which those with the lowest F begin one,
	searchChains = 32   // chains,
	searchBefore = 32   // modes of the search before, those with the largest bounds,
	searchCount  = 4    // and patterns of each kind
	jumping      = 5    // chains that may jump in an update
)

// move lets some of the chains jump, others in each update, and returns the modes.
func (j *jumps) move(p *population, u Update) *sample.Jumps {
	if u.Number%searchEvery == 0 {
		j.search(p, u)
	}
	if j.modes == nil {
		j.modes = sample.NewJumps(u.Model.M(), j.known.Means, j.known.Bounds, u.Conditionals.Compute())
	}
	chains := p.chains.Rows()
	from := int(u.Number) * jumping % chains
	to := min(from+jumping, chains)
	j.modes.Move(p.chains.Slice(from, to), u.Conditionals.FreeEnergy, j.key, u.Number)
	return j.modes
}

func (j *jumps) search(p *population, u Update) {
	key := j.key.Stream(rng.Stream(u.Number))
	lowest := j.lowest(u.Conditionals, searchRows, key)
	chains := sample.FromRows(p.chains, searchChains, key.Stream(1))
	before := min(len(j.known.Bounds), searchBefore)
	known := lowest.Like(searchRows + searchChains + before)
	known.Slice(0, searchRows).Copy(lowest)
	known.Slice(searchRows, searchRows+searchChains).Copy(chains)
	j.known.Rows(known.Slice(searchRows+searchChains, known.Rows()))
	j.modes = sample.FindJumps(u.Model, known, searchCount, key, u.Conditionals.Compute())
	j.known = j.modes.Known()
}

// lowest returns the rows with the lowest F among some of the data.
func (j *jumps) lowest(c *rbm.Conditionals, count int, key rng.Key) rbm.Batch {
	rows := sample.FromRows(j.data, lookedAt, key)
	free, order := make([]float64, rows.Rows()), make([]int, rows.Rows())
	c.FreeEnergy(free, rows)
	for r := range order {
		order[r] = r
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(free[a], free[b]) })
	v := rows.Like(count)
	v.Gather(rows, order[:count])
	return v
}

// jumpsCost is the number of elementary operations in an update, with its part of a search.
func jumpsCost(model *rbm.Model) float64 {
	return monitor.GibbsCost(model, 2*jumping, 0)/2 + monitor.SearchCost(model, usualIterations)/searchEvery
}

// usualIterations is the number of mean-field iterations of a search, about.
const usualIterations = 1500

func (j *jumps) remember(m *Memory, units int) {
	if monitor.RememberModes(m, "", &j.known, units) {
		j.modes = nil
	}
}
