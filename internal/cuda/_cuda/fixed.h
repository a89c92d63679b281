// Fixed point: kernel.Fixed on the device. An element x is q = x·2^s, and q is cut into digits of base 256 in −128…127,
//
//	q = d_0 + 256·d_1 + 256²·d_2 + 256³·d_3   (mod 2^32),
//
// as many as the largest |q| needs. The digits of −q are kept (see expand). They lie in tiles of 128 columns × 32 rows, 4 KiB each, as
// the tensor cores read them: digit after digit, tile of columns after tile, chunk of 32 rows after chunk; in a tile, the halves of 16
// rows, the columns, the rows.

constexpr int tileCols = 128;

struct Scale {
	u64 largest;    // of the column sums: the bits of a float64
	u32 magnitude;  // of the elements: the bits of a float32
	int exponent;   // s
	int digits;
	float factor, resolution; // 2^s, 2^−s
	u32 unused;
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

// column_sums finds the largest column sum and element: 8 threads a column, each with the terms of rows k%8. Blocks of 256 threads.
extern "C" __global__ void column_sums(Matrix m, Scale *scale) {
	__shared__ double parts[8][33];
	__shared__ u32 most[8][33];
	int tid = threadIdx.x;
	int col = m.across == 1 ? tid % 32 : tid / 8, part = m.across == 1 ? tid / 32 : tid % 8;
	int j = blockIdx.x * 32 + col;
	double sum = 0;
	u32 magnitude = 0;
	if (j < m.cols)
		for (int k = part; k < m.rows; k += 8) {
			float x = fabsf(m.src[k * m.down + j * m.across]);
			sum += x;
			magnitude = max(magnitude, (u32)__float_as_int(x));
		}
	parts[part][col] = sum;
	most[part][col] = magnitude;
	__syncthreads();
	if (tid < 32 && blockIdx.x * 32 + tid < m.cols) {
		double p[8];
		for (int k = 0; k < 8; k++) {
			p[k] = parts[k][tid];
			magnitude = max(magnitude, most[k][tid]);
		}
		sum = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
		if (m.offset)
			sum += fabs((double)m.offset[blockIdx.x * 32 + tid]);
		atomicMax(&scale->largest, (u64)__double_as_longlong(sum) & ~(1ull << 63)); // in the order of the numbers; NaN wins
		atomicMax(&scale->magnitude, magnitude);
	}
}

__device__ inline double doublePower2(int k) { return __longlong_as_double((u64)(k + 1023) << 52); }

__device__ inline int quantize(float x, float factor) { return __float2int_rn(x * factor); }

// choose_scale is Fixed.chooseScale. One thread.
extern "C" __global__ void choose_scale(Scale *scale, int rows) {
	double largest = __longlong_as_double(scale->largest), room = 2147483646 - rows;
	int s = 126;
	if (largest > 0 && largest <= 1e300) { // otherwise the matrix is not finite, and the host says so
		double ratio = room / largest;
		s = min((int)(__double_as_longlong(ratio) >> 52) - 1023, 126);
		if (largest * doublePower2(s) > room)
			s--;
	}
	scale->exponent = s;
	scale->factor = power2(s);
	scale->resolution = power2(-s);
	int q = quantize(__int_as_float((int)scale->magnitude), scale->factor);
	scale->digits = q <= 127 ? 1 : q <= 127 * 257 ? 2 : q <= 127 * 65793 ? 3 : 4;
}

// load_digits writes 4 bytes of each digit a thread.
extern "C" __global__ void load_digits(Matrix m, const Scale *scale, u32 *digits, int chunks, u64 plane) {
	u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
	if (at >= plane)
		return;
	int t = at % 4, n = at / 4 % tileCols, half = at / (4 * tileCols) % 2;
	u64 tile = at / (8 * tileCols);
	int j = tile / chunks * tileCols + columnOf(n);
	u32 words[4] = {0, 0, 0, 0};
	for (int b = 0; b < 4; b++) {
		int k = tile % chunks * 32 + rowOf(half, t, b), q = 0;
		if (k < m.rows && j < m.cols)
			q = -quantize(m.src[k * m.down + j * m.across], scale->factor);
		for (int d = 0; d < 4; d++) {
			int digit = (int)(signed char)q;
			words[d] |= (u32)(digit & 255) << (8 * b);
			q = (int)(((long long)q - digit) >> 8);
		}
	}
	for (int d = 0; d < scale->digits; d++)
		digits[d * plane + at] = words[d];
}

// load_offset writes the offset of every column, zeros behind the last.
extern "C" __global__ void load_offset(Matrix m, const Scale *scale, int *offset, int padded) {
	int j = blockIdx.x * blockDim.x + threadIdx.x;
	if (j < padded)
		offset[j] = j < m.cols && m.offset ? quantize(m.offset[j], scale->factor) : 0;
}
