package plot

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// decode reads a picture back.
func decode(t *testing.T, path string) (image.Image, []byte) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return picture, text
}

func near(a, b color.Color) bool {
	r1, g1, b1, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	diff := func(x, y uint32) bool { return math.Abs(float64(x)-float64(y)) < 0x300 }
	return diff(r1, r2) && diff(g1, g2) && diff(b1, b2)
}

func TestCurve(t *testing.T) {
	chart := Chart{
		Title: "t", X: "x", Y: "y in nats", LogY: true,
		// Zero, a negative number and NaN can't be drawn on a logarithmic axis and are left out.
		Series: []Series{{
			Name: "s", X: []float64{0, 1, 2, 3, 4}, Y: []float64{10, 0, 1, math.NaN(), 0.1},
			Err: []float64{1, 1, 2, 1, 0.01},
		}},
		Levels: []Level{{Name: "l", Y: 0.5}},
	}
	paths := [2]string{filepath.Join(t.TempDir(), "a.png"), filepath.Join(t.TempDir(), "b.png")}
	for _, path := range paths {
		if err := Curve(path, chart); err != nil {
			t.Fatal(err)
		}
	}
	picture, first := decode(t, paths[0])
	if size := picture.Bounds().Size(); size != (image.Point{X: 1200, Y: 750}) {
		t.Errorf("picture of %v, want 1200×750", size)
	}
	if _, second := decode(t, paths[1]); !bytes.Equal(first, second) {
		t.Error("equal charts give different bytes")
	}
	ink := 0
	for x := range 1200 {
		for y := range 750 {
			if near(picture.At(x, y), light.palette[0]) {
				ink++
			}
		}
	}
	if ink < 1000 {
		t.Errorf("%d pixels of the curve's colour, want a curve", ink)
	}
}

// A band is there where an error is known; dots have bars instead.
func TestCurveBand(t *testing.T) {
	count := func(s Series) (band int) {
		path := filepath.Join(t.TempDir(), "b.png")
		s.X, s.Y = []float64{0, 1, 2, 3}, []float64{1, 1, 1, 1} // without name: no legend
		if err := Curve(path, Chart{Series: []Series{s}, Levels: []Level{{Y: 0}, {Y: 2}}}); err != nil {
			t.Fatal(err)
		}
		picture, _ := decode(t, path)
		for x := range 1200 {
			for y := range 750 {
				if near(picture.At(x, y), color.RGBA{191, 220, 236, 255}) { // a quarter of the ink on white
					band++
				}
			}
		}
		return band
	}
	half, nan := 0.5, math.NaN()
	whole := count(Series{Err: constant(4, half)})
	// About 1060 pixels across and, of an axis of 2.16 and 620 pixels, an error of 1 in all.
	if want := 1060 * 620 / 2.16; math.Abs(float64(whole)-want) > want/10 {
		t.Errorf("a band of %d pixels, want about %.0f", whole, want)
	}
	third := count(Series{Err: []float64{half, half, nan, half}})
	if math.Abs(float64(third)/float64(whole)-1./3) > 0.02 {
		t.Errorf("errors at three points of four: a band of %d pixels of %d, want a third", third, whole)
	}
	for name, s := range map[string]Series{
		"no errors": {}, "zero errors": {Err: make([]float64, 4)}, "dots": {Err: constant(4, half), Dots: true},
	} {
		if band := count(s); band > whole/100 { // soft edges of lines may have the colour too
			t.Errorf("%s: a band of %d pixels", name, band)
		}
	}
}

func TestCurveRefuses(t *testing.T) {
	one := []float64{1}
	for want, c := range map[string]Chart{
		"without series":             {},
		"no point that can be drawn": {LogY: true, Series: []Series{{X: one, Y: []float64{-1}}}},
		"of 1 x, 2 y and 0 errors":   {Series: []Series{{X: one, Y: []float64{1, 2}}}},
		"of 1 x, 1 y and 2 errors":   {Series: []Series{{X: one, Y: one, Err: []float64{1, 2}}}},
		"error -2 at point 1":        {Series: []Series{{X: one, Y: one, Err: []float64{-2}}}},
		`"empty" has no point`:       {Series: []Series{{Name: "empty"}}},
	} {
		path := filepath.Join(t.TempDir(), "c.png")
		if err := Curve(path, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%q: a file was written", want)
		}
	}
}

