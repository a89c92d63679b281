package rbm_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/lecturetest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// random returns a model with parameters between −size and size.
func random(m, n int, visible, hidden rbm.Kind, size float64, seed uint64) *rbm.Model {
	model := rbm.NewModel(lecturetest.NewLayer(visible, m), lecturetest.NewLayer(hidden, n), rng.Seed(seed))
	source := rng.NewSource(rng.Seed(seed), 1)
	for _, p := range model.Parameters() {
		for k := range p.Values {
			p.Values[k] = float32(size * (source.Float64()*2 - 1))
		}
	}
	return model
}

func randomStates(rows, units int, seed uint64) rbm.Batch {
	v, source := rbm.NewBatch(rows, units), rng.NewSource(rng.Seed(seed), 2)
	for r := range rows {
		v.SetRow(r, func(int) bool { return source.Uint32()>>31 == 1 })
	}
	return v
}

// eachLine calls f with lines of all kinds of units, among them one that package rbm doesn't know, from bases without
// hidden biases, with some and with all of them.
func eachLine(t *testing.T, m, n int, f func(t *testing.T, line *rbm.Line, end *rbm.Conditionals)) {
	kinds := []rbm.Kind{rbm.Bernoulli, rbm.Spin, lecturetest.Foreign}
	for _, visible := range kinds {
		for _, hidden := range kinds {
			for _, biases := range []string{"no", "some", "all"} {
				t.Run(fmt.Sprint(visible, "-", hidden, " ", biases, " hidden biases"), func(t *testing.T) {
					base, model := random(m, n, visible, hidden, 1, 3), random(m, n, visible, hidden, 1, 4)
					clear(base.W)
					switch negativeZero := float32(math.Copysign(0, -1)); biases {
					case "no":
						clear(base.C())
						base.C()[0] = negativeZero
					case "some":
						clear(base.C()[:n/2])
						base.C()[0], base.B()[0] = negativeZero, negativeZero
					}
					end := rbm.NewConditionals(model, compute.New(2))
					f(t, rbm.NewLine(base, model, end), end)
				})
			}
		}
	}
}

// at is the model at a place of a line, by its interpolated parameters.
func at(line *rbm.Line, place float64) *rbm.Model {
	model := line.Model().Clone()
	line.Interpolate(model, place)
	return model
}

// stretches are places of 21 rows.
var stretches = []rbm.Stretch{
	{Rows: 3, Place: 0}, {Rows: 0, Place: 0.5}, {Rows: 6, Place: 0.01}, {Rows: 1, Place: 1. / 3}, {Rows: 7, Place: 0.9}, {Rows: 4, Place: 1},
}

// Free energies at several places are those of models with interpolated parameters, alone, together and beside draws.
// Those at the place 1 have the bits of the model's Conditionals.
func TestFreeEnergiesOnALine(t *testing.T) {
	const m, n, rows = 70, 37, 21
	eachLine(t, m, n, func(t *testing.T, line *rbm.Line, end *rbm.Conditionals) {
		v, h := randomStates(rows, m, 5), rbm.NewBatch(rows, n)
		others := []rbm.Stretch{{Rows: 10, Place: 0.25}, {Rows: 11, Place: 1}}
		a, b := line.At(stretches...), line.At(others...)
		var free [5][]float64
		for k := range free {
			free[k] = make([]float64, rows)
		}
		a.FreeEnergy(free[0], v)
		rbm.FreeEnergies(v, rbm.Free{To: free[1], At: b}, rbm.Free{To: free[2], At: a})
		p := line.At(rbm.Stretch{Rows: rows, Place: 0.6})
		p.SampleHiddenFree(h, v, rng.Seed(1), 2, rbm.Free{To: free[3], At: a}, rbm.Free{To: free[4], At: b})
		if !slices.Equal(free[0], free[2]) || !slices.Equal(free[0], free[3]) || !slices.Equal(free[1], free[4]) {
			t.Errorf("free energies differ alone, together and beside draws")
		}
		alone := rbm.NewBatch(rows, n)
		p.SampleHidden(alone, v, rng.Seed(1), 2)
		if !h.Equal(alone) {
			t.Errorf("other draws beside free energies")
		}
		for k, list := range [][]rbm.Stretch{stretches, others} {
			from := 0
			for _, s := range list {
				for r, want := range at(line, s.Place).FreeEnergy(v.Slice(from, from+s.Rows)) {
					if got := free[k][from+r]; math.Abs(got-want) > 2e-6*(1+math.Abs(want)) {
						t.Errorf("F at β = %v is %v, want %v", s.Place, got, want)
					}
				}
				from += s.Rows
			}
		}
		model := make([]float64, rows)
		end.FreeEnergy(model, v)
		if !slices.Equal(model[17:], free[0][17:]) || !slices.Equal(model[10:], free[1][10:]) {
			t.Errorf("F at β = 1 is %v, want %v", free[0][17:], model[17:])
		}
	})
}

