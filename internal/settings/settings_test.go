package settings_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/settings"
)

// method is a kind with a setting of each type.
type method struct {
	steps int
	adapt bool
	rate  float64
	seed  uint64
	time  time.Duration
	decay float64
}

func (*method) Kind() string  { return "method" }
func (*method) About() string { return "for tests" }

func (m *method) Settings() []settings.Setting {
	return []settings.Setting{
		{Name: "steps", At: &m.steps, Auto: &m.adapt, Default: 10, Least: 1}, {Name: "rate", At: &m.rate}, {Name: "seed", At: &m.seed},
		{Name: "time", At: &m.time}, {Name: "decay", At: &m.decay, Below: 1, Needs: "rate"},
	}
}

// What a kind is written as is read back, with defaults where values are zero.
func TestKindsAsJSON(t *testing.T) {
	for want, m := range map[string]*method{
		`{"kind":"method","steps":10,"rate":0,"seed":0,"time":"0s","decay":0}`: {},
		`{"kind":"method","steps":"auto","rate":0.5,"seed":18446744073709551615,"time":"1m0s","decay":0}`: {
			adapt: true, rate: 0.5, seed: 1<<64 - 1, time: time.Minute,
		},
		`{"kind":"method","steps":3,"rate":1e-08,"seed":0,"time":"0s","decay":0.9}`: {steps: 3, rate: 1e-8, decay: 0.9},
	} {
		if err := settings.Resolve(m.Settings()); err != nil {
			t.Fatal(err)
		}
		text, err := settings.Encode(m)
		if err != nil || string(text) != want {
			t.Errorf("JSON is %s, %v, want %s", text, err, want)
		}
		back, err := settings.Decode([]*method{{}, {}}, text)
		if err != nil || *back != *m {
			t.Errorf("%s comes back as %+v, %v, want %+v", text, back, err, m)
		}
		if again := settings.Fresh([]*method{{}, {}}, m); *again != *m || again == m {
			t.Errorf("a fresh one is %+v, want another %+v", again, m)
		}
	}
}

// Numbers beyond their bounds, settings without what they need, and fields that there are not, are refused.
func TestRefused(t *testing.T) {
	for want, m := range map[string]*method{
		"steps is -1, want 1 or more":                      {steps: -1},
		"rate is -2, want a finite number, not negative":   {rate: -2},
		"decay is 1, want a number from 0 to below 1":      {rate: 1, decay: 1},
		"decay is 0.5, but without rate it has no effect":  {decay: 0.5},
		"time is -1ns, want a finite number, not negative": {time: -1},
	} {
		if err := settings.Resolve(m.Settings()); err == nil || err.Error() != want {
			t.Errorf("%+v: error is %v, want %q", m, err, want)
		}
	}
	for text, want := range map[string]string{
		`{"kind":"method","rates":1}`:         "a field that is not known",
		`{"kind":"method","steps":"often"}`:   "steps: want a whole number or auto",
		`{"kind":"method","time":"tomorrow"}`: "time: want a time such as 90s or 2h",
		`{"kind":"another"}`:                  "kind: want method or method",
	} {
		if _, err := settings.Decode([]*method{{}, {}}, json.RawMessage(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", text, err, want)
		}
	}
	m := new(method)
	if err := m.Settings()[0].Set("0"); err == nil || err.Error() != "want 1 or more; the default is 10" {
		t.Errorf("zero for a default: error is %v", err)
	}
}
