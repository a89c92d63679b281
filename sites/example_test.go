package sites_test

import (
	"context"
	"fmt"

	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sites"
)

// A model of four sites of three states, in which one hidden unit likes state 1 at site 0 with state 2 at site 3.
func Example() {
	model := rbm.NewModel(rbm.NewCategorical(3, 3, 3, 3), rbm.NewLayer(rbm.Spin, 1), rng.Seed(1))
	model.W[0+1], model.W[9+2] = 2, 2

	couplings, err := sites.NewCouplings(context.Background(), model, sites.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	first := couplings.Contacts(nil, 1)[0]
	fmt.Printf("sites %d and %d, score %.2f\n", first.I, first.K, first.Score)

	v := model.Visible.NewBatch(1) // state 0 everywhere
	couplings.SetRow(v, 0, []int{1, 0, 0, 2})
	scores, err := sites.Mutations(model, v, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("site 0 from state 1 to 0: %.2f nats\n", scores[0][0])
	// Output:
	// sites 0 and 3, score 0.15
	// site 0 from state 1 to 0: -1.99 nats
}
