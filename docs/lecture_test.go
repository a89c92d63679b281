// Package docs_test runs the snippets of lecture.md.
package docs_test

import (
	"context"
	"fmt"
	"go/doc"
	"go/parser"
	"go/token"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/lecture"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/sample"
	"github.com/harmonium-rbm/harmonium/train"
)

// small is the model that the lecture carries along: three visible and two hidden units.
func small() *rbm.Model {
	return &rbm.Model{
		W: []float32{
			1, -1,
			2, 0,
			0, 1,
		},
		Visible: rbm.WithBiases(rbm.Bernoulli, 0, -1, 0.5),
		Hidden:  rbm.WithBiases(rbm.Bernoulli, -1, 0),
	}
}

var ctx = context.Background()

func Example_energy() {
	model := small()
	v, _ := rbm.FromBytes([][]uint8{{1, 1, 0}})
	h, _ := rbm.FromBytes([][]uint8{{1, 0}})
	fmt.Println("E(v,h) =", model.Energy(v, h)[0]) // −(0−1) − (−1) − (1+2)
	// Output: E(v,h) = -1
}

func Example_partition() {
	model := small()
	logZ, _ := exact.LogZ(ctx, model, exact.Options{})

	plain := lecture.Model{ // the same by the definition, over all 2^3·2^2 states
		W: [][]float64{{1, -1}, {2, 0}, {0, 1}}, B: []float64{0, -1, 0.5}, C: []float64{-1, 0},
	}
	fmt.Printf("log Z = %.6f = %.6f\n", logZ, plain.LogZ())
	// Output: log Z = 3.828020 = 3.828020
}

func Example_marginal() {
	model := small()
	v, _ := rbm.FromBytes([][]uint8{{1, 1, 0}})
	logZ, _ := exact.LogZ(ctx, model, exact.Options{})
	free := model.FreeEnergy(v)[0]
	fmt.Printf("F(v) = %.4f, P(v) = e^(−F(v))/Z = %.4f\n", free, math.Exp(-free-logZ))
	// Output: F(v) = -1.4402, P(v) = e^(−F(v))/Z = 0.0918
}

func Example_conditionals() {
	conditionals := rbm.NewConditionals(small(), nil)
	v, _ := rbm.FromBytes([][]uint8{{1, 1, 0}})
	p := make([]float32, 2)
	conditionals.HiddenProbs(p, v)
	fmt.Printf("P(h_1=1|v) = σ(−1+1+2) = %.4f, P(h_2=1|v) = σ(−1) = %.4f\n", p[0], p[1])
	// Output: P(h_1=1|v) = σ(−1+1+2) = 0.8808, P(h_2=1|v) = σ(−1) = 0.2689
}

func Example_divergence() {
	set, _ := data.BarsSample(3, 3, 1000, rng.Seed(1))
	model := rbm.New(set.Units(), 8, rng.Seed(1))
	entropy := exact.Entropy(set.States, nil)
	mean, _, _ := exact.LogLikelihood(ctx, model, set.States, nil, exact.Options{})
	kl, _ := exact.DataKL(ctx, model, set.States, nil, exact.Options{})
	fmt.Printf("H_D = %.3f, C = %.3f, D_KL = C − H_D = %.3f nats\n", entropy, -mean, kl)
	// Output: H_D = 2.596, C = 6.238, D_KL = C − H_D = 3.642 nats
}

func Example_gradient() {
	model := small()
	v, _ := rbm.FromBytes([][]uint8{{1, 1, 0}, {1, 1, 1}, {0, 0, 1}})

	positive := rbm.NewStatistics(model) // ⟨v_i P(h_j|v)⟩ over the data
	rbm.NewConditionals(model, nil).Statistics(positive, v, nil)
	negative := rbm.NewStatistics(model) // ⟨v_i h_j⟩ over the model, all 32 states
	_ = exact.Moments(ctx, negative, model, exact.Options{})

	gradient := rbm.NewStatistics(model) // the same in one call
	_ = exact.Gradient(ctx, gradient, model, v, nil, exact.Options{})
	fmt.Printf("−∂C/∂w_11 = %.4f − %.4f = %.4f\n", positive.VH[0], negative.VH[0], gradient.VH[0])
	// Output: −∂C/∂w_11 = 0.5872 − 0.3773 = 0.2099
}

func Example_descent() {
	set, _ := data.Bars(3, 3) // all 14 configurations, their probabilities as weights
	model := rbm.New(set.Units(), 6, rng.Seed(1))
	training, _ := train.Start(model, set, train.Config{
		Negative: &train.Exact{}, Optimizer: &train.SGD{}, Rate: 0.5, Schedule: train.Constant,
		Plain: true, Batch: set.Rows(), Updates: 3000,
	})
	for p := range training.Steps(ctx) {
		if p.Update%1000 == 0 {
			kl, _ := exact.DataKL(ctx, model, set.States, set.Weights, exact.Options{})
			fmt.Printf("after %d updates D_KL = %.2f nats\n", p.Update, kl)
		}
	}
	// Output:
	// after 1000 updates D_KL = 0.43 nats
	// after 2000 updates D_KL = 0.17 nats
	// after 3000 updates D_KL = 0.11 nats
}