// Where the first tile of a sheet with a title begins, and the largest size of a unit, in pixels; tiles are 10 pixels
// apart.
const (
	firstX, firstY = 30, 70
	unit           = 40
)

// Two tiles of 1×3: units are squares, red where positive, blue where negative, light where zero.
func TestTilesShadeBySign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.png")
	sheet := Sheet{Title: "w", Rows: 1, Columns: 3, Tiles: [][]float64{{-2, 0, 2}, {1, 0, -1}}, Across: 2}
	if err := Tiles(path, sheet); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	at := func(tile, column int) (r, g, b float64) {
		x := firstX + tile*(3*unit+10) + column*unit
		c := picture.At(x+unit/2, firstY+unit/2)
		for _, corner := range [][2]int{{0, 0}, {unit - 1, 0}, {0, unit - 1}, {unit - 1, unit - 1}} {
			if picture.At(x+corner[0], firstY+corner[1]) != c {
				t.Errorf("tile %d, column %d is not one square of one colour", tile, column)
			}
		}
		r16, g16, b16, _ := c.RGBA()
		return float64(r16) / 0xffff, float64(g16) / 0xffff, float64(b16) / 0xffff
	}
	if r, _, b := at(0, 0); b < r+0.3 {
		t.Errorf("-2 has red %.2f, blue %.2f, want blue", r, b)
	}
	if r, _, b := at(0, 2); r < b+0.3 {
		t.Errorf("2 has red %.2f, blue %.2f, want red", r, b)
	}
	if r, g, b := at(0, 1); math.Abs(r-b) > 0.05 || r < 0.8 || g < 0.8 {
		t.Errorf("0 is (%.2f, %.2f, %.2f), want light and neutral", r, g, b)
	}
	strong, _, _ := at(0, 2)
	if r, g, b := at(1, 0); r < b || g < 0.5 && strong > r {
		t.Errorf("1 is (%.2f, %.2f, %.2f), want a paler red than 2", r, g, b)
	}
}

// Every pixel of a unit has exactly its shade.
func TestBinaryTiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.png")
	sheet := Sheet{Title: "s", Rows: 2, Columns: 2, Tiles: [][]float64{{0, 1, 1, 0}}, Binary: true}
	if err := Tiles(path, sheet); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	for k, x := range sheet.Tiles[0] {
		left, top := firstX+k%2*unit, firstY+k/2*unit
		want := map[float64]color.RGBA{0: {236, 238, 240, 255}, 1: {0, 114, 178, 255}}[x]
		for y := top; y < top+unit; y++ {
			for x := left; x < left+unit; x++ {
				if got := color.RGBAModel.Convert(picture.At(x, y)); got != want {
					t.Fatalf("unit %d is %v at pixel (%d, %d), want %v", k, got, x, y, want)
				}
			}
		}
	}
}

// Means have shades between those of 0 and 1, and a bar from 0 to 1 whatever the numbers; every line of a caption has
// its place.
func TestMeansTiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.png")
	sheet := Sheet{Title: "s", Rows: 1, Columns: 3, Tiles: [][]float64{{0, 0.5, 0.75}}, Means: true, Captions: []string{"a\nb\nc"}}
	if err := Tiles(path, sheet); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	for k, want := range []color.RGBA{{236, 238, 240, 255}, {118, 176, 209, 255}, {59, 145, 194, 255}} {
		if got := color.RGBAModel.Convert(picture.At(firstX+k*unit+unit/2, firstY+unit/2)); got != want {
			t.Errorf("a mean of %v is %v, want %v", sheet.Tiles[0][k], got, want)
		}
	}
	bar := picture.Bounds().Dy() - barSpace + margin + barHeight/2
	for x, want := range map[int]color.RGBA{0: {236, 238, 240, 255}, barWidth: {0, 114, 178, 255}} {
		if got := color.RGBAModel.Convert(picture.At(margin+25+x, bar)); got != want {
			t.Errorf("pixel %d of the bar is %v, want %v", x, got, want)
		}
	}
	for line := range 3 {
		ink := false
		for y := range captionHeight {
			for x := range 3 * unit {
				ink = ink || near(picture.At(firstX+x, firstY+unit+1+line*captionHeight+y), light.text)
			}
		}
		if !ink {
			t.Errorf("line %d of the caption isn't there", line+1)
		}
	}
}

