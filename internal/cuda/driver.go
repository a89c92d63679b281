package cuda

import (
	"errors"
	"fmt"
	"unsafe"
)

// ErrBuild is the error of [Open] in a program that was built without the tag cuda.
var ErrBuild = errors.New("cuda: this program was built without support for GPUs: build it with -tags cuda, or compute on the CPU")

// A driver is the part of CUDA's driver interface that this package calls. Types: a result and a device are 32 bits,
// everything else is a pointer or an address on the device.
type driver struct {
	init                    func(flags uint32) result
	getErrorString          func(r result, text *unsafe.Pointer) result
	deviceGetCount          func(n *int32) result
	deviceGet               func(device *int32, ordinal int32) result
	deviceGetName           func(name unsafe.Pointer, size int32, device int32) result
	deviceGetAttribute      func(value *int32, attribute int32, device int32) result
	devicePrimaryCtxRetain  func(context *uintptr, device int32) result
	devicePrimaryCtxRelease func(device int32) result
	ctxSetCurrent           func(context uintptr) result
	streamCreate            func(stream *uintptr, flags uint32) result
	streamDestroy           func(stream uintptr) result
	streamSynchronize       func(stream uintptr) result
	moduleLoadDataEx        func(module *uintptr, image unsafe.Pointer, n uint32, options, values unsafe.Pointer) result
	moduleUnload            func(module uintptr) result
	moduleGetFunction       func(function *uintptr, module uintptr, name string) result
	funcSetAttribute        func(function uintptr, attribute, value int32) result
	memAlloc                func(address *uintptr, size uintptr) result
	memFree                 func(address uintptr) result
	memHostAlloc            func(memory *unsafe.Pointer, size uintptr, flags uint32) result
	memFreeHost             func(memory unsafe.Pointer) result
	memcpyHtoDAsync         func(dst uintptr, src unsafe.Pointer, size, stream uintptr) result
	memcpyDtoHAsync         func(dst unsafe.Pointer, src, size, stream uintptr) result
	launchKernel            func(function uintptr, gridX, gridY, gridZ, blockX, blockY, blockZ, shared uint32, stream uintptr,
		arguments, extra unsafe.Pointer) result
}

// A result is CUDA's error code, 0 for success.
type result int32

// check turns a result into an error that says what failed.
func (d *driver) check(r result, doing string) error {
	if r == 0 {
		return nil
	}
	var text unsafe.Pointer
	if d.getErrorString(r, &text) != 0 || text == nil {
		return fmt.Errorf("cuda: %s: error %d", doing, r)
	}
	return fmt.Errorf("cuda: %s: %s (error %d)", doing, cString(unsafe.Slice((*byte)(text), 1<<10)), r)
}

// cString returns the text before the first zero byte.
func cString(text []byte) string {
	for n, b := range text {
		if b == 0 {
			return string(text[:n])
		}
	}
	return string(text)
}
