package data_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/rng"
)

func ExampleOpen() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "spins.txt")
	if err := os.WriteFile(path, []byte("-1 1 1\n 1 1 -1\n"), 0o666); err != nil {
		panic(err)
	}
	set, err := data.Open(path)
	fmt.Println(set.Rows(), set.Units(), set.Values, set.Format, err)
	fmt.Println(set.States.Spins(), set.Means())
	// Output:
	// 2 3 spin text (blanks) <nil>
	// [[-1 1 1] [1 1 -1]] [0.5 1 0.5]
}

func ExampleBars() {
	set, _ := data.Bars(2, 2)
	for r, row := range set.States.Bytes() {
		fmt.Println(row, set.Weights[r])
	}
	entropy, _ := data.BarsEntropy(2, 2)
	fmt.Printf("%.6f nats\n", entropy)
	// Output:
	// [0 0 0 0] 0.25
	// [1 1 0 0] 0.125
	// [0 0 1 1] 0.125
	// [1 1 1 1] 0.25
	// [1 0 1 0] 0.125
	// [0 1 0 1] 0.125
	// 1.732868 nats
}

func ExampleDescribe() {
	set, _ := data.BarsSample(4, 4, 1000, rng.Seed(1))
	info := data.Describe(set)
	fmt.Printf("%d rows of %d units, %d distinct\n", info.Rows, info.Units, info.Distinct)
	fmt.Printf("independent units reach %.2f nats, perfect knowledge of the rows %.2f\n", info.Independent, -info.Entropy)
	// Output:
	// 1000 rows of 16 units, 30 distinct
	// independent units reach -11.09 nats, perfect knowledge of the rows -3.37
}
