package plot

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
)

// Sheet is a picture of tiles, each a small grid of numbers in the layout of a configuration.
type Sheet struct {
	Title         string
	Rows, Columns int         // of a tile
	Tiles         [][]float64 // each of Rows×Columns numbers, row after row
	Across        int         // tiles side by side; 0 means nearly square
	Binary        bool        // two shades for 0 and 1, instead of a diverging map centred on zero
	Means         bool        // of bits, from 0 to 1: shades between those two
	Captions      []string    // under the tiles, one each, maybe of several lines; nil: none
	Label         string      // of the colour bar, which only a sheet that isn't Binary has
	RowNames      []string    // to the left of the tiles, and
	ColumnNames   []string    // below them, as many as find room; nil: none
	Dark          bool        // light on dark
}

// Geometry of a sheet in pixels.
const (
	sheetHeight   = 1500 // about; unless every unit is a single pixel already
	leastWidth    = 540
	largestUnit   = 40
	gap           = 10
	namesGap      = 8 // between names, and between them and the tile
	captionHeight = 22
	barSpace      = 90
	barWidth      = 400
	barHeight     = 18
	mostPixels    = 1 << 25
)

// Tiles writes a sheet to a PNG or SVG file. A unit is a square of whole pixels, as large as fits into about 1200
// pixels across.
//
// Weights are blue where negative, red where positive and grey where zero, by the diverging map of Moreland,
// "Diverging Color Maps for Scientific Visualization" (ISVC 2009), which is made to be perceptually uniform; its two
// ends are ± the largest |number| of all tiles, and ±1 if that is zero. The error says which tile (counted from 1)
// doesn't fit, or holds a number that isn't finite, or in a binary sheet is neither 0 nor 1, or is no mean of bits.
func Tiles(path string, s Sheet) error {
	limit, err := s.check()
	if err != nil {
		return err
	}
	l := s.layout()
	if l.width > mostPixels/l.height {
		return fmt.Errorf("plot: %d tiles of %d×%d need %d×%d pixels, more than %d",
			len(s.Tiles), s.Rows, s.Columns, l.width, l.height, mostPixels)
	}
	p, err := newPicture(path, themeOf(s.Dark), l.width, l.height)
	if err != nil {
		return err
	}
	p.heading(s.Title, nil)
	shade := s.shades(limit)
	for k, tile := range s.Tiles {
		left, top := l.tile(s, k)
		p.rectangle(left-1, top-1, s.Columns*l.unit+2, s.Rows*l.unit+2, p.frame)
		for at, x := range tile {
			p.rectangle(left+at%s.Columns*l.unit, top+at/s.Columns*l.unit, l.unit, l.unit, shade(x))
		}
		p.names(s, l, left, top)
		if s.Captions != nil {
			width, middle := s.Columns*l.unit, top+s.Rows*l.unit+l.below+captionHeight/2+1
			for at, line := range strings.Split(s.Captions[k], "\n") {
				p.label(left+width/2, middle+at*captionHeight, width+gap-4, text.XCenter, tickSize, line)
			}
		}
	}
	if !s.Binary {
		low := -limit
		if s.Means {
			low = 0
		}
		p.colourBar(l.height-barSpace+margin, low, limit, shade, s.Label)
	}
	return p.write(path)
}

// check returns the largest |number|, or 1 if all are zero.
func (s Sheet) check() (limit float64, err error) {
	if s.Rows < 1 || s.Columns < 1 || s.Across < 0 || len(s.Tiles) == 0 {
		return 0, fmt.Errorf("plot: %d tiles of %d×%d, %d across", len(s.Tiles), s.Rows, s.Columns, s.Across)
	}
	if s.Captions != nil && len(s.Captions) != len(s.Tiles) {
		return 0, fmt.Errorf("plot: %d captions for %d tiles", len(s.Captions), len(s.Tiles))
	}
	if s.RowNames != nil && len(s.RowNames) != s.Rows || s.ColumnNames != nil && len(s.ColumnNames) != s.Columns {
		return 0, fmt.Errorf("plot: names of %d rows and %d columns for tiles of %d×%d", len(s.RowNames), len(s.ColumnNames), s.Rows, s.Columns)
	}
	for k, tile := range s.Tiles {
		if len(tile)/s.Rows != s.Columns || len(tile)%s.Rows != 0 {
			return 0, fmt.Errorf("plot: tile %d has %d numbers, want %d×%d", k+1, len(tile), s.Rows, s.Columns)
		}
		for at, x := range tile {
			want := ""
			if math.IsNaN(x) || math.IsInf(x, 0) {
				want = "a finite number"
			} else if s.Binary && x != 0 && x != 1 {
				want = "0 or 1"
			} else if s.Means && !(x >= 0 && x <= 1) {
				want = "a number from 0 to 1"
			}
			if want != "" {
				return 0, fmt.Errorf("plot: tile %d, row %d, column %d holds %v, want %s",
					k+1, at/s.Columns+1, at%s.Columns+1, x, want)
			}
			limit = max(limit, math.Abs(x))
		}
	}
	if limit == 0 || s.Means {
		limit = 1
	}
	return limit, nil
}

// layout is where things are on a sheet, in pixels.
type layout struct {
	across, unit, top, pitch, width, height int
	beside, below                           int // a tile, for the names of its rows and columns
}

