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

// Means are what is averaged over rows, as rbm.Statistics does: every column of probs, rows × n, and of bits, whose transpose is x.
struct Means {
	const float *probs; // times weights
	float *h;
	const u64 *x;
	float *v;
	const float *weights; // null: equal ones
	double total;         // of them
	int rows, n, m;
	int pitch;            // of x
};

constexpr int meansCols = 64; // of a block

// means adds up, row after row in float64, and divides by the total; its first blocks find what column_sums finds of m, the matrix of
// probabilities, at the same time. Blocks of 256 threads. A thread a column.
extern "C" __global__ void means(Means s, Matrix m, Largest *largest) {
	int groups = (m.cols + 31) / 32;
	if (blockIdx.x < groups) {
		columnSums(m, largest);
		return;
	}
	if (threadIdx.x >= meansCols)
		return;
	int j = (blockIdx.x - groups) * meansCols + threadIdx.x;
	double sum = 0;
	if (j < s.n) {
		constexpr int loads = 64; // at once
		for (int first = 0; first < s.rows; first += loads) {
			float p[loads];
#pragma unroll
			for (int k = 0; k < loads; k++)
				p[k] = first + k < s.rows ? fabsf(s.probs[(u64)(first + k) * s.n + j]) : 0.0f;
#pragma unroll
			for (int k = 0; k < loads; k++)
				sum += p[k]; // of zero changes nothing
		}
		s.h[j] = (float)(sum / s.total);
		return;
	}
	j -= s.n;
	if (j >= s.m)
		return;
	int count = 0;
	for (int k = 0; k < (s.rows + 63) / 64; k++) {
		u64 word = s.x[(u64)k * s.pitch + j];
		if (!s.weights) {
			count += __popcll(word);
			continue;
		}
#pragma unroll 8
		for (int b = 0; b < 64; b++)
			if (64 * k + b < s.rows)
				sum += word >> b & 1 ? s.weights[64 * k + b] : 0.0f;
	}
	s.v[j] = (float)((s.weights ? sum : count) / s.total);
}

// linear writes sums over the bits of a row that are on, in float64 and in rising order: kernel.Linear, for weights a and those of b,
// unless they are null. Zero is added for a bit that is off, which changes no sum that began at zero. A thread a row.
extern "C" __global__ void linear(const u64 *x, int rows, int cols, int pitch, const float *a, double *toA, const float *b, double *toB) {
	int r = blockIdx.x * blockDim.x + threadIdx.x;
	if (r >= rows)
		return;
	double sumA = 0, sumB = 0;
	for (int k = 0; 64 * k < cols; k++) {
		u64 word = x[(u64)k * pitch + r];
		int n = min(64, cols - 64 * k);
#pragma unroll 16
		for (int i = 0; i < n; i++, word >>= 1) {
			sumA += word & 1 ? a[64 * k + i] : 0.0f;
			if (b)
				sumB += word & 1 ? b[64 * k + i] : 0.0f;
		}
	}
	toA[r] = sumA;
	if (b)
		toB[r] = sumB;
}
