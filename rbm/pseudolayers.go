package rbm

import (
	"fmt"
	"math"
	"slices"

	"github.com/harmonium-rbm/harmonium/compute"
)

// layerSites are the pseudo-likelihoods of models of other layers than bits, through [Layer] alone: of a categorical site
//
//	log P(site = a|rest) = −log Σ_b e^(F(v) − F(v with b at the site)),
//
// a unit that belongs to no site is one of two states, its bit off and on, and of a Gaussian unit it is the density, with
// an integral in place of the sum (realUnit).
type layerSites struct {
	model   *Model
	compute *compute.Context
	sites   []Site     // a unit of two states, or a real one, has States = 0
	reals   []realUnit // of the units after those that are bits
}

// CheckPseudo returns nil if the model has a pseudo-log-likelihood, or else an error that names the units: real visible
// units have one if they are Gaussian and the hidden units have a finite number of values.
func (model *Model) CheckPseudo() error {
	if model.Discrete() {
		return nil
	}
	visible, hidden := model.Visible.Kind(), model.Hidden.Kind()
	if visible != Gaussian && visible != Mixed {
		return fmt.Errorf("pseudo-log-likelihood of %s visible units, want Gaussian ones or a finite number of values", visible)
	}
	if _, ok := AsFinite(model.Hidden); !ok {
		return fmt.Errorf("pseudo-log-likelihood of %s visible and %s hidden units: beside real visible units, "+
			"want hidden ones with a finite number of values", visible, hidden)
	}
	_, err := newRealUnits(model)
	return err
}

func newLayerSites(model *Model, on *compute.Context) (*layerSites, error) {
	s := &layerSites{model: model, compute: on}
	var err error
	if s.reals, err = newRealUnits(model); err != nil {
		return nil, err
	}
	of := SitesOf(model.Visible)
	for i := 0; i < model.M(); {
		if len(of) > 0 && of[0].First == i {
			s.sites = append(s.sites, of[0])
			i += of[0].States
			of = of[1:]
			continue
		}
		s.sites = append(s.sites, Site{First: i})
		i++
	}
	return s, nil
}

func (s *layerSites) each(v Batch, f func(r, k int, log float64)) {
	s.compute.Parallel(v.Rows(), func(r int) {
		s.eachOf(v.Slice(r, r+1), func(k int, log float64) { f(r, k, log) })
	})
}

// eachOf calls f with log P(site|rest) of one row.
func (s *layerSites) eachOf(v Batch, f func(k int, log float64)) {
	n := s.model.N()
	inputs := make([]float64, n)
	addInputs(inputs, s.model.Visible, s.model.W, v, 0)
	var x []float32
	changed := make([]float64, n)
	bits := v.Bits()
	for k, site := range s.sites {
		if site.First >= bits {
			f(k, s.reals[site.First-bits].logDensity(s.model, inputs, float64(v.Reals(0)[site.First-bits])))
			continue
		}
		states, now := site.configurations(v)
		x = resize(x, states.Rows()*n)
		for r := range states.Rows() {
			copy(changed, inputs)
			s.change(changed, site, v, states, r)
			for j, y := range changed {
				x[r*n+j] = float32(y)
			}
		}
		energy, cgf := make([]float64, states.Rows()), make([]float64, states.Rows())
		s.model.Visible.Energy(energy, states)
		s.model.Hidden.CGF(cgf, x)
		for r := range cgf { // −F
			cgf[r] -= energy[r]
		}
		largest, all := slices.Max(cgf), 0.0
		for _, minusF := range cgf {
			all += math.Exp(minusF - largest)
		}
		f(k, cgf[now]-largest-math.Log(all))
	}
}

// change turns the inputs of the hidden units by v into those with the site as it is in row r of states.
func (s *layerSites) change(inputs []float64, site Site, v, states Batch, r int) {
	scale, _ := s.model.Visible.Line()
	n := len(inputs)
	for i := site.First; i < site.First+max(1, site.States); i++ {
		change := scale * (states.stored(r, i) - v.stored(0, i))
		if change == 0 {
			continue
		}
		for j, w := range s.model.W[i*n : (i+1)*n] {
			inputs[j] += float64(change * float64(w))
		}
	}
}

// configurations are the row v with the site in each of its states, and the number of the state that it is in.
func (s Site) configurations(v Batch) (states Batch, now int) {
	states = v.Like(max(2, s.States))
	for a := range states.Rows() {
		states.Slice(a, a+1).Copy(v)
		if s.States == 0 {
			states.SetBit(a, s.First, a == 1)
			continue
		}
		for b := range s.States {
			states.SetBit(a, s.First+b, a == b)
		}
	}
	for a := range states.Rows() {
		if states.Compare(a, v, 0) == 0 {
			now = a
		}
	}
	return states, now
}
