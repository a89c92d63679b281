// Drawing on Hopper: kernel.Sample with products of warpgroups.
//
// A block, one on each multiprocessor, goes through tiles of 256 configurations × 128 columns. Two warpgroups multiply and leave the sums
// of a tile in shared memory; two draw bits from them while the first are at the next tile. A thread of the first has states and digits
// copied, up to wideStages stages ahead. A stage is a word of every configuration and the two tiles of digits that belong to it.

constexpr int wideCols = 128, wideStages = 6;
constexpr int half = 256; // threads that multiply, and as many that draw

// The numbers of the barriers between those that multiply and those that draw.
constexpr int sumsWritten = 1, sumsRead = 2;

struct Wide {
	uint4 w[wideStages][512];
	u64 x[wideStages][blockRows];
	int4 sums[32][half];     // of a tile; those of a thread are one below the other: number 16i + 8·low + pair, as sumTile has them
	u64 copied[wideStages];  // barriers: the stage is there
	u64 used[wideStages];    // barriers: the stage may be overwritten
};

// A Position is a stage and the parity of the turn.
struct Position {
	int stage = 0;
	u32 parity = 0;

	__device__ void advance() {
		stage = stage == wideStages - 1 ? 0 : stage + 1;
		parity ^= stage == 0;
	}
};

// A Walk is a block's way through the tiles.
struct Walk {
	int rowBlocks, narrow; // columns in blocks of 64
	int tile = blockIdx.x;

	__device__ Walk(const Product &p) : rowBlocks((p.rows + blockRows - 1) / blockRows), narrow((p.cols + blockCols - 1) / blockCols) {}

	__device__ bool done() const { return tile >= rowBlocks * ((narrow + 1) / 2); }
	__device__ void advance() { tile += gridDim.x; }
	__device__ int rowBlock() const { return tile % rowBlocks; }
	__device__ int colBlock() const { return tile / rowBlocks; }
};

// A Copier has stages copied: all words of all digits of the block's tiles, one after the other. One thread.
struct Copier {
	Walk walk;
	int digit, left = 0; // words of the digit
	int stage = 0;
	const u64 *x;   // the next word of the tile's configurations
	const uint4 *w; // the next two tiles of digits

	__device__ Copier(const Product &p) : walk(p), digit(p.scale->digits) {}

	// next begins the copies of the next stage, if there is one. The stage must have been used.
	__device__ void next(const Product &p, Wide &shared) {
		if (left == 0) {
			if (--digit < 0) {
				walk.advance();
				digit = p.scale->digits - 1;
			}
			if (walk.done() || p.words == 0)
				return;
			left = p.words;
			x = p.x + (u64)walk.rowBlock() * blockRows;
			w = (const uint4 *)(p.digits + digit * p.plane) + (u64)walk.colBlock() * p.words * 512;
		}
		arriveAnnouncing(&shared.copied[stage], sizeof shared.w[0] + sizeof shared.x[0]);
		copyBulk(shared.w[stage], w, sizeof shared.w[0], &shared.copied[stage]);
		copyBulk(shared.x[stage], x, sizeof shared.x[0], &shared.copied[stage]);
		x += p.pitch;
		w += 512;
		left--;
		stage = stage == wideStages - 1 ? 0 : stage + 1;
	}
};

// multiplyChunk begins the products of a chunk.
template <bool wide> __device__ inline void multiplyChunk(int sums[2][16][4], const u32 a[2][4], Description b) {
#pragma unroll
	for (int i = 0; i < 2; i++) {
		beginProducts();
		if (wide)
			multiply64x128(sums[i], a[i], b);
		else
			multiply64x64(sums[i], a[i], b);
		commitProducts();
	}
}

// A Multiplier is where the threads that multiply are in the stages.
struct Multiplier {
	Wide &shared;
	Description digits; // of the first stage
	int left;           // stages
	bool begun = false; // there was a stage before
	Position before;    // the stage before
	Position at;
	u32 even[2][4]; // bytes of the thread's configurations in the stage's first chunk
	u32 rest[2][2]; // and their bits in the second

	// load waits for the stage, if there is one, and for all products but those of the last chunk. Then it sets even and rest.
	__device__ void load() {
		if (left > 0)
			waitForPhase(&shared.copied[at.stage], at.parity);
		left--;
		waitForProducts<2>();
#pragma unroll
		for (int i = 0; i < 2; i++) {
			u64 top = shared.x[at.stage][Tensor::row(i)], low = shared.x[at.stage][Tensor::row(i) + 8];
			expand((u32)top, threadIdx.x % 4, even[i][0], even[i][2]);
			expand((u32)low, threadIdx.x % 4, even[i][1], even[i][3]);
			rest[i][0] = (u32)(top >> 32);
			rest[i][1] = (u32)(low >> 32);
		}
	}
};

