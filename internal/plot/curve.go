// Package plot draws the pictures: curves, and sheets of tiles for weights and configurations. It takes numbers, not models,
// and writes PNG files. Equal numbers give equal bytes.
package plot

import (
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"harmonium/internal/atomicfile"
)

// palette is that of Okabe and Ito (2008), which people with any kind of colour vision can tell apart; its yellow is left
// out, being hard to see on white.
var palette = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255},
	color.RGBA{204, 121, 167, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{86, 180, 233, 255},
}

// Chart is a picture of curves.
type Chart struct {
	Title, X, Y string // labels with units
	LogX, LogY  bool
	Series      []Series
	Levels      []Level
}

// Series is a curve; Err, if not nil, is the half-width of a band around it. Points that can't be drawn (NaN, or not positive on a
// logarithmic axis) are left out.
type Series struct {
	Name      string
	X, Y, Err []float64
}

// Level is a dashed horizontal line.
type Level struct {
	Name string
	Y    float64
}

// Curve writes a chart to a PNG file of 1200×750 pixels. The error says if a series has nothing to draw.
func Curve(path string, c Chart) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.X, c.Y
	style(p)
	if c.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if c.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if len(c.Series) == 0 {
		return errors.New("plot: a chart without series")
	}
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	left, right := math.Inf(1), math.Inf(-1)
	for k, s := range c.Series {
		points, band, err := c.points(s)
		if err != nil {
			return err
		}
		ink := palette[k%len(palette)]
		if band != nil {
			polygon, err := plotter.NewPolygon(band)
			if err != nil {
				return err
			}
			r, g, b, _ := ink.RGBA()
			polygon.Color = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 60}
			polygon.LineStyle.Width = 0
			p.Add(polygon)
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.LineStyle = draw.LineStyle{Color: ink, Width: vg.Points(2)}
		p.Add(line)
		p.Legend.Add(s.Name, line)
		left, right = min(left, points[0].X), max(right, points[len(points)-1].X)
	}
	for _, l := range c.Levels {
		line, err := plotter.NewLine(plotter.XYs{{X: left, Y: l.Y}, {X: right, Y: l.Y}})
		if err != nil {
			return err
		}
		line.LineStyle = draw.LineStyle{
			Color: color.Gray{90}, Width: vg.Points(1.2), Dashes: []vg.Length{vg.Points(6), vg.Points(4)},
		}
		p.Add(line)
		p.Legend.Add(l.Name, line)
	}
	canvas := vgimg.PngCanvas{Canvas: vgimg.New(pixels(1200), pixels(750))}
	p.Draw(draw.Crop(draw.New(canvas), pixels(16), -pixels(28), pixels(14), -pixels(16)))
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

// points returns what can be drawn of a series, and the outline of its band.
func (c Chart) points(s Series) (points, band plotter.XYs, err error) {
	if len(s.X) != len(s.Y) || s.Err != nil && len(s.Err) != len(s.Y) {
		return nil, nil, fmt.Errorf("plot: series %q of %d x, %d y and %d errors", s.Name, len(s.X), len(s.Y), len(s.Err))
	}
	good := func(x float64, log bool) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) && (!log || x > 0) }
	var low plotter.XYs
	for k, x := range s.X {
		if !good(x, c.LogX) || !good(s.Y[k], c.LogY) {
			continue
		}
		points = append(points, plotter.XY{X: x, Y: s.Y[k]})
		if s.Err != nil && good(s.Y[k]-s.Err[k], c.LogY) {
			band = append(band, plotter.XY{X: x, Y: s.Y[k] + s.Err[k]})
			low = append(low, plotter.XY{X: x, Y: s.Y[k] - s.Err[k]})
		}
	}
	if len(points) == 0 {
		return nil, nil, fmt.Errorf("plot: series %q has no point that can be drawn", s.Name)
	}
	for k := len(low) - 1; k >= 0; k-- {
		band = append(band, low[k])
	}
	return points, band, nil
}

// pixels is a length that comes out as so many pixels at gonum's 96 dots an inch.
func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / 96 }

func style(p *plot.Plot) {
	p.Title.TextStyle.Font.Size = vg.Points(18)
	p.Title.Padding = vg.Points(10)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Size = vg.Points(15)
		axis.Label.Padding = vg.Points(6)
		axis.Tick.Label.Font.Size = vg.Points(13)
	}
	p.Legend.TextStyle.Font.Size = vg.Points(14)
	p.Legend.Top = true
	p.Legend.Padding = vg.Points(5)
	p.Legend.XOffs, p.Legend.YOffs = -vg.Points(10), -vg.Points(10)
	p.BackgroundColor = color.White
}

// logTicks labels 1, 2 and 5 times each power of ten, or the powers alone over more than three decades.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	wide := high/low > 1000
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for digit := 1.0; digit < 10; digit++ {
			x := digit * math.Pow(10, e)
			if x < low*(1-1e-9) || x > high*(1+1e-9) {
				continue
			}
			label := ""
			if digit == 1 || !wide && (digit == 2 || digit == 5) {
				label = fmt.Sprintf("%.4g", x)
			}
			ticks = append(ticks, plot.Tick{Value: x, Label: label})
		}
	}
	return ticks
}
