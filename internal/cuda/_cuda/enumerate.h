// Exact enumeration: the sums over all states of one layer that package exact takes, in float64.
//
// A state of the high group has A_i = e^(b_i + Σ_{j high} w_ij h_j), a state e of the low group T_i(e), and both together the weight
// Π_i (1 + A_i·T_i(e)). That is three operations for each unit i: with the power of two r_i and A_i·r_i, as kernel.Factors gives them, the
// product is multiplied by r_i + (A_i·r_i)·T_i(e).
//
// A block takes states in Gray-code order, a tile of 64 at a time, times the 64 states of the low group. A warp has 16 states of a tile;
// a lane has four of them and eight states of the low group, with 32 products in registers. For each unit it loads 64 bytes of factors and
// 64 of the table, the least for 32 products. Units pass in chunks of 32. While the block multiplies by a chunk, one warp, each in
// turn, prepares the next: it goes along the tile's states, a unit a lane, as each A_i is the state's before times e^(±w_ij).

namespace enumeration {

constexpr int lowStates = 64, tileStates = 64, chunkUnits = 32;
constexpr int warps = 4, warpStates = tileStates / warps;
constexpr int laneStates = 4, laneEntries = 8; // of a warp's states, and of the low group's
constexpr double ln2 = 0.693147180559945309417232121458176568;

// The states of a launch are numbered. Those of a part of the sum lie together: part p has 2^pieceBits of them, from its state `first` on.
// Of these, each 2^stretchBits begin with A_i that the host computed.
struct Task {
	const double2 *table;        // T_i(e), units×64
	const double *most;          // max_e T_i(e)
	const double *flip, *unflip; // e^(±w_ij) of the high units, a row for each of them
	const double *high;          // c_j of the high units
	const double *biasMantissa;  // of e^(Σ_{j low} c_j h_j), and the power of two
	const int *biasExponent;
	const int *cuts;  // units before which the products' powers of two are taken out; the last is the number of units
	double *a;        // A_i, a row for each stretch; then those of the state that the block has come to
	double2 *weights; // of each state: log of the scale, and the sum over the low group
	double constant;  // of the energy
	u32 states, first;
	int units, stretchBits, pieceBits, partBits;

	// index is the place of a state in the Gray code.
	__device__ u32 index(u32 state) const { return (state >> pieceBits << partBits) + first + (state & ((1u << pieceBits) - 1)); }
};

// Factors are r_i and A_i·r_i of a chunk, for a tile. The last column keeps a warp's stores in different banks.
typedef double2 Factors[chunkUnits][tileStates + 1];

// exponentOf returns k for x in [2^k, 2^(k+1)), a positive normal number, and powerOf the double 2^k.
__device__ inline int exponentOf(double x) { return (int)((u64)__double_as_longlong(x) >> 52) - 1023; }
__device__ inline double powerOf(int k) { return __longlong_as_double((u64)(1023 + k) << 52); }

// step is the factor by which A_i of the state at a place in the Gray code differs from that before: one unit flips.
__device__ inline double step(const Task &e, u32 at, int i) {
	const double *factors = (at ^ at >> 1) & at & -at ? e.flip : e.unflip;
	return factors[(__ffs(at) - 1) * e.units + i];
}

// prepareFactors writes the factors of a chunk for the states of a tile: kernel.Multiply and kernel.Factors. A warp.
__device__ inline void prepareFactors(const Task &e, Factors factors, u32 tile, int chunk) {
	const int lane = threadIdx.x % 32, i = chunk * chunkUnits + lane;
	if (i >= e.units)
		return;
	const double most = e.most[i];
	double2 *to = factors[lane];
	auto write = [&](double a) {
		double r = powerOf(-1 - exponentOf(1 + a * most));
		*to++ = {r, a * r};
	};
	const u32 length = 1u << e.stretchBits;
	u32 state = tile * tileStates;
	const u32 end = min(state + tileStates, e.states);
	while (state < end) {
		// The states of one stretch. At its start A_i is there; else the tile goes on where the one before has left it.
		double *place = e.a + (u64)(state >> e.stretchBits) * e.units + i, a = *place;
		u32 at = e.index(state);
		const int count = min(end, (state | (length - 1)) + 1) - state;
		if (state & (length - 1))
			a *= step(e, at, i);
		write(a);
#pragma unroll 9 // 63 of a whole tile
		for (int s = 1; s < count; s++) {
			a *= step(e, at + s, i);
			write(a);
		}
		*place = a;
		state += count;
	}
}

// lowState is the first of two neighbouring states of the low group that a lane has at pair k of its four.
__device__ inline int lowState(int k) { return 2 * (8 * k + threadIdx.x % 8); }

// Entries are a lane's part of a row of the table.
struct Entries {
	double2 pairs[laneEntries / 2];

	__device__ void load(const double2 *row) {
#pragma unroll
		for (int k = 0; k < laneEntries / 2; k++)
			pairs[k] = row[lowState(k) / 2];
	}
};

// Products are a lane's: of its states with its states of the low group.
struct Products {
	double mantissa[laneStates][laneEntries];
	int exponent[laneStates][laneEntries];
	int exponents; // sum of the r_i's exponents in their bits, for state lane%16 of the warp