// conditional is P(h|v) of row r of v, or P(v|h) of row r of h, over all configurations, by the energies of the
// lecture.
func conditional(model *rbm.Model, s rbm.Batch, r int, toHidden bool) []float64 {
	bits, _ := lecturetest.Bits(model)
	given := lecturetest.Row(s, r)
	units := model.M()
	if toHidden {
		units = model.N()
	}
	var p []float64
	total := 0.0
	for _, state := range lecturetest.Rows(lecturetest.States(units)) {
		v, h := state, given
		if toHidden {
			v, h = given, state
		}
		p = append(p, math.Exp(-bits.Energy(v, h)))
		total += p[len(p)-1]
	}
	for k := range p {
		p[k] /= total
	}
	return p
}

// repeated are rows copies of one configuration.
func repeated(s rbm.Batch, rows int) rbm.Batch {
	many := s.Like(rows)
	many.Gather(s, make([]int, rows))
	return many
}

// States drawn at places of a line in one call have the conditional distributions of the models with interpolated
// parameters.
func TestDrawsOnALine(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long in an emulator, and is one goroutine")
	}
	const m, n, rows = 5, 4, 4001
	places := []float64{0, 0.2, 0.7, 1}
	eachLine(t, m, n, func(t *testing.T, line *rbm.Line, _ *rbm.Conditionals) {
		list := make([]rbm.Stretch, len(places))
		for k, place := range places {
			list[k] = rbm.Stretch{Rows: rows, Place: place}
		}
		all := len(places) * rows
		v, h := repeated(randomStates(1, m, 6), all), repeated(randomStates(1, n, 7), all)
		drawnV, drawnH, p := rbm.NewBatch(all, m), rbm.NewBatch(all, n), line.At(list...)
		p.SampleHidden(drawnH, v, rng.Seed(8), 3)
		p.SampleVisible(drawnV, h, rng.Seed(9), 3)
		for k, place := range places {
			name, model := fmt.Sprintf("at β = %v", place), at(line, place)
			lecturetest.Drawn(t, "h "+name, lecturetest.Rows(drawnH.Slice(k*rows, (k+1)*rows)), conditional(model, v, 0, true))
			lecturetest.Drawn(t, "v "+name, lecturetest.Rows(drawnV.Slice(k*rows, (k+1)*rows)), conditional(model, h, 0, false))
		}
	})
}

// Several places in one call give each row what its place alone gives, with the random numbers of the row in the call.
// At β = 1 states and free energies are those of the model's Conditionals, to the bit.
func TestPlacesAreIndependentOfEachOther(t *testing.T) {
	const m, n, rows = 70, 37, 21
	eachLine(t, m, n, func(t *testing.T, line *rbm.Line, end *rbm.Conditionals) {
		v, h, key := randomStates(rows, m, 10), randomStates(rows, n, 11), rng.Seed(12)
		type drawn struct{ h, v rbm.Batch }
		sampled := func(p interface {
			SampleHidden(dst, v rbm.Batch, key rng.Key, step uint64)
			SampleVisible(dst, h rbm.Batch, key rng.Key, step uint64)
		}, v, h rbm.Batch, key rng.Key) drawn {
			d := drawn{h.Like(h.Rows()), v.Like(v.Rows())}
			p.SampleHidden(d.h, v, key, 4)
			p.SampleVisible(d.v, h, key, 4)
			return d
		}
		together := sampled(line.At(stretches...), v, h, key)
		moved := line.At() // and later to all places
		from := 0
		for _, s := range stretches {
			to := from + s.Rows
			moved.Set(rbm.Stretch{Rows: rows, Place: s.Place})
			alone := sampled(moved, v, h, key)
			if !alone.h.Slice(from, to).Equal(together.h.Slice(from, to)) || !alone.v.Slice(from, to).Equal(together.v.Slice(from, to)) {
				t.Errorf("rows %d to %d at β = %v differ from those of the place alone", from, to, s.Place)
			}
			from = to
		}
		moved.Set(rbm.Stretch{Rows: 5, Place: 0.5})
		moved.Set(stretches...)
		if again := sampled(moved, v, h, key); !again.h.Equal(together.h) || !again.v.Equal(together.v) {
			t.Error("places that were others before give other states")
		}
		want := sampled(end, v, h, key)
		if got := sampled(line.At(rbm.Stretch{Rows: rows, Place: 1}), v, h, key); !got.h.Equal(want.h) || !got.v.Equal(want.v) {
			t.Error("the states at β = 1 are not those of the model")
		}
	})
}

