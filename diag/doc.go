// Package diag turns series of numbers into estimates with error bars, and tells whether they can be trusted.
//
// It takes float64 slices and knows nothing of models. A series of several chains is a [][]float64, one chain a row,
// in the order in which the numbers came.
//
// [Mean] gives the mean of correlated numbers with an error bar and their autocorrelation time, and [BinnedErrors] is
// an independent check of it. [Jackknife] is for functions of means (a variance, a ratio), and [JackknifeError] for any
// statistic of groups. [Rhat] and [ESS] tell whether several chains agree and how many independent numbers they are
// worth, [Labels] the same of chains of classes, and [Correlation] what numbers a distance apart are worth.
package diag
