//go:build mpi

package group

/*
#include <mpi.h>

static MPI_Comm world(void) { return MPI_COMM_WORLD; }

static int gather(void *x, const int *counts, const int *starts) {
	return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, x, counts, starts, MPI_BYTE, MPI_COMM_WORLD);
}

static int swap(const void *src, int n, int to, void *dst, int k, int from) {
	return MPI_Sendrecv(src, n, MPI_BYTE, n ? to : MPI_PROC_NULL, 0, dst, k, MPI_BYTE, k ? from : MPI_PROC_NULL, 0,
		MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"unsafe"
)

// Built reports whether the program was built with the tag mpi.
const Built = true

// Join returns the group of the processes that were started together with this one, nil if there are none.
func Join() (Group, error) {
	if !launched("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS") {
		return nil, nil
	}
	m := &mpi{end: make(chan struct{}), ended: make(chan struct{})}
	begun := make(chan error)
	go func() { // MPI is to begin and to end in one thread
		runtime.LockOSThread()
		begun <- m.begin()
		<-m.end
		C.MPI_Finalize()
		close(m.ended)
	}()
	if err := <-begun; err != nil {
		return nil, err
	}
	if m.size == 1 {
		m.Leave()
		return nil, errors.New("the launcher has started several processes, but MPI knows of one: " +
			"want the mpirun of the Open MPI that this program was built with, or Slurm's srun with its plugin pmix")
	}
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	for _, name := range Share(m, []byte(host)) {
		m.hosts = append(m.hosts, string(name))
	}
	return m, nil
}

// Leave is MPI_Finalize.
func (m *mpi) Leave() {
	close(m.end)
	<-m.ended
}

// mpi is MPI_COMM_WORLD. Errors of MPI end all processes, with a message of MPI's.
type mpi struct {
	rank, size     int
	hosts          []string
	counts, starts []C.int
	end, ended     chan struct{}
}

func (m *mpi) begin() error {
	var got, rank, size C.int
	if code := C.MPI_Init_thread(nil, nil, C.MPI_THREAD_SERIALIZED, &got); code != C.MPI_SUCCESS {
		return fmt.Errorf("MPI_Init_thread returned %d", code)
	}
	if got < C.MPI_THREAD_SERIALIZED {
		return errors.New("this MPI can't be called from several threads, want MPI_THREAD_SERIALIZED")
	}
	C.MPI_Comm_rank(C.world(), &rank)
	C.MPI_Comm_size(C.world(), &size)
	m.rank, m.size = int(rank), int(size)
	m.counts, m.starts = make([]C.int, size), make([]C.int, size)
	return nil
}

func (m *mpi) Rank() int            { return m.rank }
func (m *mpi) Size() int            { return m.size }
func (m *mpi) Host(rank int) string { return m.hosts[rank] }

// Gather is MPI_Allgatherv in place, or where the bytes exceed an int of C a broadcast of each part, in pieces.
func (m *mpi) Gather(x []byte, bounds []int) {
	if len(x) == 0 {
		return
	}
	if len(x) > math.MaxInt32 {
		for r := range m.size {
			for from := bounds[r]; from < bounds[r+1]; from += piece {
				part := x[from:min(from+piece, bounds[r+1])]
				C.MPI_Bcast(unsafe.Pointer(&part[0]), C.int(len(part)), C.MPI_BYTE, C.int(r), C.world())
			}
		}
		return
	}
	for r := range m.size {
		m.starts[r], m.counts[r] = C.int(bounds[r]), C.int(bounds[r+1]-bounds[r])
	}
	C.gather(unsafe.Pointer(&x[0]), &m.counts[0], &m.starts[0])
}

// Exchange is MPI_Sendrecv with one pair of ranks after the other, in pieces whose bytes are an int of C.
func (m *mpi) Exchange(dst []byte, in []int, src []byte, out []int) {
	for k := 1; k < m.size; k++ {
		to, from := (m.rank+k)%m.size, (m.rank-k+m.size)%m.size
		mine, theirs := src[out[to]:out[to+1]], dst[in[from]:in[from+1]]
		for len(mine)+len(theirs) > 0 {
			sent, got := min(len(mine), piece), min(len(theirs), piece)
			C.swap(unsafe.Pointer(unsafe.SliceData(mine)), C.int(sent), C.int(to),
				unsafe.Pointer(unsafe.SliceData(theirs)), C.int(got), C.int(from))
			mine, theirs = mine[sent:], theirs[got:]
		}
	}
}

// piece is the number of bytes that one call of MPI takes at most.
const piece = 1 << 30

// Abort is MPI_Abort.
func (m *mpi) Abort() {
	C.MPI_Abort(C.world(), 1)
	os.Exit(1)
}
