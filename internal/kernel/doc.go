// Package kernel holds the inner loops: products of bit matrices with fixed-point matrices by the method of
// the four Russians, and the elementwise functions of sampling.
//
// All results are defined to the bit, and independent of the number of workers, of blocking and of the machine:
//
//   - [Fixed] turns a float32 matrix into 32-bit integers with one power-of-two scale, chosen so that no sum of its
//     rows can overflow (fixed.go says how). [Mul] adds integers, which has no order, and rounds each sum once.
//   - [Exp], [Sigmoid], [Softplus] and [SampleBit] are float32 operations in a written order, without fused
//     multiply-add.
//
// Each loop exists in plain Go, for AVX2 and for AVX-512, with the same bits ([ISA]); forms_amd64.go chooses. The assembler is written by the
// programs in _asm.
//
// The functions on slices and matrices take a number of workers ([Workers] resolves 0) and split their work over them.
package kernel
