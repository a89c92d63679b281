package train

// exchangeEvery is the number of updates between two exchanges of replica sets with chains.
const exchangeEvery = 10

// exchange moves chains by replica sets, whose replicas at the model change modes. The sets make one round an update. Every
// exchangeEvery updates each replica at the model changes places with a chain, another chain each time. Both are at the model, so that
// the exchange leaves their distribution as it is.
type exchange struct{ *replicaSets }

func (e *exchange) move(p *population, u Update) {
	e.follow(u)
	e.Round()
	if done := u.Number + 1; done%exchangeEvery == 0 {
		e.swap(p, done/exchangeEvery)
	}
}

// swap lets the replicas at the model, which are the others of the population, change places with chains.
func (*exchange) swap(p *population, turn uint64) {
	chains, sets := p.chains.Rows(), p.others.Rows()
	for k := range sets {
		p.swap((int(turn)*sets+k)%chains, k)
	}
}

func (e *exchange) remember(m *Memory) { e.replicaSets.remember(m.under("replicas")) }

// UsesLadder tells whether there are replica sets that lie along the ladder.
func (p *PCD) UsesLadder() bool { return p.Ladder && p.Refresh > 0 }
