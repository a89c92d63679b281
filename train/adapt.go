package train

import "harmonium/monitor"

// PCD that adapts keeps the overlap time of its chains between shortTime and longTime updates, by 1 to 2^mostDoublings sweeps.
const (
	mostDoublings = 6
	longTime      = 6
	shortTime     = 2
)

// adapted is the number of sweeps an update.
func (p *PCD) adapted() int { return 1 << min(p.doubled, mostDoublings) }

// adapt doubles the sweeps where the chains remember for too many updates, and halves them where they forget at once.
func (p *PCD) adapt(update uint64) {
	if !p.Adapt {
		return
	}
	switch time := p.overlap.Time(update); {
	case time > longTime && p.doubled < mostDoublings:
		p.doubled++
	case time < shortTime && p.overlap.Measured(update) && p.doubled > 0:
		p.doubled--
	default:
		return
	}
	p.overlap.Restart(p.watched(), update)
}

func (p *PCD) mixing(update uint64) monitor.Mixing {
	m := monitor.Mixing{Time: p.overlap.Time(update), Fair: 1, Sweeps: p.Sweeps()}
	if p.Adapt {
		m.Fair = longTime
	}
	return m
}
