package plot

import (
	"image"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func panel(exact float64, estimates ...Estimate) Panel { return Panel{"p", exact, estimates} }

// One panel with estimates above and below the exact value: the dots are on their sides of the dashed line.
func TestCompare(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.png")
	c := Comparison{Panels: []Panel{panel(1, Estimate{"a", 2, 0.1}, Estimate{"b", 0, 0})}}
	if err := Compare(path, c); err != nil {
		t.Fatal(err)
	}
	picture, _ := decode(t, path)
	top := picture.Bounds().Dy() - panelHeight
	height := func(k int) (mean float64) {
		var count float64
		for x := range pictureWidth {
			for y := top; y < picture.Bounds().Dy(); y++ {
				if near(picture.At(x, y), light.palette[k]) {
					mean += float64(y)
					count++
				}
			}
		}
		return mean / count
	}
	// The range is [0, 2.1] widened by a quarter on each side.
	if a, b := height(0), height(1); !(a < b) || math.Abs((b-a)/(panelHeight-100)-2/3.15) > 0.1 {
		t.Errorf("2 is drawn at %v and 0 at %v pixels from the top", a, b)
	}
	for count, want := range map[int]image.Point{1: {1200, 96 + 380}, 4: {1200, 96 + 380}, 5: {1200, 96 + 2*380}} {
		c := Comparison{Title: "t", Panels: constant(count, c.Panels[0])}
		if err := Compare(path, c); err != nil {
			t.Fatal(err)
		}
		if picture, _ := decode(t, path); picture.Bounds().Size() != want {
			t.Errorf("%d panels: picture of %v, want %v", count, picture.Bounds().Size(), want)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	for want, c := range map[string]Comparison{
		"without panels":    {},
		"no estimate":       {Panels: []Panel{panel(1)}},
		`"a" is NaN ± 1`:    {Panels: []Panel{panel(1, Estimate{"a", math.NaN(), 1})}},
		`"a" is 1 ± -1`:     {Panels: []Panel{panel(1, Estimate{"a", 1, -1})}},
		`"a" is 1 ± +Inf`:   {Panels: []Panel{panel(1, Estimate{"a", 1, math.Inf(1)})}},
		`panel "p", estima`: {Panels: []Panel{panel(1, Estimate{"a", 1, 1}), panel(1, Estimate{"b", math.Inf(1), 1})}},
	} {
		if err := Compare(filepath.Join(t.TempDir(), "x.png"), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
	unknown := Comparison{Panels: []Panel{panel(math.NaN(), Estimate{"a", 1, math.NaN()})}}
	if err := Compare(filepath.Join(t.TempDir(), "x.png"), unknown); err != nil {
		t.Errorf("without exact value and error: %v", err)
	}
}
