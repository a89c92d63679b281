package plot

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg/draw"
)

// Comparison is a picture of small diagrams side by side, a panel for each quantity, each with a vertical axis of its
// own.
type Comparison struct {
	Title  string
	Panels []Panel
	Dark   bool // light on dark
}

// Panel is one quantity: its exact value as a dashed line, and estimates of it as dots with error bars.
type Panel struct {
	Name      string  // with the unit
	Exact     float64 // NaN or infinite: no line
	Estimates []Estimate
}

// Estimate is a number and its standard error, which may be 0 or NaN: no error bar.
type Estimate struct {
	Name       string
	Value, Err float64
}

const (
	panelsAcross = 4
	panelHeight  = 380
)

// Compare writes a comparison to a PNG or SVG file, 1200 pixels wide, four panels in a row of 380 pixels. The error
// says which estimate isn't a number.
func Compare(path string, c Comparison) error {
	if len(c.Panels) == 0 {
		return errors.New("plot: a comparison without panels")
	}
	across := min(panelsAcross, len(c.Panels))
	down := (len(c.Panels) + across - 1) / across
	width := (pictureWidth - margin) / across
	t := themeOf(c.Dark)
	var panels []*plot.Plot
	exact := false
	for _, panel := range c.Panels {
		axes, err := panel.axes(t, width)
		if err != nil {
			return err
		}
		panels = append(panels, axes)
		exact = exact || drawable(panel.Exact, false)
	}
	bar := draw.LineStyle{Color: t.colour(0), Width: pixels(2)}
	keys := []key{{name: "estimate ± standard error", line: bar, dot: true}}
	if exact {
		keys = append(keys, key{name: "exact", line: t.levelStyle(0)})
	}
	measured, err := newPicture(path, t, pictureWidth, 1)
	if err != nil {
		return err
	}
	top := measured.heading(c.Title, keys)
	p, err := newPicture(path, t, pictureWidth, top+down*panelHeight)
	if err != nil {
		return err
	}
	p.heading(c.Title, keys)
	for k, axes := range panels {
		left, upper := margin/2+k%across*width, top+k/across*panelHeight
		p.label(left+width/2, upper+14, width-10, text.XCenter, labelSize, c.Panels[k].Name)
		axes.Draw(p.part(left, upper+34, left+width-margin/2, upper+panelHeight-margin/2))
	}
	return p.write(path)
}

// axes draws a panel of the given width in pixels, without its name.
func (p Panel) axes(t *theme, width int) (*plot.Plot, error) {
	if len(p.Estimates) == 0 {
		return nil, fmt.Errorf("plot: panel %q has no estimate", p.Name)
	}
	x, y := span{-0.5, float64(len(p.Estimates)) - 0.5}, noSpan()
	axes := t.newAxes()
	if drawable(p.Exact, false) {
		y = y.with(p.Exact)
		axes.Add(stroke(plotter.XYs{{X: x.low, Y: p.Exact}, {X: x.high, Y: p.Exact}}, t.levelStyle(0)))
	}
	var names []plot.Tick
	for k, e := range p.Estimates {
		if !drawable(e.Value, false) || e.Err < 0 || e.Err > 1e100 {
			return nil, fmt.Errorf("plot: panel %q, estimate %q is %v ± %v", p.Name, e.Name, e.Value, e.Err)
		}
		at, ink := float64(k), t.colour(k)
		if e.Err > 0 {
			bar := plotter.XYs{{X: at, Y: e.Value - e.Err}, {X: at, Y: e.Value + e.Err}}
			axes.Add(stroke(bar, draw.LineStyle{Color: ink, Width: pixels(3)}))
			y = y.with(e.Value - e.Err).with(e.Value + e.Err)
		}
		axes.Add(&plotter.Scatter{XYs: plotter.XYs{{X: at, Y: e.Value}}, GlyphStyle: dotStyle(ink)})
		y = y.with(e.Value)
		style, name := fit(axes.X.Tick.Label, (width-110)/len(p.Estimates), e.Name)
		axes.X.Tick.Label = style
		names = append(names, plot.Tick{Value: at, Label: name})
	}
	setAxis(&axes.X, false, x)
	setAxis(&axes.Y, false, y.padded(0.25, false))
	axes.X.Tick.Marker = plot.ConstantTicks(names)
	return axes, nil
}
