package train

import (
	"cmp"
	"slices"

	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
)

// jumps lets chains, and replicas at all temperatures, jump between modes of the model ([sample.Jumps]). Every
// searchEvery updates it looks for modes: from probable rows of data, from states of chains, from modes found before,
// and from patterns that know nothing of these.
//
// The model has narrow modes that neither sweeps nor replicas come to, many of them at rows of data. Without chains in
// them nothing holds them back, and they grow until the model has all its weight there. Modes of the chains' own states
// are needed too: a state that is improbable under q can't be left.
//
// Between searches the bounds follow the model: L_k falls by what F of the configuration nearest to the mode has risen.
// A mode may gain many nats until the next search, and chains must jump there before.
type jumps struct {
	modes *sample.Jumps     // nil before the first search, and after a checkpoint has been read
	known sample.KnownModes // of modes
	sums  []float64         // L_k + F of these configurations, when they were found
	key   rng.Key
	data  rbm.Batch

	nearest rbm.Batch // the configurations
	free    []float64 // scratch
}

const (
	searchEvery  = 25   // updates
	lookedAt     = 4000 // rows of data that are looked at for a search,
	searchRows   = 16   // of which these begin one,
	searchChains = 100  // chains,
	searchBefore = 64   // modes of the search before, those with the largest bounds then,
	searchCount  = 4    // and patterns of each kind
	jumpEvery    = 2    // updates after which a chain may jump again
)

// move lets some of the chains jump, others in each update, and returns the modes. A search comes after that: modes
// found from a state must not serve it at once.
func (j *jumps) move(p *population, u Update) *sample.Jumps {
	if j.modes == nil {
		j.modes = sample.NewJumps(u.Model.Visible, j.known.Means, j.known.Bounds, u.Conditionals.Compute())
		j.findNearest(p, u.Model.Visible)
	}
	j.follow(u)
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
	known.Slice(0, searchRows).Copy(j.uncovered(p, u.Conditionals, key))
	known.Slice(searchRows, searchRows+searchChains).Copy(sample.FromRows(p.chains, searchChains, key.Stream(1)))
	j.known.Rows(known.Slice(searchRows+searchChains, known.Rows()), u.Model.Visible)
	u.device.fetch(u.Model.W)
	j.modes = sample.FindJumps(u.Model, known, searchCount, key, u.Conditionals.Compute())
	j.known = j.modes.Known()
	j.findNearest(p, u.Model.Visible)
	j.sums = make([]float64, len(j.free))
	u.Conditionals.FreeEnergy(j.sums, j.nearest)
	for k, bound := range j.known.Bounds {
		j.sums[k] += bound
	}
}

// findNearest finds the configurations nearest to the modes.
func (j *jumps) findNearest(p *population, visible rbm.Layer) {
	j.free = make([]float64, len(j.known.Bounds))
	j.nearest = p.chains.Like(len(j.known.Bounds))
	j.known.Rows(j.nearest, visible)
}

// follow has the bounds follow the model.
func (j *jumps) follow(u Update) {
	if len(j.free) == 0 {
		return
	}
	u.Conditionals.FreeEnergy(j.free, j.nearest)
	for k, free := range j.free {
		j.known.Bounds[k] = j.sums[k] - free
	}
	j.modes.Reweigh()
}

// uncovered returns rows of data at which the model may have modes that the jumps don't know: the ones with the lowest
// F among those that q covers less well than half of the chains, by the weight e^(−F(v))/q(v) of the independence
// sampler. The lowest F of all are in modes that are known.
func (j *jumps) uncovered(p *population, c *rbm.Conditionals, key rng.Key) rbm.Batch {
	rows := sample.FromRows(j.data, lookedAt, key)
	free, covered := make([]float64, lookedAt), make([]bool, lookedAt)
	c.FreeEnergy(free, rows)
	if len(j.free) > 0 {
		typical := make([]float64, p.chains.Rows())
		c.FreeEnergy(typical, p.chains)
		j.toLogWeights(typical, p.chains)
		slices.Sort(typical)
		weights := slices.Clone(free)
		j.toLogWeights(weights, rows)
		for r, weight := range weights {
			covered[r] = weight <= typical[len(typical)/2]
		}
	}
	first := firstOf(lookedAt, searchRows, func(a, b int) bool {
		if covered[a] == covered[b] {
			return cmp.Less(free[a], free[b])
		}
		return covered[b]
	})
	v := rows.Like(searchRows)
	v.Gather(rows, first)
	return v
}

// firstOf returns the first few of the numbers below n in an order, equal ones as they are.
func firstOf(n, few int, less func(a, b int) bool) []int {
	first := make([]int, 0, few+1)
	for r := range n {
		at := len(first)
		for at > 0 && less(r, first[at-1]) {
			at--
		}
		if at < few {
			first = slices.Insert(first, at, r)
			first = first[:min(few, len(first))]
		}
	}
	return first
}

// toLogWeights turns F(v) of the rows of v into −F(v) − log q(v).
func (j *jumps) toLogWeights(free []float64, v rbm.Batch) {
	j.modes.AddLogQ(free, v)
	for r := range free {
		free[r] = -free[r]
	}
}

// jumpsCost is the number of elementary operations in an update, with its part of a search.
func jumpsCost(model *rbm.Model, chains int) float64 {
	search := monitor.GibbsCost(model, 2*lookedAt, 0) + monitor.SearchCost(model, searchIterations)
	return monitor.GibbsCost(model, 2*chains/jumpEvery, 0) + search/searchEvery
}

// searchIterations is about the number of mean-field iterations of a search, over all starts.
const searchIterations = 2000

func (j *jumps) remember(m *Memory, units int) {
	if monitor.RememberModes(m, "", &j.known, units) {
		j.modes, j.sums = nil, make([]float64, len(j.known.Bounds))
	}
	m.Numbers("sums", j.sums)
}
