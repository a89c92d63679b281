package plot

import (
	"errors"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is a picture of curves.
type Chart struct {
	Title, X, Y string // X and Y are the labels of the axes, with units
	LogX, LogY  bool
	Series      []Series
	Levels      []Level
	Dark        bool // light on dark
}

// Series is a curve through points in the given order. Points that can't be drawn (NaN, infinite, or not positive on a
// logarithmic axis) are left out.
type Series struct {
	Name string    // in the legend; empty: not there
	X, Y []float64 // equally many
	Err  []float64 // half the height of a band around the curve, ≥ 0; nil: no band; NaN or infinite: none at that point
	Dots bool      // dots with error bars instead of a line with a band
}

// Level is a dashed horizontal line across the picture, named in the legend. One that can't be drawn (NaN, infinite,
// or not positive on a logarithmic axis) is left out.
type Level struct {
	Name string
	Y    float64
}

const (
	curveHeight = 750
	labelHeight = 28
	crowd       = 200 // dots above this number are small
)

// Curve writes a chart to a PNG or SVG file of 1200×750 pixels. A band that reaches down to zero or below ends, on a
// logarithmic axis, at the axis. The error says which series doesn't fit, or has nothing that can be drawn.
func Curve(path string, c Chart) error {
	if len(c.Series) == 0 {
		return errors.New("plot: a chart without series")
	}
	t := themeOf(c.Dark)
	x, y := noSpan(), noSpan()
	var curves []curve
	var keys []key
	for k, s := range c.Series {
		curve, err := c.curve(s)
		if err != nil {
			return err
		}
		curve.ink = t.colour(k)
		x, y = curve.spans(x, y, c.LogY)
		curves = append(curves, curve)
		keys = append(keys, curve.key(t))
	}
	var levels []Level
	for _, l := range c.Levels {
		if !drawable(l.Y, c.LogY) {
			continue
		}
		y = y.with(l.Y)
		levels = append(levels, l)
		keys = append(keys, key{name: l.Name, line: t.levelStyle(len(levels) - 1)})
	}
	x, y = x.padded(0, c.LogX), y.padded(0.04, c.LogY)
	axes := t.newAxes()
	setAxis(&axes.X, c.LogX, x)
	setAxis(&axes.Y, c.LogY, y)
	for k, l := range levels {
		axes.Add(stroke(plotter.XYs{{X: x.low, Y: l.Y}, {X: x.high, Y: l.Y}}, t.levelStyle(k)))
	}
	for _, curve := range curves {
		curve.addTo(axes, y)
	}
	p, err := newPicture(path, t, pictureWidth, curveHeight)
	if err != nil {
		return err
	}
	top := p.heading(c.Title, keys)
	left, bottom := margin+labelHeight, curveHeight-margin/2-labelHeight
	axes.Draw(p.part(left, top, pictureWidth-margin, bottom))
	p.label((left+pictureWidth)/2, bottom+labelHeight/2+4, pictureWidth-left-margin, text.XCenter, labelSize, c.X)
	p.upright(margin, (top+bottom)/2, bottom-top, labelSize, c.Y)
	return p.write(path)
}

// curve is what can be drawn of a series.
type curve struct {
	name   string
	points plotter.XYs
	errs   []float64 // of the points; NaN where there is none; nil if there is none at all
	dots   bool
	ink    color.RGBA
}

func (c Chart) curve(s Series) (curve, error) {
	drawn := curve{name: s.Name, dots: s.Dots}
	if len(s.X) != len(s.Y) || s.Err != nil && len(s.Err) != len(s.Y) {
		return drawn, fmt.Errorf("plot: series %q is of %d x, %d y and %d errors",
			s.Name, len(s.X), len(s.Y), len(s.Err))
	}
	for k, x := range s.X {
		if s.Err != nil && s.Err[k] < 0 {
			return drawn, fmt.Errorf("plot: series %q has error %v at point %d, want ≥ 0", s.Name, s.Err[k], k+1)
		}
		if !drawable(x, c.LogX) || !drawable(s.Y[k], c.LogY) {
			continue
		}
		drawn.points = append(drawn.points, plotter.XY{X: x, Y: s.Y[k]})
		if s.Err != nil {
			e := s.Err[k]
			if !drawable(e, false) {
				e = math.NaN()
			}
			drawn.errs = append(drawn.errs, e)
		}
	}
	if len(drawn.points) == 0 {
		return drawn, fmt.Errorf("plot: series %q has no point that can be drawn (of %d)", s.Name, len(s.X))
	}
	drawn.dots = drawn.dots || len(drawn.points) == 1
	return drawn, nil
}

// spans widens the ranges of the axes so that the curve and its errors fit. On a logarithmic axis an error reaches
// down by one decade at most, or an error as large as its value would leave no room for anything else.
func (c curve) spans(x, y span, log bool) (newX, newY span) {
	for k, p := range c.points {
		x, y = x.with(p.X), y.with(p.Y)
		if c.errs == nil || math.IsNaN(c.errs[k]) {
			continue
		}
		low := p.Y - c.errs[k]
		if log {
			low = max(low, p.Y/10)
		}
		y = y.with(p.Y + c.errs[k]).with(low)
	}
	return x, y
}

func (c curve) style() draw.LineStyle { return draw.LineStyle{Color: c.ink, Width: pixels(3)} }

func (c curve) key(t *theme) key {
	k := key{name: c.name, line: c.style(), dot: c.dots}
	if c.dots && c.errs == nil {
		k.line.Width = 0
	}
	if !c.dots && c.errs != nil {
		k.band = t.pale(c.ink)
	}
	return k
}

// addTo draws the curve on top of what axes hold; y is the range of their vertical axis, where errors end.
func (c curve) addTo(axes *plot.Plot, y span) {
	var upper, lower plotter.XYs // of the band since the last point without error
	flush := func() {
		if len(upper) > 1 {
			axes.Add(band(upper, lower, c.ink))
		}
		upper, lower = nil, nil
	}
	for k, e := range c.errs {
		if math.IsNaN(e) {
			flush()
			continue
		}
		p := c.points[k]
		top, bottom := plotter.XY{X: p.X, Y: p.Y + e}, plotter.XY{X: p.X, Y: max(p.Y-e, y.low)}
		if c.dots {
			axes.Add(stroke(plotter.XYs{top, bottom}, draw.LineStyle{Color: c.ink, Width: pixels(2)}))
			continue
		}
		upper, lower = append(upper, top), append(lower, bottom)
	}
	flush()
	if c.dots {
		style := dotStyle(c.ink)
		if len(c.points) > crowd {
			style.Radius = pixels(2)
		}
		axes.Add(&plotter.Scatter{XYs: c.points, GlyphStyle: style})
		return
	}
	axes.Add(stroke(c.points, c.style()))
}

// band is the area between two lines, translucent so that bands may cross.
func band(upper, lower plotter.XYs, ink color.RGBA) *plotter.Polygon {
	outline := append(plotter.XYs{}, upper...)
	for k := len(lower) - 1; k >= 0; k-- {
		outline = append(outline, lower[k])
	}
	return &plotter.Polygon{XYs: []plotter.XYs{outline}, Color: color.NRGBA{ink.R, ink.G, ink.B, 64}}
}

func stroke(points plotter.XYs, style draw.LineStyle) *plotter.Line {
	return &plotter.Line{XYs: points, LineStyle: style}
}

// levelStyle tells levels apart by their dashes.
func (t *theme) levelStyle(k int) draw.LineStyle {
	patterns := [][]int{{8, 5}, {2, 4}, {12, 4, 2, 4}}
	style := draw.LineStyle{Color: t.axis, Width: pixels(2)}
	for _, n := range patterns[k%len(patterns)] {
		style.Dashes = append(style.Dashes, pixels(n))
	}
	return style
}
