package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// A file that somebody reads is replaced as soon as the reader is done with it.
func TestWriteWaitsForReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+"2"); err == nil {
		t.Error("an open file was renamed: nothing has to wait")
	}
	time.AfterFunc(100*time.Millisecond, func() { reader.Close() })
	if err := atomicfile.Write(path, writeString("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("%q (%v), want new", got, err)
	}
}
