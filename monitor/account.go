package monitor

import "math"

// accounts are what a training pays for everything that doesn't train: a part of its operations for each purpose.
//
// What comes with scores is planned before the first update, at the cost of an update then: pays tells how much of it a
// number of updates pays for, and period after how many updates it may come. What chains do on top of that is saved
// for, at the cost of updates at the time: Earn, Affords, Spend.
//
// All parts together are less than a quarter, a tenth more where the monitor keeps a ladder, and another tenth where
// rows have gaps.
type accounts struct {
	exact, score, gaps, pseudo, spectrum, judge account // planned
	follow, modes                               account // saved for
}

// newAccounts opens the accounts. Those of live scores have no price yet ([accounts.priceLive]).
func newAccounts(c Config) *accounts {
	m, n := float64(c.Model.M()), float64(c.Model.N())
	pay := func(part, price float64) account { return account{part: part, update: c.Cost, price: price} }
	return &accounts{
		// a score by enumeration, instead of follow and score where it is cheap
		exact:    pay(0.1, ExactCost(c.Model)+c.rows(exactRows)*n*(m+costUnit)),
		score:    pay(0.15, 0),                      // a live score
		gaps:     pay(0.1, gapCost(c)),              // a row with gaps of a score, by either method
		pseudo:   pay(0.005, 1),                     // an operation of pseudo-log-likelihoods
		spectrum: pay(0.005, spectrumCost(c.Model)), // singular values of W
		follow:   pay(0.1, 1),                       // a round of a ladder that the training doesn't need
		modes:    pay(0.05, 1),                      // an operation of searches for modes at scores,
		judge:    pay(0.015, 1),                     // and of that for the model that is kept, with AIS from its modes
	}
}

// priceLive sets the price of live scores with a number of rounds.
func (a *accounts) priceLive(c Config, rounds int, rows float64) {
	a.score.price = liveCost(c, rounds, rows)
}

// account counts pieces of what is bought, such as steps of chains.
type account struct {
	part    float64        // of the operations of the training
	update  func() float64 // operations of an update
	price   float64        // operations of a piece
	most    float64        // bound on the balance, or the last pay if that is more; 0 means none
	balance float64        // pieces earned or lent, less those spent
}

// pays is what a number of updates pays, in pieces: part · updates · cost of an update / price.
func (a *account) pays(updates int) float64 { return a.part * float64(updates) * a.update() / a.price }

// period is the number of updates that pay for a piece: price / (part · cost of an update).
func (a *account) period() int { return int(math.Ceil(a.price / (a.part * a.update()))) }

// Earn adds the pay of a number of updates.
func (a *account) Earn(updates int) {
	pay := a.pays(updates)
	a.balance += pay
	if a.most > 0 {
		a.balance = min(a.balance, max(pay, a.most))
	}
}

// Affords reports whether the balance pays for a number of pieces.
func (a *account) Affords(pieces float64) bool { return a.balance >= pieces }

// Spend subtracts a number of pieces.
func (a *account) Spend(pieces float64) { a.balance -= pieces }
