package plot

import (
	"image"
	"image/color"
	imagedraw "image/draw"
	"image/png"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"harmonium/internal/atomicfile"
)

// palette is the palette of Okabe and Ito, "Color Universal Design" (2008), which people with any kind of colour
// vision can tell apart; its yellow is left out, being hard to see on white, and its black is for the axes.
var palette = []color.RGBA{
	{0, 114, 178, 255}, {213, 94, 0, 255}, {0, 158, 115, 255},
	{204, 121, 167, 255}, {230, 159, 0, 255}, {86, 180, 233, 255},
}

var (
	textInk  = color.Gray{40}
	axisInk  = color.Gray{90}
	frameInk = color.Gray{190}
	gridInk  = color.Gray{228}
)

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
	pixels        imagedraw.Image
	width, height int
}

func newPicture(width, height int) picture {
	canvas := vgimg.New(pixels(width), pixels(height))
	return picture{draw.New(canvas), canvas.Image(), width, height}
}

func (p picture) write(path string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, p.pixels) })
}

// rectangle is filled pixel by pixel, without the canvas and its soft edges.
func (p picture) rectangle(left, top, width, height int, c color.Color) {
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
	style, words := fit(textStyle(size), width, words)
	style.XAlign = align
	p.FillText(style, p.at(x, y-int(size/7)), words)
}

// upright writes text that reads from below, centred at y, with its middle at x.
func (p picture) upright(x, y, height int, size float64, words string) {
	style, words := fit(textStyle(size), height, words)
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
		width := swatch + 10 + inPixels(textStyle(labelSize).Width(k.name))
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
	band color.Color // behind the line, if not nil
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

// pale is a colour mixed with white, for bands.
func pale(c color.RGBA) color.RGBA {
	mix := func(x uint8) uint8 { return uint8((int(x) + 3*255) / 4) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 255}
}

// fonts are shared by all pictures; the cache is safe for concurrent use.
var fonts = font.NewCache(liberation.Collection())

func textStyle(size float64) text.Style {
	return text.Style{
		Color: textInk, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)},
		YAlign: text.YCenter, Handler: text.Plain{Fonts: fonts},
	}
}

// fit makes text smaller, and if that isn't enough shorter, until it is at most so many pixels wide.
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

// pixels is a length that comes out as so many pixels at vgimg's 96 dots an inch.
func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / vgimg.DefaultDPI }

func inPixels(l vg.Length) int { return int(l.Dots(vgimg.DefaultDPI) + 0.5) }
