package monitor

import (
	"fmt"
	"math"

	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/sample"
)

// Codes of findings about replicas that are not at equilibrium.
const (
	CodeRelaxation = "relaxation"
	CodeRenewal    = "renewal"
)

// relaxation says where log Z by all rounds of a score is not that by the first half: the replicas were elsewhere when
// the score began. At equilibrium the difference has the error of log Z.
func relaxation(z sample.LogZ, drift float64) []diag.Finding {
	limit := slack + doubtful*z.Stderr
	if !(math.Abs(drift) > limit) {
		return nil
	}
	return []diag.Finding{{
		Code: CodeRelaxation,
		Message: fmt.Sprintf("log Z is %.1f by the first half of the rounds of the replicas, and %.1f ± %.1f by all",
			z.Value-drift, z.Value, z.Stderr),
		Value: diag.Number(math.Abs(drift)), Threshold: diag.Number(limit),
		Consequence: "the replicas are not at equilibrium, they lag behind the model; the error of log Z has the difference in it, " +
			"and may still be too small",
	}}
}

// renewal measures in how many rounds a state at the model is a new one: one that has come from independent units,
// which are drawn exactly, or has jumped on the way.
type renewal struct {
	rounds, count uint64  // of the ladder when the measurement began: rounds, and new states at the model
	time          float64 // of the last measurement; 0 before the first
}

// slowRenewal is the number of rounds after which states at the model should be new, and of those of a measurement.
const slowRenewal = 1000

// findings measures, if there were enough rounds since the last measurement, and says where renewal takes long.
func (n *renewal) findings(t *sample.Tempering) []diag.Finding {
	if rounds := t.Rounds() - n.rounds; rounds >= slowRenewal {
		sets := float64(t.Visible().Rows())
		n.time = float64(rounds) * sets / max(1, float64(t.Renewals()-n.count))
		n.rounds, n.count = t.Rounds(), t.Renewals()
	}
	if !(n.time > slowRenewal) {
		return nil
	}
	return []diag.Finding{{
		Code:    CodeRenewal,
		Message: fmt.Sprintf("a replica at the model is renewed from independent units every %.0f rounds in the mean", n.time),
		Value:   diag.Number(n.time), Threshold: slowRenewal,
		Consequence: "the replicas may be caught in modes, whose weights and log Z are then wrong by more than the errors say",
	}}
}
