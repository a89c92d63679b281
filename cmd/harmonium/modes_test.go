package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

func TestSharesInWords(t *testing.T) {
	for _, c := range []struct {
		want            string
		shares, stderrs []float64
	}{
		{"1: 100 %", []float64{1}, nil},
		{"2: > 99.9 %, < 0.1 %", []float64{0.9995, 0.0005}, nil},
		{"2: 50 ± 2 %, 50 ± 2 %; chains changed 212 times", []float64{0.5, 0.5}, []float64{0.02, 0.02}},
		{"4: 61 %, 30 %, 9.0 %, < 0.1 %; chains changed 212 times", []float64{0.61, 0.3, 0.09, 0}, nil},
	} {
		if got := shareList(c.shares, c.stderrs) + changesInWords(c.shares, 212); got != c.want {
			t.Errorf("shares %v ± %v: %q, want %q", c.shares, c.stderrs, got, c.want)
		}
	}
}

func TestPercentWithError(t *testing.T) {
	for _, c := range []struct {
		share, stderr float64
		want          string
	}{
		{1, 0, "100 %"}, {0.61, 0.0034, "61.0 ± 0.3 %"}, {0.612, 0.034, "61 ± 3 %"}, {0.57, 0.2, "57 ± 20 %"},
		{0.61, 1e-9, "61 %"}, {0.5, 0.0002, "50.00 ± 0.02 %"}, {1e-7, 1e-7, "< 0.1 %"}, {0, 0, "< 0.1 %"},
		{0, 0.012, "0 ± 1 %"}, {0.0005, 0.003, "0.1 ± 0.3 %"},
	} {
		if got := percentWithError(c.share, c.stderr); got != c.want {
			t.Errorf("%v ± %v: %q, want %q", c.share, c.stderr, got, c.want)
		}
	}
}

// A model whose visible units are neither bits nor sites has no modes, and inspect says so.
func TestNoModesOfForeignUnits(t *testing.T) {
	var words bytes.Buffer
	model := rbm.NewModel(lecturetest.NewLayer(lecturetest.Foreign, 4), rbm.NewLayer(rbm.Bernoulli, 2), rng.Seed(1))
	i := &inspection{o: &inspectOptions{}, model: model, result: &inspectResult{}}
	if err := i.modes(t.Context(), &terminal{stderr: &words}); err != nil || len(i.result.Pictures) > 0 || len(i.result.Modes) > 0 {
		t.Errorf("error %v, result %+v", err, i.result)
	}
	if got := words.String(); !strings.Contains(got, "without a picture of modes: ") || !strings.Contains(got, "want bernoulli, spin") {
		t.Errorf("the words are %q", got)
	}
	words.Reset()
	if i.result.modesTable(&words); words.Len() > 0 {
		t.Errorf("the table says %q", words.String())
	}
}

// A picture of logos without room is left out and told, and its numbers are written.
func TestLogosWithoutRoom(t *testing.T) {
	l := plot.Logo{Title: "t", Y: "bits"}
	for range 5000 {
		l.Sites, l.States = append(l.Sites, "1"), append(l.States, []string{"-", "D"})
	}
	for range 2 {
		l.Panels = append(l.Panels, plot.LogoPanel{Heights: slices.Repeat([][]float64{{0, 1}}, 5000)})
	}
	i := &inspection{o: &inspectOptions{out: t.TempDir(), format: "svg"}, result: &inspectResult{Pictures: []string{"weights.svg"}}}
	if err := i.logo("logos", l); err != nil {
		t.Fatal(err)
	}
	if r := i.result; !slices.Equal(r.Pictures, []string{"weights.svg"}) ||
		!slices.Equal(r.LeftOut, []string{"logos.svg: 2 logos of 5000 sites are too many for a picture"}) {
		t.Errorf("pictures %q, left out %q", r.Pictures, r.LeftOut)
	}
	if _, err := os.Stat(filepath.Join(i.o.out, "logos.csv")); err != nil {
		t.Error(err)
	}
}
