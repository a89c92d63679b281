//go:build cuda && linux && (amd64 || arm64)

package cuda

import (
	"fmt"

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
	for name, function := range d.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("cuda: %s has no %s: the driver is too old, version 550 or later is needed", library, name)
		}
		purego.RegisterFunc(function, address)
	}
	return d, nil
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
		"cuMemAllocHost_v2":            &d.memAllocHost,
		"cuMemFreeHost":                &d.memFreeHost,
		"cuMemcpyHtoDAsync_v2":         &d.memcpyHtoDAsync,
		"cuMemcpyDtoHAsync_v2":         &d.memcpyDtoHAsync,
		"cuMemsetD8Async":              &d.memsetD8Async,
		"cuLaunchKernel":               &d.launchKernel,
	}
}
