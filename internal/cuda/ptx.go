package cuda

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
)

// The kernels, compiled from _cuda/kernels.cu.
//
//go:embed kernels_80.ptx.gz kernels_90a.ptx.gz
var images embed.FS

// kernelNames lists the kernels of a module.
var kernelNames = []string{
	"column_sums", "load_fixed", "product", "write_inputs", "write_sigmoids", "sum_softpluses", "draw",
	"arrange", "arrange_back", "means", "linear",
	"ascend_weights", "ascend_biases", "affine", "gram",
	"enumerate_states",
}

// wideKernel is one that form 90a has besides them.
const wideKernel = "product_draw"

// The forms of the kernels, by the compute capability that they are compiled for. Hopper's products of warpgroups run on no other
// generation; the form of Ampere runs on it and everything later.
const (
	ampere = "80"
	hopper = "90a"
)

// forms lists the forms that the GPU can run, the best first.
func (d *Device) forms() []string {
	if d.capability == 90 {
		return []string{hopper, ampere}
	}
	return []string{ampere}
}

// ptx returns the kernels of a form as text that ends with a zero byte.
func ptx(form string) ([]byte, error) {
	packed, err := images.ReadFile("kernels_" + form + ".ptx.gz")
	if err != nil {
		return nil, fmt.Errorf("cuda: no kernels of form %s", form)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	return append(text, 0), err
}
