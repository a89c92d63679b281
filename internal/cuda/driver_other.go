//go:build cuda && !(linux && (amd64 || arm64))

package cuda

import (
	"fmt"
	"runtime"
)

func loadDriver() (*driver, error) {
	return nil, fmt.Errorf("cuda: not on %s/%s, but on linux/amd64 and linux/arm64 alone", runtime.GOOS, runtime.GOARCH)
}
