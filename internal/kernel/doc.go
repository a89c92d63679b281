// Package kernel holds the inner loops: products of bit matrices with fixed-point matrices by the method of
// the four Russians, and the elementwise functions of sampling.
//
// All results are defined to the bit, and independent of the number of workers, of blocking and of the machine:
//
//   - [Fixed] turns a float32 matrix into 32-bit integers with one power-of-two scale, chosen so that no sum of its
//     rows can overflow (fixed.go says how). [Context.Mul] adds integers, which has no order, and rounds each sum once.
//   - [FixedReals] does so for products with rows of real numbers, which [Context.MulReals] rounds to 16 bits each.
//   - [Exp], [Sigmoid], [Softplus], [SampleBit] and [NormalPair] are float32 operations in a written order, without fused
//     multiply-add.
//
// Each loop exists in plain Go, for AVX2 and for AVX-512, with the same bits ([ISA]). The programs in _asm write the assembler, and
// the methods that choose between its two forms.
//
// A [Context] is what computes: it has workers, a form and scratch memory. Its methods on matrices and long slices split their work over
// its workers.
package kernel
