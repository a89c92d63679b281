// Bits that go from one place to another, and sums over rows.

// arrange puts rows of words as they lie on the host, one after the other, into matrix x. A thread a word.
extern "C" __global__ void arrange(const u64 *src, u64 *x, int rows, int words, int pitch) {
	u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
	if (at < (u64)rows * words)
		x[at % words * pitch + at / words] = src[at];
}

// arrange_back is the inverse.
extern "C" __global__ void arrange_back(u64 *dst, const u64 *x, int rows, int words, int pitch) {
	u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
	if (at < (u64)rows * words)
		dst[at] = x[at % words * pitch + at / words];
}

// at32 is the place of 32 bits of a row of states.
__device__ inline u64 at32(int row, int word, int pitch) { return ((u64)(word / 2) * pitch + row) * 2 + word % 2; }

// Rows is a matrix of bits.
struct Rows {
	const u64 *x;
	int rows, cols;
	int pitch, unused;
};

// transposeBlock writes 32×32 bits of the transpose of a matrix: kernel.Transpose. A warp.
__device__ inline void transposeBlock(const Rows &src, u32 *dst, int pitch, int block) {
	int lane = threadIdx.x % 32;
	int from = 2 * ((src.cols + 63) / 64), to = 2 * ((src.rows + 63) / 64); // words of 32 bits, a row
	if (block >= from * to)
		return;
	int r = block % to * 32 + lane, c = block / to * 32 + lane;
	u32 word = r < src.rows ? ((const u32 *)src.x)[at32(r, block / to, src.pitch)] : 0, column = 0;
	for (int k = 0; k < 32; k++) {
		u32 bits = __ballot_sync(~0u, word >> k & 1);
		if (lane == k)
			column = bits;
	}
	if (c < src.cols)
		dst[at32(c, block % to, pitch)] = column;
}

// columnMean returns the mean of a column of numbers, n a row: sums are taken row after row, in float64.
__device__ inline float columnMean(const float *x, int rows, int n, double total) {
	constexpr int loads = 64; // at once
	double sum = 0;
	for (int first = 0; first < rows; first += loads) {
		float p[loads];
#pragma unroll
		for (int k = 0; k < loads; k++)
			p[k] = first + k < rows ? fabsf(x[(u64)(first + k) * n]) : 0.0f;
#pragma unroll
		for (int k = 0; k < loads; k++)
			sum += p[k]; // of zero changes nothing
	}
	return (float)(sum / total);
}

// bitMean returns the mean of a column of bits, with weights unless they are null.
__device__ inline float bitMean(const Rows &src, int column, const float *weights, double total) {
	constexpr int loads = 32; // at once
	const u64 *x = src.x + (u64)(column / 64) * src.pitch;
	double sum = 0;
	int count = 0;
	for (int first = 0; first < src.rows; first += loads) {
		u64 word[loads];
#pragma unroll
		for (int k = 0; k < loads; k++)
			word[k] = first + k < src.rows ? x[first + k] : 0;
#pragma unroll
		for (int k = 0; k < loads; k++)
			count += (int)(word[k] >> column % 64 & 1);
		if (!weights)
			continue;
		float w[loads];
#pragma unroll
		for (int k = 0; k < loads; k++)
			w[k] = first + k < src.rows ? weights[first + k] : 0.0f;
#pragma unroll
		for (int k = 0; k < loads; k++)
			sum += __int_as_float(__float_as_int(w[k]) & -(int)(word[k] >> column % 64 & 1)); // 0 where the bit is off
	}
	return (float)((weights ? sum : count) / total);
}

// Means are averages over rows, as rbm.Statistics has them: h of every column of probs, which have been multiplied by weights, and v of
// every column of bits.
struct Means {
	float *h, *v;
	const float *weights; // null: equal ones
	double total;         // of them
	u32 *transpose;       // of the bits
	int pitch, unused;    // of it
};

constexpr int meansCols = 64; // of a block

// means takes the averages. At the same time it transposes the bits, and finds what column_sums finds of the matrix of probabilities.
// Blocks of 256 threads.
extern "C" __global__ void means(Means s, Rows bits, Matrix probs, Largest *largest) {
	int block = blockIdx.x, groups = (probs.cols + 31) / 32, columns = probs.cols + bits.cols;
	if (block < groups) {
		columnSums(probs, largest);
		return;
	}
	block -= groups;
	if (block >= (columns + meansCols - 1) / meansCols) {
		block -= (columns + meansCols - 1) / meansCols;
		transposeBlock(bits, s.transpose, s.pitch, block * 8 + threadIdx.x / 32);
		return;
	}
	int j = block * meansCols + threadIdx.x;
	if (threadIdx.x >= meansCols || j >= columns)
		return;
	if (j < probs.cols)
		s.h[j] = columnMean(probs.src + j, probs.rows, probs.cols, s.total);
	else
		s.v[j - probs.cols] = bitMean(bits, j - probs.cols, s.weights, s.total);
}

// linear writes sums over the bits of a row that are on, in float64 and in rising order: kernel.Linear, for weights a and those of b,
// unless they are null. Zero is added for a bit that is off, which changes no sum that began at zero. A thread a row.
extern "C" __global__ void linear(const u64 *x, int rows, int cols, int pitch, const float *a, double *toA, const float *b, double *toB) {
	__shared__ double weights[2][64];
	int r = blockIdx.x * blockDim.x + threadIdx.x;
	double sums[2] = {0, 0};
	for (int k = 0; 64 * k < cols; k++) {
		__syncthreads();
		for (int i = threadIdx.x; i < 64; i += blockDim.x) {
			bool there = 64 * k + i < cols;
			weights[0][i] = there ? a[64 * k + i] : 0.0f;
			weights[1][i] = there && b ? b[64 * k + i] : 0.0f;
		}
		__syncthreads();
		u64 word = r < rows ? x[(u64)k * pitch + r] : 0;
#pragma unroll
		for (int i = 0; i < 64; i++)
#pragma unroll
			for (int list = 0; list < 2; list++)
				sums[list] += __longlong_as_double((u64)__double_as_longlong(weights[list][i]) & -(word >> i & 1));
	}
	if (r >= rows)
		return;
	toA[r] = sums[0];
	if (b)
		toB[r] = sums[1];
}
