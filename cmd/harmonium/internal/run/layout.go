package run

import (
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Layout gives the rows and columns that a configuration of a layer is drawn with: those of the data's shape, a row for
// each categorical site where all have as many states, a square, or one row.
func Layout(layer rbm.Layer, shape []int) (rows, columns int) {
	units := layer.Units()
	if len(shape) > 1 {
		if columns = shape[len(shape)-1]; columns > 0 && units%columns == 0 {
			return units / columns, columns
		}
	}
	if parts := rbm.LayoutOf(layer); len(parts) == 1 && len(parts[0].States) > 0 {
		states := parts[0].States
		if slices.Max(states) == slices.Min(states) {
			return len(states), states[0]
		}
		return 1, units
	}
	if side := int(math.Round(math.Sqrt(float64(units)))); side*side == units {
		return side, side
	}
	return 1, units
}
