package run

import "math"

// Layout gives the rows and columns that a configuration is drawn with: those of the data's shape, a square, or one
// row.
func Layout(units int, shape []int) (rows, columns int) {
	if len(shape) > 1 {
		if columns = shape[len(shape)-1]; columns > 0 && units%columns == 0 {
			return units / columns, columns
		}
	}
	if side := int(math.Round(math.Sqrt(float64(units)))); side*side == units {
		return side, side
	}
	return 1, units
}
