package exact

// LogZInRounds is [LogZFrom] with another number of steps between two calls of keep.
var LogZInRounds = logZFrom

// SumByBits sums over the states of the low group.
var SumByBits = sumByBits