func Example_gibbs() {
	model := small()
	chains := sample.NewChains(sample.FromBiases(model, 10000, rng.Seed(1)), model.Hidden, rng.Seed(1))
	chains.Sweep(rbm.NewConditionals(model, nil), 100) // h ~ P(h|v), v ~ P(v|h), a hundred times

	on := 0.0
	for r := range chains.Visible.Rows() {
		if chains.Visible.Bit(r, 1) {
			on++
		}
	}
	moments := rbm.NewStatistics(model)
	_ = exact.Moments(ctx, moments, model, exact.Options{})
	mean := on / 10000
	fmt.Printf("⟨v_2⟩ = %.3f ± %.3f from chains, exactly %.3f\n", mean, math.Sqrt(mean*(1-mean)/10000), moments.V[1])
	// Output: ⟨v_2⟩ = 0.552 ± 0.005 from chains, exactly 0.555
}

func Example_contrastiveDivergence() {
	set, _ := data.BarsSample(3, 3, 2000, rng.Seed(1))
	for _, negative := range []train.Negative{
		&train.CD{Steps: 1},                             // chains start at the data
		&train.PCD{Steps: 1, Chains: 100},               // chains go on from update to update
		&train.PCD{Steps: 10, Chains: 100},              // for ten sweeps an update
		&train.PCD{Steps: 10, Chains: 100, Replicas: 5}, // and exchange states with replicas
	} {
		model := rbm.New(set.Units(), 12, rng.Seed(1))
		training, _ := train.Start(model, set, train.Config{Negative: negative, Batch: 20, Rate: 0.01, Epochs: 30})
		for range training.Steps(ctx) {
		}
		kl, _ := exact.DataKL(ctx, model, set.States, nil, exact.Options{})
		fmt.Printf("%T: D_KL = %.2f nats\n", negative, kl)
	}
	// Output:
	// *train.CD: D_KL = 0.10 nats
	// *train.PCD: D_KL = 0.45 nats
	// *train.PCD: D_KL = 0.05 nats
	// *train.PCD: D_KL = 0.04 nats
}

func Example_howGood() {
	set, _ := data.BarsSample(3, 3, 2000, rng.Seed(1))
	model := rbm.New(set.Units(), 12, rng.Seed(1))
	training, _ := train.Start(model, set, train.Config{})
	for range training.Steps(ctx) {
	}

	fresh, _ := data.BarsSample(3, 3, 2000, rng.Seed(2)) // rows that the model hasn't seen
	mean, stderr, _ := exact.LogLikelihood(ctx, model, fresh.States, nil, exact.Options{})
	entropy, _ := data.BarsEntropy(3, 3)
	fmt.Printf("log-likelihood %.3f ± %.3f nats, at best %.3f\n", mean, stderr, -entropy)

	bars, _ := data.Bars(3, 3) // the distribution itself, as a table of 2^9 probabilities
	p := make([]float64, 1<<9)
	for r, weight := range bars.Weights {
		p[bars.States.Index(r)] = weight
	}
	kl, _ := exact.KL(ctx, p, model, exact.Options{})
	fmt.Printf("D_KL = %.3f nats\n", kl)
	// Output:
	// log-likelihood -2.607 ± 0.007 nats, at best -2.599
	// D_KL = 0.006 nats
}

// Every Go block of lecture.md is code of package lecture or runs here, and every text block below one is what that
// example prints, so that the two can't drift apart.
func TestLectureShowsWhatRuns(t *testing.T) {
	page, err := os.ReadFile("lecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []string          // without indentation
	examples := map[string]bool{} // code and output of each, and whether it is shown
	for _, path := range []string{"lecture_test.go", "../lecture/lecture.go", "../lecture/learn.go", "../lecture/example_test.go"} {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, flat(string(source)))
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range doc.Examples(file) {
			body := source[files.Position(e.Code.Pos()).Offset:files.Position(e.Code.End()).Offset]
			examples[flat(string(body))+"\x00"+flat(e.Output)] = false
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```\n(?:\n```text\n(.*?)```\n)?").FindAllSubmatch(page, -1)
	for _, block := range blocks {
		code, output := flat(string(block[1])), flat(string(block[2]))
		if output == "" {
			if !slices.ContainsFunc(sources, func(source string) bool { return strings.Contains(source, code) }) {
				t.Errorf("this block of lecture.md is neither in lecture_test.go nor in package lecture:\n%s", code)
			}
			continue
		}
		found := false
		for example := range examples {
			if body, printed, _ := strings.Cut(example, "\x00"); strings.Contains(body, code) && printed == output {
				found, examples[example] = true, true
			}
		}
		if !found {
			t.Errorf("no example has this code and this output of lecture.md:\n%s\n%s", code, output)
		}
	}
	for example, shown := range examples {
		if !shown {
			t.Errorf("lecture.md does not show this example with its output:\n%s", example)
		}
	}
}

// flat is text without indentation and empty lines.
func flat(text string) string {
	return regexp.MustCompile(`(?m)^\s+`).ReplaceAllString(strings.TrimSpace(text), "")
}
