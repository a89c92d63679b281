package plot_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/plot"
)

func Example() {
	folder, err := os.MkdirTemp("", "plot")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	fmt.Println(plot.Curve(filepath.Join(folder, "kl.png"), plot.Chart{
		Title: "learning", X: "passes over the data", Y: "D_KL in nats", LogY: true,
		Series: []plot.Series{{Name: "D_KL", X: []float64{0, 1, 2}, Y: []float64{3, 0.4, 0.05}}},
		Levels: []plot.Level{{Name: "goal", Y: 0.02}},
	}))
	fmt.Println(plot.Tiles(filepath.Join(folder, "weights.png"), plot.Sheet{
		Title: "two hidden units", Rows: 2, Columns: 2, Label: "w_ij",
		Tiles: [][]float64{{0.5, 0, 0, -0.5}, {1, 1, 0, 0}},
	}))
	fmt.Println(plot.Curve(filepath.Join(folder, "nothing.png"), plot.Chart{Series: []plot.Series{{Name: "D_KL"}}}))
	// Output:
	// <nil>
	// <nil>
	// plot: series "D_KL" has no point that can be drawn (of 0)
}
