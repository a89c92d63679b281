package sample

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"harmonium/rbm"
)

// checkClamps says what is wrong with Clamp and Reals. Of a categorical site that is held at one of its states, it
// holds the units of all others at 0.
func (o *Options) checkClamps(model *rbm.Model) error {
	bits := model.Visible.NewBatch(0).Bits()
	sites := rbm.SitesOf(model.Visible)
	held := maps.Clone(o.Clamp)
	for _, i := range slices.Sorted(maps.Keys(o.Clamp)) {
		if i < 0 || i >= model.M() {
			return fmt.Errorf("sample: Clamp holds unit %d, but the model has visible units 0 to %d", i, model.M()-1)
		}
		if i >= bits {
			return fmt.Errorf("sample: Clamp holds unit %d at a bit, but it is a real number: want it in Reals", i)
		}
		for _, site := range sites {
			if i < site.First || i >= site.First+site.States {
				continue
			}
			if !o.Clamp[i] {
				return fmt.Errorf("sample: Clamp keeps unit %d off, a state of the site of units %d to %d: want the state that is on",
					i, site.First, site.First+site.States-1)
			}
			for other := site.First; other < site.First+site.States; other++ {
				if on := o.Clamp[other]; other != i && on {
					return fmt.Errorf("sample: Clamp holds units %d and %d on, which are states of one site", min(i, other), max(i, other))
				}
				held[other] = other == i
			}
		}
	}
	o.Clamp = held
	for _, i := range slices.Sorted(maps.Keys(o.Reals)) {
		switch x := o.Reals[i]; {
		case i < 0 || i >= model.M():
			return fmt.Errorf("sample: Reals holds unit %d, but the model has visible units 0 to %d", i, model.M()-1)
		case i < bits:
			return fmt.Errorf("sample: Reals holds unit %d, but it is a bit: want it in Clamp", i)
		case math.IsNaN(x) || math.IsInf(x, 0):
			return fmt.Errorf("sample: Reals holds unit %d at %v, want a finite number", i, x)
		}
	}
	return nil
}

// clamp holds the units of Clamp and Reals, of Chains or Tempering.
func (d *drawing) clamp(c interface {
	ClampVisible(i int, on bool)
	ClampReal(i int, value float32)
}) {
	for i, on := range d.Clamp {
		c.ClampVisible(i, on)
	}
	for i, x := range d.Reals {
		c.ClampReal(i, float32(x))
	}
}
