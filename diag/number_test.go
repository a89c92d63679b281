package diag_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/harmonium-rbm/harmonium/diag"
)

// A finding is written with the keys that the command promises, and numbers that can't be given as null.
func TestFindingAsJSON(t *testing.T) {
	f := diag.Finding{
		Code: "few-samples", Message: "m", Value: diag.Number(math.NaN()), Threshold: 100,
		Consequence: "c", Remedy: "r",
	}
	text, err := json.Marshal(f)
	want := `{"code":"few-samples","message":"m","value":null,"threshold":100,"consequence":"c","remedy":"r"}`
	if err != nil || string(text) != want {
		t.Fatalf("%s, error %v, want %s", text, err, want)
	}
	var back diag.Finding
	if err := json.Unmarshal(text, &back); err != nil || !math.IsNaN(float64(back.Value)) || back.Threshold != 100 {
		t.Errorf("read back as %+v, error %v", back, err)
	}
}

func TestNumberInJSON(t *testing.T) {
	for x, want := range map[diag.Number]string{
		1.5: "1.5", diag.Number(math.Inf(1)): "null", diag.Number(math.Inf(-1)): "null", 1e300: "1e+300",
	} {
		if text, err := json.Marshal(x); err != nil || string(text) != want {
			t.Errorf("%v is written as %s, error %v, want %s", x, text, err, want)
		}
	}
	var x diag.Number
	if err := json.Unmarshal([]byte(`"1"`), &x); err == nil {
		t.Error("a string is read as a number")
	}
}

// Numbers of hundreds of digits are not spelt out.
func TestDigits(t *testing.T) {
	for x, want := range map[diag.Number]string{
		-1.23456: "-1.23", 123456789012: "123456789012.00", -8.7956088e56: "-8.79561e+56", 1e12: "1e+12",
		diag.Number(math.Inf(1)): "unknown", diag.Number(math.NaN()): "unknown",
	} {
		if got := x.Digits(2); got != want {
			t.Errorf("%v is printed as %s, want %s", float64(x), got, want)
		}
	}
}
