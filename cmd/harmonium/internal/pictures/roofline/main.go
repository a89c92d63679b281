// Command roofline draws docs/images/roofline.png from what bench/speed.py recorded.
//
// usage: go run ./cmd/harmonium/internal/pictures/roofline bench/results/speed.json docs/images/roofline.png
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
)

// sitting is the part of the record that is drawn.
type sitting struct {
	Bench struct {
		DenseFMA float64 `json:"dense_fma_gmacs"`
		Reads    []struct {
			Bytes       int     `json:"bytes"`
			GBPerSecond float64 `json:"gb_per_second"`
		} `json:"reads"`
		Kernels []struct {
			Name, Shape, ISA string
			Workers          int
			GMACs            float64 `json:"gmacs"`
		} `json:"kernels"`
	} `json:"bench"`
}

// Both methods of tables take, for a word of 64 rows and a panel of 16 columns, 1024 multiply-adds a configuration.
// They read an entry of 64 bytes a look-up, read and write an accumulator of 64, and share the filling of the tables.
const (
	macsPerWord = 1024
	entry       = 64
)

type method struct{ lookUps, entries float64 }

var methods = []method{{16, 256}, {12, 512}}

// intensity is the number of multiply-adds for each byte that passes between a core and its first-level cache, for the
// better method.
func intensity(rows float64) float64 {
	best := 0.0
	for _, m := range methods {
		best = max(best, macsPerWord/(entry*(m.lookUps+2+m.entries/rows)))
	}
	return best
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: roofline RESULTS.json OUT.png")
	}
	if err := draw(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func draw(results, out string) error {
	text, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	var s sitting
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("%s: %w", results, err)
	}
	const low, high = 0.1, 4
	chart := plot.Chart{
		Title: "Products of bits on one core with AVX-512",
		X:     "multiply-adds for each byte read or written", Y: "multiply-adds a nanosecond", LogX: true, LogY: true,
		Levels: []plot.Level{{Name: "limit of dense float32 multiply-adds", Y: s.Bench.DenseFMA}},
	}
	for k, name := range []string{"first-level cache", "second-level cache", "third-level cache", "memory"} {
		if k >= len(s.Bench.Reads) {
			break
		}
		r := s.Bench.Reads[k].GBPerSecond
		chart.Series = append(chart.Series, plot.Series{
			Name: fmt.Sprintf("%s, %.0f GB/s", name, r), X: []float64{low, high}, Y: []float64{low * r, high * r},
		})
	}
	points := plot.Series{Name: "products of 16 to 1024 configurations", Dots: true}
	for _, k := range s.Bench.Kernels {
		var rows, inner, cols float64
		if _, err := fmt.Sscanf(k.Shape, "%f×%f×%f", &rows, &inner, &cols); err != nil {
			return fmt.Errorf("%s: shape %q: %w", results, k.Shape, err)
		}
		if k.ISA == "avx512" && k.Workers == 1 && cols >= 500 && inner >= 500 {
			points.X, points.Y = append(points.X, intensity(rows)), append(points.Y, k.GMACs)
		}
	}
	chart.Series = append(chart.Series, points)
	return plot.Curve(out, chart)
}
