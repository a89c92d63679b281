//go:build !cuda

package cuda

func loadDriver() (*driver, error) { return nil, ErrBuild }
