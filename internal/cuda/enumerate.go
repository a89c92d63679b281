package cuda

import (
	"context"
	"math/bits"
	"unsafe"

	"github.com/harmonium-rbm/harmonium/internal/kernel"
)

// An enumeration is struct Task of _cuda/enumerate.h.
type enumeration struct {
	table, most, flip, unflip, high, biasMantissa, biasExponent, cuts, a, weights uintptr
	constant                                                                      float64
	states, first                                                                 uint32
	units, stretchBits, pieceBits, partBits                                       int32
}

// Of _cuda/enumerate.h: threads of a block, the states that it takes at a time, and its shared memory, two chunks of 32
// units.
const (
	enumerateBlock  = 128
	enumerateTile   = 64
	enumerateShared = 2 * 32 * (enumerateTile + 1) * 16
)

const (
	// pieceStates is how many states a launch has at most: about 5 ms for 784 units.
	pieceStates = 1 << 19
	// startBytes bounds the memory for the A_i of a launch, unless that has one stretch of each part.
	startBytes = 64 << 20
	// leastSteps is about what the CPU does in a millisecond, which beginning and ending an enumeration take here.
	leastSteps = 1e8
	// mostUnits keeps sums of exponents of as many units in 32 bits.
	mostUnits = 1 << 20
	// mostHigh is as far as sums were compared with those of workers: 2^34 states. Their numbers have 32 bits here.
	mostHigh = 28
)

// Pays is [kernel.Enumerator.Pays].
func (d *Device) Pays(e *kernel.Enumeration) bool {
	return float64(uint64(64)<<len(e.High))*float64(e.Units) >= leastSteps && e.Units <= mostUnits && len(e.High) <= mostHigh
}

// Enumerate is [kernel.Enumerator.Enumerate]. The device does the arithmetic. The host takes the exponential functions
// and logarithms, as only Go's give Go's bits: for the A_i at the start of each stretch, and in visit. visit must not
// use the engine.
func (e *Engine) Enumerate(ctx context.Context, c *kernel.Context, of *kernel.Enumeration,
	visit func(part int, weights []kernel.Weight)) error {
	defer e.begin()()
	return e.enumerate(ctx, c, of, visit, pieceStates)
}

