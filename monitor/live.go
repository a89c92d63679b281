package monitor

import (
	"math"

	"harmonium/diag"
	"harmonium/rbm"
	"harmonium/rng"
	"harmonium/sample"
)

// live estimates log Z of the model of a training where enumeration would cost too much: from the replicas of the
// training's ladder, by Bennett's acceptance ratios ([sample.Bennett]).
type live struct {
	ladder       *sample.Tempering
	own          *ladder           // the monitor's, whose Tempering that is; or nil
	conditionals *rbm.Conditionals // at which its line ends
	model        *rbm.Model
	rounds       int // of a score
	key          rng.Key
	data         rbm.Batch
	rows         []int    // the places of distinct rows of training data that are scored
	modes        *account // of searches for modes
	scored       uint64   // the update of the last score
	renewal      renewal
}

const (
	liveScores   = 20 // scores of a training, if nothing else is said: fewer where fewestRounds cost too much, more where mostRounds don't
	fewestRounds = 40 // of a score
	mostRounds   = 200
	// Estimates are in doubt where they differ by more than slack and doubtful standard errors.
	slack    = 1
	doubtful = 3
)

// The streams of random numbers of a score.
const (
	streamRounds rng.Stream = iota + 1
	streamModes             // searches for modes
)

// newLive prepares for scores.
func newLive(c Config, own *ladder, p plan, a *accounts, key rng.Key) *live {
	a.modes.most = SearchCost(c.Model, mostSearch*sample.SearchKinds*sample.MostIterations)
	ladder := c.Ladder
	if own != nil {
		ladder = own.Tempering
	}
	return &live{
		ladder: ladder, own: own, conditionals: c.Conditionals, model: c.Model, rounds: p.rounds, key: key, data: c.Data.States,
		rows: distinct(p.train), modes: &a.modes,
	}
}

// logZ estimates log Z of the model, at which it leaves the conditionals, by rounds of a copy of the ladder at the model.
// least are bounds by what was found on the way.
//
// The error is the spread over replica sets, and what the second half of the rounds has changed: replicas that are not
// at equilibrium drift. The findings say so where that is much.
func (l *live) logZ(now Snapshot) (z sample.LogZ, least sample.Least, findings []diag.Finding) {
	key := l.key.Stream(rng.Stream(now.Update))
	l.modes.Earn(int(now.Update - l.scored))
	l.scored = now.Update
	l.conditionals.Update(l.model)
	bound := l.search(now, key.Stream(streamModes))
	t := l.ladder.Clone(key.Stream(streamRounds))
	t.Jumps = l.ladder.Jumps
	ratios := sample.NewBennett(t)
	for range l.rounds / 2 {
		t.Round()
	}
	half := ratios.LogZ()
	for range l.rounds / 2 {
		t.Round()
	}
	z = ratios.LogZ()
	findings = append(relaxation(z, half), l.renewal.findings(l.ladder)...)
	z.Stderr = math.Hypot(z.Stderr, z.Value-half.Value)
	free := make([]float64, t.Visible().Rows())
	l.conditionals.FreeEnergy(free, t.Visible())
	found := math.Inf(-1)
	for _, f := range free {
		found = max(found, -f)
	}
	return z, sample.Least{Configuration: found, Rows: math.Inf(-1), Modes: bound}, findings
}

// starts returns states to begin a search for modes at: one half known ones, which may all be in one mode, and one half
// data, which may be in modes that the model does not have; data alone where nothing is known. The modes that replicas
// jump to come on top.
func (l *live) starts(known rbm.Batch, count, before int, key rng.Key) rbm.Batch {
	v := sample.FromRows(l.data, count+before, key)
	if half := min(count/2, known.Rows()); half > 0 {
		v.Slice(0, half).Copy(known.Slice(0, half))
	}
	if before > 0 {
		l.own.known.Rows(v.Slice(count, count+before))
	}
	return v
}

func (l *live) remember(m Memory) {
	m.Counter("live.scored", &l.scored)
	m.Number("live.modes", &l.modes.balance)
	m.Counter("live.renewal.rounds", &l.renewal.rounds)
	m.Counter("live.renewal.count", &l.renewal.count)
	m.Number("live.renewal.time", &l.renewal.time)
}
