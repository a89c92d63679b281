//go:build race && !slow

package kernel

// inputStride is larger under the race detector: functions of one number have nothing to race with.
const inputStride = 100_003
