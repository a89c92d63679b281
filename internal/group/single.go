//go:build !mpi

package group

import "errors"

// Built reports whether the program was built with the tag mpi.
const Built = false

// Join returns nil: without the tag mpi every process works by itself. Those that mpirun has started together would all
// do the same work: that is an error. With srun they may be meant to be separate.
func Join() (Group, error) {
	if Launched() {
		return nil, errors.New("mpirun has started several processes, and this program knows nothing of MPI: " +
			"build it with -tags mpi (docs/tutorials/cluster.md), or start one process")
	}
	return nil, nil
}
