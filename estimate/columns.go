package estimate

import (
	"math"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// scales are the means and the standard deviations of real numbers in data, by which they are standardised.
type scales struct{ mean, deviation []float64 }

func newScales(data rbm.Batch) scales {
	reals, rows := data.Units()-data.Bits(), float64(data.Rows())
	s := scales{make([]float64, reals), make([]float64, reals)}
	for r := range data.Rows() {
		for k, x := range data.Reals(r) {
			s.mean[k] += float64(x) / rows
		}
	}
	for r := range data.Rows() {
		for k, x := range data.Reals(r) {
			d := float64(x) - s.mean[k]
			s.deviation[k] += float64(d*d) / rows
		}
	}
	for k, square := range s.deviation {
		if s.deviation[k] = math.Sqrt(square); square == 0 {
			s.deviation[k] = 1
		}
	}
	return s
}

// columns holds the numbers of each unit over all rows.
type columns struct {
	rows  float64
	units rbm.Batch   // one a row, of those that are bits
	reals [][]float64 // standardised, one list for each of the others
	means []float64   // of all
}

func newColumns(v rbm.Batch, s scales) columns {
	c := columns{rows: float64(v.Rows()), units: v.Transpose(), means: make([]float64, v.Units())}
	for i := range c.units.Rows() {
		c.means[i] = float64(c.units.Ones(i)) / c.rows
	}
	for k := range s.mean {
		column := make([]float64, v.Rows())
		for r := range column {
			column[r] = (float64(v.Reals(r)[k]) - s.mean[k]) / s.deviation[k]
			c.means[v.Bits()+k] += column[r] / c.rows
		}
		c.reals = append(c.reals, column)
	}
	return c
}

// variance is that of a unit.
func (c columns) variance(i int) float64 {
	if bits := c.units.Rows(); i >= bits {
		squares := 0.0
		for _, x := range c.reals[i-bits] {
			squares += float64((x - c.means[i]) * (x - c.means[i]))
		}
		return squares / c.rows
	}
	return c.means[i] * (1 - c.means[i])
}

// covariance is ⟨xy⟩ − ⟨x⟩⟨y⟩ of two units, of which i comes after j, and the variance of one row's (x − ⟨x⟩)(y − ⟨y⟩).
func (c columns) covariance(i, j int) (value, variance float64) {
	if i >= c.units.Rows() {
		return c.covarianceOfReals(i, j)
	}
	p, q := c.means[i], c.means[j]
	pq := float64(c.units.Common(i, c.units, j)) / c.rows
	value = pq - p*q
	square := pq*(1-p)*(1-p)*(1-q)*(1-q) + (p-pq)*(1-p)*(1-p)*q*q + (q-pq)*p*p*(1-q)*(1-q) + (1-p-q+pq)*p*p*q*q
	return value, square - value*value
}

// covarianceOfReals is covariance where unit i is a real number, and j may be one.
func (c columns) covarianceOfReals(i, j int) (value, variance float64) {
	bits, square := c.units.Rows(), 0.0
	for r, x := range c.reals[i-bits] {
		y := 0.0
		if j >= bits {
			y = c.reals[j-bits][r]
		} else if c.units.Bit(j, r) {
			y = 1
		}
		product := (x - c.means[i]) * (y - c.means[j])
		value += product / c.rows
		square += float64(product*product) / c.rows
	}
	return value, square - value*value
}

// metric measures the distance of rows.
type metric struct {
	sites  []rbm.Site
	scales scales
}

// squared is d² of two rows, as [Comparison] defines it. Two bits differ where a site does.
func (m metric) squared(v rbm.Batch, r, k int) float64 {
	distance := float64(v.Distance(r, v, k))
	for _, site := range m.sites {
		for i := site.First; i < site.First+site.States; i++ {
			if v.Bit(r, i) != v.Bit(k, i) {
				distance -= 1. / 2
			}
		}
	}
	x, y := v.Reals(r), v.Reals(k)
	for i, deviation := range m.scales.deviation {
		d := (float64(x[i]) - float64(y[i])) / (2 * deviation)
		distance += float64(d * d)
	}
	return distance
}
