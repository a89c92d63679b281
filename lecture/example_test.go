package lecture_test

import (
	"fmt"

	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rng"
)

// Four units of which the first two agree and the last two agree: four of the 16 configurations, equally likely. D_KL
// falls by the exact gradient, by CD-1 and by PCD-1.
func Example() {
	rows := [][]float64{{0, 0, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 1}, {1, 1, 1, 1}}
	data := lecture.Empirical(rows)

	source := rng.NewSource(rng.Seed(1), 0)
	exact := lecture.New(4, 3, source)
	cd, pcd := lecture.New(4, 3, source), lecture.New(4, 3, source)
	var chains [][]float64 // of PCD, 100 of them
	for range 25 {
		chains = append(chains, rows...)
	}

	fmt.Println("updates   exact    CD-1   PCD-1")
	for update := range 2001 {
		if update%500 == 0 {
			fmt.Printf("%7d", update)
			for _, model := range []*lecture.Model{exact, cd, pcd} {
				fmt.Printf("  %.4f", lecture.KL(data, model.Distribution()))
			}
			fmt.Println()
		}
		exact.Step(0.2, exact.Gradient(data, exact.Distribution()))
		cd.Step(0.2, cd.CD(rows, 1, source))
		pcd.Step(0.2, pcd.PCD(rows, chains, 1, source))
	}
	// Output:
	// updates   exact    CD-1   PCD-1
	//       0  1.3867  1.3870  1.3882
	//     500  0.8517  0.9921  0.8836
	//    1000  0.3095  0.3384  0.2571
	//    1500  0.1304  0.2281  0.1315
	//    2000  0.0809  0.1801  0.1890
}
