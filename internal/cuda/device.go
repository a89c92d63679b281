package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// A Device is a GPU with a queue of work. Work is queued and done in order; what goes wrong is reported by the next
// [Device.Sync] or download, and everything after it is void. Use a device from one goroutine at a time.
type Device struct {
	driver          *driver
	ordinal         int32
	context, stream uintptr
	module          uintptr
	kernels         map[string]uintptr
	name            string
	form            string // of the kernels
	capability      int    // 10·major + minor
	multiprocessors int
	err             error // the first failure, after which nothing more is done
	entered         bool  // the context is that of the calling thread

	free       map[int][]uintptr // released memory, by size class
	inputs     pinned            // numbers on their way to the device
	output     pinned            // results on their way to the host, which come by one copy
	mirror     memory            // of output, on the device
	failed     *int32            // in pinned memory: set by the device if a matrix is not finite
	enumerator enumerator
}

// Open opens the first GPU. The error says what is missing: a driver, a GPU, or one of compute capability 8.0 or later.
func Open() (*Device, error) { return open("") }

// open opens the first GPU with the kernels of one form (see ampere, hopper); "" means the best that the GPU can run.
func open(form string) (*Device, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	driver, err := loadDriver()
	if err != nil {
		return nil, err
	}
	d := &Device{driver: driver, kernels: map[string]uintptr{}, free: map[int][]uintptr{}}
	if err := driver.check(driver.init(0), "starting the driver"); err != nil {
		return nil, err
	}
	var n int32
	if err := driver.check(driver.deviceGetCount(&n), "counting the GPUs"); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("cuda: the driver finds no GPU")
	}
	if err := d.describe(); err != nil {
		return nil, err
	}
	if form == "" {
		form = d.forms()[0]
	}
	if err := driver.check(driver.devicePrimaryCtxRetain(&d.context, d.ordinal), "opening "+d.name); err != nil {
		return nil, err
	}
	if err := d.load(form); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// describe sets name and capability, and refuses GPUs that are too old.
func (d *Device) describe() error {
	name := make([]byte, 256)
	err := d.driver.check(d.driver.deviceGet(&d.ordinal, 0), "finding the first GPU")
	if err == nil {
		err = d.driver.check(d.driver.deviceGetName(unsafe.Pointer(&name[0]), int32(len(name)), d.ordinal), "asking for the GPU's name")
	}
	d.name = cString(name)
	const majorAttribute, minorAttribute, multiprocessorsAttribute = 75, 76, 16
	var major, minor, multiprocessors int32
	for attribute, x := range map[int32]*int32{majorAttribute: &major, minorAttribute: &minor, multiprocessorsAttribute: &multiprocessors} {
		if err == nil {
			err = d.driver.check(d.driver.deviceGetAttribute(x, attribute, d.ordinal), "asking for the GPU's properties")
		}
	}
	d.capability, d.multiprocessors = int(10*major+minor), int(multiprocessors)
	if err == nil && d.capability < 80 {
		err = fmt.Errorf("cuda: %s has compute capability %d.%d, want 8.0 or later", d.name, d.capability/10, d.capability%10)
	}
	return err
}

// load loads the kernels and makes the queue.
func (d *Device) load(form string) error {
	image, err := ptx(form)
	if err != nil {
		return err
	}
	if err := d.driver.check(d.driver.ctxSetCurrent(d.context), "using "+d.name); err != nil {
		return err
	}
	const nonBlocking = 1
	if err := d.driver.check(d.driver.streamCreate(&d.stream, nonBlocking), "making a queue"); err != nil {
		return err
	}
	// Two options of the driver's compiler: a place for its messages, and how large that is.
	const messageBuffer, messageSize = 5, 6
	message := make([]byte, 8<<10)
	options := []int32{messageBuffer, messageSize}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	pinner.Pin(&message[0])
	values := []uintptr{uintptr(unsafe.Pointer(&message[0])), uintptr(len(message))}
	r := d.driver.moduleLoadDataEx(&d.module, unsafe.Pointer(&image[0]), 2, unsafe.Pointer(&options[0]), unsafe.Pointer(&values[0]))
	if err := d.driver.check(r, "loading the kernels of form "+form+" (driver 550 or later is needed)"); err != nil {
		return fmt.Errorf("%w %s", err, strings.TrimSpace(cString(message)))
	}
	names := kernelNames
	if form == hopper {
		names = append(slices.Clone(names), wideKernel)
	}
	for _, name := range names {
		var function uintptr
		if err := d.driver.check(d.driver.moduleGetFunction(&function, d.module, name), "finding kernel "+name); err != nil {
			return err
		}
		d.kernels[name] = function
	}
	d.form = form
	d.pin()
	shared := map[string]int32{"enumerate_states": enumerateShared}
	if form == hopper {
		shared[wideKernel] = wideShared
	}
	for name, size := range shared {
		const dynamicSharedMemory, carveout, all = 8, 9, 100 // of what a multiprocessor divides into shared memory and cache
		d.do("reserving shared memory", func() result { return d.driver.funcSetAttribute(d.kernels[name], dynamicSharedMemory, size) })
		d.do("reserving shared memory", func() result { return d.driver.funcSetAttribute(d.kernels[name], carveout, all) })
	}
	return d.err
}