// The ends of Moreland's map are (59, 76, 192) and (180, 4, 38), its middle (221, 221, 221): table 1 of the paper.
func TestDivergingShades(t *testing.T) {
	shade := Sheet{}.shades(0.5)
	for x, want := range map[float64]color.RGBA{
		-0.5: {59, 76, 192, 255}, 0: {221, 221, 221, 255}, 0.5: {180, 4, 38, 255},
	} {
		got := color.RGBAModel.Convert(shade(x)).(color.RGBA)
		for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B)} {
			if max(d, -d) > 1 {
				t.Errorf("%v is %v, want %v", x, got, want)
			}
		}
	}
}

// A sheet as large as a library of features: the picture stays within its width, and a frame is around each tile.
func TestSheetGeometry(t *testing.T) {
	tiles := make([][]float64, 100)
	for k := range tiles {
		tiles[k] = make([]float64, 28*28)
	}
	captions := make([]string, 100)
	for _, c := range []struct {
		sheet Sheet
		want  image.Point
	}{
		{Sheet{Rows: 28, Columns: 28, Tiles: tiles}, image.Pt(2*30+280*3+90, 32+280*3+90+90)},
		{Sheet{Rows: 28, Columns: 28, Tiles: tiles, Captions: captions}, image.Pt(2*30+280*3+90, 32+280*3+90+10*22+90)},
		{Sheet{Rows: 28, Columns: 28, Tiles: tiles, Binary: true, Title: "t"}, image.Pt(2*30+280*3+90, 70+280*3+90+30)},
		{Sheet{Rows: 1, Columns: 784, Tiles: tiles, Across: 1}, image.Pt(2*30+784, 32+100+990+90)},
	} {
		path := filepath.Join(t.TempDir(), "x.png")
		if err := Tiles(path, c.sheet); err != nil {
			t.Fatal(err)
		}
		picture, _ := decode(t, path)
		if got := picture.Bounds().Size(); got != c.want {
			t.Errorf("%d columns, %d captions: %v, want %v", c.sheet.Columns, len(c.sheet.Captions), got, c.want)
		}
		if c.sheet.Title == "" && !near(picture.At(30, 31), light.frame) {
			t.Errorf("no frame above the first tile, but %v", picture.At(30, 31))
		}
	}
}

// 32 tiles come in 4 full rows of 8 rather than in 5⅓ of 6; a prime number of tiles as nearly square as can be.
func TestSquare(t *testing.T) {
	for _, c := range []struct{ count, rows, columns, want int }{
		{32, 4, 4, 8}, {64, 4, 4, 8}, {31, 4, 4, 6}, {1, 3, 3, 1}, {20, 28, 28, 5}, {500, 28, 28, 25},
		{32, 1, 16, 2}, {32, 16, 1, 32},
	} {
		if got := (Sheet{Rows: c.rows, Columns: c.columns, Tiles: make([][]float64, c.count)}).square(); got != c.want {
			t.Errorf("%d tiles of %d×%d: %d across, want %d", c.count, c.rows, c.columns, got, c.want)
		}
	}
}

