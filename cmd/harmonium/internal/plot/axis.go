package plot

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// newAxes returns an empty diagram with a grid, in the style of all pictures. It has no labels: gonum makes room for
// the vertical one as if it were at the middle of the range, which on a logarithmic axis is far up.
func (t *theme) newAxes() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Padding = 0
		axis.Color, axis.Tick.Color = t.axis, t.axis
		style := t.textStyle(tickSize)
		style.XAlign, style.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = style
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = t.grid, t.grid
	grid.Horizontal.Width, grid.Vertical.Width = pixels(1), pixels(1)
	p.Add(grid)
	return p
}

// setAxis gives an axis its range and its ticks.
func setAxis(axis *plot.Axis, log bool, s span) {
	axis.Min, axis.Max = s.low, s.high
	axis.Tick.Marker = linearTicks{}
	if log {
		axis.Scale, axis.Tick.Marker = plot.LogScale{}, logTicks{}
	}
}

// drawable says if a number has a place on an axis. The limits keep the ratio of the ends of an axis finite.
func drawable(x float64, log bool) bool { return math.Abs(x) <= 1e100 && (!log || x >= 1e-100) }

// span is the range of an axis.
type span struct{ low, high float64 }

func noSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s span) with(x float64) span { return span{min(s.low, x), max(s.high, x)} }

// padded widens a range by a fraction of itself on both sides, and one that is a single number (or as good as) to a
// range that can be drawn.
func (s span) padded(fraction float64, log bool) span {
	if log {
		if s.high/s.low < 1+1e-9 {
			return span{s.low / 2, s.high * 2}
		}
		f := math.Pow(s.high/s.low, fraction)
		return span{s.low / f, s.high * f}
	}
	size := max(math.Abs(s.low), math.Abs(s.high))
	if size < 1e-100 {
		size = 1
	}
	if d := s.high - s.low; d > 1e-9*size {
		return span{s.low - fraction*d, s.high + fraction*d}
	}
	return span{s.low - size/10, s.high + size/10}
}

// linearTicks are four to eight multiples of 1, 2 or 5 times a power of ten, all with the same number of decimals.
type linearTicks struct{}

// Ticks implements plot.Ticker.
func (linearTicks) Ticks(low, high float64) []plot.Tick {
	rough := (high - low) / 8
	exponent := int(math.Floor(math.Log10(rough)))
	power := math.Pow10(exponent)
	step := 10 * power
	for _, digit := range []float64{5, 2, 1} {
		if digit*power >= rough {
			step = digit * power
		}
	}
	if step == 10*power {
		exponent++
	}
	format, decimals := byte('f'), max(0, -exponent)
	if size := max(math.Abs(low), math.Abs(high)); size >= 1e6 || size < 1e-3 {
		format, decimals = 'e', max(0, int(math.Floor(math.Log10(size)))-exponent)
	}
	var ticks []plot.Tick
	for k := math.Ceil(low/step - 1e-9); k*step <= high+1e-9*step; k++ {
		label := "0"
		if k != 0 {
			label = typeset(strconv.FormatFloat(k*step, format, decimals, 64))
		}
		ticks = append(ticks, plot.Tick{Value: k * step, Label: label})
	}
	return ticks
}

// logTicks are at 1…9 times each power of ten; labels are at 1, 2 and 5 times the powers, over more than three
// decades at the powers alone, and over more than ten at some of them. A range too short for that has linear ticks.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	decades := math.Log10(high / low)
	every := math.Ceil(decades / 10)
	var ticks []plot.Tick
	labels := 0
	for e := first; e <= last; e++ {
		for digit := 1.0; digit < 10; digit++ {
			x := digit * math.Pow(10, e)
			if x < low*(1-1e-9) || x > high*(1+1e-9) {
				continue
			}
			label := ""
			if digit == 1 && math.Mod(e, every) == 0 || decades <= 3 && (digit == 2 || digit == 5) {
				label = number(x, 3)
				labels++
			}
			if label != "" || every == 1 {
				ticks = append(ticks, plot.Tick{Value: x, Label: label})
			}
		}
	}
	if labels < 3 {
		return linearTicks{}.Ticks(low, high)
	}
	return ticks
}

// number writes x with a number of significant digits, without trailing zeros.
func number(x float64, digits int) string {
	s := strconv.FormatFloat(x, 'g', digits, 64)
	if rounded, err := strconv.ParseFloat(s, 64); err == nil {
		s = strconv.FormatFloat(rounded, 'g', -1, 64)
	}
	return typeset(s)
}

// typeset replaces hyphens by minus signs and drops the padding of exponents: -1e-05 becomes −1e−5.
func typeset(s string) string {
	if mantissa, exponent, ok := strings.Cut(s, "e"); ok {
		sign := strings.TrimPrefix(exponent[:1], "+")
		s = mantissa
		if digits := strings.TrimLeft(exponent[1:], "0"); digits != "" {
			s += "e" + sign + digits
		}
	}
	return strings.ReplaceAll(s, "-", "−")
}
