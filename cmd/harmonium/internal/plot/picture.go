package plot

import (
	"fmt"
	"image"
	"image/color"
	imagedraw "image/draw"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// theme is the set of colours of a picture.
type theme struct {
	paper, text, axis, frame, grid color.Color
	// palette is that of Okabe and Ito, "Color Universal Design" (2008), which people with any kind of colour vision
	// can tell apart; its yellow is left out, being hard to see on white, and its black is for the axes.
	palette []color.RGBA
	off, on color.Color // of binary sheets
}

var (
	blue, vermillion, green = color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}
	purple, orange, sky     = color.RGBA{204, 121, 167, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{86, 180, 233, 255}

	light = theme{
		paper: color.White, text: color.Gray{40}, axis: color.Gray{90}, frame: color.Gray{190}, grid: color.Gray{228},
		palette: []color.RGBA{blue, vermillion, green, purple, orange, sky},
		off:     color.RGBA{236, 238, 240, 255}, on: blue,
	}
	dark = theme{
		paper: color.Gray{24}, text: color.Gray{225}, axis: color.Gray{170}, frame: color.Gray{80}, grid: color.Gray{52},
		palette: []color.RGBA{sky, vermillion, green, purple, orange, blue},
		off:     color.Gray{44}, on: sky,
	}
)

func themeOf(isDark bool) *theme {
	if isDark {
		return &dark
	}
	return &light
}

// colour is that of series k.
func (t *theme) colour(k int) color.RGBA { return t.palette[k%len(t.palette)] }

// Sizes in pixels.
const (
	pictureWidth = 1200
	margin       = 30
	lineHeight   = 28 // of the legend and captions
	titleHeight  = 38
	swatch       = 40 // of the legend
)

// Sizes of type in points.
const (
	titleSize = 18
	labelSize = 14
	tickSize  = 12
	leastSize = 8 // smaller text is cut instead
)

// picture is a canvas with pixels counted from the upper left corner, as screens do; vg counts from the lower left.
type picture struct {
	draw.Canvas
	*theme
	pixels        imagedraw.Image // of a PNG
	vector        *vgsvg.Canvas   // of an SVG
	width, height int
}

// newPicture begins a picture in the format that the ending of its file's name says.
func newPicture(path string, t *theme, width, height int) (picture, error) {
	p := picture{theme: t, width: width, height: height}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		canvas := vgimg.New(pixels(width), pixels(height))
		p.Canvas, p.pixels = draw.New(canvas), canvas.Image()
	case ".svg":
		p.vector = vgsvg.NewWith(vgsvg.UseWH(pixels(width), pixels(height)))
		p.Canvas = draw.New(p.vector)
	default:
		return p, fmt.Errorf("plot: %s: unknown ending, want .png or .svg", path)
	}
	p.rectangle(0, 0, width, height, t.paper)
	return p, nil
}

func (p picture) write(path string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		if p.vector != nil {
			_, err := p.vector.WriteTo(w)
			return err
		}
		return png.Encode(w, p.pixels)
	})
}

// rectangle of a PNG is filled pixel by pixel, without the canvas and its soft edges.
func (p picture) rectangle(left, top, width, height int, c color.Color) {
	if p.vector != nil {
		var path vg.Path
		path.Move(p.at(left, top))
		path.Line(p.at(left+width, top))
		path.Line(p.at(left+width, top+height))
		path.Line(p.at(left, top+height))
		path.Close()
		p.SetColor(c)
		p.Fill(path)
		return
	}
	area := image.Rect(left, top, left+width, top+height)
	imagedraw.Draw(p.pixels, area, image.NewUniform(c), image.Point{}, imagedraw.Src)
}

// at is the point of the canvas at a corner of a pixel.
func (p picture) at(x, y int) vg.Point { return vg.Point{X: pixels(x), Y: pixels(p.height - y)} }

// part is the rest of the canvas within the given borders.
func (p picture) part(left, top, right, bottom int) draw.Canvas {
	return draw.Canvas{Canvas: p.Canvas.Canvas, Rectangle: vg.Rectangle{Min: p.at(left, bottom), Max: p.at(right, top)}}
}

