package search

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestParseSetting(t *testing.T) {
	for text, want := range map[string]string{
		"50,100,200":   "",
		"50, 100":      "",
		"0.001..0.03":  "",
		"1e-4..1":      "",
		"1,,2":         "want values between the commas",
		"1,2,1":        "1 is there twice",
		"1..":          "want a range LOW..HIGH of two numbers",
		"..3":          "want a range LOW..HIGH of two numbers",
		"3..1":         "0 < LOW < HIGH",
		"0..1":         "0 < LOW < HIGH",
		"-1..1":        "0 < LOW < HIGH",
		"1..Inf":       "0 < LOW < HIGH",
		"NaN..1":       "0 < LOW < HIGH",
		"1..2..3":      "want a range",
		"0.1..0.2,0.3": "want a range",
	} {
		s, err := ParseSetting("rate", text, false)
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%q: %v, error %v, want %q", text, s, err, want)
		}
	}
	if _, err := ParseSetting("hidden", "1.5..3", true); err == nil {
		t.Error("a range of whole numbers from 1.5 was taken")
	}
	if !Varied("1,2") || !Varied("1..2") || Varied("0.005") || Varied("adam") {
		t.Error("lists and ranges are not told from values")
	}
}

// Whole numbers of a range have shares that are equal in the logarithm, and the ends are reached.
func TestQuantilesOfARange(t *testing.T) {
	s, err := ParseSetting("hidden", "2..8", true)
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	counts := map[string]int{}
	for k := range n {
		counts[s.At((float64(k)+0.5)/n)]++
	}
	for x := 2; x <= 8; x++ {
		want := n * math.Log((float64(x)+0.5)/(float64(x)-0.5)) / math.Log(8.5/1.5)
		if got := float64(counts[strconv.Itoa(x)]); math.Abs(got-want) > 1 {
			t.Errorf("%d comes %v times of %d, want %.1f", x, got, n, want)
		}
	}
	s, err = ParseSetting("rate", "0.00123456..0.03", false)
	if err != nil {
		t.Fatal(err)
	}
	for u, want := range map[float64]string{1e-9: "0.00123456", 0.5: "0.00609", 1 - 1e-9: "0.03"} {
		if got := s.At(u); got != want {
			t.Errorf("quantile %g is %s, want %s", u, got, want)
		}
	}
}

func TestDraw(t *testing.T) {
	hidden := Setting{Name: "hidden", List: []string{"4", "8", "16"}}
	rate := Setting{Name: "rate", Low: 0.001, High: 0.1}
	optimizer := Setting{Name: "optimizer", List: []string{"adam", "sgd"}}
	got, err := Draw([]Setting{hidden, optimizer}, 0, 1)
	want := [][]string{{"4", "adam"}, {"4", "sgd"}, {"8", "adam"}, {"8", "sgd"}, {"16", "adam"}, {"16", "sgd"}}
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("lists make %v, error %v, want %v", got, err, want)
	}

	const count = 12
	trials, err := Draw([]Setting{hidden, rate}, count, 1)
	if err != nil || len(trials) != count {
		t.Fatalf("%d trials, error %v", len(trials), err)
	}
	again, err := Draw([]Setting{hidden, rate}, count, 1)
	if err != nil || !slices.EqualFunc(again, trials, slices.Equal) {
		t.Errorf("the same seed gives %v and %v, error %v", trials, again, err)
	}
	other, err := Draw([]Setting{hidden, rate}, count, 2)
	if err != nil || slices.EqualFunc(other, trials, slices.Equal) {
		t.Errorf("another seed gives the same %v, error %v", other, err)
	}
	counts, shares := map[string]int{}, map[int]bool{}
	for _, trial := range trials {
		counts[trial[0]]++
		x, err := strconv.ParseFloat(trial[1], 64)
		if err != nil || x < rate.Low || x > rate.High {
			t.Errorf("rate %s, error %v", trial[1], err)
		}
		shares[int(count*math.Log(x/rate.Low)/math.Log(rate.High/rate.Low))] = true
	}
	if counts["4"] != 4 || counts["8"] != 4 || counts["16"] != 4 {
		t.Errorf("values of a list come %v times, want 4 each", counts)
	}
	if len(shares) < count-1 { // one may be rounded over a border
		t.Errorf("rates lie in %d of %d equal shares of the range", len(shares), count)
	}

	few, err := Draw([]Setting{{Name: "hidden", Low: 1, High: 3, Whole: true}}, count, 1)
	if err != nil || len(few) != 3 {
		t.Errorf("%v, error %v: want three different trials", few, err)
	}
	long := make([]string, 40)
	for k := range long {
		long[k] = strconv.Itoa(k)
	}
	for want, draw := range map[string]func() ([][]string, error){
		"they have combinations, 3":     func() ([][]string, error) { return Draw([]Setting{hidden}, 5, 1) },
		"--trials is 1, want 2 to 1000": func() ([][]string, error) { return Draw([]Setting{rate}, 1, 1) },
		"--trials is 2000, want 2":      func() ([][]string, error) { return Draw([]Setting{rate}, 2000, 1) },
		"more than 1000 combinations":   func() ([][]string, error) { return Draw([]Setting{{List: long}, {List: long}}, 0, 1) },
	} {
		if _, err := draw(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