func TestTilesRefuse(t *testing.T) {
	four := [][]float64{{1, 2, 3, 4}}
	for want, s := range map[string]Sheet{
		"0 tiles":                           {Rows: 2, Columns: 2},
		"tiles of 0×2":                      {Columns: 2, Tiles: four},
		"-1 across":                         {Rows: 2, Columns: 2, Tiles: four, Across: -1},
		"tile 2 has 3 numbers, want 2×2":    {Rows: 2, Columns: 2, Tiles: [][]float64{{1, 2, 3, 4}, {1, 2, 3}}},
		"tile 1 has 0 numbers":              {Rows: 1 << 32, Columns: 1 << 32, Tiles: [][]float64{{}}},
		"tile 1, row 2, column 1 holds NaN": {Rows: 2, Columns: 2, Tiles: [][]float64{{0, 0, math.NaN(), 0}}},
		"holds -Inf, want a finite":         {Rows: 1, Columns: 1, Tiles: [][]float64{{math.Inf(-1)}}},
		"column 2 holds 2, want 0 or 1":     {Rows: 2, Columns: 2, Tiles: four, Binary: true},
		"column 1 holds 1.5, want a number": {Rows: 1, Columns: 1, Tiles: [][]float64{{1.5}}, Means: true},
		"1 captions for 2":                  {Rows: 2, Columns: 2, Tiles: constant(2, four[0]), Captions: []string{""}},
		"pixels, more than":                 {Rows: 1, Columns: 1, Tiles: constant(1<<20, []float64{0}), Across: 1},
	} {
		path := filepath.Join(t.TempDir(), "x.png")
		if err := Tiles(path, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%q: a file was written", want)
		}
	}
	zero := Sheet{Rows: 1, Columns: 1, Tiles: [][]float64{{0}}}
	if err := Tiles(filepath.Join(t.TempDir(), "zero.png"), zero); err != nil {
		t.Errorf("a tile of zeros: %v", err)
	}
}

// Equal sheets and comparisons give equal bytes, as equal charts do.
func TestPicturesAreDeterministic(t *testing.T) {
	sheet := Sheet{
		Title: "t", Rows: 2, Columns: 2, Tiles: [][]float64{{-1, 0, 0.5, 1}, {2, 1, 0, -2}},
		Captions: []string{"a", "b"}, Label: "weight",
	}
	comparison := Comparison{Title: "t", Panels: []Panel{panel(1, Estimate{"a", 2, 0.1}, Estimate{"b", 0, 0})}}
	for name, draw := range map[string]func(path string) error{
		"sheet":      func(path string) error { return Tiles(path, sheet) },
		"comparison": func(path string) error { return Compare(path, comparison) },
	} {
		path, texts := filepath.Join(t.TempDir(), "x.png"), [2][]byte{}
		for k := range texts {
			if err := draw(path); err != nil {
				t.Fatal(err)
			}
			_, texts[k] = decode(t, path)
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Errorf("equal values of a %s give different bytes", name)
		}
	}
}

func constant[T any](n int, x T) []T {
	list := make([]T, n)
	for k := range list {
		list[k] = x
	}
	return list
}

// The ending of the name says the format, and Dark the colours.
func TestFormatsAndThemes(t *testing.T) {
	chart := Chart{X: "x", Y: "y", Series: []Series{{Name: "s", X: []float64{0, 1}, Y: []float64{1, 2}, Err: []float64{0.1, 0.2}}}}
	folder := t.TempDir()
	for _, isDark := range []bool{false, true} {
		chart.Dark = isDark
		path := filepath.Join(folder, "x.png")
		if err := Curve(path, chart); err != nil {
			t.Fatal(err)
		}
		if picture, _ := decode(t, path); !near(picture.At(2, 2), themeOf(isDark).paper) {
			t.Errorf("dark %v: the corner is %v", isDark, picture.At(2, 2))
		}
	}
	path := filepath.Join(folder, "x.svg")
	if err := Tiles(path, Sheet{Rows: 1, Columns: 2, Tiles: [][]float64{{0, 1}}, Binary: true}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte("<svg")) {
		t.Errorf("%v, %.60q is no SVG", err, text)
	}
	if err := Curve(filepath.Join(folder, "x.gif"), chart); err == nil || !strings.Contains(err.Error(), "want .png or .svg") {
		t.Errorf("error is %v", err)
	}
	csv := filepath.Join(folder, "x.csv")
	if err := chart.WriteCSV(csv); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(csv); err != nil || string(text) != "series,x,y,error\ns,0,1,0.1\ns,1,2,0.2\n" {
		t.Errorf("%v, numbers are %q", err, text)
	}
}
