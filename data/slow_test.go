//go:build slow && linux

package data

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

// A million rows of 784 units take 104 MB packed; a process that reads them must stay under 200 MB in all. The
// reader is this test run again in a process of its own, as the peak of memory is that of a whole process.
func TestMillionRows(t *testing.T) {
	if path := os.Getenv("DATA_SLOW_FILE"); path != "" {
		s, err := Open(path)
		if err != nil || s.Rows() != 1_000_000 || s.Units() != 784 {
			t.Fatalf("%v, %v", s, err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, peak, _ := strings.Cut(string(status), "VmHWM:")
		var kib int
		fmt.Sscan(peak, &kib)
		t.Logf("peak of the process %.1f MB", float64(kib)*1024/1e6)
		if kib*1024 > 200e6 {
			t.Errorf("peak of the process %d kB, want under 200 MB", kib)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "million")
	for _, c := range []struct {
		name, head, off, separator, end string
	}{
		{"npy", string(npyRaw("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000, 784)}", nil)), "\x00", "", ""},
		{"csv", "", "0", ",", "\n"},
		{"digits", "", "0", "", "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			writeMillion(t, path, c.head, c.off, c.separator, c.end)
			command := exec.Command(os.Args[0], "-test.run=^TestMillionRows$", "-test.v")
			command.Env = append(os.Environ(), "DATA_SLOW_FILE="+path)
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%v", err)
			}
			t.Logf("%s", out)
		})
	}
}

// writeMillion writes a million rows: pseudo-random ones, a thousand of them, again and again.
func writeMillion(t *testing.T, path, head, off, separator, end string) {
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	io.WriteString(w, head)
	source := rng.NewSource(rng.Seed(1), 0)
	var block strings.Builder
	for range 1000 {
		for i := range 784 {
			if i > 0 {
				block.WriteString(separator)
			}
			block.WriteByte(off[0] + byte(source.Uint32()>>31))
		}
		block.WriteString(end)
	}
	for range 1000 {
		io.WriteString(w, block.String())
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
