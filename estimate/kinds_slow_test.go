//go:build slow

package estimate_test

import "testing"

// log Z is within its error for every pair of kinds.
func TestLogZOfAllKinds(t *testing.T) {
	checkLogZ(t, func(string) bool { return true }, 5)
}
