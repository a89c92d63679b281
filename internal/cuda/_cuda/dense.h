// Products of numbers with numbers, in the order of kernel.Affine and kernel.Gram.

constexpr int affineCols = 128, affineRows = 4, affineTerms = 32;

// affine is kernel.Affine. A thread takes a column of a few rows: a number of w serves all of them.
extern "C" __global__ void affine(const float *bias, const float *w, const float *x, float *dst, int rows, int from, int to) {
	__shared__ float terms[affineRows][affineTerms];
	int j = blockIdx.x * affineCols + threadIdx.x, first = blockIdx.y * affineRows;
	float sums[affineRows];
	for (int r = 0; r < affineRows; r++)
		sums[r] = j < to ? bias[j] : 0.0f;
	for (int begin = 0; begin < from; begin += affineTerms) {
		float weights[affineTerms];
#pragma unroll
		for (int k = 0; k < affineTerms; k++)
			weights[k] = j < to && begin + k < from ? w[(u64)(begin + k) * to + j] : 0.0f;
		int row = threadIdx.x / affineTerms, term = threadIdx.x % affineTerms;
		__syncthreads();
		terms[row][term] = first + row < rows && begin + term < from ? x[(u64)(first + row) * from + begin + term] : 0.0f;
		__syncthreads();
#pragma unroll
		for (int k = 0; k < affineTerms; k++)
#pragma unroll
			for (int r = 0; r < affineRows; r++)
				sums[r] += terms[r][k] == 0.0f ? -0.0f : terms[r][k] * weights[k]; // −0 changes no sum
	}
	for (int r = 0; r < affineRows; r++)
		if (j < to && first + r < rows)
			dst[(u64)(first + r) * to + j] = sums[r];
}

constexpr int gramPairs = 32, gramParts = 8; // of kernel.Dot

// gram is kernel.Gram. Eight threads take a pair of rows, each one of the partial sums. A product of two float32 is exact.
extern "C" __global__ void gram(const float *x, double *dst, int rows, int n) {
	__shared__ double parts[gramPairs][gramParts];
	int pair = threadIdx.x / gramParts, part = threadIdx.x % gramParts, r = blockIdx.y, s = blockIdx.x * gramPairs + pair;
	double sum = 0;
	if (s <= r) {
		const float *a = x + (u64)r * n, *b = x + (u64)s * n;
#pragma unroll 4
		for (int k = part; k < n; k += gramParts)
			sum += (double)a[k] * (double)b[k];
	}
	parts[pair][part] = sum;
	__syncthreads();
	if (part == 0 && s <= r) {
		const double *p = parts[pair];
		dst[(u64)r * rows + s] = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7])) + 0.0;
	}
}
