//go:build !linux || !amd64

package kernel

// allowTiles knows of no system but Linux that has registers of AMX for those who ask.
func allowTiles() bool { return false }
