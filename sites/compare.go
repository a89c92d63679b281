package sites

import (
	"iter"
	"math"
)

// Point is a frequency or correlation in data and in samples.
type Point struct {
	I, A                     int     // site and state
	K, B                     int     // site and state of the other of a pair; −1 of a frequency
	Data, Samples            float64 // the two values
	DataStderr, SampleStderr float64 // their standard errors, for independent rows
}

// Frequencies yields the frequency of each state of each site in data and in samples, with its standard error
// √(f(1−f)/N), where N is the effective number of rows.
func Frequencies(data, samples *Sample) iter.Seq[Point] {
	return func(yield func(Point) bool) {
		for i := range data.Len() {
			x, y := data.Frequencies(i), samples.Frequencies(i)
			for a := range x {
				p := Point{
					I: i, A: a, K: -1, B: -1, Data: x[a], Samples: y[a],
					DataStderr: data.binomial(x[a]), SampleStderr: samples.binomial(y[a]),
				}
				if !yield(p) {
					return
				}
			}
		}
	}
}

// binomial is the standard error of a frequency.
func (s *Sample) binomial(f float64) float64 { return math.Sqrt(max(0, f*(1-f)) / s.effective) }

// Correlations yields f_ik(a,b) − f_i(a) f_k(b) in data and in samples for all states of all pairs of sites i < k, with
// its standard error: that of a mean of (x−f_i(a))·(y−f_k(b)), where x and y say whether a row has the two states.
func Correlations(data, samples *Sample) iter.Seq[Point] {
	return func(yield func(Point) bool) {
		one, two := data.Background(), samples.Background()
		for i := range data.Len() {
			for k := i + 1; k < data.Len(); k++ {
				both, other, across := data.pairs(i, k), samples.pairs(i, k), data.States[k]
				for at := range both {
					p := Point{I: i, A: at / across, K: k, B: at % across}
					p.Data, p.DataStderr = data.covariance(both[at], one[i][p.A], one[k][p.B])
					p.Samples, p.SampleStderr = samples.covariance(other[at], two[i][p.A], two[k][p.B])
					if !yield(p) {
						return
					}
				}
			}
		}
	}
}

// covariance of two bits of means f and g that are both on in a part of the rows, with its standard error.
func (s *Sample) covariance(both, f, g float64) (c, stderr float64) {
	c = both - f*g
	mean := func(x, y, part float64) float64 { return max(0, part) * (x - f) * (x - f) * (y - g) * (y - g) }
	square := mean(1, 1, both) + mean(1, 0, f-both) + mean(0, 1, g-both) + mean(0, 0, 1-f-g+both)
	return c, math.Sqrt(max(0, square-c*c) / s.effective)
}

// Agreement says how far values in samples are from those in data.
type Agreement struct {
	Count    int     // of points
	RMS      float64 // root of the mean square of their differences
	Expected float64 // what their standard errors alone make of that
	Pearson  float64 // coefficient of correlation; NaN where one of the two never varies
}

// Agree sums points up.
func Agree(points iter.Seq[Point]) Agreement {
	var a Agreement
	var x, y, xx, yy, xy, squares, errors float64
	for p := range points {
		a.Count++
		x, y = x+p.Data, y+p.Samples
		xx, yy, xy = xx+p.Data*p.Data, yy+p.Samples*p.Samples, xy+p.Data*p.Samples
		squares += (p.Data - p.Samples) * (p.Data - p.Samples)
		errors += p.DataStderr*p.DataStderr + p.SampleStderr*p.SampleStderr
	}
	n := float64(a.Count)
	a.RMS, a.Expected = math.Sqrt(squares/n), math.Sqrt(errors/n)
	a.Pearson = (xy - x*y/n) / math.Sqrt((xx-x*x/n)*(yy-y*y/n))
	if math.IsInf(a.Pearson, 0) {
		a.Pearson = math.NaN()
	}
	return a
}
