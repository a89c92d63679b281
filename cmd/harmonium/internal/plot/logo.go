package plot

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"gonum.org/v1/plot/text"
)

// Logo is a picture of sequence logos (T. D. Schneider, R. M. Stephens, Nucleic Acids Research 18 (1990) 6097): at each
// site the states stand on top of each other as letters, each as tall as its number says, the largest farthest from 0.
// Negative ones stand below 0, as in weights of hidden units (J. Tubiana, S. Cocco, R. Monasson, eLife 8 (2019)
// e39397).
type Logo struct {
	Title  string
	Y      string     // what heights are, with the unit
	Sites  []string   // names, of which some are written below
	States [][]string // the text of each state of each site
	Panels []LogoPanel
	Same   bool // one scale for all panels
	Dark   bool // light on dark
}

// LogoPanel is one logo.
type LogoPanel struct {
	Name    string
	Heights [][]float64 // of each state of each site
}

// Geometry of a logo in pixels.
const (
	logoHeight   = 170 // of a line of letters
	logoSites    = 60  // in a line, at most
	widestLetter = 40
	mostLetters  = 4  // of a word, for which a site may be as many times as wide
	logoAxis     = 60 // to the left of the letters, for the numbers
	nameHeight   = 30
	sitesHeight  = 24
	leastLetter  = 0.5
	logoHead     = 500 // for the title and the legend, more than enough
)

// Logos writes logos to a PNG or SVG file 1200 pixels wide, one below the other. More than 60 sites go on in the next
// line. The error says which panel, site and state has a height that is not finite, or where their numbers differ.
//
// Amino acids are coloured by their chemistry and nucleotides as everywhere, both in colours that all can tell apart;
// any other states have a colour each.
func Logos(path string, l Logo) error {
	if err := l.check(); err != nil {
		return err
	}
	t := themeOf(l.Dark)
	colours := t.coloursOf(l.States)
	keys := colours.legend()
	measured, err := newPicture(path, t, pictureWidth, 1)
	if err != nil {
		return err
	}
	top := measured.heading(l.Title, keys)
	each := linesHeight(len(l.Sites))
	if each*len(l.Panels) > mostPixels/pictureWidth-top {
		return fmt.Errorf("%d logos of %d sites %w", len(l.Panels), len(l.Sites), ErrNoRoom)
	}
	p, err := newPicture(path, t, pictureWidth, top+each*len(l.Panels)+margin/2)
	if err != nil {
		return err
	}
	p.heading(l.Title, keys)
	all := noSpan()
	for _, panel := range l.Panels {
		s := panel.span()
		all = all.with(s.low).with(s.high)
	}
	for k, panel := range l.Panels {
		y, s := top+k*each, all
		if !l.Same {
			s = panel.span()
		}
		p.label(margin, y+nameHeight/2, pictureWidth-2*margin, text.XLeft, labelSize, panel.Name)
		y += nameHeight
		for from := 0; from < len(l.Sites); from += logoSites {
			p.stacks(l, panel, colours, from, min(from+logoSites, len(l.Sites)), y, s.padded(0.02, false))
			y += logoHeight + sitesHeight
		}
	}
	return p.write(path)
}

// ErrNoRoom is the error of logos that are too many for a picture.
var ErrNoRoom = errors.New("are too many for a picture")

// linesHeight is the height of a logo with its name.
func linesHeight(sites int) int {
	lines := (sites + logoSites - 1) / logoSites
	return nameHeight + lines*(logoHeight+sitesHeight)
}

// MostLogos is how many logos of that many sites find room in a picture, at least one.
func MostLogos(sites int) int {
	return max(1, (mostPixels/pictureWidth-logoHead)/linesHeight(sites))
}

