// Package data reads, writes, splits, describes and generates data sets: of bits, categories and real numbers.
//
// A [Set] holds one configuration a row, packed one bit a unit, with optional row weights. [Open] reads one from .npy,
// .npz, Parquet, Arrow, IDX and text files, plain or packed, whatever their names; the contents decide. Values are 0
// and 1 (Bernoulli units) or −1 and 1 (spins). Anything else is refused, unless [Threshold] or [Bernoulli] says how
// grey values become bits, or [Reals] or [OneHot] that they are none. A table, an alignment of sequences (FASTA)
// and haplotypes (VCF) have columns of their own: of two values, of categories, or of real numbers, told by their cells
// or a [Schema]. A [Selection] says which rows and columns to read. Errors name the file, the row and the column, both
// counted from 1, and the way out.
//
// Memory while reading stays near that of the packed bits: the size of a matrix is known before its bits
// are allocated, and known from bytes that are really there, never from what a header declares.
package data