// Name is the GPU's name.
func (d *Device) Name() string { return d.name }

// Sync waits until all work is done, and returns the first error since the device was opened.
func (d *Device) Sync() error {
	d.do("waiting for the GPU", func() result { return d.driver.streamSynchronize(d.stream) })
	if d.err == nil && *d.failed != 0 {
		d.err = errors.New("cuda: a matrix has an element that is not finite")
	}
	return d.err
}

// Close frees the device and everything on it. It returns the first error since the device was opened; after one, the
// driver frees what is left when the process ends.
func (d *Device) Close() error {
	d.enumerator.free(d)
	d.releaseCache()
	d.unpin()
	if d.module != 0 {
		d.do("unloading the kernels", func() result { return d.driver.moduleUnload(d.module) })
	}
	if d.stream != 0 {
		d.do("closing the queue", func() result { return d.driver.streamDestroy(d.stream) })
	}
	d.do("closing the GPU", func() result { return d.driver.devicePrimaryCtxRelease(d.ordinal) })
	d.module, d.stream, d.context = 0, 0, 0
	return d.err
}

// enter makes the device's context, which belongs to a thread, that of the thread. What it returns undoes it.
func (d *Device) enter() (leave func()) {
	if d.entered || d.err != nil {
		return func() {}
	}
	runtime.LockOSThread()
	d.err = d.driver.check(d.driver.ctxSetCurrent(d.context), "using "+d.name)
	d.entered = true
	return d.leave
}

func (d *Device) leave() {
	d.entered = false
	runtime.UnlockOSThread()
}

// do calls the driver, unless something has failed before.
func (d *Device) do(doing string, call func() result) {
	if d.err != nil {
		return
	}
	defer d.enter()()
	if d.err == nil {
		d.err = d.driver.check(call(), doing)
	}
}

// launch queues a kernel on gridX·gridY blocks of threads threads each. arguments are pointers to the kernel's
// parameters. An empty grid is no work.
func (d *Device) launch(name string, gridX, gridY, threads int, arguments ...unsafe.Pointer) {
	d.launchShared(name, gridX, gridY, threads, 0, arguments...)
}

// launchShared is launch with shared bytes of dynamic shared memory.
func (d *Device) launchShared(name string, gridX, gridY, threads, shared int, arguments ...unsafe.Pointer) {
	d.launchOn(d.stream, name, gridX, gridY, threads, shared, arguments...)
}

// launchOn is launchShared in another queue.
func (d *Device) launchOn(stream uintptr, name string, gridX, gridY, threads, shared int, arguments ...unsafe.Pointer) {
	if gridX == 0 || gridY == 0 {
		return
	}
	function, ok := d.kernels[name]
	if !ok {
		panicf("no kernel %s", name)
	}
	d.do("running "+name, func() result {
		return d.driver.launchKernel(function, uint32(gridX), uint32(gridY), 1, uint32(threads), 1, 1, uint32(shared), stream,
			unsafe.Pointer(&arguments[0]), nil)
	})
}

// blocks is ⌈n/size⌉.
func blocks(n, size int) int { return (n + size - 1) / size }

func panicf(format string, args ...any) { panic("cuda: " + fmt.Sprintf(format, args...)) }
