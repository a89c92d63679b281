//go:build !cuda

package cuda

import "errors"

func loadDriver() (*driver, error) {
	return nil, errors.New("cuda: this program was built without GPUs: build it with -tags cuda, or compute on the CPU")
}
