// Package settings lists what shapes a training, number by number: each [Setting] has its place, default, bounds and
// help. config.json, the flags of the command, their help and the checks are all made from such lists.
package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Setting is a number or a choice that shapes a training. It is named once, in the list of a [Configurable] or of
// train.Config.
type Setting struct {
	Name    string  // in config.json, with underscores
	At      any     // where it is: *int, *uint64, *float64, *time.Duration, or a Text
	Auto    *bool   // where it may be "auto" instead of a number; or nil
	Default any     // what the zero value stands for, of the type of At's; nil where zero means zero
	Least   float64 // of a number
	Below   float64 // bound that a number does not reach; 0 means none
	Needs   string  // another setting of the list: without it this one has no effect
	Help    string  // what it does, and what speaks for less and for more
}

// Text is a value that is read and written as text. The error of Set says what is wanted, without the text that was
// found.
type Text interface {
	String() string
	Set(text string) error
	Type() string // in a word, such as "bool"
}

// Configurable is what is chosen by its name and has settings of its own: a negative phase or an optimiser.
type Configurable interface {
	Kind() string        // its name
	About() string       // what it is, in a few words
	Settings() []Setting // its own, and where they are
}

// Find returns the one of a kind; its error says which kinds there are.
func Find[C Configurable](all []C, kind string) (C, error) {
	var names []string
	for _, c := range all {
		if c.Kind() == kind {
			return c, nil
		}
		names = append(names, c.Kind())
	}
	var none C
	last := len(names) - 1
	return none, fmt.Errorf("want %s or %s", strings.Join(names[:last], ", "), names[last])
}

const auto = "auto"

// Type is the type of the value in a word.
func (s Setting) Type() string {
	if s.Auto != nil {
		return "number|" + auto
	}
	if t, ok := s.At.(Text); ok {
		return t.Type()
	}
	return strings.ToLower(s.value().Type().Name())
}

// String returns the value as text.
func (s Setting) String() string {
	if s.Auto != nil && *s.Auto {
		return auto
	}
	if t, ok := s.At.(Text); ok {
		return t.String()
	}
	return fmt.Sprint(s.value().Interface())
}

// DefaultString returns what the zero value stands for as text.
func (s Setting) DefaultString() string {
	if s.Default == nil {
		return ""
	}
	return fmt.Sprint(s.Default)
}

// Set reads the value from text. Its error says what is wanted. Where zero would stand for the default, it is refused.
func (s Setting) Set(text string) error {
	if err := s.read(text); err != nil {
		return err
	}
	if s.Default != nil && s.isZero() {
		return fmt.Errorf("want %s; the default is %v", s.bounds(), s.Default)
	}
	return nil
}

func (s Setting) read(text string) error {
	if s.Auto != nil {
		if *s.Auto = text == auto; *s.Auto {
			return nil
		}
	}
	var err error
	want := ""
	switch at := s.At.(type) {
	case Text:
		return at.Set(text)
	case *int:
		want = "a whole number"
		*at, err = strconv.Atoi(text)
	case *uint64:
		want = "a whole number that is not negative"
		*at, err = strconv.ParseUint(text, 10, 64)
	case *float64:
		want = "a number"
		*at, err = strconv.ParseFloat(text, 64)
	case *time.Duration:
		want = "a time such as 90s or 2h"
		*at, err = time.ParseDuration(text)
	}
	if errors.Is(err, strconv.ErrRange) {
		want += " of at most 64 bits"
	}
	if err != nil && s.Auto != nil {
		want += " or " + auto
	}
	if err != nil {
		return fmt.Errorf("want %s", want)
	}
	return nil
}

// value is what At points to.
func (s Setting) value() reflect.Value { return reflect.ValueOf(s.At).Elem() }

func (s Setting) isZero() bool {
	_, text := s.At.(Text)
	return !text && s.value().IsZero() && (s.Auto == nil || !*s.Auto)
}

// IsDefault reports whether the value is the default.
func (s Setting) IsDefault() bool {
	return s.isZero() || s.String() == s.DefaultString()
}

// fill puts the default where the value is zero.
func (s Setting) fill() {
	if s.Default != nil && s.isZero() {
		s.value().Set(reflect.ValueOf(s.Default))
	}
}

