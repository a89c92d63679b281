package data

import (
	"errors"
	"fmt"
	"math"
)

// OpenWeights reads the weights of the rows of a data set: one number a row, as a text file of one column, an
// .npy or IDX array of one axis, or of two whose second has length 1, or a member of an .npz file. The numbers must be
// finite and ≥ 0, not all zero, and exactly as many as there are rows.
func OpenWeights(path string, rows int) ([]float64, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.close()
	weights, err := f.weights(rows)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return weights, nil
}

func (f *file) weights(rows int) ([]float64, error) {
	m, err := f.matrix(options{}, true)
	switch {
	case err != nil:
		return nil, err
	case m.units != 1:
		return nil, fmt.Errorf("found %d columns, want one weight a row", m.units)
	case m.rows != rows:
		return nil, fmt.Errorf("found %d weights, want %d, one for each row of the data", m.rows, rows)
	}
	weights, total := make([]float64, rows), 0.0
	err = m.scan(func(r, c int, values []float64) error {
		for _, x := range values {
			if !(x >= 0) || math.IsInf(x, 0) {
				return refuse(r, c, x, "a finite number that is not negative")
			}
			weights[r] = x
			total += x
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case total == 0:
		return nil, errors.New("all weights are 0")
	case math.IsInf(total, 0):
		return nil, errors.New("the sum of the weights overflows")
	}
	return weights, nil
}
