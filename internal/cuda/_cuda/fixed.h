// Fixed point: kernel.Fixed on the device. An element x is q = x·2^s, and q is cut into digits of base 256 in −128…127,
//
//	q = d_0 + 256·d_1 + 256²·d_2,
//
// as many as the largest |q| needs, three at most. The digits of −q are kept (see expand). They lie in tiles of 128 columns × 32 rows,
// 4 KiB each, as the tensor cores read them: digit after digit, tile of columns after tile, chunk of 32 rows after chunk; in a tile, the
// halves of 16 rows, the columns, the rows.

constexpr int tileCols = 128;

struct Scale {
	float resolution, factor; // 2^−s, 2^s
	int exponent;             // s
	int digits;
};

// The largest of the column sums and of the elements of 32 columns.
struct Largest {
	double sum;
	float element;
	int unused;
};

// A Matrix is what is loaded: element (k,j) is src[k·down + j·across].
struct Matrix {
	const float *src, *offset;
	int rows, cols;
	u64 down, across;
};

// columnOf maps a column of a tile to that of the matrix: a thread of the product gets columns 2t and 2t+1 of two neighbouring matrices
// of 8, which are to be 4 columns in a row, those of a block of random numbers.
__device__ inline int columnOf(int n) { return n / 16 * 16 + (n % 8) / 2 * 4 + (n / 8 % 2) * 2 + n % 2; }

// rowOf maps byte b of thread t's 4 bytes in a half of a chunk to a row, which is a bit of a word of the states, see expand.
__device__ inline int rowOf(int half, int t, int b) { return t / 2 * 16 + t % 2 * 2 + 4 * b + half; }

constexpr int ahead = 14; // numbers that a thread loads at once

// largestOfWarp makes bits and magnitude the largest that a thread of the warp has.
__device__ inline void largestOfWarp(u64 &bits, u32 &magnitude) {
	for (int d = 16; d > 0; d /= 2) {
		u64 b = (u64)__shfl_xor_sync(~0u, (u32)(bits >> 32), d) << 32 | __shfl_xor_sync(~0u, (u32)bits, d);
		bits = b > bits ? b : bits;
		magnitude = max(magnitude, __shfl_xor_sync(~0u, magnitude, d));
	}
}

// columnSums finds the largest column sum and element of 32 columns: 8 threads a column, each with the terms of rows k%8. Blocks of 256
// threads. NaN is the largest of all numbers.
__device__ inline void columnSums(const Matrix &m, Largest *largest) {
	__shared__ double parts[8][33];
	__shared__ u32 most[8][33];
	int tid = threadIdx.x;
	int col = m.across == 1 ? tid % 32 : tid / 8, part = m.across == 1 ? tid / 32 : tid % 8;
	int j = blockIdx.x * 32 + col;
	double sum = 0;
	u32 magnitude = 0;
	if (j < m.cols)
		for (int first = part; first < m.rows; first += 8 * ahead) {
			float x[ahead];
#pragma unroll
			for (int k = 0; k < ahead; k++)
				x[k] = first + 8 * k < m.rows ? fabsf(m.src[(u64)(first + 8 * k) * m.down + j * m.across]) : 0.0f;
#pragma unroll
			for (int k = 0; k < ahead; k++) {
				sum += x[k]; // of zero changes nothing
				magnitude = max(magnitude, (u32)__float_as_int(x[k]));
			}
		}
	parts[part][col] = sum;
	most[part][col] = magnitude;
	__syncthreads();
	if (tid >= 32)
		return;
	u64 bits = 0; // of the sum, whose order is that of the numbers
	magnitude = 0;
	if (blockIdx.x * 32 + tid < m.cols) {
		double p[8];
		for (int k = 0; k < 8; k++) {
			p[k] = parts[k][tid];
			magnitude = max(magnitude, most[k][tid]);
		}
		sum = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
		if (m.offset)
			sum += fabs((double)m.offset[blockIdx.x * 32 + tid]);
		bits = (u64)__double_as_longlong(sum) & ~(1ull << 63);
	}
	largestOfWarp(bits, magnitude);
	if (tid == 0)
		largest[blockIdx.x] = Largest{__longlong_as_double(bits), __int_as_float((int)magnitude)};
}

extern "C" __global__ void column_sums(Matrix m, Largest *largest) { columnSums(m, largest); }

__device__ inline double doublePower2(int k) { return __longlong_as_double((u64)(k + 1023) << 52); }

__device__ inline int quantize(float x, float factor) { return __float2int_rn(x * factor); }

// scaleFor is that of kernel.Fixed, for a matrix that is finite: the host says so where it is not.
__device__ inline int scaleFor(double largest, double room) {
	if (!(largest > 0 && largest <= 1e300))
		return 126;
	double ratio = room / largest;
	int s = min((int)(__double_as_longlong(ratio) >> 52) - 1023, 126);
	return largest * doublePower2(s) > room ? s - 1 : s;
}

// chooseScale is Fixed.chooseScale.
__device__ inline Scale chooseScale(double sum, float element, int rows) {
	int s = min(scaleFor(sum, 2147483646 - rows), scaleFor(element, 127 * 65793));
	Scale scale = {power2(-s), power2(s), s};
	int q = quantize(element, scale.factor);
	scale.digits = q <= 127 ? 1 : q <= 127 * 257 ? 2 : 3;
	return scale;
}

// load_fixed chooses the scale and writes 4 bytes of each digit a thread, and the offset of every column, zeros behind the last. It reports
// numbers that are not finite. Blocks of 256 threads.
extern "C" __global__ void load_fixed(Matrix m, const Largest *largest, Scale *scale, u32 *digits, int *offset, int *failed, int chunks,
									  u64 plane, int padded) {
	__shared__ Scale s;
	int tid = threadIdx.x;
	if (tid < 32) {
		u64 bits = 0;
		u32 magnitude = 0;
		for (int k = tid; k < (m.cols + 31) / 32; k += 32) {
			u64 b = (u64)__double_as_longlong(largest[k].sum);
			bits = b > bits ? b : bits;
			magnitude = max(magnitude, (u32)__float_as_int(largest[k].element));
		}
		largestOfWarp(bits, magnitude);
		if (tid == 0) {
			s = chooseScale(__longlong_as_double(bits), __int_as_float((int)magnitude), m.rows);
			if (blockIdx.x == 0) {
				*scale = s;
				if (bits >= 0x7FFull << 52)
					*failed = 1;
			}
		}
	}
	__syncthreads();
	u64 at = (u64)blockIdx.x * blockDim.x + tid;
	if (at < padded)
		offset[at] = at < m.cols && m.offset ? quantize(m.offset[at], s.factor) : 0;
	if (at >= plane)
		return;
	int t = at % 4, n = at / 4 % tileCols, half = at / (4 * tileCols) % 2;
	u64 tile = at / (8 * tileCols);
	int j = tile / chunks * tileCols + columnOf(n);
	u32 words[3] = {0, 0, 0};
	for (int b = 0; b < 4; b++) {
		int k = tile % chunks * 32 + rowOf(half, t, b), q = 0;
		if (k < m.rows && j < m.cols)
			q = -quantize(m.src[k * m.down + j * m.across], s.factor);
		for (int d = 0; d < 3; d++) {
			int digit = (int)(signed char)q;
			words[d] |= (u32)(digit & 255) << (8 * b);
			q = (q - digit) >> 8;
		}
	}
	for (int d = 0; d < s.digits; d++)
		digits[d * plane + at] = words[d];
}
