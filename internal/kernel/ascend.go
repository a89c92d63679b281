package kernel

// An Ascender is an [Engine] that makes the optimiser's step too, so that parameters and averages can stay with it.
type Ascender interface {
	Engine
	// Ascend makes an update. It returns Σ g² over the gradient of all parameters, and whether all of them are numbers
	// within ±[MaxParameter] after it. The biases b and c are current here, too, when it returns.
	Ascend(a *Ascent) (squares float64, sound bool)
}

// MaxParameter bounds the magnitude of parameters.
const MaxParameter = 1e29

// An Ascent is the second half of an update of W (m×n, row-major), b and c, in the steps and with the roundings of
// package train:
//
//	g = positive − negative,   g_W ← g_W − μ g_cᵀ − g_b νᵀ − L2·W − L1·sign W,
//
// then the optimiser's step by g, and |w| ≤ Clip. The step ΔW of centered parameters is brought back by b ← b − ΔW ν
// and c ← c − ΔWᵀ μ. Sums are taken over blocks of Rows rows of W: Σ g² as b, c and then block after block, each by
// [Context.Dot]; ΔW ν row by row, by Dot too; of ΔWᵀ μ those of the rows of a block in float32, and c less one block
// after the other.
//
// Slices that are bound stay on the engine; others are read here.
type Ascent struct {
	Parameters         [3][]float32 // W, b and c: bound
	Positive, Negative [3][]float32 // ⟨·⟩_data and ⟨·⟩_model: ⟨v_i h_j⟩, ⟨v_i⟩ and ⟨h_j⟩
	Rows               int

	// With a weight above 0, ν ← ν + Follow·(⟨h⟩_data − ν) comes first, or ν ← ⟨h⟩_data for 1.
	CenterV, CenterH []float32 // μ and ν: bound; nil for the gradient that is not centered
	Follow           float32

	L1, L2, Clip float32 // 0: none
	Rule         Rule
}

// A Rule is an optimiser's step of a parameter p with gradient g. Both memories are optional:
//
//	a = mean ← Decay·mean + Gain·g, or g itself,
//	p ← p + Adam.Rate·a, or what [Context.StepAdam] makes of p, a, g and the mean square.
type Rule struct {
	Decay, Gain float32
	Adam        Adam
	Mean        [3][]float32 // of the gradient of W, b and c: bound, or nil
	Square      [3][]float32 // its mean square: bound, or nil
}
