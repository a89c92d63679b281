package train

import (
	"math"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/kernel"
	"github.com/harmonium-rbm/harmonium/rbm"
)

// centerRate is the weight of a minibatch in the running mean of the hidden units: Melchior, Fischer & Wiskott 2016,
// section 4.
const centerRate = 0.01

// An ascent is the second half of an update: gradient = positive − negative phase, penalty, the optimiser's step. The
// weights are moved a block of rows at a time, all of it while the block is in the cache, and the blocks on several
// cores.
//
// With centering the gradient is that of the centered parameters. With offsets μ (the mean of v over all data) and ν
// (that of h, a running mean over minibatches) the energy is written in v−μ and h−ν, with the same W and the biases b +
// Wν and c + Wᵀμ. Their gradient is
//
//	g_W − μ g_cᵀ − g_b νᵀ,   g_b,   g_c.
//
// A step ΔW of the centered parameters is brought back by b ← b − ΔW ν and c ← c − ΔWᵀ μ: the model is always
// plain (docs/math.md).
type ascent struct {
	t         *Training
	optimizer Optimizer
	l1, l2    float32       // penalties
	follows   bool          // ν follows the minibatch before the step
	device    *deviceAscent // nil: the host computes it
	// The parameters, in the order of [rbm.Model.Parameters], what ⟨·⟩_data and ⟨·⟩_model are for them, and the
	// gradient. W, the first, is moved in pieces of rows, and these in blocks. What is there in place of its ⟨·⟩_data is
	// the difference of both, which becomes the gradient, or nil, where a piece of it is made at a time
	// ([rbm.Conditionals.DifferenceRows]). The places of W in the other lists are empty or unused.
	parameters                   []rbm.Named
	positive, negative, gradient [][]float32
	b, c                         []float32 // gradient of the biases
	constrained                  bool      // the model has a gauge, or may lose its Z

	rows    int       // of a block
	piece   int       // rows of a piece
	blocks  []block   // of a piece
	first   int       // row of the piece under way,
	g       []float32 // and its gradient
	room    []float32 // for that
	stepB   []float32 // ΔW ν
	scratch chan []float32
	move    func(block int) // moveWeights
}

// A block holds what its rows contribute to the whole.
type block struct {
	squares float64   // Σ g²
	sound   bool      // are the weights that it leaves
	stepC   []float32 // ΔWᵀ μ
}

// blockNumbers is about how many weights a block has: with everything that their update touches they stay in the
// second-level cache.
const blockNumbers = 1 << 12

// Of a piece the averages are made by one product, whose blocks of rows are no smaller than elsewhere. It has about
// pieceNumbers weights, or more where rows are long.
const (
	pieceNumbers = 1 << 20
	leastPiece   = 1 << 10
)

// newAscent returns an ascent by averages. own is for that of the training itself: it has penalties, and the center
// follows.
func newAscent(t *Training, positive, negative *rbm.Statistics, optimizer Optimizer, own bool) *ascent {
	m, n := t.Model.M(), t.Model.N()
	a := &ascent{
		t: t, optimizer: optimizer,
		parameters: t.Model.Parameters(), positive: positive.Averages(), negative: negative.Averages(),
		stepB: make([]float32, m), rows: max(1, blockNumbers/n),
	}
	if own {
		a.l1, a.l2, a.follows = float32(t.config.L1), float32(t.config.L2), !t.config.Plain
	}
	if a.device = a.onDevice(); a.device != nil {
		return a
	}
	layers := rbm.NewStatistics(&rbm.Model{Visible: t.Model.Visible, Hidden: t.Model.Hidden, State: t.Model.State}) // without weights
	a.gradient, a.b, a.c = layers.Averages(), layers.V, layers.H
	a.constrained = len(rbm.SitesOf(t.Model.Visible))+len(rbm.SitesOf(t.Model.Hidden)) > 0 || t.Model.Unbounded()
	a.move = a.moveWeights // once: a method value is allocated
	a.piece = max(1, max(leastPiece, pieceNumbers/n)/a.rows) * a.rows
	if a.positive[0] == nil && own {
		a.room = make([]float32, min(m, a.piece)*n)
	} else if a.positive[0] == nil {
		a.room = t.ascent.room
	}
	a.blocks = make([]block, (min(m, a.piece)+a.rows-1)/a.rows)
	for k := range a.blocks {
		a.blocks[k].stepC = make([]float32, n)
	}
	workers := min(t.config.Compute.Workers(), len(a.blocks))
	a.scratch = make(chan []float32, workers)
	for range workers {
		a.scratch <- make([]float32, a.rows*n)
	}
	return a
}

// run moves the parameters and returns the gradient's norm, before the optimiser, and whether a model may have all
// parameters ([rbm.Named.Sound]).
func (a *ascent) run(rate float64) (norm float64, sound bool) {
	t, model, on := a.t, a.t.Model, a.t.config.Compute
	a.optimizer.Begin(rate)
	if a.device != nil {
		squares, sound := a.device.run(a.centerWeight())
		return math.Sqrt(squares), sound
	}
	t.followCenter(a.centerWeight())
	for k, g := range a.gradient[1:] {
		on.Subtract(g, a.positive[k+1], a.negative[k+1])
	}
	squares := 0.0
	for k, g := range a.gradient[1:] {
		switch p := a.parameters[k+1]; {
		case p.Name == scaleOfHidden:
			clear(g)
		case p.Positive:
			a.moveLogs(k+1, p.Values, g)
		default:
			a.optimizer.Step(k+1, 0, p.Values, g)
		}
		squares += on.Dot(g, g)
	}
	sound = true
	for first := 0; first < model.M(); first += a.piece {
		sound = a.movePiece(first, &squares) && sound
	}
	if b := model.B(); !t.config.Plain {
		on.Subtract(b, b, a.stepB)
	}
	for _, p := range a.parameters[1:] {
		sound = sound && p.Sound(on)
	}
	if sound && a.constrained {
		constrain(on, model)
	}
	return math.Sqrt(squares), sound
}

