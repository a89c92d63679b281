// The optimiser's step: kernel.Ascent. Every operation and sum is that of train.Training and kernel.Context, in their order.
//
// ascend_weights moves a block of rows of W a block of threads. ascend_biases brings the biases, to which the blocks contribute, and the
// center. The gradient of the biases is a difference, which everyone who needs it computes.

constexpr int ascentNumbers = 4096; // of a block at a time
constexpr int together = 4;         // numbers that a thread loads before it computes

// What a part of the parameters says: Σ g², and whether a number is too large or none.
struct Ascended {
	double squares;
	int unsound, unused;
};

struct Ascent {
	float *parameters[3]; // W, b and c
	const float *positive[3], *negative[3];
	float *mean[3], *square[3];  // null: none
	const float *centerV;        // null: not centered
	float *centerH;
	float *stepB, *stepC;        // ΔW ν; of each block, ΔWᵀ μ
	Ascended *ascended;          // of each block, b and c
	float *biases;               // b and c once more
	int m, n, rows, blocks;      // rows of a block: rows·n ≤ ascentNumbers, or one
	float follow, l1, l2, clip;
	float meanDecay, meanGain, squareDecay, squareGain, rate, correction, epsilon, most;
};

// A parameter, and what its step needs.
struct Moving {
	float value, gradient, mean, square;
};

// gradientOf is that of parameter i of list k; without a negative phase the positive one is the difference.
__device__ inline float gradientOf(const Ascent &a, int k, u64 i) {
	return a.negative[k] ? a.positive[k][i] - a.negative[k][i] : a.positive[k][i];
}

// movingAt loads parameter i of list k.
__device__ inline Moving movingAt(const Ascent &a, int k, u64 i) {
	return Moving{a.parameters[k][i], gradientOf(a, k, i), a.mean[k] ? a.mean[k][i] : 0, a.square[k] ? a.square[k][i] : 0};
}

// step makes the optimiser's step of parameter i of list k by x.gradient, and returns its value then.
__device__ inline float step(const Ascent &a, int k, u64 i, const Moving &x) {
	float along = x.gradient;
	if (a.mean[k])
		a.mean[k][i] = along = a.meanDecay * x.mean + a.meanGain * along;
	if (!a.square[k])
		return x.value + a.rate * along;
	float square = a.squareDecay * x.square + a.squareGain * (x.gradient * x.gradient);
	a.square[k][i] = square;
	return x.value + a.rate * along / (sqrtf(a.correction * square) + a.epsilon);
}

// centerOf returns ν_j as it is for this update.
__device__ inline float centerOf(const Ascent &a, int j) {
	if (a.follow == 0)
		return a.centerH[j];
	float h = a.positive[2][j];
	return a.follow == 1 ? h : a.centerH[j] + a.follow * (h - a.centerH[j]);
}

// sumOfEight is columnSum of the sums of eight threads in a row, which all get it. A whole warp calls it.
__device__ inline double sumOfEight(double part) {
	for (int other = 4; other > 0; other /= 2)
		part += __shfl_xor_sync(~0u, part, other);
	return part + 0.0;
}

