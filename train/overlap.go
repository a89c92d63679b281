package train

import (
	"github.com/harmonium-rbm/harmonium/monitor"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// population is chains at the model, and other states at the model with which they change places. It knows the overlap
// time of all of them. Exchanges go by its methods, so that a chain that is moved is not taken for one that has
// forgotten.
type population struct {
	chains, others rbm.Batch
	both           rbm.Batch // scratch, if there are others
	overlap        monitor.Overlap
}

func newPopulation(chains, others rbm.Batch) population {
	p := population{chains: chains, others: others}
	if others.Rows() > 0 {
		p.both = chains.Like(chains.Rows() + others.Rows())
	}
	p.overlap = monitor.NewOverlap(p.states())
	return p
}

// states are the chains and then the others.
func (p *population) states() rbm.Batch {
	if p.others.Rows() == 0 {
		return p.chains
	}
	p.both.Slice(0, p.chains.Rows()).Copy(p.chains)
	p.both.Slice(p.chains.Rows(), p.both.Rows()).Copy(p.others)
	return p.both
}

// swap lets a chain and one of the others change places.
func (p *population) swap(chain, other int) {
	p.chains.Swap(chain, p.others, other)
	p.overlap.Swap(chain, p.chains.Rows()+other)
}

// see measures the overlap after an update, counted from 1.
func (p *population) see(update uint64) { p.overlap.See(p.states(), update) }
