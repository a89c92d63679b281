package monitor

import "math"

// accounts are what a training pays for everything that doesn't train: a part of its operations for each purpose.
type accounts struct{ exact, follow, check, score, pseudo, spectrum account }

// newAccounts opens the accounts of a training whose updates cost what update returns, as they are at the time.
func newAccounts(update func() float64) *accounts {
	pay := func(part float64) account { return account{part: part, update: update, price: 1} }
	return &accounts{
		exact:    pay(0.1),   // scores by enumeration, instead of follow, check and score where it is cheap
		follow:   pay(0.02),  // steps of the AIS chains that follow the running mean
		check:    pay(0.015), // steps of checks
		score:    pay(0.015), // live scores, but for checks
		pseudo:   pay(0.005), // operations of pseudo-log-likelihoods
		spectrum: pay(0.005), // singular values of W
	}
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
