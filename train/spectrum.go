package train

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"harmonium/rbm"
)

// shownSingular is how many singular values of W are followed along a training.
const shownSingular = 10

// Costs of the spectrum in elementary operations: a multiply-add in float64, and one of the eigenvalues.
const (
	costGram     = 2
	costEigen    = 5
	spectrumPart = 0.005 // of the training's operations
)

// spectrumEvery is the number of updates of the given cost that must pass between two spectra of W.
func spectrumEvery(model *rbm.Model, update float64) int {
	small, large := float64(min(model.M(), model.N())), float64(max(model.M(), model.N()))
	cost := small * small * (large/2*costGram + small*costEigen)
	return int(math.Ceil(cost / (spectrumPart * update)))
}

// spectrum returns the singular values of W if enough updates have passed since the evaluation before. Which evaluations have one follows from their
// numbers alone.
func (t *Training) spectrum() []float32 {
	now, before := int(t.done), max(0, int(t.done)-1)/t.scorer.every*t.scorer.every
	if now/t.scorer.spectrumEvery == before/t.scorer.spectrumEvery {
		return nil
	}
	return SingularValues(t.Model, shownSingular)
}

// SingularValues returns the largest singular values of W, at most count, in falling order: strengths of the patterns that couple the
// layers. They begin alike and grow one after the other as structure is learned (A. Decelle, G. Fissore and C. Furtlehner, EPL 119 (2017) 60001). Relative
// errors are about 10⁻⁷ of the largest.
func SingularValues(model *rbm.Model, count int) []float32 {
	m, n := model.M(), model.N()
	w := mat.NewDense(m, n, nil)
	for i := range m {
		for j, x := range model.W[i*n : (i+1)*n] {
			w.Set(i, j, float64(x))
		}
	}
	var product mat.SymDense // of the smaller size
	if n <= m {
		product.SymOuterK(1, w.T())
	} else {
		product.SymOuterK(1, w)
	}
	var eigen mat.EigenSym
	eigen.Factorize(&product, false)
	squares := eigen.Values(nil) // in rising order
	values := make([]float32, min(count, len(squares)))
	for k := range values {
		values[k] = float32(math.Sqrt(max(0, squares[len(squares)-1-k])))
	}
	return values
}
