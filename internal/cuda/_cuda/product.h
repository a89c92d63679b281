// The product of bits with fixed point.
//
// Sums are taken digit by digit, from the highest: sum ← 256·sum + Σ_k x_k d_k (Horner's rule), modulo 2^32. The final sum fits 32
// bits (kernel.Fixed), so that it is exact whatever happens on the way. It may be split into terms for the same reason.
//
// States lie word by word: a word of all configurations, then the next. A block of 256 threads takes 256 configurations and 64 columns.
// A stage of its pipeline is a word of every configuration and the halves of two tiles of digits that belong to it.

constexpr int blockRows = 256, blockCols = 64, stages = 4;

struct Product {
	const u64 *x;       // words of the configurations: word k of row r is x[k·pitch + r]
	const u32 *digits;
	const int *offset;
	const Scale *scale;
	u64 plane;          // of digits: 4-byte words
	int rows, words;    // configurations, and words of each
	int pitch;
	int inner, cols;
	int rowBlocks;      // of 256
	int splits;         // terms of the sums
};

// A draw is where the bits of a layer go, and what random numbers decide them.
struct Draw {
	u32 *dst;
	Key rounds[10]; // of Philox
	u32 stepLow, stepHigh, firstChain;
	int pitch;      // of dst
};

struct Stage {
	const u64 *x;    // blockRows words
	const uint4 *w;  // halves of 2 tiles
	bool two;        // to multiply with both, or with the first
};

// expand makes bytes 0 and −1 of the bits of a word: of the bits at which rowOf has the rows of a thread. The digits are those of −q, so
// that the products come out right. A nibble of the word selects from a table by its lowest bit, or by the one above, whatever the others
// are: the highest has the sign of the byte fill it, which changes neither 0 nor −1.
__device__ inline void expand(u32 word, int t, u32 &even, u32 &odd) {
	word >>= rowOf(0, t, 0);
	even = pick(0xFF00FF00u, word);
	odd = pick(0xFFFF0000u, word);
}

// The products of a stage. Rows of a thread's sums are row(i) and row(i)+8; its columns are 8f + 2(lane%4) and the next of the tile,
// from f = firstMatrix() on.
#ifdef HOPPER
struct Tensor {
	static constexpr int rowTiles = 2, matrices = 8; // 64×64 sums by 4 warps, twice

	static __device__ int row(int i) { return threadIdx.x / 128 * 128 + i * 64 + threadIdx.x % 128 / 32 * 16 + threadIdx.x % 32 / 4; }
	static __device__ int firstMatrix() { return 0; }
	static __device__ void fence() { fenceAsyncProxy(); }

	template <int chunks>
	static __device__ void multiplyChunks(int sums[rowTiles][matrices][4], const u32 a[2][rowTiles][4], const uint4 *w) {
		Description b[2] = {describe<1024>(w), describe<1024>(w + 128)};
#pragma unroll
		for (int s = 0; s < chunks; s++)
#pragma unroll
			for (int i = 0; i < rowTiles; i++) {
				beginProducts();
				multiply64x64(sums[i], a[s][i], b[s]);
			}
		commitProducts();
		waitForProducts<0>();
	}

	static __device__ void multiply(int sums[rowTiles][matrices][4], const Stage &stage) {
		u32 a[2][rowTiles][4];
#pragma unroll
		for (int i = 0; i < rowTiles; i++) {
			u64 top = stage.x[row(i)], low = stage.x[row(i) + 8];
#pragma unroll
			for (int s = 0; s < 2; s++) {
				expand((u32)(top >> (32 * s)), threadIdx.x % 4, a[s][i][0], a[s][i][2]);
				expand((u32)(low >> (32 * s)), threadIdx.x % 4, a[s][i][1], a[s][i][3]);
			}
		}
		if (stage.two)
			multiplyChunks<2>(sums, a, stage.w);
		else
			multiplyChunks<1>(sums, a, stage.w);
	}
};
#else
struct Tensor {
	static constexpr int rowTiles = 4, matrices = 4; // 16×8 sums by a warp, 16 times

	static __device__ int row(int i) { return threadIdx.x / 64 * 64 + i * 16 + threadIdx.x % 32 / 4; }
	static __device__ int firstMatrix() { return threadIdx.x / 32 % 2 * 4; }
	static __device__ void fence() {}

	static __device__ void multiply(int sums[rowTiles][matrices][4], const Stage &stage) {
		int lane = threadIdx.x % 32;
		const uint4 *w = stage.w + 8 * (firstMatrix() + lane / 16) + 64 * (lane / 8 % 2) + lane % 8;
#pragma unroll
		for (int s = 0; s < 2; s++) {
			if (s == 1 && !stage.two)
				break;
			u32 b[2][4];
			loadMatrices(b[0], w + 128 * s);
			loadMatrices(b[1], w + 128 * s + 16);
#pragma unroll
			for (int i = 0; i < rowTiles; i++) {
				u32 a[4];
				const u32 *x = (const u32 *)(stage.x + row(i)) + s;
				expand(x[0], lane % 4, a[0], a[2]);
				expand(x[16], lane % 4, a[1], a[3]);
#pragma unroll
				for (int f = 0; f < matrices; f++)
					multiply16x8(sums[i][f], a, b[f / 2][f % 2 * 2], b[f / 2][f % 2 * 2 + 1]);
			}
		}
	}
};
#endif

