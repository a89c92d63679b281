// The elementwise arithmetic of internal/kernel (exp.go, sample.go) and rng, operation by operation. The compiler is told to fuse no
// multiplication with an addition and to keep subnormal numbers (generate.go), so that every line is rounded as it is in Go.


constexpr float log2E = 1.44269504088896340735992468100189214;
constexpr float ln2Hi = 0x1.63p-1f;
constexpr float ln2Lo = 0.693147180559945309417232121458176568 - 0x1.63p-1;
constexpr float roundMagic = 0x1.8p23f;

__device__ inline float power2(int k) { return __int_as_float((k + 127) << 23); }

// reduce returns r and sets k so that x = k·log 2 + r, |r| ≤ ½·log 2.
__device__ inline float reduce(float x, int &k) {
	float t = x * log2E + roundMagic;
	float n = t - roundMagic;
	k = __float_as_int(t) - 0x4B400000;
	float r = x - n * ln2Hi;
	return r - n * ln2Lo;
}

// expNear0 returns e^r.
__device__ inline float expNear0(float r) {
	float p = r * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	return r * r * p + r + 1.0f;
}

// expOfNegative returns e^x for x ≤ 0: Exp without its upper bound.
__device__ inline float expOfNegative(float x) {
	int k;
	float y = expNear0(reduce(x < -104.0f ? -104.0f : x, k));
	int half = k >> 1;
	return y * power2(half) * power2(k - half);
}

__device__ inline float sigmoid(float x) {
	float e = expOfNegative(-fabsf(x));
	return (__float_as_int(x) < 0 ? e : 1.0f) / (1.0f + e);
}

__device__ inline float softplus(float x) {
	float e = expOfNegative(-fabsf(x));
	float s = e / (2.0f + e);
	float z = s * s;
	float p = z * (float)(1.0 / 15) + (float)(1.0 / 13);
	p = p * z + (float)(1.0 / 11);
	p = p * z + (float)(1.0 / 9);
	p = p * z + (float)(1.0 / 7);
	p = p * z + (float)(1.0 / 5);
	p = p * z + (float)(1.0 / 3);
	p = p * z;
	return (__float_as_int(x) < 0 ? 0.0f : x) + 2.0f * (s + s * p);
}

// uniform returns rng.Uniform: 1 + ⌊word/2^9⌋·2^−23, less 1 − 2^−24. Both operations are exact.
__device__ inline float uniform(u32 word) { return __int_as_float((int)(word >> 9 | 0x3F800000u)) - (1.0f - 0x1p-24f); }

// sampleBit returns whether u is below σ(x), decided as kernel.SampleBit does: u·e^(−x) < 1 − u.
__device__ inline bool sampleBit(float u, float x) {
	x = fminf(fmaxf(x, -32.0f), 32.0f);
	int k;
	float r = reduce(-x, k);
	return u * (expNear0(r) * power2(k)) < 1.0f - u;
}

// sampleFour returns four bits, those of sampleBit for x = −t/log2 e, unless it sets close: then sampleFourExactly is to decide.
//
// It is a filter: d = u·2^t − (1−u) by the fast exponential. Where it matters, for |x| ≤ 32, that is off by less than
// 4.3·10^−6 of its value: 2^−23·|x·log2 e|·log 2 for the argument t, which may differ from x·log2 e by two roundings, and 2^−22 for the
// instruction. sampleBit's own e^(−x) is off by less than 4·10^−7. So the two agree wherever |d| ≥ 2^−16 = 1.5·10^−5. |d| is less in at
// most one of 30,000 draws.
__device__ inline u32 sampleFour(const float t[4], const u32 random[4], bool &close) {
	u32 bits = 0;
#pragma unroll
	for (int e = 3; e >= 0; e--) {
		float u = uniform(random[e]);
		float d = multiplyAdd(u, fastPower2(t[e]), u - 1.0f);
		bits = __funnelshift_l((u32)__float_as_int(d), bits, 1); // the sign
		close |= fabsf(d) < 0x1p-16f;
	}
	return bits;
}

// sampleFourExactly returns four bits, each decided by sampleBit.
__device__ inline u32 sampleFourExactly(const float x[4], const u32 random[4]) {
	u32 bits = 0;
#pragma unroll
	for (int e = 0; e < 4; e++)
		bits |= (u32)sampleBit(uniform(random[e]), x[e]) << e;
	return bits;
}

struct Key {
	u32 k0, k1;
};

// philox is rng.Key.Block, Philox4x32-10, for the keys of its rounds.
__device__ inline void philox(u32 out[4], const Key rounds[10], u32 c0, u32 c1, u32 c2, u32 c3) {
#pragma unroll
	for (int round = 0; round < 10; round++) {
		u64 a = (u64)0xD2511F53u * c0, b = (u64)0xCD9E8D57u * c2;
		c0 = (u32)(b >> 32) ^ c1 ^ rounds[round].k0;
		c1 = (u32)b;
		c2 = (u32)(a >> 32) ^ c3 ^ rounds[round].k1;
		c3 = (u32)a;
	}
	out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}
