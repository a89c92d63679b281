package plot

import (
	"bytes"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// logo has two panels of three sites with amino acids.
func logo() Logo {
	states := []string{"-", "D", "K", "I"}
	return Logo{
		Title: "t", Y: "w_ij", Sites: []string{"1", "2", "3"}, States: [][]string{states, states, states},
		Panels: []LogoPanel{
			{"one", [][]float64{{0, 2, -1, 0}, {0, 0, 0, 1}, {0, 1, 1, 0}}},
			{"two", [][]float64{{0, 0, 4, 0}, {0, 0, 0, 0}, {1, 0, 0, -2}}},
		},
	}
}

// inkOf counts the pixels of a colour in a part of a picture.
func inkOf(picture image.Image, c color.Color, area image.Rectangle) int {
	ink := 0
	for x := area.Min.X; x < area.Max.X; x++ {
		for y := area.Min.Y; y < area.Max.Y; y++ {
			if near(picture.At(x, y), c) {
				ink++
			}
		}
	}
	return ink
}

// Letters have the colours of their classes and heights in the ratio of their numbers; equal logos give equal bytes.
func TestLogos(t *testing.T) {
	paths := [2]string{filepath.Join(t.TempDir(), "a.png"), filepath.Join(t.TempDir(), "b.png")}
	for _, path := range paths {
		if err := Logos(path, logo()); err != nil {
			t.Fatal(err)
		}
	}
	picture, first := decode(t, paths[0])
	if _, second := decode(t, paths[1]); !bytes.Equal(first, second) {
		t.Error("equal logos give different bytes")
	}
	if width := picture.Bounds().Dx(); width != pictureWidth {
		t.Errorf("a picture %d pixels wide", width)
	}
	// Panel "one", in a range from −1 to 2: D of 2 stands above K of −1 at the first site. D fills 2/3 of the line's
	// height.
	left, size := margin+labelHeight+logoAxis, picture.Bounds().Size()
	panel := size.Y - margin/2 - 2*(nameHeight+logoHeight+sitesHeight) + nameHeight
	site := image.Rect(left, panel, left+widestLetter, panel+logoHeight)
	rows := func(c color.Color) (low, high int) {
		low, high = math.MaxInt, 0
		for y := site.Min.Y; y < site.Max.Y; y++ {
			if inkOf(picture, c, image.Rect(site.Min.X, y, site.Max.X, y+1)) > 0 {
				low, high = min(low, y), max(high, y)
			}
		}
		return low, high
	}
	top, middle := rows(vermillion)
	under, bottom := rows(blue)
	if d, k := middle-top+1, bottom-under+1; math.Abs(float64(d)/float64(k)-2) > 0.1 || under < middle {
		t.Errorf("D of 2 reaches from %d to %d and K of −1 from %d to %d: want twice the height, and K below D", top, middle, under, bottom)
	}
	if want := float64(logoHeight) * 2 / 3.12; math.Abs(float64(middle-top+1)-want) > 3 { // the range is padded by 2 %
		t.Errorf("D of 2 is %d pixels tall, want about %.0f", middle-top+1, want)
	}
	// At the second site I of 1 is drawn narrow, without filling its box.
	box := image.Rect(left+widestLetter, panel, left+2*widestLetter, panel+logoHeight)
	ink := inkOf(picture, light.text, box)
	if full := widestLetter * logoHeight * 100 / 312; ink < full/5 || ink > full/2 {
		t.Errorf("I has %d pixels, want about 0.35 of the box of %d", ink, full)
	}
	scaled := logo()
	scaled.Same = true
	path := filepath.Join(t.TempDir(), "same.png")
	if err := Logos(path, scaled); err != nil {
		t.Fatal(err)
	}
	same, _ := decode(t, path)
	if a, b := inkOf(picture, vermillion, site), inkOf(same, vermillion, site); float64(b)/float64(a) > 0.6 {
		t.Errorf("in the scale of both panels, −2 to 4, D has %d pixels after %d: want half", b, a)
	}
}

// An SVG has the letters as paths; more than 60 sites go on in another line, which makes the picture taller.
func TestLogosOfManySites(t *testing.T) {
	var heights []int
	for _, sites := range []int{60, 61} {
		l := Logo{Y: "bits", Panels: []LogoPanel{{Name: "p"}}}
		for range sites {
			l.Sites, l.States = append(l.Sites, "7"), append(l.States, []string{"yes", "no"})
			l.Panels[0].Heights = append(l.Panels[0].Heights, []float64{0.5, 0.25})
		}
		path := filepath.Join(t.TempDir(), "l.png")
		if err := Logos(path, l); err != nil {
			t.Fatal(err)
		}
		picture, _ := decode(t, path)
		heights = append(heights, picture.Bounds().Dy())
		path = filepath.Join(t.TempDir(), "l.svg")
		if err := Logos(path, l); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "Q"); n < 3*sites {
			t.Errorf("%d curves in the SVG of %d sites, want letters", n, sites)
		}
		for _, word := range []string{"yes", "no", "bits"} {
			if !strings.Contains(string(text), ">"+word+"<") {
				t.Errorf("the SVG has no text %q", word)
			}
		}
	}
	if d := heights[1] - heights[0]; d != logoHeight+sitesHeight {
		t.Errorf("61 sites are %d pixels taller than 60, want another line of %d", d, logoHeight+sitesHeight)
	}
}

