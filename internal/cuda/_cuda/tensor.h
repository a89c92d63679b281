// Instructions that CUDA C has no name for.

typedef unsigned int u32;
typedef unsigned long long u64;

// multiplyAdd returns a·b + c, rounded once, and fastPower2 about 2^x, within 2^−22 of it. Both serve the filter of sampleFour alone.
__device__ inline float multiplyAdd(float a, float b, float c) {
	float d;
	asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(d) : "f"(a), "f"(b), "f"(c));
	return d;
}

__device__ inline float fastPower2(float x) {
	float y;
	asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

__device__ inline u32 sharedAddress(const void *p) { return (u32)__cvta_generic_to_shared(p); }

__device__ inline void copyAsync8(void *shared, const void *global) {
	asm volatile("cp.async.ca.shared.global [%0], [%1], 8;" ::"r"(sharedAddress(shared)), "l"(global));
}

__device__ inline void copyAsync16(void *shared, const void *global) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(sharedAddress(shared)), "l"(global));
}

__device__ inline void commitCopies() { asm volatile("cp.async.commit_group;"); }

// waitForCopies waits for all groups of copies but the last n.
template <int n> __device__ inline void waitForCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(n) : "memory"); }

// loadMatrices loads four 8×16 matrices of bytes; lane l names row l%8 of matrix l/8, and gets bytes 4(l%4)… of row l/4 of each.
__device__ inline void loadMatrices(u32 r[4], const void *row) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
				 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
				 : "r"(sharedAddress(row))
				 : "memory");
}

// multiply16x8 adds the product of 16×32 and 32×8 bytes to 16×8 sums, by a warp.
__device__ inline void multiply16x8(int d[4], const u32 a[4], u32 b0, u32 b1) {
	asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
				 : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
				 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// pick makes four bytes, byte b of them byte s of the eight of table and table, for the low three bits s of nibble b of the selector.
__device__ inline u32 pick(u32 table, u32 selector) {
	u32 d;
	asm("prmt.b32 %0, %1, %1, %2;" : "=r"(d) : "r"(table), "r"(selector));
	return d;
}

// dynamicShared is the block's shared memory whose size is chosen at launch.
__device__ inline void *dynamicShared() {
	extern __shared__ __align__(128) unsigned char memory[];
	return memory;
}

#ifdef HOPPER
// What cp.async wrote is for the tensor cores to read.
__device__ inline void fenceAsyncProxy() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
__device__ inline void beginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ inline void commitProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// waitForProducts waits for all products that were committed but those of the last n commits.
template <int n> __device__ inline void waitForProducts() { asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(n) : "memory"); }

// Barriers by number, for a number of threads: some wait there, others only arrive.
template <int id, int threads> __device__ inline void waitAt() { asm volatile("bar.sync %0, %1;" ::"n"(id), "n"(threads) : "memory"); }
template <int id, int threads> __device__ inline void arriveAt() { asm volatile("bar.arrive %0, %1;" ::"n"(id), "n"(threads) : "memory"); }

// Barriers in shared memory. A phase of one ends when its number of arrivals has come, and all bytes that one announced.
__device__ inline void beginBarrier(u64 *barrier, u32 arrivals) {
	asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n\tfence.mbarrier_init.release.cluster;" ::"r"(sharedAddress(barrier)),
				 "r"(arrivals)
				 : "memory");
}

__device__ inline void arrive(u64 *barrier) {
	asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(sharedAddress(barrier)) : "memory");
}

__device__ inline void arriveAnnouncing(u64 *barrier, u32 bytes) {
	asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(sharedAddress(barrier)), "r"(bytes) : "memory");
}

// waitForPhase waits until phase 0, 2, 4, … (parity 0) or 1, 3, 5, … (parity 1) has ended.
__device__ inline void waitForPhase(u64 *barrier, u32 parity) {
	asm volatile("{\n\t.reg .pred done;\n\t"
				 "again:\n\t"
				 "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n\t"
				 "@!done bra again;\n\t}" ::"r"(sharedAddress(barrier)),
				 "r"(parity)
				 : "memory");
}

// copyBulk has the copy engine copy bytes to shared memory and tell the barrier.
__device__ inline void copyBulk(void *shared, const void *global, u32 bytes, u64 *barrier) {
	asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(sharedAddress(shared)),
				 "l"(global), "r"(bytes), "r"(sharedAddress(barrier))
				 : "memory");
}

// A warpgroup takes or gives up registers, so that each of its threads has n.
template <int n> __device__ inline void takeRegisters() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(n)); }
template <int n> __device__ inline void giveRegisters() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(n)); }