__device__ inline void shiftLeft(int sums[Tensor::rowTiles][Tensor::matrices][4], int by) {
#pragma unroll
	for (int i = 0; i < Tensor::rowTiles; i++)
#pragma unroll
		for (int f = 0; f < Tensor::matrices; f++)
#pragma unroll
			for (int e = 0; e < 4; e++)
				sums[i][f][e] = (int)((u32)sums[i][f][e] << by);
}

// sumBlock leaves a term of the block's integer sums in registers: the steps from `from` to end−1 of all words of all digits.
__device__ inline void sumBlock(const Product &p, int rowBlock, int from, int end, int sums[Tensor::rowTiles][Tensor::matrices][4]) {
	__shared__ __align__(128) uint4 ws[stages][256];
	__shared__ __align__(128) u64 xs[stages][blockRows];
	int tid = threadIdx.x, chunks = (p.inner + 31) / 32, digits = p.scale->digits;
	int word = p.words ? from % p.words : 0, digit = p.words ? digits - 1 - from / p.words : 0;
	const u64 *x = p.x + (u64)rowBlock * blockRows + tid;
	const uint4 *w = (const uint4 *)(p.digits + digit * p.plane) + (u64)(blockIdx.y / 2) * p.words * 512 // a half of a tile
					 + tid / 64 * 128 + blockIdx.y % 2 * 64 + tid % 64;
#pragma unroll
	for (int i = 0; i < Tensor::rowTiles; i++)
#pragma unroll
		for (int f = 0; f < Tensor::matrices; f++)
#pragma unroll
			for (int e = 0; e < 4; e++)
				sums[i][f][e] = 0;

	int copied = word; // words of the digit that are on their way
	auto copy = [&](int step) {
		if (step < end) {
			copyAsync8(&xs[step % stages][tid], x + (u64)copied * p.pitch);
			copyAsync16(&ws[step % stages][tid], w + (u64)copied * 512);
			if (++copied == p.words) {
				copied = 0;
				w -= p.plane / 4;
			}
		}
		commitCopies();
	};
	for (int step = from; step < from + stages - 1; step++)
		copy(step);
	for (int step = from; step < end; step++) {
		waitForCopies<stages - 2>();
		Tensor::fence();
		__syncthreads();
		copy(step + stages - 1);
		if (word == p.words) { // the next digit
			word = 0;
			digit--;
			shiftLeft(sums, 8);
		}
		Tensor::multiply(sums, Stage{xs[step % stages], ws[step % stages], 2 * word + 1 < chunks});
		word++;
	}
	shiftLeft(sums, 8 * digit);
}

// sumPitch is the distance of the rows of sums in memory.
__device__ inline int sumPitch(int cols) { return (cols + blockCols - 1) / blockCols * blockCols; }

// product writes the sums, rows × sumPitch; the terms of a split are as many matrices, one after the other.
extern "C" __global__ void __launch_bounds__(256, 2) product(Product p, int *dst) {
	int sums[Tensor::rowTiles][Tensor::matrices][4];
	int rowBlock = blockIdx.x % p.rowBlocks, term = blockIdx.x / p.rowBlocks, total = p.scale->digits * p.words;
	sumBlock(p, rowBlock, (int)((long long)total * term / p.splits), (int)((long long)total * (term + 1) / p.splits), sums);
	int pitch = sumPitch(p.cols);
	dst += (u64)term * p.rows * pitch;
#pragma unroll
	for (int i = 0; i < Tensor::rowTiles; i++)
#pragma unroll
		for (int low = 0; low < 2; low++)
#pragma unroll
			for (int pair = 0; pair < Tensor::matrices / 2; pair++) {
				int row = rowBlock * blockRows + Tensor::row(i) + 8 * low;
				int col = blockIdx.y * blockCols + 8 * (Tensor::firstMatrix() + 2 * pair) + 4 * (threadIdx.x % 4);
				if (row < p.rows)
					*(int4 *)(dst + (u64)row * pitch + col) = int4{sums[i][2 * pair][2 * low], sums[i][2 * pair][2 * low + 1],
																   sums[i][2 * pair + 1][2 * low], sums[i][2 * pair + 1][2 * low + 1]};
			}
}

// randomFour returns random numbers for columns col…col+3 of a row.
__device__ inline void randomFour(u32 random[4], const Draw &d, int row, int col) {
	philox(random, d.rounds, col / 4, d.firstChain + row, d.stepLow, d.stepHigh);
}

// writeWord writes 32 bits of a row of cols bits, if there is such a word.
__device__ inline void writeWord(const Draw &d, int rows, int cols, int row, int word, u32 bits) {
	int words = 2 * ((cols + 63) / 64), left = cols - 32 * word;
	if (row >= rows || word >= words)
		return;
	if (left < 32)
		bits &= left <= 0 ? 0 : (1u << left) - 1;
	d.dst[((u64)(word / 2) * d.pitch + row) * 2 + word % 2] = bits;
}
