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

// A million rows of 784 units take 104 MB packed; a process that reads them must stay under 200 MB in all, and one that
// reads them in blocks under 50 MB. The reader is this test run again in a process of its own, as the peak of memory is that
// of a whole process.
func TestMillionRows(t *testing.T) {
	if path := os.Getenv("DATA_SLOW_FILE"); path != "" {
		most, read := 200, readAll
		if os.Getenv("DATA_SLOW_BLOCKS") != "" {
			most, read = 50, readBlocks
		}
		if rows, units, err := read(path); err != nil || rows != 1_000_000 || units != 784 {
			t.Fatalf("%d×%d, %v", rows, units, err)
		}
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		_, peak, _ := strings.Cut(string(status), "VmHWM:")
		var kib int
		fmt.Sscan(peak, &kib)
		t.Logf("peak of the process %.1f MB", float64(kib)*1024/1e6)
		if kib*1024 > most*1e6 {
			t.Errorf("peak of the process %d kB, want under %d MB", kib, most)
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
			for _, blocks := range []string{"", "yes"} {
				command := exec.Command(os.Args[0], "-test.run=^TestMillionRows$", "-test.v")
				command.Env = append(os.Environ(), "DATA_SLOW_FILE="+path, "DATA_SLOW_BLOCKS="+blocks)
				out, err := command.CombinedOutput()
				if err != nil {
					t.Errorf("%v", err)
				}
				t.Logf("%s", out)
			}
		})
	}
}

func readAll(path string) (rows, units int, err error) {
	s, err := Open(path)
	if err != nil {
		return 0, 0, err
	}
	return s.Rows(), s.Units(), nil
}

func readBlocks(path string) (rows, units int, err error) {
	s, err := OpenStream(path)
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	for b, err := range s.Blocks(1000) {
		if err != nil {
			return 0, 0, err
		}
		rows, units = rows+b.Rows(), b.Units()
	}
	return rows, units, nil
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
