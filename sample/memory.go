package sample

import "github.com/harmonium-rbm/harmonium/rbm"

// ChainMemory is about how many bytes Gibbs chains of a model take beside the model and the samples: the operands of
// both products and the weights in float64; the chains' states, and a trace of each; the lists of set bits of the
// chains that go through a product together.
func ChainMemory(model *rbm.Model, chains int) float64 {
	const weight, trace, together = 32, 100_000, 1024 // bytes, bytes and chains
	m, n := float64(model.M()), float64(model.N())
	return weight*m*n + float64(chains)*(StateBytes(model)+trace) + 4.5*min(float64(chains), together)*max(m, n)
}

// StateBytes is about how many bytes a chain's visible and hidden state takes: an eighth of a byte a bit and four a
// real number. Units that are no bits of two values have their inputs too, four bytes each.
func StateBytes(model *rbm.Model) float64 {
	m, n := float64(model.M()), float64(model.N())
	bytes, reals := (m+n)/8, m+n-bits(model.Visible)-bits(model.Hidden)
	bytes += reals * (4 - 1./8)
	if model.CheckBits() != nil {
		bytes += 4 * (m + n)
	}
	return bytes
}

// bits is the number of units of a layer that are stored as bits.
func bits(layer rbm.Layer) float64 { return float64(layer.NewBatch(0).Bits()) }

// TemperingMemory is about how many bytes [Tempering] takes at most beside that: the states of its replica sets at all
// temperatures; and of [Jumps] the means, once more, and an observer of them.
func TemperingMemory(model *rbm.Model, sets int) float64 {
	memory := MaxTemperatures * float64(sets) * (StateBytes(model) + 16)
	if CheckModes(model) == nil {
		const mean = 17 // bytes
		memory += mean * float64(model.M()*mostKept(model))
	}
	return memory
}

// SearchMemory is about how many bytes [Modes] take: while a search from a number of starts lasts, and kept as long as
// the Modes are used, which are W in both orders and the means of all modes. It is 0 where [CheckModes] has an error.
func SearchMemory(model *rbm.Model, starts int) (searching, kept float64) {
	if CheckModes(model) != nil {
		return 0, 0
	}
	const copies = 2 // of the starts
	m, n := float64(model.M()), float64(model.N())
	searching = copies*numberBytes*m*float64(starts) + startBytes*(m+n)*float64(min(starts, together(model)))
	return searching, 2*numberBytes*m*n + numberBytes*(m+n)*float64(mostKept(model))
}

// SurveyMemory is the SearchMemory of a [Survey].
func SurveyMemory(model *rbm.Model) (searching, kept float64) {
	return SearchMemory(model, SearchKinds*searchStarts)
}