// A line follows its model when the conditionals at its end are updated, and not before. Its base stays.
func TestLineFollowsItsEnd(t *testing.T) {
	const m, n, rows = 70, 37, 20
	eachLine(t, m, n, func(t *testing.T, line *rbm.Line, end *rbm.Conditionals) {
		v, p := randomStates(rows, m, 13), line.At(rbm.Stretch{Rows: rows, Place: 0.6})
		type result struct {
			free []float64
			h, v rbm.Batch
		}
		now := func(p *rbm.Places) result {
			r := result{make([]float64, rows), rbm.NewBatch(rows, n), rbm.NewBatch(rows, m)}
			p.SampleHiddenFree(r.h, v, rng.Seed(14), 1, rbm.Free{To: r.free, At: p})
			p.SampleVisible(r.v, r.h, rng.Seed(15), 1)
			return r
		}
		same := func(a, b result) bool { return slices.Equal(a.free, b.free) && a.h.Equal(b.h) && a.v.Equal(b.v) }
		before, base := now(p), line.Base().Clone()
		for _, x := range line.Model().Parameters() {
			for k := range x.Values {
				x.Values[k] *= -2
			}
		}
		if !same(now(p), before) {
			t.Error("the line moved with the model, before its conditionals were updated")
		}
		end.Update(line.Model())
		fresh := rbm.NewLine(base, line.Model(), rbm.NewConditionals(line.Model(), nil)).At(rbm.Stretch{Rows: rows, Place: 0.6})
		if got := now(p); same(got, before) || !same(got, now(fresh)) {
			t.Error("the line did not follow its end")
		}
	})
}

// A line keeps its base as it was.
func TestLineKeepsItsBase(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin, lecturetest.Foreign} {
		model, base := random(9, 5, kind, kind, 1, 1), random(9, 5, kind, kind, 1, 2)
		clear(base.W)
		line := rbm.NewLine(base, model, rbm.NewConditionals(model, nil))
		v, free, want := randomStates(8, 9, 3), make([]float64, 8), base.FreeEnergy(randomStates(8, 9, 3))
		base.B()[0]++
		line.At(rbm.Stretch{Rows: 8, Place: 0}).FreeEnergy(free, v)
		for r := range free {
			if math.Abs(free[r]-want[r]) > 1e-5 {
				t.Errorf("%v: F at the base is %v, want %v", kind, free[r], want[r])
			}
		}
		if line.Base().B()[0] == base.B()[0] || line.Model() != model {
			t.Errorf("%v: the base moved, or the model is another one", kind)
		}
	}
}

// Parameters as large and as small as they come: the ends are the base and the model all the same, and everything is
// finite.
func TestLineOfExtremeModels(t *testing.T) {
	for _, kind := range []rbm.Kind{rbm.Bernoulli, rbm.Spin} {
		for _, size := range []float64{1e-38, 1e-20, 1e10, 1e30} {
			model, base := random(20, 9, kind, kind, size, 1), random(20, 9, kind, kind, 1, 2)
			clear(base.W)
			line := rbm.NewLine(base, model, rbm.NewConditionals(model, nil))
			const rows = 12
			v := randomStates(rows, 20, 3)
			for _, place := range []float64{0, 1e-45, 1e-8, 0.5, 1 - 1e-12, 1} {
				free, p := make([]float64, rows), line.At(rbm.Stretch{Rows: rows, Place: place})
				p.FreeEnergy(free, v)
				for r, want := range at(line, place).FreeEnergy(v) {
					if !(math.Abs(free[r]-want) <= 1e-5*(1+math.Abs(want)+place*size)) {
						t.Errorf("%v, parameters of %v: F at β = %v is %v, want %v", kind, size, place, free[r], want)
					}
				}
			}
		}
	}
}