// check reports a number outside its bounds.
func (s Setting) check() error {
	if s.Auto != nil && *s.Auto {
		return nil
	}
	var x float64
	switch at := s.At.(type) {
	case *int:
		x = float64(*at)
	case *float64:
		x = *at
	case *time.Duration:
		x = at.Seconds()
	default:
		return nil
	}
	if !(x >= s.Least) || math.IsInf(x, 0) || s.Below != 0 && x >= s.Below {
		return fmt.Errorf("%s is %s, want %s", s.Name, s, s.bounds())
	}
	return nil
}

// bounds says in words which numbers there may be.
func (s Setting) bounds() string {
	switch {
	case s.Below != 0:
		return fmt.Sprintf("a number from %g to below %g", s.Least, s.Below)
	case s.Least != 0:
		return fmt.Sprintf("%g or more", s.Least)
	case s.Default != nil:
		return "a number above 0"
	}
	return "a finite number, not negative"
}

// Resolve puts defaults where values are zero, and checks all values.
func Resolve(settings []Setting) error {
	for _, s := range settings {
		s.fill()
	}
	for _, s := range settings {
		if err := s.check(); err != nil {
			return err
		}
		if needed := lookUp(settings, s.Needs); needed != nil && needed.isZero() && !s.IsDefault() {
			return fmt.Errorf("%s is %s, but without %s it has no effect", s.Name, s, s.Needs)
		}
	}
	return nil
}

func lookUp(settings []Setting, name string) *Setting {
	if k := slices.IndexFunc(settings, func(s Setting) bool { return s.Name == name }); k >= 0 {
		return &settings[k]
	}
	return nil
}

// Fresh returns a new one of the same kind with the same settings, or c itself where its kind is not one of all.
func Fresh[C Configurable](all []C, c C) C {
	same, err := Find(all, c.Kind())
	if err != nil {
		return c
	}
	to := same.Settings()
	for k, s := range c.Settings() {
		if err := to[k].read(s.String()); err != nil {
			panic(fmt.Sprintf("settings: %s can't be read back: %v", s.Name, err))
		}
	}
	return same
}

// A Member is a name of a JSON object with its value.
type Member struct {
	Name  string
	Value any
}

// Members lists settings with their values as JSON: numbers and truth values as such, anything else as a string.
func Members(settings []Setting) []Member {
	var all []Member
	for _, s := range settings {
		m := Member{s.Name, s.String()}
		if json.Valid([]byte(s.String())) {
			m.Value = json.RawMessage(s.String())
		}
		all = append(all, m)
	}
	return all
}

// Object encodes members in their order.
func Object(members []Member) (json.RawMessage, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	for k, m := range members {
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, err
		}
		if k > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, "%q:%s", m.Name, value)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

// Encode returns the object {kind, its settings}, or null for nil.
func Encode[C Configurable](c C) (json.RawMessage, error) {
	if any(c) == nil {
		return json.RawMessage("null"), nil
	}
	return Object(append([]Member{{"kind", c.Kind()}}, Members(c.Settings())...))
}

// Decode reads what Encode wrote, with defaults where a setting is missing. Its errors tell nothing of the text.
func Decode[C Configurable](all []C, text json.RawMessage) (C, error) {
	var found map[string]json.RawMessage
	var none C
	if text == nil {
		return none, nil
	}
	if err := json.Unmarshal(text, &found); err != nil || found == nil {
		return none, err
	}
	c, err := Find(all, unquoted(found["kind"]))
	if err != nil {
		return none, fmt.Errorf("kind: %w", err)
	}
	delete(found, "kind")
	settings := c.Settings()
	if err := Take(found, settings); err != nil {
		return none, err
	}
	for _, s := range settings {
		s.fill()
	}
	return c, nil
}

// Take sets settings from the members of an object and refuses members that remain. Settings without a member stay as
// they are.
func Take(found map[string]json.RawMessage, settings []Setting) error {
	for _, s := range settings {
		text, ok := found[s.Name]
		if !ok {
			continue
		}
		if err := s.read(unquoted(text)); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		delete(found, s.Name)
	}
	if len(found) > 0 {
		return errors.New("a field that is not known")
	}
	return nil
}

// unquoted returns the contents of a JSON string, and the text of any other value.
func unquoted(text json.RawMessage) string {
	s := ""
	if json.Unmarshal(text, &s) != nil {
		return string(text)
	}
	return s
}
