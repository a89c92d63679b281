// The kernels of package cuda. internal/kernel is their specification: every kernel gives the bits of the function there that its
// comment names. generate.go compiles this file to PTX.

#include "tensor.h"
#include "arithmetic.h"
#include "fixed.h"
#include "product.h"
#include "enumerate.h"
#ifdef HOPPER
#include "hopper.h"
#endif

// row_sums adds up log(1+e^x) of every row as kernel.SumSoftplus does: 16 columns at a time, in float64. A thread a row.
extern "C" __global__ void row_sums(const float *x, double *sums, int rows, int cols) {
	int r = blockIdx.x * blockDim.x + threadIdx.x;
	if (r >= rows)
		return;
	x += (u64)r * cols;
	double total = 0;
	for (int from = 0; from < cols; from += 16) {
		double a = 0, b = 0, c = 0, d = 0;
		if (from + 16 <= cols) {
			for (int k = from; k < from + 16; k += 4) {
				a += x[k];
				b += x[k + 1];
				c += x[k + 2];
				d += x[k + 3];
			}
			total += (a + b) + (c + d);
			continue;
		}
		for (int k = from; k < cols; k++)
			a += x[k];
		total += a;
	}
	sums[r] = total;
}

// column_means adds up every column, row after row, in float64, and writes sum/total: the means of rbm.Statistics.
extern "C" __global__ void column_means(const float *x, float *means, int rows, int cols, double total) {
	int j = blockIdx.x * blockDim.x + threadIdx.x;
	if (j >= cols)
		return;
	double sum = 0;
	for (int r = 0; r < rows; r++)
		sum += fabsf(x[(u64)r * cols + j]);
	means[j] = (float)(sum / total);
}

// at32 is the place of 32 bits of a row of states.
__device__ inline u64 at32(int row, int word, int pitch) { return ((u64)(word / 2) * pitch + row) * 2 + word % 2; }

// transpose writes the transpose of bits: kernel.Transpose. A warp takes 32×32 bits.
extern "C" __global__ void transpose(const u32 *src, u32 *dst, int rows, int cols, int pitch, int dstPitch) {
	int lane = threadIdx.x % 32;
	int from = 2 * ((cols + 63) / 64), to = 2 * ((rows + 63) / 64); // words of 32 bits, a row
	int block = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
	if (block >= from * to)
		return;
	int r = block % to * 32 + lane, c = block / to * 32 + lane;
	u32 word = r < rows ? src[at32(r, block / to, pitch)] : 0, column = 0;
	for (int k = 0; k < 32; k++) {
		u32 bits = __ballot_sync(~0u, word >> k & 1);
		if (lane == k)
			column = bits;
	}
	if (c < cols)
		dst[at32(c, block % to, dstPitch)] = column;
}

// row_means counts the ones of every row and writes count/total. A thread a row.
extern "C" __global__ void row_means(const u64 *x, float *means, int rows, int words, int pitch, double total) {
	int r = blockIdx.x * blockDim.x + threadIdx.x, count = 0;
	if (r >= rows)
		return;
	for (int k = 0; k < words; k++)
		count += __popcll(x[(u64)k * pitch + r]);
	means[r] = (float)(count / total);
}

// free_energies turns sums of log(1+e^x) into F(v), as rbm.Conditionals does: in the order of the units. A thread a row.
extern "C" __global__ void free_energies(double *free, const u64 *v, const float *biases, int rows, int words, int pitch, double constant) {
	int r = blockIdx.x * blockDim.x + threadIdx.x;
	if (r >= rows)
		return;
	double linear = 0;
	for (int k = 0; k < words; k++)
		for (u64 w = v[(u64)k * pitch + r]; w; w &= w - 1)
			linear += biases[64 * k + __ffsll(w) - 1];
	free[r] = constant - linear - free[r];
}
