package enginetest

import (
	"math"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// Ascend is that of [kernel.Ascender], number after number.
func (e *Engine) Ascend(a *kernel.Ascent) (squares float64, sound bool) {
	defer e.lock("Ascend")()
	s := newAscent(e, a)
	if s.follow(); e.err != nil {
		for _, p := range s.p {
			fill(p, float32(math.NaN()))
		}
	}
	squares, sound = s.run()
	for k, x := range a.Parameters[1:] { // are here too
		e.mustFind(x).newer = false
		copy(x, s.p[k+1])
	}
	return squares, sound
}

var _ kernel.Ascender = (*Engine)(nil)

// ascent is an update with the numbers that its slices stand for.
type ascent struct {
	*kernel.Ascent
	on                                   *kernel.Context
	n                                    int
	p, positive, negative, mean, squares [][]float32
	μ, ν, h                              []float32
}

func newAscent(e *Engine, a *kernel.Ascent) *ascent {
	s := &ascent{Ascent: a, on: e.on, n: len(a.Parameters[2]), μ: e.read(a.CenterV), ν: e.read(a.CenterH), h: e.read(a.Positive[2])}
	if a.Follow != 0 {
		s.ν = e.write(a.CenterH)
	}
	bound := func(list [][]float32) (here [][]float32) {
		for _, x := range list {
			e.mustFind(x)
			here = append(here, e.write(x))
		}
		return here
	}
	averages := func(list [][]float32) (here [][]float32) {
		for _, x := range list {
			if x != nil && e.find(x) == nil {
				e.calls["copy"]++
			}
			here = append(here, e.read(x))
		}
		return here
	}
	s.p, s.positive, s.negative = bound(a.Parameters), averages(a.Positive), averages(a.Negative)
	s.mean, s.squares = bound(a.Rule.Mean), bound(a.Rule.Square)
	return s
}

func (s *ascent) follow() {
	for j, h := range s.h {
		switch s.Follow {
		case 0:
		case 1:
			s.ν[j] = h
		default:
			s.ν[j] += float32(s.Follow * (h - s.ν[j]))
		}
	}
}

func (s *ascent) run() (squares float64, sound bool) {
	g := make([][]float32, len(s.p))
	for k := range g {
		g[k] = make([]float32, len(s.p[k]))
		for i := range g[k] {
			if g[k][i] = s.positive[k][i]; s.negative[k] != nil {
				g[k][i] -= s.negative[k][i]
			}
		}
	}
	W, gW, n := s.p[0], g[0], s.n
	for k := range gW {
		if s.μ != nil {
			gW[k] -= float32(s.μ[k/n]*g[2][k%n]) + float32(g[1][k/n]*s.ν[k%n])
		}
		gW[k] = s.penalised(gW[k], W[k])
	}
	squares = s.on.Dot(g[1], g[1])
	squares += s.on.Dot(g[2], g[2])
	Δ := append([]float32(nil), W...)
	for k := range W {
		s.step(0, k, gW[k])
		if bound := s.Clip; bound != 0 {
			W[k] = min(max(W[k], -bound), bound)
		}
		Δ[k] = W[k] - Δ[k]
	}
	for k, biases := range g[1:] {
		for i, g := range biases {
			s.step(1+k, i, g)
		}
	}
	for from := 0; from < len(W); from += s.Rows * n {
		to := min(from+s.Rows*n, len(W))
		squares += s.on.Dot(gW[from:to], gW[from:to])
		if s.μ != nil {
			s.uncenter(Δ[from:to], from/n)
		}
	}
	sound = true
	for _, p := range s.p {
		for _, x := range p {
			sound = sound && math.Abs(float64(x)) <= float64(float32(kernel.MaxParameter))
		}
	}
	return squares, sound
}

// uncenter takes the step of a block of rows, the first of which is row i, from the biases.
func (s *ascent) uncenter(Δ []float32, i int) {
	stepC := make([]float32, s.n)
	for ; len(Δ) > 0; i++ {
		s.p[1][i] -= float32(s.on.Dot(Δ[:s.n], s.ν))
		for j, x := range Δ[:s.n] {
			stepC[j] += float32(s.μ[i] * x)
		}
		Δ = Δ[s.n:]
	}
	for j, x := range stepC {
		s.p[2][j] -= x
	}
}

func (s *ascent) penalised(g, w float32) float32 {
	if s.L1 == 0 && s.L2 == 0 {
		return g
	}
	g -= float32(s.L2 * w)
	switch {
	case w > 0:
		g -= s.L1
	case w < 0:
		g += s.L1
	}
	return g
}

// step moves number i of parameters k.
func (s *ascent) step(k, i int, g float32) {
	r, a, p := &s.Rule, g, &s.p[k][i]
	if s.mean != nil {
		mean := s.mean[k]
		mean[i] = float32(r.Decay*mean[i]) + float32(r.Gain*g)
		a = mean[i]
	}
	if s.squares == nil {
		*p += float32(r.Adam.Rate * a)
		return
	}
	square := s.squares[k]
	square[i] = float32(r.Adam.Decay*square[i]) + float32(r.Adam.Gain*float32(g*g))
	root := float32(math.Sqrt(float64(r.Adam.Correction * square[i])))
	*p += float32(r.Adam.Rate*a) / (root + r.Adam.Epsilon)
}
