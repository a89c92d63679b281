package monitor

import (
	"math"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rng"
)

// The methods of a Score.
const (
	MethodExact  = "exact"  // by enumeration
	MethodLive   = "live"   // with log Z by replicas that follow the training, and by AIS
	methodPseudo = "pseudo" // pseudo-log-likelihood, which needs no log Z
)

// Bounds on the rows of training data that are scored. More than liveRows would cost more than the estimate of log Z,
// whose error is the larger one. The pseudo-log-likelihood is taken of fewestPseudo to mostPseudo rows, as the account
// affords.
const (
	exactRows    = 10000
	liveRows     = 2000
	fewestPseudo = 20
	mostPseudo   = 1000
)

// measuredRows bounds the rows of either set that were measured in many bases: a rotation of r sites costs 2^r times as
// much as a free energy, or 4^r.
const measuredRows = 2000

// realEvery is the least number of updates between scores of models with real visible units, or a twentieth of the
// training if that is less: tables of real numbers are small, and scores one update apart are all the same noise, by
// which a training would end.
const realEvery = 50

// plan is how and how often to score, decided before the first update.
type plan struct {
	method        string
	every         int       // updates between scores
	rounds        int       // of the ladder at a live score
	spectrumEvery int       // updates between singular values
	train, valid  *data.Set // rows to score; valid may be nil
	pseudo        *data.Set // rows for the pseudo-log-likelihood, or nil, as for units that are no bits
}

// newPlan scores exactly if that costs less than a tenth of the training between two scores, counted in operations, and
// live else; after each epoch, or later if scores cost too much for that. Where the number of updates is unknown, exact
// scores must not be fewer than live ones: the time may end before the first.
func newPlan(c Config, a *accounts) plan {
	p := plan{method: MethodExact, every: c.Every}
	key := rng.Seed(c.Seed).Stream(rng.StreamSplit)
	needed, feasible := a.exact.period(), exact.Feasible(c.Model) == nil
	if p.every == 0 {
		live := max(c.Epoch, liveEvery(c, a))
		most := min(c.Updates/10, c.farthest(2*livePasses)) // still ten scores
		if c.Updates == unknownUpdates {
			most = live
		}
		if p.every = live; feasible && needed <= most {
			p.every = max(c.Epoch, needed)
		}
		if !c.Model.Discrete() {
			p.every = max(p.every, min(realEvery, max(1, c.Updates/liveScores)))
		}
	}
	var gapRows int
	p.every, gapRows = planGaps(c, a, p.every)
	most := exactRows
	if !feasible || needed > p.every {
		p.method, most = MethodLive, liveRows
		p.rounds = liveRounds(c, a, p.every, c.rows(liveRows))
	}
	mostValid := math.MaxInt
	if c.Data.Bases != nil {
		most, mostValid = measuredRows, measuredRows
	}
	p.train = subset(c.Data, mostRows(c.Data, most, gapRows), rng.NewSource(key, 0))
	if c.Valid != nil {
		p.valid = subset(c.Valid, mostRows(c.Valid, mostValid, gapRows), rng.NewSource(key, 1))
	}
	if rows := pseudoRows(c, a, p.every); rows >= fewestPseudo && c.Model.CheckBits() == nil && gapRows == 0 && c.Data.Bases == nil {
		p.pseudo = p.train
		if p.valid != nil {
			p.pseudo = p.valid
		}
		p.pseudo = subset(p.pseudo, min(rows, mostPseudo), rng.NewSource(key, 2))
	}
	p.spectrumEvery = a.spectrum.period()
	return p
}

// rows is the number of rows that a score takes. most bounds those of training data.
func (c Config) rows(most int) float64 {
	rows := min(c.Data.Rows(), most)
	if c.Valid != nil {
		rows += c.Valid.Rows()
	}
	return float64(rows)
}

// liveEvery is the number of updates between two live scores where it isn't given. Where steps adapt it is that of the
// sweeps at the beginning.
func liveEvery(c Config, a *accounts) int {
	period := func(rounds int) int {
		a.priceLive(c, rounds, c.rows(liveRows))
		return a.score.period()
	}
	return max(period(fewestRounds), min(period(mostRounds), c.Updates/liveScores, c.farthest(livePasses)))
}

// farthest is the number of updates in a number of passes, where validation data are to tell when a training overfits, and
// no bound without: small tables overfit within few passes, which scores of a long training would see too late.
func (c Config) farthest(passes int) int {
	if c.Valid == nil {
		return math.MaxInt
	}
	return passes * c.Epoch
}

// liveRounds is the number of rounds of a live score that the updates between two scores of a number of rows pay for,
// and sets the price for these.
func liveRounds(c Config, a *accounts, every int, rows float64) int {
	rounds := mostRounds
	for a.priceLive(c, rounds, rows); rounds > fewestRounds && a.score.pays(every) < 1; a.priceLive(c, rounds, rows) {
		rounds = max(fewestRounds, rounds/2)
	}
	return rounds
}

// pseudoRows is the number of rows of a pseudo-log-likelihood that the updates between two scores pay for.
func pseudoRows(c Config, a *accounts, every int) int {
	m, n := float64(c.Model.M()), float64(c.Model.N())
	return int((a.pseudo.pays(every) - costSites*m*n) / (costFlip*m + costSite*m*n))
}

// spectrumDue reports whether a score has singular values: whether spectrumEvery updates have ended since the score
// before.
func (p *plan) spectrumDue(update uint64) bool {
	now, before := int(update), max(0, int(update)-1)/p.every*p.every
	return now/p.spectrumEvery != before/p.spectrumEvery
}

// subset draws at most limit rows, the same ones at every score of a run.
func subset(set *data.Set, limit int, source *rng.Source) *data.Set {
	if set.Rows() <= limit {
		return set
	}
	order := make([]int, set.Rows())
	source.Perm(order)
	return set.Subset(order[:limit])
}
