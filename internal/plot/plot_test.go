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
		Series: []Series{{Name: "s", X: []float64{0, 1, 2, 3, 4}, Y: []float64{10, 0, 1, math.NaN(), 0.1}, Err: []float64{1, 1, 2, 1, 0.01}}},
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
			if near(picture.At(x, y), palette[0]) {
				ink++
			}
		}
	}
	if ink < 1000 {
		t.Errorf("%d pixels of the curve's colour, want a curve", ink)
	}
}

func TestCurveRefuses(t *testing.T) {
	for want, c := range map[string]Chart{
		"without series":             {},
		"no point that can be drawn": {LogY: true, Series: []Series{{Name: "s", X: []float64{1}, Y: []float64{-1}}}},
		"of 1 x, 2 y and 0 errors":   {Series: []Series{{Name: "s", X: []float64{1}, Y: []float64{1, 2}}}},
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

// Two tiles of 1×3: units are squares, red where positive, blue where negative, light where zero.
func TestTilesShadeBySign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.png")
	if err := Tiles(path, Sheet{Title: "w", Rows: 1, Columns: 3, Tiles: [][]float64{{-2, 0, 2}, {1, 0, -1}}, Across: 2}); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	unit := (sheetWidth - 2*margin - gap) / 6
	at := func(tile, column int) (r, g, b float64) {
		x := margin + tile*(3*unit+gap) + column*unit
		c := picture.At(x+unit/2, titleSpace+unit/2)
		for _, corner := range [][2]int{{1, 1}, {unit - 2, 1}, {1, unit - 2}, {unit - 2, unit - 2}} {
			if !near(picture.At(x+corner[0], titleSpace+corner[1]), c) {
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

func TestBinaryTiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.png")
	sheet := Sheet{Title: "s", Rows: 2, Columns: 2, Tiles: [][]float64{{0, 1, 1, 0}}, Binary: true}
	if err := Tiles(path, sheet); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	unit := (sheetWidth - 2*margin) / 2
	for k, x := range sheet.Tiles[0] {
		got := picture.At(margin+k%2*unit+unit/2, titleSpace+k/2*unit+unit/2)
		if want := sheet.shades(1)(x); !near(got, want) {
			t.Errorf("unit %d is %v, want %v", k, got, want)
		}
	}
}

func TestTilesRefuse(t *testing.T) {
	for want, s := range map[string]Sheet{
		"0 tiles":             {Rows: 2, Columns: 2},
		"tile 1 has 3 number": {Rows: 2, Columns: 2, Tiles: [][]float64{{1, 2, 3, 4}, {1, 2, 3}}},
		"tile 0 holds NaN":    {Rows: 1, Columns: 1, Tiles: [][]float64{{math.NaN()}}},
	} {
		if err := Tiles(filepath.Join(t.TempDir(), "x.png"), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	if err := Tiles(filepath.Join(t.TempDir(), "zero.png"), Sheet{Rows: 1, Columns: 1, Tiles: [][]float64{{0}}}); err != nil {
		t.Errorf("a tile of zeros: %v", err)
	}
}

func TestLogTicks(t *testing.T) {
	labels := ""
	for _, tick := range (logTicks{}).Ticks(0.02, 3) {
		labels += tick.Label + " "
	}
	if got := strings.Join(strings.Fields(labels), " "); got != "0.02 0.05 0.1 0.2 0.5 1 2" {
		t.Errorf("labels %s", got)
	}
}
