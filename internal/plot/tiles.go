package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"harmonium/internal/atomicfile"
)

// Sheet is a picture of tiles, each a small grid of numbers in the layout of a configuration.
type Sheet struct {
	Title         string
	Rows, Columns int         // of a tile
	Tiles         [][]float64 // each of Rows×Columns numbers, row after row
	Across        int         // tiles side by side; 0 means nearly square
	Binary        bool        // two shades for 0 and 1, instead of a diverging map centred on zero
}

// Geometry of a sheet in pixels.
const (
	sheetWidth = 1200 // about; a unit is a whole number of pixels
	margin     = 30
	gap        = 6
	titleSpace = 60
	barSpace   = 70
)

// Tiles writes a sheet to a PNG file. A unit is a square of whole pixels. Weights are blue where negative, red where positive, and
// light where zero, by Moreland's diverging map (ISVC 2009), with the largest |number| at both ends. The error says
// which tile doesn't fit.
func Tiles(path string, s Sheet) error {
	if s.Rows < 1 || s.Columns < 1 || len(s.Tiles) == 0 {
		return fmt.Errorf("plot: %d tiles of %d×%d", len(s.Tiles), s.Rows, s.Columns)
	}
	limit := 0.0
	for k, tile := range s.Tiles {
		if len(tile) != s.Rows*s.Columns {
			return fmt.Errorf("plot: tile %d has %d numbers, want %d×%d", k, len(tile), s.Rows, s.Columns)
		}
		for _, x := range tile {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("plot: tile %d holds %v", k, x)
			}
			limit = max(limit, math.Abs(x))
		}
	}
	if limit == 0 {
		limit = 1
	}
	return s.draw(path, limit)
}

func (s Sheet) draw(path string, limit float64) error {
	across := s.Across
	if across <= 0 {
		across = int(math.Ceil(math.Sqrt(float64(len(s.Tiles)*s.Rows) / float64(s.Columns))))
	}
	across = min(across, len(s.Tiles))
	down := (len(s.Tiles) + across - 1) / across
	unit := max((sheetWidth-2*margin-(across-1)*gap)/(across*s.Columns), 1)
	width := max(2*margin+across*s.Columns*unit+(across-1)*gap, 480)
	height := margin + titleSpace + down*s.Rows*unit + (down-1)*gap
	if !s.Binary {
		height += barSpace
	}
	canvas := vgimg.PngCanvas{Canvas: vgimg.New(pixels(width), pixels(height))}
	d := picture{draw.New(canvas), height}
	d.rectangle(0, 0, width, height, color.White)
	d.label(margin, titleSpace/2, 18, s.Title)
	shade := s.shades(limit)
	for k, tile := range s.Tiles {
		left := margin + k%across*(s.Columns*unit+gap)
		top := titleSpace + k/across*(s.Rows*unit+gap)
		for at, x := range tile {
			d.rectangle(left+at%s.Columns*unit, top+at/s.Columns*unit, unit, unit, shade(x))
		}
	}
	if !s.Binary {
		d.colourBar(height-barSpace+15, width-2*margin, limit, shade)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := canvas.WriteTo(w)
		return err
	})
}

func (s Sheet) shades(limit float64) func(float64) color.Color {
	if s.Binary {
		return func(x float64) color.Color {
			if x > 0.5 {
				return color.RGBA{0, 114, 178, 255}
			}
			return color.RGBA{235, 236, 238, 255}
		}
	}
	colours := moreland.SmoothBlueRed()
	colours.SetMin(-limit)
	colours.SetMax(limit)
	return func(x float64) color.Color {
		c, err := colours.At(min(max(x, -limit), limit))
		if err != nil {
			panic(fmt.Sprintf("plot: no colour for %v of ±%v: %v", x, limit, err))
		}
		return c
	}
}

// picture is a canvas with pixels counted from the upper left corner, as screens do; vg counts from the lower left.
type picture struct {
	draw.Canvas
	height int
}

func (p picture) rectangle(left, top, width, height int, c color.Color) {
	p.SetColor(c)
	var path vg.Path
	x, y := pixels(left), pixels(p.height-top)
	path.Move(vg.Point{X: x, Y: y})
	path.Line(vg.Point{X: x + pixels(width), Y: y})
	path.Line(vg.Point{X: x + pixels(width), Y: y - pixels(height)})
	path.Line(vg.Point{X: x, Y: y - pixels(height)})
	path.Close()
	p.Fill(path)
}

// fonts are shared by all pictures; the cache is safe for concurrent use.
var fonts = font.NewCache(liberation.Collection())

// label writes text whose left end is at x and whose middle is at y.
func (p picture) label(x, y int, size float64, words string) {
	style := text.Style{
		Color: color.Black, Font: font.Font{Typeface: "Liberation", Variant: "Serif", Size: vg.Points(size)},
		YAlign: text.YCenter, Handler: text.Plain{Fonts: fonts},
	}
	p.FillText(style, vg.Point{X: pixels(x), Y: pixels(p.height - y)}, words)
}

func (p picture) colourBar(top, width int, limit float64, shade func(float64) color.Color) {
	width = min(width, 420)
	for x := range width {
		p.rectangle(margin+x, top, 1, 16, shade(limit*(2*float64(x)/float64(width-1)-1)))
	}
	for _, mark := range []struct {
		at   int
		text string
	}{{0, fmt.Sprintf("%.2g", -limit)}, {width/2 - 4, "0"}, {width - 40, fmt.Sprintf("%.2g", limit)}} {
		p.label(margin+mark.at, top+32, 13, mark.text)
	}
}
