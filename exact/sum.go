package exact

import (
	"context"
	"math"
	"math/bits"
	"slices"
	"sync"

	"harmonium/internal/kernel"
	"harmonium/rbm"
)

const (
	// lowUnits is the size of the tabulated group: 64 states a unit of the larger layer are 400 kB for 784 units, which
	// stays in a core's second-level cache.
	lowUnits = 6
	// parts is the number of pieces of the sum.
	parts = 128
	// refresh is the number of Gray-code steps after which the A_i are computed afresh: rounding grows to 1024·2^−53 at most.
	refresh = 1024
	// steep is the bound on |x_i| above which a unit's factor is not a product but log(1+e^x), with room to spare in float64's e^±709.
	steep = 600
	// room is the number of binary digits that a product may lose before its logarithm is taken.
	room = 900
)

// sum is a model turned so that the layer to be enumerated is the hidden one, with the tables of the low group, and log Z.
type sum struct {
	p          *rbm.BitParameters
	transposed bool // the enumerated layer is the model's visible one
	m, k, low  int  // units summed, enumerated, and of those tabulated
	workers    int

	table  []float64 // T_i(e), m×2^low
	most   []float64 // max_e T_i(e)
	bias   []float64 // Σ_{j low} c_j h_j for each e
	flip   []float64 // e^(w_ij) for the high units, (k−low)×m
	unflip []float64 // e^(−w_ij)
	steep  []int     // units whose factors are log(1+e^x); in the products they are factors of 1
	cuts   []int     // take the products' powers of two out before these units

	part []float64 // log of each part of Z
	logZ float64
}

// newSum prepares the tables and sums Z.
func newSum(ctx context.Context, model *rbm.Model, o Options) (*sum, error) {
	if err := Feasible(model.M(), model.N()); err != nil {
		return nil, err
	}
	s := &sum{workers: kernel.Workers(o.Workers), transposed: model.M() < model.N()}
	if s.transposed {
		model = model.Transpose()
	}
	s.p, s.m, s.k = model.Bits(), model.M(), model.N()
	s.low = min(s.k, lowUnits)
	s.sortUnits()
	s.tabulate()
	s.part = make([]float64, min(parts, s.outer()))
	err := s.walk(ctx, o, func(part int) visitor {
		total := newLogSum()
		return visitor{
			visit: func(_ uint64, logs, _ []float64) { total.add(logs) },
			done:  func() { s.part[part] = total.log() },
		}
	})
	s.logZ = logSumExp(s.part)
	return s, err
}

// outer is the number of states of the high group.
func (s *sum) outer() int { return 1 << (s.k - s.low) }

func (s *sum) tabulate() {
	size, high := 1<<s.low, s.k-s.low
	s.table, s.most = make([]float64, s.m*size), make([]float64, s.m)
	s.bias = make([]float64, size)
	for e := range size {
		forBits(uint64(e), func(j int) { s.bias[e] += s.p.C[j] })
	}
	s.flip, s.unflip = make([]float64, high*s.m), make([]float64, high*s.m)
	for i := range s.m {
		if slices.Contains(s.steep, i) {
			for j := range high {
				s.flip[j*s.m+i], s.unflip[j*s.m+i] = 1, 1
			}
			continue
		}
		w := s.p.W[i*s.k : (i+1)*s.k]
		for e := range size {
			x := 0.0
			forBits(uint64(e), func(j int) { x += w[j] })
			t := math.Exp(x)
			s.table[i*size+e] = t
			s.most[i] = max(s.most[i], t)
		}
		for j, x := range w[s.low:] {
			s.flip[j*s.m+i], s.unflip[j*s.m+i] = math.Exp(x), math.Exp(-x)
		}
	}
}

// sortUnits finds the steep units, and after which of the others the products could run out of range.
func (s *sum) sortUnits() {
	digits := 0.0
	for i, b := range s.p.B {
		bound, spread := math.Abs(b), 0.0
		for j, w := range s.p.W[i*s.k : (i+1)*s.k] {
			bound += math.Abs(w)
			if j < s.low {
				spread += math.Abs(w)
			}
		}
		if bound > steep {
			s.steep = append(s.steep, i)
			spread = 0
		}
		// A factor lies between ½·e^(−spread) and 1.
		loss := 1 + spread*math.Log2E
		if digits += loss; digits > room {
			s.cuts = append(s.cuts, i)
			digits = loss
		}
	}
	s.cuts = append(s.cuts, s.m)
}

// visitor is called with the log weights of the 2^low states of each state of the high group (whose bits are state, and
// whose e^(x_i) without the low group are a), and at the end of a part.
type visitor struct {
	visit func(state uint64, logs, a []float64)
	done  func()
}