func (s Sheet) layout() layout {
	across := s.Across
	if across == 0 {
		across = s.square()
	}
	across = min(across, len(s.Tiles))
	down := (len(s.Tiles) + across - 1) / across
	caption := 0
	for _, c := range s.Captions {
		caption = max(caption, captionHeight*(1+strings.Count(c, "\n")))
	}
	l := layout{across: across, top: margin + 2}
	for _, name := range s.RowNames {
		l.beside = max(l.beside, namesGap+inPixels(light.textStyle(tickSize).Width(name)))
	}
	if s.ColumnNames != nil {
		l.below = captionHeight
	}
	wide := (pictureWidth - 2*margin - (across-1)*gap - across*l.beside) / (across * s.Columns)
	high := (sheetHeight - down*(gap+caption+l.below)) / (down * s.Rows)
	l.unit = max(1, min(wide, high, largestUnit))
	if s.Title != "" {
		l.top += titleHeight
	}
	l.pitch = s.Rows*l.unit + l.below + caption + gap
	title := inPixels(themeOf(s.Dark).textStyle(titleSize).Width(s.Title)) + 1
	block := across*(l.beside+s.Columns*l.unit) + (across-1)*gap
	l.width = max(block, min(title, pictureWidth-2*margin), leastWidth) + 2*margin
	l.height = l.top + down*l.pitch - gap + margin
	if !s.Binary {
		l.height += barSpace - margin
	}
	return l
}

// square is how many tiles side by side make a nearly square picture; up to half as many again if that fills the last
// row.
func (s Sheet) square() int {
	count := len(s.Tiles)
	nearly := int(math.Ceil(math.Sqrt(float64(count) * float64(s.Rows) / float64(s.Columns))))
	for across := nearly; across <= nearly+nearly/2; across++ {
		if count%across == 0 {
			return across
		}
	}
	return nearly
}

// tile is the upper left corner of tile k.
func (l layout) tile(s Sheet, k int) (left, top int) {
	return margin + l.beside + k%l.across*(l.beside+s.Columns*l.unit+gap), l.top + k/l.across*l.pitch
}

// names writes those of the rows and columns of a tile that find room beside each other.
func (p picture) names(s Sheet, l layout, left, top int) {
	for row, every := 0, stepOf(l.unit, tickSize+namesGap); row < len(s.RowNames); row++ {
		if (row+1)%every == 0 || every == 1 {
			p.label(left-namesGap/2-(l.beside-namesGap)/2, top+row*l.unit+l.unit/2, l.beside, text.XCenter, tickSize, s.RowNames[row])
		}
	}
	for column, every := 0, namesEvery(l.unit, s.ColumnNames); column < len(s.ColumnNames); column++ {
		if (column+1)%every == 0 || every == 1 {
			x, y := left+column*l.unit+l.unit/2, top+s.Rows*l.unit+captionHeight/2+1
			p.label(x, y, every*l.unit, text.XCenter, tickSize, s.ColumnNames[column])
		}
	}
}

// namesEvery is the step at which names find room below columns of a width.
func namesEvery(width int, names []string) int {
	widest := 0
	for _, name := range names {
		widest = max(widest, inPixels(light.textStyle(tickSize).Width(name)))
	}
	return stepOf(width, widest+namesGap)
}

// stepOf is the least step of 1, 2, 5, 10 … at which things of a size have that much room.
func stepOf(size, room int) int {
	for power := 1; ; power *= 10 {
		for _, digit := range []int{1, 2, 5} {
			if digit*power*size >= room {
				return digit * power
			}
		}
	}
}

func (s Sheet) shades(limit float64) func(float64) color.Color {
	if s.Binary {
		return func(x float64) color.Color {
			if x == 1 {
				return themeOf(s.Dark).on
			}
			return themeOf(s.Dark).off
		}
	}
	if s.Means {
		t := themeOf(s.Dark)
		return func(x float64) color.Color { return between(t.off, t.on, x) }
	}
	table := diverging()
	return func(x float64) color.Color { return table[half+int(math.Round(x/limit*half))] }
}

// between is the colour at a part x of the way from a to b.
func between(a, b color.Color, x float64) color.Color {
	mix := func(a, b uint32) uint8 {
		return uint8(math.Round((float64(float64(a)*(1-x)) + float64(float64(b)*x)) / 257))
	}
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	return color.RGBA{mix(ar, br), mix(ag, bg), mix(ab, bb), 255}
}

// half is the number of shades of a sign.
const half = 256

// diverging tabulates Moreland's map from −1 to 1.
func diverging() [2*half + 1]color.Color {
	colours := moreland.SmoothBlueRed()
	colours.SetMin(-half)
	colours.SetMax(half)
	var table [2*half + 1]color.Color
	for k := range table {
		c, err := colours.At(float64(k - half))
		if err != nil {
			panic("plot: " + err.Error())
		}
		table[k] = color.RGBAModel.Convert(c)
	}
	return table
}

// Shades lists count colours of the diverging map from −1 to 1 as "#rrggbb".
func Shades(count int) []string {
	table := diverging()
	names := make([]string, count)
	for k := range names {
		names[k] = hexadecimal(table[k*2*half/max(count-1, 1)])
	}
	return names
}

// hexadecimal writes a colour as "#rrggbb".
func hexadecimal(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// colourBar draws the map from low to high, with numbers under it and a label to the right of it.
func (p picture) colourBar(top int, low, high float64, shade func(float64) color.Color, label string) {
	left := margin + 25 // half of the number under its left end
	p.rectangle(left-1, top-1, barWidth+3, barHeight+2, p.frame)
	for x := range barWidth + 1 {
		p.rectangle(left+x, top, 1, barHeight, shade(low+(high-low)*float64(x)/barWidth))
	}
	for quarter := range 5 {
		x := left + quarter*barWidth/4
		p.rectangle(x, top+barHeight+1, 1, 5, p.axis)
		value := low + (high-low)*float64(quarter)/4
		p.label(x, top+barHeight+16, barWidth/4, text.XCenter, tickSize, number(value, 3))
	}
	p.label(left+barWidth+40, top+barHeight/2, p.width-left-barWidth-60, text.XLeft, labelSize, label)
}
