//go:build linux

package train_test

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/group"
)

// network is a group whose ranks have clocks of their own: between exchanges a clock goes on by the time of processors
// of the rank's thread, and in an exchange all of them come to the latest one and then take what a network takes, ⌈log₂
// R⌉ latencies and the bytes of the other ranks by the bandwidth. So any number of ranks can share the cores of this
// machine, which has no part in the time of the exchanges.
type network struct {
	group.Group
	latency   time.Duration
	bandwidth float64 // bytes a second

	clock     time.Duration
	last      time.Duration // time of the thread when the clock was set
	exchanges int
	bytes     int // that this rank got
}

func (n *network) Gather(x []byte, bounds []int) {
	n.now()
	latest := slices.Max(group.All(n.Group, n.clock))
	n.Group.Gather(x, bounds)
	rank, size := n.Rank(), n.Size()
	others := bounds[size] - bounds[0] - (bounds[rank+1] - bounds[rank])
	n.exchanges, n.bytes = n.exchanges+1, n.bytes+others
	n.clock = latest + time.Duration(bits.Len(uint(size-1)))*n.latency + time.Duration(float64(others)/n.bandwidth*1e9)
	n.last = threadTime()
}

// Exchange takes a latency, and for each of the other ranks the time of a message beside those before it.
func (n *network) Exchange(dst []byte, in []int, src []byte, out []int) {
	n.now()
	latest := slices.Max(group.All(n.Group, n.clock))
	n.Group.Exchange(dst, in, src, out)
	rank, size := n.Rank(), n.Size()
	others := in[size] - in[0] - (in[rank+1] - in[rank])
	n.exchanges, n.bytes = n.exchanges+1, n.bytes+others
	n.clock = latest + n.latency + time.Duration(size-1)*n.latency/messages + time.Duration(float64(others)/n.bandwidth*1e9)
	n.last = threadTime()
}

// messages is how many messages a rank sends to others in the time that one takes to arrive.
const messages = 5

// now brings the clock to the present.
func (n *network) now() time.Duration {
	t := threadTime()
	n.clock, n.last = n.clock+t-n.last, t
	return n.clock
}

func threadTime() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// BenchmarkNetwork has updates on ranks of one worker each as they take on a network, and what crosses it. bench/ranks.py
// fits the model of docs/performance.md to it.
func BenchmarkNetwork(b *testing.B) {
	for _, s := range []struct{ m, n, batch, steps int }{
		{784, 500, 100, 1}, {784, 500, 500, 1}, {784, 500, 500, 10}, {2000, 500, 500, 1}, {784, 1500, 500, 1},
	} {
		for _, wire := range []struct {
			name      string
			latency   time.Duration
			bandwidth float64
		}{{"none", 0, math.Inf(1)}, {"slow", 50 * time.Microsecond, 1e9}} {
			for _, size := range []int{1, 2, 4, 8} {
				if wire.name != "none" && size == 1 {
					continue
				}
				b.Run(fmt.Sprintf("%dx%d-%d-PCD%d/%s/%dranks", s.m, s.n, s.batch, s.steps, wire.name, size), func(b *testing.B) {
					var took []float64
					var exchanges, bytes int
					var running sync.WaitGroup
					for rank, g := range group.Local(size) {
						running.Go(func() {
							runtime.LockOSThread()
							net := &network{Group: g, latency: wire.latency, bandwidth: wire.bandwidth, last: threadTime()}
							on := compute.New(1)
							if size > 1 {
								on = compute.InGroup(1, on.ISA(), net)
							}
							training, err := startPCD(s.m, s.n, s.batch, s.steps, b.N+3, on)
							if err != nil {
								b.Error(err)
								return
							}
							begun := net.now()
							for p := range training.Steps(b.Context()) {
								now := net.now()
								if rank == 0 && p.Update > 2 && p.Update < b.N+3 { // the first and the last are scored
									took = append(took, float64(now-begun)/1e6)
								}
								if p.Update == 2 {
									net.exchanges, net.bytes = 0, 0
								}
								if begun = now; rank == 0 && p.Update == b.N+2 {
									exchanges, bytes = net.exchanges, net.bytes
								}
							}
						})
					}
					running.Wait()
					slices.Sort(took)
					b.ReportMetric(took[len(took)/10], "ms")
					b.ReportMetric(float64(exchanges)/float64(b.N), "exchanges")
					b.ReportMetric(float64(bytes)/float64(b.N), "bytes")
				})
			}
		}
	}
}