// enumerate is [Engine.Enumerate] by pieces of at most that number of states. A piece has equally many states of every part,
// so that the host's workers share it. Several pieces are under way: while the device is at one, the host prepares the
// next, and visits the weights of the one before.
func (d *Device) enumerate(ctx context.Context, c *kernel.Context, e *kernel.Enumeration, visit func(part int, weights []kernel.Weight),
	most int) error {
	part := (1 << len(e.High)) / e.Parts
	piece := e.Stretch // of a part
	for 2*piece <= part && 2*piece*e.Parts <= most && 2*piece/e.Stretch*e.Parts*e.Units*8 <= startBytes {
		piece *= 2
	}
	task := d.enumerator.tables.load(d, e)
	task.states, task.stretchBits = uint32(piece*e.Parts), log2(e.Stretch)
	task.pieceBits, task.partBits = log2(piece), log2(part)

	lanes, pieces := &d.enumerator.lanes, part/piece
	for k := range min(len(lanes), pieces) {
		lanes[k].reserve(d, piece/e.Stretch*e.Parts*e.Units, piece*e.Parts)
	}
	defer func() {
		for k := range lanes {
			lanes[k].end() // the memory is for the next enumeration
		}
	}()
	for n := range pieces + len(lanes) - 1 {
		if n < pieces {
			task.first = uint32(n * piece)
			lanes[n%len(lanes)].begin(c, e, task)
		}
		if before := n - (len(lanes) - 1); before >= 0 && lanes[before%len(lanes)].end() {
			weights := lanes[before%len(lanes)].weights.items
			c.Parallel(e.Parts, func(part int) { visit(part, weights[part*piece:(part+1)*piece]) })
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return d.err
}

// enumerator is the memory for enumerations, which a device keeps: making it takes as long as a small enumeration.
type enumerator struct {
	tables tables
	lanes  [4]lane
}

func (e *enumerator) free(d *Device) {
	e.tables.free(d)
	for k := range e.lanes {
		e.lanes[k].free()
	}
}

func log2(x int) int32 { return int32(bits.TrailingZeros(uint(x))) }

// A lane is a queue of work with room for a piece, on the device and on the host.
type lane struct {
	device      *Device
	stream      uintptr
	aThere      memory // of a, on the device
	weightThere memory // of weights
	a           hostMemory[float64]
	weights     hostMemory[kernel.Weight]
}

// reserve makes room for numbers of A_i and weights.
func (l *lane) reserve(d *Device, a, weights int) {
	l.device = d
	if l.stream == 0 {
		const nonBlocking = 1
		d.do("making a queue", func() result { return d.driver.streamCreate(&l.stream, nonBlocking) })
	}
	d.resize(&l.aThere, 8*a)
	d.resize(&l.weightThere, 16*weights)
	l.a.grow(d, a)
	l.weights.grow(d, weights)
}

// begin computes the A_i of a piece and queues its work.
func (l *lane) begin(c *kernel.Context, e *kernel.Enumeration, task enumeration) {
	d := l.device
	if d.err != nil {
		return
	}
	perPart := 1 << (task.pieceBits - task.stretchBits)
	c.Parallel(len(l.a.items)/e.Units, func(stretch int) {
		index := stretch/perPart<<task.partBits + int(task.first) + stretch%perPart<<task.stretchBits
		e.Start(l.a.items[stretch*e.Units:(stretch+1)*e.Units], uint64(index))
	})
	d.do("uploading", func() result {
		return d.driver.memcpyHtoDAsync(l.aThere.address, unsafe.Pointer(&l.a.items[0]), uintptr(8*len(l.a.items)), l.stream)
	})
	task.a, task.weights = l.aThere.address, l.weightThere.address
	block := max(enumerateTile, 1<<task.stretchBits)
	d.launchOn(l.stream, "enumerate_states", blocks(int(task.states), block), 1, enumerateBlock, enumerateShared, unsafe.Pointer(&task))
	d.do("downloading", func() result {
		return d.driver.memcpyDtoHAsync(unsafe.Pointer(&l.weights.items[0]), l.weightThere.address, uintptr(16*len(l.weights.items)), l.stream)
	})
}

// end waits for what is queued, and reports whether all has gone well.
func (l *lane) end() bool {
	if l.stream == 0 {
		return false
	}
	l.device.do("waiting for the GPU", func() result { return l.device.driver.streamSynchronize(l.stream) })
	return l.device.err == nil
}

func (l *lane) free() {
	if l.stream == 0 {
		return
	}
	l.device.release(l.aThere)
	l.device.release(l.weightThere)
	l.aThere, l.weightThere = memory{}, memory{}
	l.a.free()
	l.weights.free()
	l.device.do("closing the queue", func() result { return l.device.driver.streamDestroy(l.stream) })
	l.stream = 0
}

// hostMemory is pinned memory of the host: the device copies from and to it directly.
type hostMemory[T any] struct {
	device  *Device
	address unsafe.Pointer
	room    int
	items   []T
}

// grow makes room for n items. If there was less, the contents are lost.
func (p *hostMemory[T]) grow(d *Device, n int) {
	p.device = d
	if p.room < n {
		p.free()
		var item T
		d.do("allocating pinned memory", func() result { return d.driver.memHostAlloc(&p.address, uintptr(n)*unsafe.Sizeof(item), 0) })
		if d.err != nil {
			return
		}
		p.room = n
	}
	p.items = unsafe.Slice((*T)(p.address), n)
}

func (p *hostMemory[T]) free() {
	if p.room > 0 {
		p.device.do("freeing pinned memory", func() result { return p.device.driver.memFreeHost(p.address) })
	}
	p.address, p.room, p.items = nil, 0, nil
}

// tables are the operands of an enumeration on the device.
type tables struct {
	table, most, flip, unflip, high, biasMantissa, biasExponent, cuts memory
}

func (t *tables) load(d *Device, e *kernel.Enumeration) enumeration {
	for _, x := range []struct {
		to   *memory
		from []float64
	}{
		{&t.table, e.Table}, {&t.most, e.Most}, {&t.flip, e.Flip}, {&t.unflip, e.Unflip}, {&t.high, e.High}, {&t.biasMantissa, e.BiasMantissa},
	} {
		d.resize(x.to, 8*len(x.from))
		d.upload(x.to.address, bytesOf(x.from))
	}
	uploadIntegers(d, &t.biasExponent, e.BiasExponent)
	uploadIntegers(d, &t.cuts, e.Cuts)
	return enumeration{
		table: t.table.address, most: t.most.address, flip: t.flip.address, unflip: t.unflip.address, high: t.high.address,
		biasMantissa: t.biasMantissa.address, biasExponent: t.biasExponent.address, cuts: t.cuts.address,
		constant: e.Constant, units: int32(e.Units),
	}
}

func uploadIntegers[T int | int64](d *Device, m *memory, x []T) {
	small := make([]int32, len(x))
	for k, x := range x {
		small[k] = int32(x)
	}
	d.resize(m, 4*len(small))
	d.upload(m.address, bytesOf(small))
}

func (t *tables) free(d *Device) {
	for _, m := range []*memory{&t.table, &t.most, &t.flip, &t.unflip, &t.high, &t.biasMantissa, &t.biasExponent, &t.cuts} {
		d.release(*m)
		*m = memory{}
	}
}