func (l Logo) check() error {
	if len(l.Panels) == 0 || len(l.Sites) == 0 || len(l.States) != len(l.Sites) {
		return fmt.Errorf("plot: %d logos of %d sites, with states of %d", len(l.Panels), len(l.Sites), len(l.States))
	}
	for _, panel := range l.Panels {
		if len(panel.Heights) != len(l.Sites) {
			return fmt.Errorf("plot: logo %q has %d sites, want %d", panel.Name, len(panel.Heights), len(l.Sites))
		}
		for site, heights := range panel.Heights {
			if len(heights) != len(l.States[site]) {
				return fmt.Errorf("plot: logo %q, site %s has %d heights for %d states", panel.Name, l.Sites[site], len(heights),
					len(l.States[site]))
			}
			for a, h := range heights {
				if !drawable(h, false) {
					return fmt.Errorf("plot: logo %q, site %s, state %q has height %v", panel.Name, l.Sites[site], l.States[site][a], h)
				}
			}
		}
	}
	return nil
}

// longest is the number of letters of the longest state, at most mostLetters.
func (l Logo) longest() int {
	n := 1
	for _, states := range l.States {
		for _, state := range states {
			n = max(n, min(utf8.RuneCountInString(state), mostLetters))
		}
	}
	return n
}

// span is the range of the stacks, which begin at 0.
func (p LogoPanel) span() span {
	s := span{0, 0}
	for _, heights := range p.Heights {
		up, down := 0.0, 0.0
		for _, h := range heights {
			up, down = up+max(h, 0), down+min(h, 0)
		}
		s = s.with(up).with(down)
	}
	return s
}

// stacks draws sites from to to−1 of a panel with their axes, between top and top+logoHeight.
func (p picture) stacks(l Logo, panel LogoPanel, colours colouring, from, to, top int, s span) {
	left := margin + labelHeight + logoAxis
	width := min(widestLetter*l.longest(), (pictureWidth-margin-left)/min(len(l.Sites), logoSites))
	y := func(h float64) float64 { return float64(top) + logoHeight*(s.high-h)/(s.high-s.low) }
	for _, tick := range (linearTicks{}).Ticks(s.low, s.high) {
		at := int(math.Round(y(tick.Value)))
		ink := p.grid
		if tick.Value == 0 {
			ink = p.axis
		}
		p.rectangle(left-6, at, (to-from)*width+6, 1, ink)
		if tick.Label != "" {
			p.label(left-logoAxis/2-6, at, logoAxis-12, text.XCenter, tickSize, tick.Label)
		}
	}
	p.upright(margin, top+logoHeight/2, logoHeight+nameHeight, tickSize, l.Y)
	every := namesEvery(width, l.Sites[from:to])
	for site := from; site < to; site++ {
		x := left + (site-from)*width
		order := make([]int, len(panel.Heights[site]))
		for a := range order {
			order[a] = a
		}
		heights := panel.Heights[site]
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(math.Abs(heights[a]), math.Abs(heights[b])) })
		up, down := 0.0, 0.0
		for _, a := range order {
			h := heights[a]
			low := down + h
			if h > 0 {
				low = up
				up += h
			} else {
				down += h
			}
			height := y(low) - y(low+math.Abs(h))
			if height >= leastLetter {
				words := l.States[site][a]
				p.letter(float64(x)+1, y(low+math.Abs(h)), float64(width)-2, height, words, colours.colour(words))
			}
		}
		if (site+1)%every == 0 || every == 1 {
			p.label(x+width/2, top+logoHeight+sitesHeight/2, every*width, text.XCenter, tickSize, l.Sites[site])
		}
	}
}

// WriteCSV writes the numbers of a logo: a line for each state of each site of each panel.
func (l Logo) WriteCSV(path string) error {
	lines := [][]string{{"logo", "site", "state", l.Y}}
	for _, panel := range l.Panels {
		for site, heights := range panel.Heights {
			for a, h := range heights {
				lines = append(lines, []string{panel.Name, l.Sites[site], l.States[site][a], float(h)})
			}
		}
	}
	return WriteCSV(path, lines)
}
