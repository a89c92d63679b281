// Package kernel holds the inner loops: products of bit matrices with fixed-point matrices by the method of
// the four Russians, and the elementwise functions of sampling.
package kernel