// The page gets the colours of the pictures: classes of letters, rare ones without a name, and of other states one
// each.
func TestInks(t *testing.T) {
	inks := Inks([][]string{{"-", "D", "X"}})
	if last := len(inks) - 1; inks[0].Name != "hydrophobic" || inks[4].Name != "acidic" || inks[4].Light != "#d55e00" ||
		!slices.Equal(inks[4].States, []string{"D", "E"}) || inks[last].Name != "" || !slices.Equal(inks[last].States, []string{"X"}) {
		t.Errorf("amino acids have %+v", inks)
	}
	want := []Ink{{"east", []string{"east"}, "#0072b2", "#56b4e9"}, {"west", []string{"west"}, "#d55e00", "#d55e00"}}
	if got := Inks([][]string{{"east", "west"}, {"west", "east"}}); !reflect.DeepEqual(got, want) {
		t.Errorf("words have %+v, want %+v", got, want)
	}
}

// As many logos as MostLogos says find room, below a title and a legend.
func TestMostLogos(t *testing.T) {
	for sites, want := range map[int]int{31: 122, 60: 122, 61: 65, 1000: 8, 100_000: 1} {
		if got := MostLogos(sites); got != want {
			t.Errorf("%d logos of %d sites, want %d", got, sites, want)
		}
	}
	l := Logo{Title: "t", Y: "bits"}
	for range 1000 {
		l.Sites, l.States = append(l.Sites, "1"), append(l.States, []string{"-", "D"})
	}
	for range MostLogos(1000) {
		l.Panels = append(l.Panels, LogoPanel{Heights: make([][]float64, 1000)})
		for site := range 1000 {
			l.Panels[0].Heights[site] = []float64{0, 1}
			l.Panels[len(l.Panels)-1].Heights[site] = []float64{0, 0}
		}
	}
	if err := Logos(filepath.Join(t.TempDir(), "a.svg"), l); err != nil {
		t.Error(err)
	}
}

func TestLogosRefuse(t *testing.T) {
	for want, change := range map[string]func(*Logo){
		"0 logos":                           func(l *Logo) { l.Panels = nil },
		"has 2 sites, want 3":               func(l *Logo) { l.Panels[1].Heights = l.Panels[1].Heights[:2] },
		"site 2 has 1 heights for 4 states": func(l *Logo) { l.Panels[0].Heights[1] = []float64{1} },
		`site 1, state "K" has height NaN`:  func(l *Logo) { l.Panels[0].Heights[0][2] = math.NaN() },
	} {
		l := logo()
		change(&l)
		path := filepath.Join(t.TempDir(), "l.png")
		if err := Logos(path, l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a picture is there", want)
		}
	}
}

// Amino acids, nucleotides and other states are told apart.
func TestColouring(t *testing.T) {
	for _, test := range []struct {
		name   string
		states []string
		state  string
		want   color.Color
		keys   int
	}{
		{"protein", strings.Split("-ACDEFGHIKLMNPQRSTVWY", ""), "E", vermillion, 6},
		{"protein with X", strings.Split("-ACDEX", ""), "X", light.axis, 6},
		{"DNA", strings.Split("-ACGT", ""), "C", blue, 1},
		{"RNA", strings.Split("ACGU", ""), "U", vermillion, 1},
		{"words", []string{"red", "green"}, "green", vermillion, 2},
		{"digits", strings.Split("0123456789abcdefg", ""), "6", blue, 0},
	} {
		c := light.coloursOf([][]string{test.states, test.states})
		if got := c.colour(test.state); got != test.want {
			t.Errorf("%s: %q has the colour %v, want %v", test.name, test.state, got, test.want)
		}
		if keys := c.legend(); len(keys) != test.keys {
			t.Errorf("%s: %d keys in the legend, want %d", test.name, len(keys), test.keys)
		}
	}
}

// Names of rows and columns make room for themselves; those that don't fit the numbers of a tile are refused.
func TestSheetWithNames(t *testing.T) {
	s := Sheet{Rows: 2, Columns: 3, Tiles: [][]float64{{0, 1, 0, 0, 0, -1}}, Label: "x"}
	plain := s.layout()
	s.RowNames, s.ColumnNames = []string{"a", "long name"}, []string{"1", "2", "3"}
	named := s.layout()
	if named.height != plain.height+captionHeight || named.beside < 50 {
		t.Errorf("%+v without names, %+v with them", plain, named)
	}
	path := filepath.Join(t.TempDir(), "s.png")
	if err := Tiles(path, s); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	beside := image.Rect(margin, named.top, margin+named.beside-namesGap/2, named.top+2*named.unit)
	if inkOf(picture, light.text, beside) == 0 {
		t.Error("nothing is written beside the tile")
	}
	numbers := filepath.Join(t.TempDir(), "s.csv")
	if err := s.WriteCSV(numbers); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(numbers)
	if want := "tile,row,1,2,3\n0,a,0,1,0\n0,long name,0,0,-1\n"; err != nil || string(text) != want {
		t.Errorf("CSV %q, error %v, want %q", text, err, want)
	}
	s.ColumnNames = s.ColumnNames[:2]
	if err := Tiles(path, s); err == nil || !strings.Contains(err.Error(), "names of 2 rows and 2 columns for tiles of 2×3") {
		t.Errorf("two names of three columns: %v", err)
	}
}

// Words have wider sites than letters.
func TestLogosOfWords(t *testing.T) {
	l := Logo{Sites: []string{"pet"}, States: [][]string{{"A", "C"}}}
	for _, test := range []struct {
		state string
		want  int
	}{{"C", 1}, {"dog", 3}, {"elephant", 4}} {
		l.States[0][1] = test.state
		if got := l.longest(); got != test.want {
			t.Errorf("a state %q makes sites %d letters wide, want %d", test.state, got, test.want)
		}
	}
}