extern "C" __global__ void __launch_bounds__(256) ascend_weights(Ascent a) {
	__shared__ float gs[ascentNumbers], steps[ascentNumbers];
	__shared__ int unsound;
	int tid = threadIdx.x, n = a.n, row = blockIdx.x * a.rows, rows = min(a.rows, a.m - row);
	u64 first = (u64)row * n;
	int size = rows * n;
	double squares = 0, dot = 0;
	if (tid == 0)
		unsound = 0;
	__syncthreads();
	for (int from = 0; from < size; from += ascentNumbers) { // more than once for a single row alone
		int count = min(ascentNumbers, size - from), width = count / rows;
		for (int begin = tid; begin < count; begin += 256 * together) {
			Moving x[together];
			float shift[together];
#pragma unroll
			for (int e = 0; e < together; e++) {
				int k = begin + 256 * e, i = row + (from + k) / n, j = (from + k) % n;
				if (k >= count)
					break;
				x[e] = movingAt(a, 0, first + from + k);
				if (a.centerV)
					shift[e] = a.centerV[i] * gradientOf(a, 2, j) + gradientOf(a, 1, i) * centerOf(a, j);
			}
#pragma unroll
			for (int e = 0; e < together; e++) {
				int k = begin + 256 * e;
				if (k >= count)
					break;
				float w = x[e].value, g = x[e].gradient;
				if (a.centerV)
					g -= shift[e];
				if (a.l1 != 0 || a.l2 != 0) {
					g -= a.l2 * w;
					if (w > 0)
						g -= a.l1;
					else if (w < 0)
						g += a.l1;
				}
				x[e].gradient = g;
				w = step(a, 0, first + from + k, x[e]);
				if (a.clip != 0)
					w = w < -a.clip ? -a.clip : w > a.clip ? a.clip : w; // NaN stays
				a.parameters[0][first + from + k] = w;
				if (!(fabsf(w) <= a.most))
					unsound = 1;
				gs[k] = g;
				steps[k] = w - x[e].value;
			}
		}
		__syncthreads();
		if (tid >= 224 && tid < 232) // of the last warp
#pragma unroll 16
			for (int k = tid - 224; k < count; k += 8)
				squares += (double)gs[k] * gs[k];
		if (a.centerV) {
			for (int unit = 0; unit < 8 * rows; unit += 256) { // eight threads a row
				int r = (unit + tid) / 8;
				if (from == 0)
					dot = 0;
				if (r < rows)
#pragma unroll 8
					for (int k = tid % 8; k < width; k += 8)
						dot += (double)steps[r * width + k] * centerOf(a, from + k);
				if (from + count == size) {
					double sum = sumOfEight(dot);
					if (r < rows && tid % 8 == 0)
						a.stepB[row + r] = (float)sum;
				}
			}
			for (int k = tid; k < width; k += 256) {
				float sum = 0;
				for (int r = 0; r < rows; r++)
					sum += a.centerV[row + r] * steps[r * width + k];
				a.stepC[(u64)blockIdx.x * n + from + k] = sum;
			}
		}
		__syncthreads();
	}
	if (tid >= 224) {
		squares = sumOfEight(squares);
		if (tid == 224)
			a.ascended[blockIdx.x] = Ascended{squares, unsound, 0};
	}
}

// ascend_biases: block 0 has the sums of squares, the others a bias a thread. Blocks of 128 threads.
extern "C" __global__ void __launch_bounds__(128) ascend_biases(Ascent a) {
	int tid = threadIdx.x, k = (blockIdx.x - 1) * 128 + tid;
	if (blockIdx.x == 0) {
		if (tid >= 64)
			return;
		int list = 1 + tid / 32, size = list == 1 ? a.m : a.n;
		double squares = 0;
		if (tid % 32 < 8)
#pragma unroll 16
			for (int i = tid % 32; i < size; i += 8) {
				float g = gradientOf(a, list, i);
				squares += (double)g * g;
			}
		squares = sumOfEight(squares);
		if (tid % 32 == 0)
			a.ascended[a.blocks + list - 1] = Ascended{squares, 0, 0};
		return;
	}
	if (k >= a.m + a.n)
		return;
	int list = k < a.m ? 1 : 2, i = k < a.m ? k : k - a.m;
	float x = step(a, list, i, movingAt(a, list, i));
	if (a.centerV && list == 1)
		x -= a.stepB[i];
	if (a.centerV && list == 2) {
#pragma unroll 32
		for (int block = 0; block < a.blocks; block++)
			x -= a.stepC[(u64)block * a.n + i];
		a.centerH[i] = centerOf(a, i);
	}
	a.parameters[list][i] = x;
	a.biases[k] = x;
}
