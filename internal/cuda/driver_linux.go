//go:build cuda && linux && (amd64 || arm64)

package cuda

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is the name under which every NVIDIA driver installs its interface.
const library = "libcuda.so.1"

func loadDriver() (*driver, error) {
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("cuda: no NVIDIA driver found (%w): install one, or compute on the CPU", err)
	}
	d := new(driver)
	addresses := map[string]uintptr{}
	for name, function := range d.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("cuda: %s has no %s: the driver is too old, version 550 or later is needed", library, name)
		}
		addresses[name] = address
		purego.RegisterFunc(function, address)
	}
	d.direct(addresses)
	return d, nil
}

// direct makes functions that are called all the time calls without reflection, which costs more than the driver does.
func (d *driver) direct(addresses map[string]uintptr) {
	launch, toDevice, toHost := addresses["cuLaunchKernel"], addresses["cuMemcpyHtoDAsync_v2"], addresses["cuMemcpyDtoHAsync_v2"]
	setCurrent, synchronize := addresses["cuCtxSetCurrent"], addresses["cuStreamSynchronize"]
	d.launchKernel = func(function uintptr, gridX, gridY, gridZ, blockX, blockY, blockZ, shared uint32, stream uintptr,
		arguments, extra unsafe.Pointer,
	) result {
		r, _, _ := purego.SyscallN(launch, function, uintptr(gridX), uintptr(gridY), uintptr(gridZ), uintptr(blockX), uintptr(blockY),
			uintptr(blockZ), uintptr(shared), stream, uintptr(arguments), uintptr(extra))
		return result(r)
	}
	d.memcpyHtoDAsync = func(dst uintptr, src unsafe.Pointer, size, stream uintptr) result {
		r, _, _ := purego.SyscallN(toDevice, dst, uintptr(src), size, stream)
		return result(r)
	}
	d.memcpyDtoHAsync = func(dst unsafe.Pointer, src, size, stream uintptr) result {
		r, _, _ := purego.SyscallN(toHost, uintptr(dst), src, size, stream)
		return result(r)
	}
	d.ctxSetCurrent = func(context uintptr) result {
		r, _, _ := purego.SyscallN(setCurrent, context)
		return result(r)
	}
	d.streamSynchronize = func(stream uintptr) result {
		r, _, _ := purego.SyscallN(synchronize, stream)
		return result(r)
	}
}

// symbols names the functions in the library.
func (d *driver) symbols() map[string]any {
	return map[string]any{
		"cuInit":                       &d.init,
		"cuGetErrorString":             &d.getErrorString,
		"cuDeviceGetCount":             &d.deviceGetCount,
		"cuDeviceGet":                  &d.deviceGet,
		"cuDeviceGetName":              &d.deviceGetName,
		"cuDeviceGetAttribute":         &d.deviceGetAttribute,
		"cuDevicePrimaryCtxRetain":     &d.devicePrimaryCtxRetain,
		"cuDevicePrimaryCtxRelease_v2": &d.devicePrimaryCtxRelease,
		"cuCtxSetCurrent":              &d.ctxSetCurrent,
		"cuStreamCreate":               &d.streamCreate,
		"cuStreamDestroy_v2":           &d.streamDestroy,
		"cuStreamSynchronize":          &d.streamSynchronize,
		"cuModuleLoadDataEx":           &d.moduleLoadDataEx,
		"cuModuleUnload":               &d.moduleUnload,
		"cuModuleGetFunction":          &d.moduleGetFunction,
		"cuFuncSetAttribute":           &d.funcSetAttribute,
		"cuMemAlloc_v2":                &d.memAlloc,
		"cuMemFree_v2":                 &d.memFree,
		"cuMemHostAlloc":               &d.memHostAlloc,
		"cuMemFreeHost":                &d.memFreeHost,
		"cuMemcpyHtoDAsync_v2":         &d.memcpyHtoDAsync,
		"cuMemcpyDtoHAsync_v2":         &d.memcpyDtoHAsync,
		"cuLaunchKernel":               &d.launchKernel,
	}
}
