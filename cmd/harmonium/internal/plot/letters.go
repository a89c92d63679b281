package plot

import (
	"image/color"
	"math"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	plotfont "gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// outline is the shape of a text, scaled so that it fills the square from 0 to 1, both ways.
type outline struct {
	segments sfnt.Segments
	min, max [2]float64 // in the font's numbers, y downwards
}

// boldFace is Liberation Sans in bold.
var boldFace = fonts.Lookup(plotfont.Font{Typeface: "Liberation", Variant: "Sans", Weight: font.WeightBold}, 1).Face

// newOutline returns the shape of a text; of one without ink, such as a space, ok is false.
func newOutline(words string) (o outline, ok bool) {
	const size = 1000 // pixels an em: a number large enough that rounding isn't seen
	o.min, o.max = [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	var buffer sfnt.Buffer
	at := fixed.Int26_6(0)
	for _, letter := range words {
		index, err := boldFace.GlyphIndex(&buffer, letter)
		if err != nil {
			panic("plot: " + err.Error())
		}
		segments, err := boldFace.LoadGlyph(&buffer, index, fixed.I(size), nil)
		if err != nil {
			panic("plot: " + err.Error())
		}
		for _, s := range segments {
			for k := range s.Args[:arguments(s.Op)] {
				s.Args[k].X += at
				x := [2]float64{float64(s.Args[k].X), float64(s.Args[k].Y)}
				for axis := range x {
					o.min[axis], o.max[axis] = min(o.min[axis], x[axis]), max(o.max[axis], x[axis])
				}
			}
			o.segments = append(o.segments, s)
		}
		advance, err := boldFace.GlyphAdvance(&buffer, index, fixed.I(size), font.HintingNone)
		if err != nil {
			panic("plot: " + err.Error())
		}
		at += advance
	}
	return o, o.max[0] > o.min[0] && o.max[1] > o.min[1]
}

// arguments is the number of points of a segment.
func arguments(op sfnt.SegmentOp) int {
	switch op {
	case sfnt.SegmentOpQuadTo:
		return 2
	case sfnt.SegmentOpCubeTo:
		return 3
	}
	return 1
}

// A letter such as I, narrower than slim times its height, fills the part narrow of a box: drawn as wide as others it
// would be a block.
const slim, narrow = 0.3, 0.35

// letter fills a box, given in pixels and parts of them, with a text.
func (p picture) letter(left, top, width, height float64, words string, c color.Color) {
	o, ok := newOutline(words)
	if !ok || width <= 0 || height <= 0 {
		return
	}
	if o.max[0]-o.min[0] < slim*(o.max[1]-o.min[1]) {
		left, width = left+width*(1-narrow)/2, width*narrow
	}
	point := func(a fixed.Point26_6) vg.Point {
		x := left + width*(float64(a.X)-o.min[0])/(o.max[0]-o.min[0])
		y := top + height*(float64(a.Y)-o.min[1])/(o.max[1]-o.min[1])
		return p.point(x, y)
	}
	var path vg.Path
	for _, s := range o.segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(path) > 0 {
				path.Close()
			}
			path.Move(point(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			path.Line(point(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			path.QuadTo(point(s.Args[0]), point(s.Args[1]))
		case sfnt.SegmentOpCubeTo:
			path.CubeTo(point(s.Args[0]), point(s.Args[1]), point(s.Args[2]))
		}
	}
	path.Close()
	p.SetColor(c)
	p.Fill(path)
}

// point is [picture.at] for parts of pixels.
func (p picture) point(x, y float64) vg.Point {
	pixel := float64(pixels(1))
	return vg.Point{X: vg.Length(x * pixel), Y: vg.Length((float64(p.height) - y) * pixel)}
}

// class is a group of letters of one colour.
type class struct {
	name    string // in the legend; empty: not there
	letters string
	ink     color.Color
}

// colouring gives states their colours.
type colouring struct {
	classes []class
	words   map[string]color.Color // of states that are no letters of the classes
	keys    []string               // of words, in the order of the legend
	other   color.Color
}

// proteins are the classes of amino acids by their chemistry, as sequence logos have them (G. E. Crooks, G. Hon, J.-M.
// Chandonia, S. E. Brenner, Genome Research 14 (2004) 1188), in colours of the palette.
func (t *theme) proteins() []class {
	return []class{
		{"hydrophobic", "AVLIPWFM", t.text}, {"polar", "GSTYC", green}, {"amide", "NQ", purple},
		{"basic", "KRH", t.palette[0]}, {"acidic", "DE", vermillion}, {"gap", "-", t.frame},
	}
}

// nucleotides have the colours that they have everywhere, as far as the palette goes.
func (t *theme) nucleotides() []class {
	return []class{{"", "A", green}, {"", "C", t.palette[0]}, {"", "G", orange}, {"", "TU", vermillion}, {"gap", "-", t.frame}}
}

// Rare letters of alignments: any amino acid or nucleotide, and those beyond the usual ones.
const rare = "XBZJUO"

// coloursOf finds the colours for the states of all sites: amino acids, nucleotides, or whatever they are.
func (t *theme) coloursOf(states [][]string) colouring {
	c := colouring{words: map[string]color.Color{}, other: t.axis}
	for _, classes := range [][]class{t.nucleotides(), t.proteins()} {
		known, fits := "", true
		for _, k := range classes {
			known += k.letters
		}
		for _, site := range states {
			for _, state := range site {
				fits = fits && utf8.RuneCountInString(state) == 1 && strings.Contains(known+rare, state)
			}
		}
		if fits {
			c.classes = classes
			return c
		}
	}
	for _, site := range states {
		for _, state := range site {
			if _, ok := c.words[state]; !ok {
				c.words[state] = t.colour(len(c.keys))
				c.keys = append(c.keys, state)
			}
		}
	}
	return c
}

// colour is that of a state.
func (c colouring) colour(state string) color.Color {
	for _, k := range c.classes {
		if state != "" && strings.Contains(k.letters, state) {
			return k.ink
		}
	}
	if ink, ok := c.words[state]; ok {
		return ink
	}
	return c.other
}

// Ink is the colour of some states in logos, as "#rrggbb" on light and on dark ground.
type Ink struct {
	Name   string   `json:"name"` // of a class of letters, or of the state; may be empty
	States []string `json:"states"`
	Light  string   `json:"light"`
	Dark   string   `json:"dark"`
}

// Inks lists the colours that states have in logos.
func Inks(states [][]string) []Ink {
	var inks []Ink
	at := map[string]int{} // of a state in inks
	onLight, onDark := light.coloursOf(states), dark.coloursOf(states)
	for k, class := range onLight.classes {
		letters := strings.Split(class.letters, "")
		for _, letter := range letters {
			at[letter] = len(inks)
		}
		inks = append(inks, Ink{class.name, letters, hexadecimal(class.ink), hexadecimal(onDark.classes[k].ink)})
	}
	for _, site := range states {
		for _, state := range site {
			if _, known := at[state]; !known {
				at[state] = len(inks)
				name := ""
				if len(onLight.classes) == 0 {
					name = state
				}
				inks = append(inks, Ink{name, []string{state}, hexadecimal(onLight.colour(state)), hexadecimal(onDark.colour(state))})
			}
		}
	}
	return inks
}

// mostKeys is how many states a legend names at most.
const mostKeys = 12

// legend names the classes, or the states if they are few.
func (c colouring) legend() []key {
	var keys []key
	for _, k := range c.classes {
		if k.name != "" {
			keys = append(keys, key{name: k.name + ": " + strings.Join(strings.Split(k.letters, ""), " "), band: k.ink})
		}
	}
	if len(c.keys) <= mostKeys {
		for _, word := range c.keys {
			keys = append(keys, key{name: word, band: c.words[word]})
		}
	}
	return keys
}
