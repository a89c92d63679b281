// Package diag turns series of numbers into estimates with error bars, and tells whether they can be trusted.
//
// It takes float64 slices and knows nothing of models. A series of several chains is a [][]float64, one chain a row, in the order
// in which the numbers came.
package diag
