package train

import (
	"context"
	"fmt"
	"math"

	"harmonium/compute"
	"harmonium/exact"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// Negative supplies the negative phase of the gradient, the averages ⟨v_i⟩, ⟨h_j⟩ and ⟨v_i h_j⟩ over the model. It may keep
// state, such as chains: use a fresh one for each training.
type Negative interface {
	// Start is called once, before the first Phase, with the model as it is before the first update.
	Start(s Setup) error
	// Phase writes the averages over the model into dst.
	Phase(ctx context.Context, dst *rbm.Statistics, u Update) error
	// Cost is the number of elementary operations of one Phase, for deciding what else is affordable.
	Cost() float64
	// Remember lists what must survive from one update to the next.
	Remember(*Memory)
}

// Setup is what a Negative may use from the beginning.
type Setup struct {
	Model   *rbm.Model
	Batch   int     // rows of a minibatch, at most
	Key     rng.Key // of the negative phase
	Compute *compute.Context
}

// Update is what a Negative may use for one update.
type Update struct {
	Number       uint64 // 0, 1, …
	Model        *rbm.Model
	Conditionals *rbm.Conditionals // of Model
	Rows         rbm.Batch         // the minibatch

	trajectory []*rbm.Model // models kept along the training so far, where the replica sets of PCD or PT lie on them
}

// PCD is persistent contrastive divergence: chains that go on from update to update, Steps sweeps each
// (T. Tieleman, ICML 2008). They start from the model's biases.
//
// One more chain is a random restart, the scout. It starts far from the data ([sample.RandomStarts]), makes the sweeps that the others make,
// and after scoutUpdates updates takes the place of one of them with probability min(1, e^(F_chain − F_scout)); then it starts again.
// Chains that only ever go on from the data do not reach modes elsewhere, and in long trainings such modes grow until they outweigh all
// that was learned (docs/decisions/0038). This is a heuristic, not a Metropolis-Hastings step: the probability lacks the ratio in which a
// restart arrives at the two states, so that it changes the distribution of the chains, most where few chains have modes that only
// restarts reach. By how much: docs/math.md.
//
// With Refresh the chains also exchange states with so many ladders of tempered chains, which make one round an update and can change modes:
// every refreshEvery updates the chain at the model of each ladder changes places with one of the others.
type PCD struct {
	Steps   int  // sweeps an update; 0 means DefaultSteps
	Chains  int  // 0 means DefaultChains
	Adapt   bool // instead of Steps: as many as the chains need to forget within a few updates, from 1 to 64
	Refresh int  // ladders, no more than chains
	Rungs   int  // of these; 0 means DefaultRungs
	Along   bool // the rungs are along the training so far, and not on the straight line

	doubled  uint64 // the number of doublings that Adapt has made of one sweep
	key      rng.Key
	chains   *sample.Chains // the last is the scout
	mixing   mixing
	ladders  *ladders   // nil without Refresh
	together rbm.Batch  // chains and ladders, for mixing
	cost     [2]float64 // of a sweep, and of the rest of a phase
}

// refreshEvery is the number of updates between two exchanges of ladders with the chains.
const refreshEvery = 10

// The defaults of the negative phases, chosen by measurement (docs/decisions/0042).
const (
	DefaultSteps  = 10  // Gibbs sweeps an update for CD and PCD
	DefaultChains = 100 // of PCD
)

// scoutUpdates is the number of updates that a random restart has to get to where the model has its weight.
const scoutUpdates = 20

// PCD that adapts keeps what its chains remember between shortMemory and longMemory updates, by 1 to 2^mostDoublings sweeps.
const (
	mostDoublings = 6
	longMemory    = 6
	shortMemory   = 2
)

// Start draws the chains from the model's visible biases.
func (p *PCD) Start(s Setup) error {
	if p.Steps == 0 {
		p.Steps = DefaultSteps
	}
	if p.Chains == 0 {
		p.Chains = DefaultChains
	}
	if p.Steps < 0 || p.Chains < 0 {
		return fmt.Errorf("pcd with %d steps and %d chains, want at least one of each", p.Steps, p.Chains)
	}
	p.chains = sample.NewChains(sample.FromBiases(s.Model, p.Chains+1, s.Key), s.Model.N(), s.Key)
	p.key = s.Key.Stream(rng.StreamAnywhere)
	p.cost[1] = gibbsCost(s.Model, p.Chains+1, 0)
	p.cost[0] = gibbsCost(s.Model, p.Chains+1, 1) - p.cost[1]
	if p.Refresh != 0 {
		if p.Rungs == 0 {
			p.Rungs = DefaultRungs
		}
		if p.Refresh < 0 || p.Refresh > p.Chains || p.Rungs < 2 {
			return fmt.Errorf("pcd of %d chains refreshed by %d ladders of %d rungs, want no more ladders than chains, and two rungs or more",
				p.Chains, p.Refresh, p.Rungs)
		}
		p.ladders = newLadders(s, p.Refresh, p.Rungs, p.Along)
		p.cost[1] += laddersCost(s.Model, p.Refresh, p.Rungs, 1)
		p.together = rbm.NewBatch(p.Chains+p.Refresh, s.Model.M())
	}
	p.mixing = newMixing(p.watched())
	return nil
}

// watched are the chains whose memory is measured: also those of the ladders at the model, with which the others change places.
func (p *PCD) watched() rbm.Batch {
	if p.ladders == nil {
		return p.visible()
	}
	copy(p.together.Words(), p.visible().Words())
	copy(p.together.Slice(p.Chains, p.Chains+p.Refresh).Words(), p.ladders.Visible().Words())
	return p.together
}

// Sweeps is the number of sweeps an update, as it is now.
func (p *PCD) Sweeps() int {
	if !p.Adapt {
		return p.Steps
	}
	return 1 << min(p.doubled, mostDoublings)
}

// Phase sweeps the chains and averages over all but the scout.
func (p *PCD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	p.chains.Sweep(u.Conditionals, p.Sweeps())
	if done := u.Number + 1; done%scoutUpdates == 0 {
		p.scout(u, done/scoutUpdates)
	}
	if p.ladders != nil {
		p.refresh(u)
	}
	p.mixing.see(p.watched(), u.Number+1)
	if p.Adapt {
		p.adapt(u.Number + 1)
	}
	u.Conditionals.Statistics(dst, u.Model, p.visible(), nil)
	return nil
}

// scout lets the random restart take the place of a chain, each in turn, or not, and start again, in turn from fair coins and from the
// biases.
func (p *PCD) scout(u Update, trip uint64) {
	key := p.key.Stream(rng.Stream(trip))
	scout, chain := p.Chains, int(trip%uint64(p.Chains))
	var free [2]float64
	u.Conditionals.FreeEnergy(free[:1], p.chains.Visible.Slice(scout, scout+1))
	u.Conditionals.FreeEnergy(free[1:], p.chains.Visible.Slice(chain, chain+1))
	row := p.chains.Visible.Row(scout)
	if block := key.Block(rng.At(0, 0, 0)); math.Log(float64(rng.Uniform(block[0]))) < free[1]-free[0] {
		copy(p.chains.Visible.Row(chain), row)
		copy(p.mixing.earlier.Row(chain), row) // a replaced chain hasn't forgotten anything
	}
	copy(row, sample.RandomStarts(u.Model, 2, key).Row(int(trip%2)))
}

// refresh lets the ladders go on and exchange states with the chains, each of these in turn: all are at the model, so that it changes nothing in
// the distribution.
func (p *PCD) refresh(u Update) {
	p.ladders.follow(u)
	p.ladders.Round()
	if done := u.Number + 1; done%refreshEvery == 0 {
		p.exchange(done / refreshEvery)
	}
}

// exchange lets the chain at the model of each ladder change places with one of the others.
func (p *PCD) exchange(turn uint64) {
	for k := range p.Refresh {
		chain := (int(turn)*p.Refresh + k) % p.Chains
		swap(p.chains.Visible.Row(chain), p.ladders.Visible().Row(k))
		swap(p.mixing.earlier.Row(chain), p.mixing.earlier.Row(p.Chains+k)) // what changes places hasn't forgotten anything
	}
}

func swap(a, b []uint64) {
	for i := range a {
		a[i], b[i] = b[i], a[i]
	}
}

// adapt doubles the sweeps where the chains remember for too many updates, and halves them where they forget at once.
func (p *PCD) adapt(update uint64) {
	switch remembered := p.mixing.updates(update); {
	case remembered > longMemory && p.doubled < mostDoublings:
		p.doubled++
	case remembered < shortMemory && p.mixing.at == update && p.doubled > 0:
		p.doubled--
	default:
		return
	}
	p.mixing.restart(p.watched(), update)
}

// Cost counts the sweeps, as many as there are now, and the average.
func (p *PCD) Cost() float64 { return float64(p.Sweeps())*p.cost[0] + p.cost[1] }

func (p *PCD) visible() rbm.Batch { return p.chains.Visible.Slice(0, p.Chains) }

func (p *PCD) remembers(update uint64) chainMemory {
	m := chainMemory{
		updates: p.mixing.updates(update), sweeps: p.Sweeps(), fair: 1,
		remedy: "raise --steps (auto does it), lower --rate, or let the chains change modes by --negative pt",
	}
	if p.Adapt {
		m.fair, m.remedy = longMemory, "lower --rate, or let the chains change modes by --negative pt"
	}
	return m
}

func (p *PCD) goesAlong() bool { return p.Along && p.ladders != nil }

// Remember lists the chains.
func (p *PCD) Remember(m *Memory) {
	m.Counter("doubled", &p.doubled)
	m.States("chains", p.chains.Visible)
	m.Counter("sweeps", &p.chains.Sweeps)
	m.under("mixing", p.mixing.remember)
	if p.ladders != nil {
		m.under("ladders", p.ladders.remember)
	}
}

// CD is contrastive divergence: chains that start at the rows of the minibatch and make Steps sweeps
// (G. E. Hinton, Neural Computation 14 (2002) 1771). It is biased towards models that are good near the data.
type CD struct {
	Steps int // sweeps an update; 0 means DefaultSteps

	key     rng.Key
	cost    float64
	overlap float64 // of the chains of the last update with the rows that they began at
}

// Start takes the settings over.
func (c *CD) Start(s Setup) error {
	if c.Steps == 0 {
		c.Steps = DefaultSteps
	}
	if c.Steps < 0 {
		return fmt.Errorf("cd with %d steps, want at least one", c.Steps)
	}
	c.key, c.cost = s.Key, gibbsCost(s.Model, s.Batch, c.Steps)
	return nil
}

// Phase sweeps chains that start at the minibatch and averages over them.
func (c *CD) Phase(_ context.Context, dst *rbm.Statistics, u Update) error {
	chains := sample.NewChains(u.Rows, u.Model.N(), c.key)
	chains.Sweeps = u.Number * uint64(c.Steps)
	chains.Sweep(u.Conditionals, c.Steps)
	c.overlap = overlap(u.Rows, chains.Visible)
	u.Conditionals.Statistics(dst, u.Model, chains.Visible, nil)
	return nil
}

// Cost counts the sweeps and the average.
func (c *CD) Cost() float64 { return c.cost }

// remembers tells no more than whether the chains have forgotten in one update, after which they are begun anew.
func (c *CD) remembers(uint64) chainMemory {
	m := chainMemory{
		updates: 1, sweeps: c.Steps, fair: 1, anew: true,
		remedy: "raise --steps, lower --rate, or let chains go on from update to update by --negative pcd or pt",
	}
	if c.overlap >= 1/math.E {
		m.updates = 2
	}
	return m
}

// Remember does nothing: contrastive divergence forgets its chains.
func (*CD) Remember(*Memory) {}

// Exact is the negative phase by enumeration: gradient descent on the true cost.
type Exact struct {
	compute *compute.Context
	cost    float64
}

// Start refuses models that can't be enumerated.
func (e *Exact) Start(s Setup) error {
	if err := exact.Feasible(s.Model.M(), s.Model.N()); err != nil {
		return fmt.Errorf("exact negative phase: %w", err)
	}
	e.compute, e.cost = s.Compute, 2*oracleCost(s.Model)
	return nil
}

// Phase sums over all states.
func (e *Exact) Phase(ctx context.Context, dst *rbm.Statistics, u Update) error {
	return exact.Moments(ctx, dst, u.Model, exact.Options{Compute: e.compute})
}

// Cost counts two passes over the states.
func (e *Exact) Cost() float64 { return e.cost }

// Remember does nothing: enumeration needs no memory.
func (*Exact) Remember(*Memory) {}