// label writes text of at most the given width with its left end (text.XLeft) or centre (text.XCenter) at x, and the
// middle of its small letters at y.
func (p picture) label(x, y, width int, align text.XAlignment, size float64, words string) {
	style, words := fit(p.textStyle(size), width, words)
	style.XAlign = align
	p.FillText(style, p.at(x, y-int(size/7)), words)
}

// upright writes text that reads from below, centred at y, with its middle at x.
func (p picture) upright(x, y, height int, size float64, words string) {
	style, words := fit(p.textStyle(size), height, words)
	style.XAlign, style.Rotation = text.XCenter, math.Pi/2
	p.FillText(style, p.at(x, y), words)
}

// heading writes a title and a legend under it, and returns where the rest begins.
func (p picture) heading(title string, keys []key) (bottom int) {
	y := margin / 2
	if title != "" {
		p.label(margin, y+titleHeight/2, p.width-2*margin, text.XLeft, titleSize, title)
		y += titleHeight
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(k key) bool { return k.name == "" })
	x := margin
	for _, k := range keys {
		width := swatch + 10 + inPixels(p.textStyle(labelSize).Width(k.name))
		if x > margin && x+width > p.width-margin {
			x, y = margin, y+lineHeight
		}
		p.key(x, y, k)
		p.label(x+swatch+10, y+lineHeight/2, p.width-margin-x-swatch-10, text.XLeft, labelSize, k.name)
		x += width + 30
	}
	if len(keys) > 0 {
		y += lineHeight
	}
	return y + margin/2
}

// key is an entry of a legend.
type key struct {
	name string
	line draw.LineStyle
	band color.Color // under the line, if not nil
	dot  bool        // with an error bar if the line has a width, instead of the line
}

func (p picture) key(x, y int, k key) {
	middle := y + lineHeight/2
	if k.band != nil {
		p.rectangle(x, middle-7, swatch, 14, k.band)
	}
	if !k.dot {
		p.StrokeLines(k.line, []vg.Point{p.at(x, middle), p.at(x+swatch, middle)})
		return
	}
	p.StrokeLines(k.line, []vg.Point{p.at(x+swatch/2, middle-10), p.at(x+swatch/2, middle+10)})
	p.DrawGlyph(dotStyle(k.line.Color), p.at(x+swatch/2, middle))
}

func dotStyle(c color.Color) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: pixels(5), Shape: draw.CircleGlyph{}}
}

// pale is a colour mixed with the paper's, for bands.
func (t *theme) pale(c color.RGBA) color.RGBA {
	r, g, b, _ := t.paper.RGBA()
	mix := func(x uint8, y uint32) uint8 { return uint8((uint32(x) + 3*(y>>8)) / 4) }
	return color.RGBA{mix(c.R, r), mix(c.G, g), mix(c.B, b), 255}
}

// fonts are shared by all pictures; the cache is safe for concurrent use.
var fonts = font.NewCache(liberation.Collection())

func (t *theme) textStyle(size float64) text.Style {
	return text.Style{
		Color: t.text, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)},
		YAlign: text.YCenter, Handler: text.Plain{Fonts: fonts},
	}
}

// fit makes text smaller, and if that isn't enough shorter, until it is at most width pixels wide.
func fit(style text.Style, width int, words string) (text.Style, string) {
	for style.Width(words) > pixels(width) && style.Font.Size > vg.Points(leastSize) {
		style.Font.Size -= vg.Points(0.5)
	}
	for runes := []rune(words); style.Width(words) > pixels(width); {
		if len(runes) == 0 {
			return style, ""
		}
		runes = runes[:len(runes)-1]
		words = string(runes) + "…"
	}
	return style, words
}

// pixels is the length of n pixels at vgimg's 96 dots an inch.
func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / vgimg.DefaultDPI }

func inPixels(l vg.Length) int { return int(l.Dots(vgimg.DefaultDPI) + 0.5) }
