package sample

// Even returns the places 0, 1/steps, …, 1.
func Even(steps int) []float64 {
	places := make([]float64, steps+1)
	for k := range places {
		places[k] = float64(k) / float64(steps)
	}
	return places
}

// Respace returns places from 0 to 1, steps of equal length apart, where lengths are those of the stretches between
// places as they are.
func Respace(places, lengths []float64, steps int) []float64 {
	along := make([]float64, len(places)) // length up to each place
	for k, x := range lengths {
		along[k+1] = along[k] + x
	}
	whole, next := along[len(along)-1], Even(steps)
	for k, at := 1, 0; k < steps; k++ {
		goal := whole * float64(k) / float64(steps)
		for along[at+1] < goal {
			at++
		}
		next[k] = places[at] + (places[at+1]-places[at])*(goal-along[at])/(along[at+1]-along[at])
	}
	return next
}
