package diag

import (
	"encoding/json"
	"math"
	"strconv"
)

// Number is a float64 that JSON can always hold: one that can't be given (NaN, ±Inf) is written as null, and null is
// read as NaN.
type Number float64

// Digits prints the number with the given number of digits after the point, or six digits and a power of ten from 10^12
// on, or "unknown" where it can't be given.
func (x Number) Digits(digits int) string {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return "unknown"
	}
	if math.Abs(float64(x)) >= 1e12 {
		return strconv.FormatFloat(float64(x), 'g', 6, 64)
	}
	return strconv.FormatFloat(float64(x), 'f', digits, 64)
}

// MarshalJSON writes the number, or null.
func (x Number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

// UnmarshalJSON reads a number, or null as NaN.
func (x *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*x = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(x))
}
