//go:build !slow

package kernel

import "testing"

// inputStride is the step through the bit patterns of float32: a prime, so that all low bits occur. Short tests are those of the
// race detector and of emulators: functions of one number have nothing to race with, and each number takes an emulator long.
func inputStride() uint64 {
	if testing.Short() {
		return 100_003
	}
	return 1009
}