// mostCoupling bounds how strongly real units of both layers are coupled ([rbm.Model.Coupling]). From 1 on Z is
// infinite; just below it the model is as good as without bounds in one direction.
const (
	mostCoupling        = 0.98
	mostTrainedCoupling = 0.99 // of a model that is trained already, which rounding or new hidden units may bring above it
)

// constrain brings the model back to where it has to be: categorical sites to the zero-sum gauge, and the weights of
// real units of both layers to where Z is finite, by a factor.
func constrain(on *compute.Context, model *rbm.Model) {
	model.GaugeOn(on)
	if coupling := model.Coupling(mostCoupling); coupling > mostCoupling {
		factor := float32(math.Sqrt(mostCoupling / coupling))
		for k := range model.W {
			model.W[k] *= factor
		}
	}
}

// scaleOfHidden are the precisions γ_j of hidden Gaussian and rectified units, which stay as they are. They are nothing
// but the scale of h_j: with h_j = s·h'_j the model is that of γ_j s², c_j s and w_ij s. The weights of visible units
// can do all that γ_j could, and a model whose γ_j fall while its weights do has gone nowhere.
const scaleOfHidden = "hidden.precisions"

// moveLogs makes the optimiser's step of parameters that must stay above 0, such as the precisions of real units, by
// their logarithms: ∂/∂log θ = θ ∂/∂θ. It turns g into that gradient.
func (a *ascent) moveLogs(k int, values, g []float32) {
	logs := make([]float32, len(values))
	for i, x := range values {
		logs[i] = float32(math.Log(float64(x)))
		g[i] *= x
	}
	a.optimizer.Step(k, 0, logs, g)
	for i, x := range logs {
		values[i] = float32(math.Exp(float64(x)))
	}
}

// centerWeight returns the weight with which the minibatch's mean enters ν before this update: 1 in the first one, 0
// where ν doesn't follow.
func (a *ascent) centerWeight() float32 {
	switch t := a.t; {
	case !a.follows:
		return 0
	case t.centered == 0:
		t.centered = 1
		return 1
	}
	return centerRate
}

// followCenter moves ν towards the minibatch's mean of the hidden units: ν ← ν + weight·(⟨h⟩_data − ν).
func (t *Training) followCenter(weight float32) {
	switch ν := t.centerH; weight {
	case 0:
	case 1:
		copy(ν, t.hiddenMeans())
	default:
		for j, h := range t.hiddenMeans() {
			ν[j] += float32(weight * (h - ν[j]))
		}
	}
}

// movePiece makes the step of the rows of W from one on, and of c as far as it follows from that. It adds Σ g² to squares
// and reports whether a model may have the weights.
func (a *ascent) movePiece(first int, squares *float64) (sound bool) {
	t, m, n, on := a.t, len(a.b), len(a.c), a.t.config.Compute
	end := min(first+a.piece, m)
	if a.first = first; a.positive[0] != nil {
		a.g = a.positive[0][first*n : end*n]
	} else {
		a.g = a.room[:(end-first)*n]
		t.conditionals.DifferenceRows(a.g, first, end)
	}
	blocks := a.blocks[:(end-first+a.rows-1)/a.rows]
	on.Parallel(len(blocks), a.move)
	sound = true
	for k := range blocks {
		*squares += blocks[k].squares
		sound = sound && blocks[k].sound
		if c := t.Model.C(); !t.config.Plain {
			on.Subtract(c, c, blocks[k].stepC)
		}
	}
	return sound
}

// moveWeights makes the step of block k of the piece.
func (a *ascent) moveWeights(k int) {
	t, n, on := a.t, len(a.c), a.t.config.Compute
	row, g := a.first+k*a.rows, a.g[k*a.rows*n:min((k+1)*a.rows*n, len(a.g))]
	from := row * n
	W := t.Model.W[from : from+len(g)]
	scratch := <-a.scratch
	before := scratch[:len(W)]

	if !t.config.Plain {
		a.center(g, row)
	}
	kernel.Penalise(g, W, a.l1, a.l2)
	a.blocks[k].squares = on.Dot(g, g)
	if !t.config.Plain {
		copy(before, W)
	}
	a.optimizer.Step(0, from, W, g)
	kernel.Clip(W, float32(t.config.Clip))
	if !t.config.Plain {
		on.Subtract(g, W, before)
		a.uncenter(g, row, a.blocks[k].stepC)
	}
	a.blocks[k].sound = rbm.Named{Values: W}.Sound(on)
	a.scratch <- scratch
}

// center subtracts μ g_cᵀ + g_b νᵀ from rows of the gradient, the first of which is row i.
func (a *ascent) center(g []float32, i int) {
	for n, on := len(a.c), a.t.config.Compute; len(g) > 0; i++ {
		on.SubtractOuter(g[:n], a.t.centerV[i], a.c, a.b[i], a.t.centerH)
		g = g[n:]
	}
}

// uncenter takes down what the step ΔW of rows from i on means for the biases.
func (a *ascent) uncenter(Δ []float32, i int, stepC []float32) {
	clear(stepC)
	for n, on := len(stepC), a.t.config.Compute; len(Δ) > 0; i++ {
		a.stepB[i] = float32(on.Dot(Δ[:n], a.t.centerH))
		on.AddScaled(stepC, a.t.centerV[i], Δ[:n])
		Δ = Δ[n:]
	}
}