	__device__ void reset() {
		exponents = 0;
#pragma unroll
		for (int s = 0; s < laneStates; s++)
#pragma unroll
			for (int k = 0; k < laneEntries; k++)
				mantissa[s][k] = 1, exponent[s][k] = 0;
	}

	// multiply multiplies by a unit's factors, of which those of the warp's states are given.
	__device__ void multiply(const double2 *factors, const Entries &t) {
		const int lane = threadIdx.x % 32;
		exponents += (int)((u64)__double_as_longlong(factors[lane % warpStates].x) >> 52);
#pragma unroll
		for (int s = 0; s < laneStates; s++) {
			const double2 f = factors[lane / 8 * laneStates + s];
#pragma unroll
			for (int k = 0; k < laneEntries / 2; k++) {
				mantissa[s][2 * k] *= f.x + f.y * t.pairs[k].x;
				mantissa[s][2 * k + 1] *= f.x + f.y * t.pairs[k].y;
			}
		}
	}

	// normalise brings the mantissas back to [1, 2). A product by a power of two is exact.
	__device__ void normalise() {
#pragma unroll
		for (int s = 0; s < laneStates; s++)
#pragma unroll
			for (int k = 0; k < laneEntries; k++) {
				int power = exponentOf(mantissa[s][k]);
				mantissa[s][k] *= powerOf(-power);
				exponent[s][k] += power;
			}
	}
};

// writeWeights turns the products into weights x(e), the largest of them in [1, 4), and writes the logarithm of their scale and their sum
// in the order of e. x has room for the warp's states, of which state is the first; in the last column are the scales' powers of two.
__device__ inline void writeWeights(const Task &e, Products &p, double x[][lowStates + 1], u32 state) {
	const int lane = threadIdx.x % 32;
#pragma unroll
	for (int s = 0; s < laneStates; s++) {
		double *row = x[lane / 8 * laneStates + s];
		int largest = -0x7fffffff;
#pragma unroll
		for (int k = 0; k < laneEntries; k++) {
			const int low = lowState(k / 2) + k % 2;
			p.mantissa[s][k] *= e.biasMantissa[low];
			p.exponent[s][k] += e.biasExponent[low];
			largest = max(largest, p.exponent[s][k]);
		}
		for (int other = 1; other < 8; other *= 2)
			largest = max(largest, (int)__shfl_xor_sync(~0u, largest, other));
#pragma unroll
		for (int k = 0; k < laneEntries; k++) // 2^−1023 is 0
			row[lowState(k / 2) + k % 2] = p.mantissa[s][k] * powerOf(max(-1023, p.exponent[s][k] - largest));
		row[lowStates] = largest;
	}
	__syncwarp();
	if (lane >= warpStates || state + lane >= e.states)
		return;
	double sum = 0;
	for (int k = 0; k < lowStates; k++)
		sum += x[lane][k];
	u32 at = e.index(state + lane);
	double scale = (1023 * e.units - p.exponents + x[lane][lowStates]) * ln2 - e.constant;
	for (u32 word = at ^ at >> 1; word; word &= word - 1)
		scale += e.high[__ffs(word) - 1];
	e.weights[state + lane] = {scale, sum};
}

} // namespace enumeration

// enumerate_states writes the weights of states. A block takes a stretch, or a tile where that is longer.
extern "C" __global__ void __launch_bounds__(32 * enumeration::warps, 3) enumerate_states(enumeration::Task e) {
	using namespace enumeration;
	Factors *factors = (Factors *)dynamicShared(); // of a chunk, and of the next
	const int warp = threadIdx.x / 32;
	const int chunks = (e.units + chunkUnits - 1) / chunkUnits, tiles = max(1, (1 << e.stretchBits) / tileStates);
	const u32 first = blockIdx.x * tiles;
	if (warp == 0)
		prepareFactors(e, factors[0], first, 0);
	Entries t;
	t.load(e.table);
	for (int tile = 0, turn = 0; tile < tiles; tile++) {
		Products p;
		p.reset();
		const int *cuts = e.cuts;
		for (int chunk = 0; chunk < chunks; chunk++) {
			__syncthreads();
			const double2 *now = &factors[turn % 2][0][warp * warpStates];
			turn++;
			const bool last = chunk + 1 == chunks;
			if (warp == turn % warps && (!last || tile + 1 < tiles))
				prepareFactors(e, factors[turn % 2], first + tile + last, last ? 0 : chunk + 1);
			const int to = min((chunk + 1) * chunkUnits, e.units);
			for (int i = chunk * chunkUnits; i < to;) {
				const int stop = min(to, *cuts);
#pragma unroll 2
				for (; i < stop; i++, now += tileStates + 1) {
					const Entries entries = t;
					t.load(e.table + (i + 1 < e.units ? i + 1 : 0) * (lowStates / 2));
					p.multiply(now, entries);
				}
				if (i == *cuts) {
					p.normalise();
					cuts++;
				}
			}
		}
		__syncthreads(); // the chunk is free for the weights
		auto x = (double(*)[lowStates + 1])factors[(turn - 1) % 2] + warp * warpStates;
		writeWeights(e, p, x, (first + tile) * tileStates + warp * warpStates);
	}
}
