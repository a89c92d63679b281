package train

import "github.com/harmonium-rbm/harmonium/monitor"

// PCD that adapts keeps the overlap time of its chains between shortTime and longTime updates, by 1 to 2^mostDoublings
// sweeps.
const (
	mostDoublings = 6
	longTime      = 6
	shortTime     = 2
)

// Sweeps is the number of sweeps an update, as it is now.
func (p *PCD) Sweeps() int {
	if p.Adapt {
		return 1 << min(p.doublings, mostDoublings)
	}
	return p.Steps
}

// adapt doubles the sweeps where the chains remember for too many updates, and halves them where they forget at once.
func (p *PCD) adapt(update uint64) {
	if !p.Adapt {
		return
	}
	overlap := &p.population.overlap
	switch time := overlap.Time(update); {
	case time > longTime && p.doublings < mostDoublings:
		p.doublings++
	case time < shortTime && overlap.Measured(update) && p.doublings > 0:
		p.doublings--
	default:
		return
	}
	overlap.Restart(p.population.states(), update)
}

// Mixing tells the overlap time of the chains. It should be one update, or so long as Adapt leaves it.
func (p *PCD) Mixing(updates uint64) monitor.Mixing {
	m := monitor.Mixing{Time: p.population.overlap.Time(updates), Fair: 1, Sweeps: p.Sweeps()}
	if p.Adapt {
		m.Fair = longTime
	}
	return m
}