// sumTile leaves the sums of a tile in shared memory. The multiplier is at the tile's first stage, and then at the next tile's.
template <bool wide>
__device__ inline void sumTile(const Product &p, Wide &shared, Multiplier &m, Copier &copier, int digits, int colBlock) {
	int tid = threadIdx.x;
	u32 odd[2][4];
	int sums[2][16][4];
#pragma unroll
	for (int i = 0; i < 2; i++)
#pragma unroll
		for (int f = 0; f < 16; f++)
#pragma unroll
			for (int e = 0; e < 4; e++)
				sums[i][f][e] = 0;
#pragma unroll 1
	for (int digit = 0; digit < digits; digit++) {
#pragma unroll
		for (int i = 0; i < 2; i++)
#pragma unroll
			for (int f = 0; f < 16; f++)
#pragma unroll
				for (int e = 0; e < 4; e++)
					sums[i][f][e] = (int)((u32)sums[i][f][e] << 8);
#pragma unroll 1
		for (int word = 0; word < p.words; word++) {
			Description b = m.digits + (u64)(m.at.stage * (sizeof shared.w[0] / 16));
			multiplyChunk<wide>(sums, m.even, b);
			waitForProducts<2>(); // those of the stage before
			if (m.begun && tid % 32 == 0) {
				arrive(&shared.used[m.before.stage]);
				if (tid == 0) {
					waitForPhase(&shared.used[m.before.stage], m.before.parity);
					copier.next(p, shared);
				}
			}
			m.begun = true;
			m.before = m.at;
#pragma unroll
			for (int i = 0; i < 2; i++) {
				expand(m.rest[i][0], tid % 4, odd[i][0], odd[i][2]);
				expand(m.rest[i][1], tid % 4, odd[i][1], odd[i][3]);
			}
			multiplyChunk<wide>(sums, odd, b + 256);
			m.at.advance();
			m.load();
		}
		waitForProducts<0>();
	}
	int col = colBlock * wideCols + 4 * (tid % 4);
	waitAt<sumsRead, 2 * half>();
#pragma unroll
	for (int pair = 0; pair < (wide ? 8 : 4); pair++) {
		int4 offset = *(const int4 *)(p.offset + col + 16 * pair);
#pragma unroll
		for (int i = 0; i < 2; i++)
#pragma unroll
			for (int low = 0; low < 2; low++)
				shared.sums[16 * i + 8 * low + pair][tid] = int4{
					(int)((u32)sums[i][2 * pair][2 * low] + (u32)offset.x),
					(int)((u32)sums[i][2 * pair][2 * low + 1] + (u32)offset.y),
					(int)((u32)sums[i][2 * pair + 1][2 * low] + (u32)offset.z),
					(int)((u32)sums[i][2 * pair + 1][2 * low + 1] + (u32)offset.w),
				};
	}
	arriveAt<sumsWritten, 2 * half>();
}

// writeBits writes 32 bits of a row, which the four threads of a quad have drawn.
__device__ inline void writeBits(const Draw &d, int rows, int cols, int row, int word, u32 bits) {
	bits |= __shfl_xor_sync(~0u, bits, 1);
	bits |= __shfl_xor_sync(~0u, bits, 2);
	if (threadIdx.x % 4 == 0)
		writeWord(d, rows, cols, row, word, bits);
}

// drawTile draws the bits of a tile from its sums: word after word of the rows of the thread's quad.
__device__ inline void drawTile(const Product &p, const Draw &d, const Wide &shared, float scale, const Walk &walk) {
	int tid = threadIdx.x - half, firstRow = walk.rowBlock() * blockRows + Tensor::row(0) - half;
	int firstWord = 4 * walk.colBlock(), words = min(4, 2 * walk.narrow - firstWord);
#pragma unroll 1
	for (int k = 0; k < 4; k++)
#pragma unroll 1
		for (int word = 0; word < words; word++) {
			int row = firstRow + k / 2 * 64 + k % 2 * 8, col = 32 * (firstWord + word) + 4 * (tid % 4);
			int4 left = shared.sums[8 * k + 2 * word][tid], right = shared.sums[8 * k + 2 * word + 1][tid];
			int q[2][4] = {{left.x, left.y, left.z, left.w}, {right.x, right.y, right.z, right.w}};
			u32 random[2][4], bits[2];
			randomFour(random[0], d, row, col);
			randomFour(random[1], d, row, col + 16);
			bool close = false;
#pragma unroll
			for (int part = 0; part < 2; part++) {
				float t[4];
#pragma unroll
				for (int e = 0; e < 4; e++)
					t[e] = (float)q[part][e] * (scale * -log2E);
				bits[part] = sampleFour(t, random[part], close);
			}
			if (close)
#pragma unroll
				for (int part = 0; part < 2; part++) {
					float x[4];
#pragma unroll
					for (int e = 0; e < 4; e++)
						x[e] = (float)q[part][e] * scale;
					bits[part] = sampleFourExactly(x, random[part]);
				}
			writeBits(d, p.rows, p.cols, row, firstWord + word, (bits[0] | bits[1] << 16) << (4 * (tid % 4)));
		}
}

extern "C" __global__ void __launch_bounds__(2 * half, 1) product_draw(Product p, Draw d) {
	Wide &shared = *(Wide *)dynamicShared();
	if (threadIdx.x == 0)
		for (int stage = 0; stage < wideStages; stage++) {
			beginBarrier(&shared.copied[stage], 1);
			beginBarrier(&shared.used[stage], half / 32);
		}
	__syncthreads();
	if (threadIdx.x < half) {
		takeRegisters<184>();
		int digits = p.scale->digits, stages = 0;
		for (Walk walk(p); !walk.done(); walk.advance())
			stages += digits * p.words;
		Multiplier m = {shared, describe<2048>(shared.w[0]), stages};
		Copier copier(p);
		if (threadIdx.x == 0)
			for (int stage = 0; stage < wideStages; stage++)
				copier.next(p, shared);
		m.load();
		for (Walk walk(p); !walk.done(); walk.advance())
			if (2 * walk.colBlock() + 1 < walk.narrow)
				sumTile<true>(p, shared, m, copier, digits, walk.colBlock());
			else
				sumTile<false>(p, shared, m, copier, digits, walk.colBlock());
	} else {
		giveRegisters<72>();
		float scale = p.scale->resolution;
		arriveAt<sumsRead, 2 * half>();
		for (Walk walk(p); !walk.done();) {
			waitAt<sumsWritten, 2 * half>();
			drawTile(p, d, shared, scale, walk);
			walk.advance();
			if (!walk.done())
				arriveAt<sumsRead, 2 * half>();
		}
	}
}
