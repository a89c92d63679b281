package monitor

import (
	"context"
	"math"
	"slices"

	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// live estimates log Z at every score, for less than a tenth of what the training costs.
//
// Forward: chains drawn from the AIS chains, which follow the running mean, go on to the model by AIS. What can go
// wrong is that none of them is where the model has its weight. Reverse: so other chains go from the model to the mean
// by reverse AIS. Half of them begin at known states, half at rows of data. Both estimates must agree.
//
// Where the account has saved enough steps, a check takes reverse AIS from the model to independent units, and AIS from
// there to the mean (check.go).
//
// Bounds that hold for certain may not be above the estimate: −F of the configurations that the reverse chains and
// random restarts ([sample.RandomStarts]) come to, the sum of e^(−F) over rows of data, and the variational bounds of
// modes (modes.go).
type live struct {
	reverse int // chains of reverse AIS; twice as many go forward
	key     rng.Key
	data    rbm.Batch
	rows    []int    // the places of distinct rows of training data that are scored
	account *account // of steps of checks
	modes   *account // of searches for modes

	// What a checkpoint holds.
	scored  uint64  // the update of the last score
	steps   uint64  // of the next check, at least
	gap     float64 // in log Z, between reverse AIS of the last check and AIS
	doubted uint64  // the last update at which two estimates did not agree, until a check at which they do; 0 if there is none
	differ  float64 // by so much,
	limit   float64 // and more than this
}

const (
	mostReverse   = 100 // chains of reverse AIS; half or a quarter of them where their account does not pay for all,
	fewestReverse = 25  // whatever these cost
	liveScores    = 20  // scores of a training, if nothing else is said: fewer where fewestReverse cost too much, more where mostReverse don't
	liveSteps     = 8   // between the mean and the model
	liveSweeps    = 10  // that forget how states to begin reverse AIS at were found
	perRestart    = 5   // chains of reverse AIS for a random restart, and
	restartSweeps = 20  // its sweeps
	// Estimates are in doubt where they differ by more than slack and doubtful standard errors.
	slack    = 1
	doubtful = 3
)

// The streams of random numbers of a score.
const (
	streamRenew   rng.Stream = iota + 1 // AIS of a check
	streamCheck                         // reverse AIS of a check
	streamForward                       // AIS from the mean to the model
	streamReverse                       // reverse AIS from the model to the mean
	streamModes                         // searches for modes
)

// newLive prepares for scores.
func newLive(c Config, p plan, a *accounts, key rng.Key) *live {
	a.check.balance = min(fewestSteps, a.check.pays(c.Updates)/2)
	a.modes.most = searchCost(c.Model, mostSearch*sample.SearchKinds*sample.MostIterations)
	return &live{
		reverse: p.reverse, key: key, data: c.Data.States, rows: distinct(p.train), account: &a.check, modes: &a.modes, steps: fewestSteps,
	}
}

// logZ estimates log Z of the model, at which it leaves the conditionals. least are bounds by what was found on the
// way, and step is the longest one of the AIS chains.
func (l *live) logZ(f *follower, now Snapshot) (z sample.LogZ, least sample.Least, step float64) {
	key, c := l.key.Stream(rng.Stream(now.Update)), now.Conditionals
	c.Update(now.Model)
	chains := sample.NewChains(l.starts(now.Known, l.reverse, key), now.Model.N(), key)
	chains.Sweep(c, liveSweeps)
	found := l.restarts(now.Model, c, key)

	l.account.Earn(int(now.Update - l.scored))
	l.modes.Earn(int(now.Update - l.scored))
	l.scored = now.Update
	check := f.seen > 0 && l.account.Affords(float64(max(l.steps, fewestSteps)))
	var whole sample.LogZ // by reverse AIS of a check
	if check {
		whole = l.check(f, now.Model, chains, c, key)
	}
	mean := f.chains.LogZ()
	z, step = l.forward(f, now.Model, c, key.Stream(streamForward))
	z.ESS *= mean.ESS / float64(2*l.reverse) // as if all AIS chains had gone
	if check {
		l.gap, l.doubted = whole.Value-z.Value, 0
		l.compare(now.Update, l.gap, math.Hypot(z.Stderr, whole.Stderr))
	}
	back := reverseAIS(sample.Path{f.mean, now.Model}, liveSteps, chains, c, key.Stream(streamReverse))
	c.Update(now.Model)
	found = max(found, mostProbable(c, chains.Visible))
	// The error of the mean's log Z is in both estimates.
	gap := mean.Value + back.Value - z.Value
	l.compare(now.Update, gap, math.Sqrt(max(0, z.Stderr*z.Stderr-mean.Stderr*mean.Stderr)+back.Stderr*back.Stderr))
	z.Stderr = math.Hypot(z.Stderr, gap)
	return z, sample.Least{Configuration: found, Rows: math.Inf(-1), Modes: l.search(now, key.Stream(streamModes))}, step
}

// forward takes chains drawn from the AIS chains on to the model. step is the longest one on their way.
func (l *live) forward(f *follower, model *rbm.Model, c *rbm.Conditionals, key rng.Key) (z sample.LogZ, step float64) {
	chains := f.chains.Draw(2*l.reverse, key)
	lengths, _ := chains.Anneal(context.Background(), sample.Path{f.mean, model}, sample.Even(liveSteps)[1:], c, nil)
	return chains.LogZ(), max(f.longest, longest(lengths))
}

// reverseAIS is reverse AIS of a copy of the chains, from a path's last model, at which the conditionals are, to its
// first.
func reverseAIS(path sample.Path, steps int, chains *sample.Chains, c *rbm.Conditionals, key rng.Key) sample.LogZ {
	chains = sample.NewChains(chains.Visible, chains.Hidden.Units(), key)
	z, _, _ := sample.ReverseAIS(context.Background(), path, sample.Even(steps), chains, nil, c, key, nil) // never cancelled
	return z
}

// starts returns states to begin reverse AIS or a search for modes at: one half known ones, which may all be in one
// mode, and one half data, which may be in modes that the model does not have; data alone where nothing is known.
func (l *live) starts(known rbm.Batch, count int, key rng.Key) rbm.Batch {
	v := sample.FromRows(l.data, count, key)
	if half := min(count/2, known.Rows()); half > 0 {
		v.Slice(0, half).Copy(known.Slice(0, half))
	}
	return v
}

// restarts returns the largest −F of random restarts.
func (l *live) restarts(model *rbm.Model, c *rbm.Conditionals, key rng.Key) float64 {
	starts := sample.RandomStarts(model, l.reverse/perRestart, key)
	chains := sample.NewChains(starts, model.N(), key.Stream(rng.StreamRestart))
	chains.Sweep(c, restartSweeps)
	return mostProbable(c, chains.Visible)
}

// mostProbable returns the largest −F of states.
func mostProbable(c *rbm.Conditionals, v rbm.Batch) float64 {
	free := make([]float64, v.Rows())
	c.FreeEnergy(free, v)
	return -slices.Min(free)
}

// compare notes where two estimates do not agree.
func (l *live) compare(update uint64, differ, stderr float64) {
	if limit := slack + doubtful*stderr; !(math.Abs(differ) <= limit) {
		l.doubted, l.differ, l.limit = update, differ, limit
	}
}

func (l *live) remember(m Memory) {
	m.Counter("live.scored", &l.scored)
	m.Number("live.account", &l.account.balance)
	m.Number("live.modes", &l.modes.balance)
	m.Counter("live.steps", &l.steps)
	m.Number("live.gap", &l.gap)
	m.Counter("live.doubted", &l.doubted)
	m.Number("live.differ", &l.differ)
	m.Number("live.limit", &l.limit)
}
