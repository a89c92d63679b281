//go:build mpi && mpich

package group

// #cgo pkg-config: mpich
import "C"