// walk goes through all states, part by part on several workers.
func (s *sum) walk(ctx context.Context, o Options, begin func(part int) visitor) error {
	var mu sync.Mutex
	done, total := uint64(0), uint64(1)<<s.k
	progress := func(outer int) {
		if o.Progress == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done += uint64(outer) << s.low
		o.Progress(done, total)
	}
	n := len(s.part)
	kernel.Parallel(s.workers, n, func(part int) {
		v, w := begin(part), s.newWalker()
		from, to := s.outer()*part/n, s.outer()*(part+1)/n
		for at := from; at < to; at++ {
			if (at-from)%256 == 0 {
				if ctx.Err() != nil {
					return
				}
				progress(min(256, to-at))
			}
			if (at-from)%refresh == 0 {
				w.start(uint64(at))
			} else {
				w.step(uint64(at))
			}
			v.visit(w.state, w.logs(), w.a)
		}
		v.done()
	})
	return ctx.Err()
}

// walker is one worker's place in the walk.
type walker struct {
	*sum
	state         uint64    // bits of the high group
	a             []float64 // e^(b_i + Σ_{j high} w_ij h_j) of the smooth units
	bias          float64   // Σ_{j high} c_j h_j − Offset
	r, ar         []float64 // of the factors (kernel.Factors)
	weights, prod []float64 // scratch, one number a state of the low group
	exponents     []int     // of the products
}

func (s *sum) newWalker() *walker {
	return &walker{
		sum: s, a: make([]float64, s.m), r: make([]float64, s.m), ar: make([]float64, s.m),
		weights: make([]float64, 1<<s.low), prod: make([]float64, 1<<s.low), exponents: make([]int, 1<<s.low),
	}
}

// start goes to the Gray code of index.
func (w *walker) start(index uint64) {
	w.state = index ^ index>>1
	w.bias = w.highBias()
	for i := range w.a {
		w.a[i] = math.Exp(w.input(i))
	}
	for _, i := range w.sum.steep {
		w.a[i] = 0
	}
}

// input is b_i + Σ_{j high} w_ij h_j.
func (w *walker) input(i int) float64 {
	x := w.p.B[i]
	forBits(w.state, func(j int) { x += w.p.W[i*w.k+w.low+j] })
	return x
}

func (w *walker) highBias() float64 {
	x := -w.p.Offset
	forBits(w.state, func(j int) { x += w.p.C[w.low+j] })
	return x
}

// step goes from the Gray code of index−1 to that of index: one unit flips.
func (w *walker) step(index uint64) {
	j := bits.TrailingZeros64(index)
	w.state ^= 1 << j
	factors := w.flip
	if w.state>>j&1 == 0 {
		factors = w.unflip
	}
	factors = factors[j*w.m : (j+1)*w.m]
	kernel.Multiply(w.a, factors)
	w.bias = w.highBias()
}

// logs returns log Σ_v e^(−E) of the 2^low states with the present high group: the logarithm of the product of all
// 1 + A_i·T_i, each with a power of two taken out that brings the largest of the states into [½, 1).
func (w *walker) logs() []float64 {
	common := kernel.Factors(w.r, w.ar, w.a, w.most)
	for e := range w.prod {
		w.prod[e], w.exponents[e] = 1, 0
	}
	from := 0
	for _, to := range w.cuts {
		w.multiply(from, to)
		for e, x := range w.prod {
			mantissa, exponent := math.Frexp(x)
			w.prod[e] = mantissa
			w.exponents[e] += exponent
		}
		from = to
	}
	logs := w.weights
	for e, b := range w.sum.bias {
		logs[e] = w.bias + b + (float64(float64(common+w.exponents[e])*math.Ln2) + math.Log(w.prod[e]))
	}
	for _, i := range w.sum.steep {
		x, weights := w.input(i), w.p.W[i*w.k:i*w.k+w.low]
		for e := range logs {
			y := x
			forBits(uint64(e), func(j int) { y += weights[j] })
			logs[e] += rbm.Softplus(y)
		}
	}
	return logs
}

// multiply multiplies the products by the factors of units from…to−1.
func (w *walker) multiply(from, to int) {
	if len(w.prod) == 64 {
		kernel.Products((*[64]float64)(w.prod), w.table[from<<w.low:to<<w.low], w.r[from:to], w.ar[from:to])
		return
	}
	for i := from; i < to; i++ { // small models
		for e, t := range w.row(i) {
			w.prod[e] *= w.r[i] + float64(w.ar[i]*t)
		}
	}
}

func (s *sum) row(i int) []float64 { return s.table[i<<s.low : (i+1)<<s.low] }

// logSum is log Σ e^x of numbers that come one after the other.
type logSum struct{ most, sum float64 }

func newLogSum() *logSum { return &logSum{most: math.Inf(-1)} }

func (l *logSum) add(x []float64) {
	most := l.most
	for _, x := range x {
		most = max(most, x)
	}
	if most > l.most {
		l.sum *= math.Exp(l.most - most)
		l.most = most
	}
	for _, x := range x {
		l.sum += math.Exp(x - most)
	}
}

func (l *logSum) log() float64 { return l.most + math.Log(l.sum) }

func logSumExp(x []float64) float64 {
	l := newLogSum()
	l.add(x)
	return l.log()
}

func forBits(word uint64, f func(j int)) {
	for ; word != 0; word &= word - 1 {
		f(bits.TrailingZeros64(word))
	}
}
