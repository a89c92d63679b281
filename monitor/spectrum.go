package monitor

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// shownSingular is how many singular values of W are followed along a training.
const shownSingular = 10

// SingularValues returns the largest singular values of W, at most count, in falling order: strengths of the patterns
// that couple the layers. They begin alike and grow one after the other as structure is learned (A. Decelle, G. Fissore
// and C. Furtlehner, EPL 119 (2017) 60001). Relative errors are about 10⁻⁷ of the largest.
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