typedef u64 Description;

// describe returns the description of a right operand in shared memory: matrices of 8 columns × 16 bytes of rows, the next 8 columns after
// 128 bytes, the next 16 rows after half bytes.
template <int half> __device__ inline Description describe(const void *b) {
	Description description = (u64)(sharedAddress(b) >> 4) | (u64)(half >> 4) << 16 | (u64)(128 >> 4) << 32;
	asm volatile("" : "+l"(description)); // computed here and not later, between products, which would make them wait for each other
	return description;
}

// multiply64x64 and multiply64x128 add the product of 64×32 and 32×64 (or 128) bytes to 64×64 (128) sums, by four warps: the left operand
// in registers, as in multiply16x8 for each warp, the right one described.
__device__ inline void multiply64x64(int (*d)[4], const u32 a[4], Description b) {
	asm volatile("wgmma.mma_async.sync.aligned.m64n64k32.s32.s8.s8 {"
				 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,"
				 "%24,%25,%26,%27,%28,%29,%30,%31}, "
				 "{%32,%33,%34,%35}, %36, 1;"
				 : "+r"(d[0][0]), "+r"(d[0][1]), "+r"(d[0][2]), "+r"(d[0][3]), "+r"(d[1][0]), "+r"(d[1][1]), "+r"(d[1][2]), "+r"(d[1][3]),
				   "+r"(d[2][0]), "+r"(d[2][1]), "+r"(d[2][2]), "+r"(d[2][3]), "+r"(d[3][0]), "+r"(d[3][1]), "+r"(d[3][2]), "+r"(d[3][3]),
				   "+r"(d[4][0]), "+r"(d[4][1]), "+r"(d[4][2]), "+r"(d[4][3]), "+r"(d[5][0]), "+r"(d[5][1]), "+r"(d[5][2]), "+r"(d[5][3]),
				   "+r"(d[6][0]), "+r"(d[6][1]), "+r"(d[6][2]), "+r"(d[6][3]), "+r"(d[7][0]), "+r"(d[7][1]), "+r"(d[7][2]), "+r"(d[7][3])
				 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ inline void multiply64x128(int (*d)[4], const u32 a[4], Description b) {
	asm volatile("wgmma.mma_async.sync.aligned.m64n128k32.s32.s8.s8 {"
				 "%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,"
				 "%24,%25,%26,%27,%28,%29,%30,%31,%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47,"
				 "%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63}, "
				 "{%64,%65,%66,%67}, %68, 1;"
				 : "+r"(d[0][0]), "+r"(d[0][1]), "+r"(d[0][2]), "+r"(d[0][3]), "+r"(d[1][0]), "+r"(d[1][1]), "+r"(d[1][2]), "+r"(d[1][3]),
				   "+r"(d[2][0]), "+r"(d[2][1]), "+r"(d[2][2]), "+r"(d[2][3]), "+r"(d[3][0]), "+r"(d[3][1]), "+r"(d[3][2]), "+r"(d[3][3]),
				   "+r"(d[4][0]), "+r"(d[4][1]), "+r"(d[4][2]), "+r"(d[4][3]), "+r"(d[5][0]), "+r"(d[5][1]), "+r"(d[5][2]), "+r"(d[5][3]),
				   "+r"(d[6][0]), "+r"(d[6][1]), "+r"(d[6][2]), "+r"(d[6][3]), "+r"(d[7][0]), "+r"(d[7][1]), "+r"(d[7][2]), "+r"(d[7][3]),
				   "+r"(d[8][0]), "+r"(d[8][1]), "+r"(d[8][2]), "+r"(d[8][3]), "+r"(d[9][0]), "+r"(d[9][1]), "+r"(d[9][2]), "+r"(d[9][3]),
				   "+r"(d[10][0]), "+r"(d[10][1]), "+r"(d[10][2]), "+r"(d[10][3]), "+r"(d[11][0]), "+r"(d[11][1]), "+r"(d[11][2]), "+r"(d[11][3]),
				   "+r"(d[12][0]), "+r"(d[12][1]), "+r"(d[12][2]), "+r"(d[12][3]), "+r"(d[13][0]), "+r"(d[13][1]), "+r"(d[13][2]), "+r"(d[13][3]),
				   "+r"(d[14][0]), "+r"(d[14][1]), "+r"(d[14][2]), "+r"(d[14][3]), "+r"(d[15][0]), "+r"(d[15][1]), "+r"(d[15][2]), "+r"(d[15][3])
				 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

#endif