func TestLinePanics(t *testing.T) {
	model, base := random(6, 4, rbm.Bernoulli, rbm.Spin, 1, 1), random(6, 4, rbm.Bernoulli, rbm.Spin, 1, 2)
	clear(base.W)
	end := rbm.NewConditionals(model, nil)
	line := rbm.NewLine(base, model, end)
	p := line.At(rbm.Stretch{Rows: 2, Place: 0.5}, rbm.Stretch{Rows: 1, Place: 1})
	other := rbm.NewLine(base, model, end).At(rbm.Stretch{Rows: 3})
	v, h, free := rbm.NewBatch(3, 6), rbm.NewBatch(3, 4), make([]float64, 3)
	with := func(change func(base *rbm.Model)) func() {
		return func() {
			changed := base.Clone()
			change(changed)
			rbm.NewLine(changed, model, end)
		}
	}
	const notFinite = "rbm: a line from a model with parameters that are not finite"
	for _, c := range []struct {
		name, want string
		f          func()
	}{
		{"weights", "rbm: a line from a model with weights", with(func(b *rbm.Model) { b.W[3] = 1e-30 })},
		{"infinite", notFinite, with(func(b *rbm.Model) { b.B()[1] = float32(math.Inf(1)) })},
		{"NaN", notFinite, with(func(b *rbm.Model) { b.C()[1] = float32(math.NaN()) })},
		{"infinite in bits", notFinite, with(func(b *rbm.Model) { b.C()[1] = 3e38 })},
		{"kinds", "rbm: a line between models of different units", func() {
			rbm.NewLine(random(6, 4, rbm.Bernoulli, rbm.Bernoulli, 0, 1), model, end)
		}},
		{"conditionals of another model", "rbm: a line between models of different units", func() {
			rbm.NewLine(base, model, rbm.NewConditionals(random(6, 5, rbm.Bernoulli, rbm.Spin, 1, 1), nil))
		}},
		{"below 0", "rbm: 3 rows at the place -0.1 of a line", func() { line.At(rbm.Stretch{Rows: 3, Place: -0.1}) }},
		{"above 1", "rbm: 3 rows at the place 1.5 of a line", func() { line.At(rbm.Stretch{Rows: 3, Place: 1.5}) }},
		{"nowhere", "rbm: 3 rows at the place NaN of a line", func() { line.At(rbm.Stretch{Rows: 3, Place: math.NaN()}) }},
		{"negative rows", "rbm: -1 rows at the place 0 of a line", func() { line.At(rbm.Stretch{Rows: -1}, rbm.Stretch{Rows: 4}) }},
		{"visible units", "rbm: visible states of 4 units for a layer of 6", func() { p.SampleHidden(v, h, rng.Key{}, 0) }},
		{"hidden units", "rbm: hidden states of 6 units for a layer of 4", func() { p.SampleVisible(h, v, rng.Key{}, 0) }},
		{"rows", "rbm: 2 rows of visible states for places of 3", func() { p.SampleHidden(h.Slice(0, 2), v.Slice(0, 2), rng.Key{}, 0) }},
		{"destination", "rbm: destination of 8 numbers for 3 rows of 4", func() { p.SampleHidden(h.Slice(0, 2), v, rng.Key{}, 0) }},
		{"free energies", "rbm: 2 free energies of 3 states of 6 units, at places of 3 rows", func() { p.FreeEnergy(free[:2], v) }},
		{"states", "rbm: 3 free energies of 2 states of 6 units, at places of 3 rows", func() { p.FreeEnergy(free, v.Slice(0, 2)) }},
		{"units", "rbm: 3 free energies of 3 states of 4 units, at places of 3 rows on a line of 6", func() { p.FreeEnergy(free, h) }},
		{"lines", "rbm: free energies at places of different lines", func() {
			rbm.FreeEnergies(v, rbm.Free{To: free, At: p}, rbm.Free{To: free, At: other})
		}},
		{"lines beside draws", "rbm: free energies at places of different lines", func() {
			p.SampleHiddenFree(h, v, rng.Key{}, 0, rbm.Free{To: free, At: other})
		}},
	} {
		panics(t, c.name, c.want, c.f)
	}
	foreign := random(6, 4, lecturetest.Foreign, rbm.Spin, 1, 1)
	rest := foreign.Clone()
	clear(rest.W)
	through := rbm.NewLine(rest, foreign, rbm.NewConditionals(foreign, nil)).At(rbm.Stretch{Rows: 3})
	panics(t, "rows of another kind", "rbm: 2 free energies of 2 states", func() { through.FreeEnergy(free[:2], v.Slice(0, 2)) })
	panics(t, "more rows of another kind", "rbm: 4 rows of visible states for places of 3", func() {
		through.SampleHidden(rbm.NewBatch(4, 4), rbm.NewBatch(4, 6), rng.Key{}, 0)
	})
}
