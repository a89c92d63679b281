// What is made of the sums of a product.

// Sums are the integer sums of a product's rows, in terms.
struct Sums {
	const int *terms;   // rows × sumPitch, one matrix after the other
	const int *offset;
	const Scale *scale;
	int rows, cols;
	int splits;
	int first;          // of the rows of parts, the one that row 0 is

	__device__ int pitch() const { return sumPitch(cols); }

	// four returns the sums of columns col…col+3.
	__device__ void four(int q[4], int row, int col) const {
		int4 sum = *(const int4 *)(offset + col);
		const int *at = terms + (u64)row * pitch() + col;
#pragma unroll 4
		for (int k = 0; k < splits; k++, at += (u64)rows * pitch()) {
			int4 term = *(const int4 *)at;
			sum = int4{(int)((u32)sum.x + (u32)term.x), (int)((u32)sum.y + (u32)term.y), (int)((u32)sum.z + (u32)term.z),
					   (int)((u32)sum.w + (u32)term.w)};
		}
		q[0] = sum.x, q[1] = sum.y, q[2] = sum.z, q[3] = sum.w;
	}
};

// A Part is kernel.Part: rows from first on.
struct Part {
	const float *offset; // null for zeros
	int first;
	float scale;
};

// Parts cover all rows; none are one with scale 1.
struct Parts {
	const Part *list;
	int n;
};

// Inputs makes numbers of the sums of a row, as inputs.at of internal/kernel does.
struct Inputs {
	float scale;
	const float *offset = nullptr;

	__device__ Inputs(const Sums &s, const Parts &parts, int row) : scale(s.scale->resolution) {
		if (parts.n == 0)
			return;
		int from = 0; // the last part that begins at the row or before it
		for (int end = parts.n; end - from > 1;) {
			int middle = (from + end) / 2;
			if (parts.list[middle].first <= s.first + row)
				from = middle;
			else
				end = middle;
		}
		scale *= parts.list[from].scale;
		offset = parts.list[from].offset;
	}

	// four returns the numbers of columns col…col+3, those of columns that are not there without their offsets.
	__device__ void four(float x[4], const Sums &s, int row, int col) const {
		int q[4];
		s.four(q, row, col);
#pragma unroll
		for (int e = 0; e < 4; e++)
			x[e] = (float)q[e] * scale + (offset && col + e < s.cols ? offset[col + e] : 0.0f);
	}
};

// writeNumbers writes f of every number of the product, rows × cols, times the weight of its row. A thread takes four.
template <class F> __device__ inline void writeNumbers(const Sums &s, float *dst, float factor, const float *weights, F f) {
	int fours = s.pitch() / 4;
	u64 at = (u64)blockIdx.x * blockDim.x + threadIdx.x;
	int row = at / fours, col = at % fours * 4;
	if (row >= s.rows || col >= s.cols)
		return;
	Inputs in(s, Parts{nullptr, 0}, row);
	in.scale *= factor;
	float x[4];
	in.four(x, s, row, col);
#pragma unroll
	for (int e = 0; e < 4; e++)
		x[e] = weights ? weights[row] * f(x[e]) : f(x[e]);
	dst += (u64)row * s.cols + col;
	if (s.cols % 4 == 0) {
		*(float4 *)dst = float4{x[0], x[1], x[2], x[3]};
		return;
	}
#pragma unroll
	for (int e = 0; e < 4; e++)
		if (col + e < s.cols)
			dst[e] = x[e];
}

// write_inputs is kernel.MulScaled.
extern "C" __global__ void write_inputs(Sums s, float *dst, float factor, const float *weights) {
	writeNumbers(s, dst, factor, weights, [](float x) { return x; });
}

// write_sigmoids is kernel.Probabilities.
extern "C" __global__ void write_sigmoids(Sums s, float *dst, float factor, const float *weights) {
	writeNumbers(s, dst, factor, weights, [](float x) { return sigmoid(x); });
}

// A List is kernel.Sums.
struct List {
	Parts parts;
	double *to;
};

// sum_softpluses adds up log(1+e^x) of every row as kernel.SumSoftplus does: panels of 16 columns, in float64, and then their sums in
// order. A warp takes a row, and each of its threads a panel at a time. Row 0 of blocks takes list a, row 1 list b.
extern "C" __global__ void sum_softpluses(Sums s, List a, List b) {
	int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
	if (row >= s.rows)
		return;
	List list = blockIdx.y == 0 ? a : b;
	Inputs in(s, list.parts, row);
	int panels = (s.cols + 15) / 16;
	double total = 0;
	for (int first = 0; first < panels; first += 32) {
		int col = 16 * (first + lane);
		double sum = 0;
		if (col < s.cols) {
			double part[4] = {0, 0, 0, 0};
			for (int k = 0; k < 16; k += 4) {
				float x[4];
				in.four(x, s, row, col + k);
				if (col + 16 <= s.cols) {
#pragma unroll
					for (int e = 0; e < 4; e++)
						part[e] += softplus(x[e]);
				} else {
#pragma unroll
					for (int e = 0; e < 4; e++)
						if (col + k + e < s.cols)
							part[0] += softplus(x[e]);
				}
			}
			sum = (part[0] + part[1]) + (part[2] + part[3]); // of a panel that isn't full: part[0], and zeros
		}
		u64 bits = (u64)__double_as_longlong(sum);
		for (int k = 0; k < 32 && first + k < panels; k++)
			total += __longlong_as_double((u64)__shfl_sync(~0u, (u32)(bits >> 32), k) << 32 | __shfl_sync(~0u, (u32)bits, k));
	}
	if (lane == 0)
		list.to[s.first + row] = total;
}

// draw draws a bit for every number: kernel.SampleParts. A warp takes 128 columns of a row, and a thread four.
extern "C" __global__ void draw(Sums s, Draw d, Parts parts) {
	int lane = threadIdx.x % 32, groups = (s.cols + 127) / 128, pitch = s.pitch();
	u64 warp = (u64)blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
	int row = warp / groups, col = warp % groups * 128 + 4 * lane;
	if (row >= s.rows)
		return;
	u32 bits = 0;
	if (col < pitch) {
		Inputs in(s, parts, row);
		float x[4], t[4];
		in.four(x, s, row, col);
#pragma unroll
		for (int e = 0; e < 4; e++)
			t[e] = x[e] * -log2E;
		u32 random[4];
		randomFour(random, d, row, col);
		bool close = false;
		bits = sampleFour(t, random, close);
		if (close)
			bits = sampleFourExactly(x, random);
		bits <<= col % 32;
	}
	bits |= __shfl_xor_sync(~0u, bits, 1);
	bits |= __shfl_xor_sync(~0u, bits, 2);
	bits |= __shfl_xor_sync(~0u, bits, 4);
	if (lane % 8 == 0)
		writeWord(d, s.rows, s.cols, row, col / 32, bits);
}
