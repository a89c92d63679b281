package docs_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// README's program is built as its reader would: in a module of its own, by the commands below it. Then it trains on a
// small file and saves a model.
func TestREADMEProgramRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```go\n(.*?)```\n\n```\n(.*?)```").FindAllSubmatch(readme, -1)
	if len(found) != 1 {
		t.Fatalf("%d Go programs with commands below them in README, want 1", len(found))
	}
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(root, "go.sum")) // so that nothing is asked of a network
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"main.go": found[0][1], "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	set, err := data.BarsSample(3, 3, 100, rng.Seed(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := data.Write(filepath.Join(dir, "train.npy"), set.States, set.Values, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for line := range strings.Lines(string(found[0][2])) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(strings.Replace(line, "=../harmonium", "="+filepath.ToSlash(root), 1))
		if words[0] != "go" {
			t.Fatalf("README says %q, want commands of go", line)
		}
		c := exec.CommandContext(ctx, "go", words[1:]...)
		c.Dir, c.Env = dir, append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		if words[1] == "run" && !strings.Contains(string(out), " ± ") {
			t.Errorf("the program prints no score:\n%s", out)
		}
	}
	if _, err := rbm.Load(filepath.Join(dir, "model.safetensors")); err != nil {
		t.Error(err)
	}
}

// The metadata of the Python example in formats.md is what a model file needs: with all of it a file is read, and
// without any one entry it is not.
func TestFormatsNamesTheMetadata(t *testing.T) {
	text, err := os.ReadFile("formats.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`metadata=\{(.*)\}`).FindSubmatch(text)
	if found == nil {
		t.Fatal("formats.md has no metadata={…}")
	}
	metadata := map[string]string{}
	for _, pair := range regexp.MustCompile(`"(\w+)": "([^"]+)"`).FindAllSubmatch(found[1], -1) {
		metadata[string(pair[1])] = string(pair[2])
	}
	read := func(metadata map[string]string) error {
		var file bytes.Buffer
		err := safetensors.Write(&file, &safetensors.File{Metadata: metadata, Tensors: []safetensors.Tensor{
			{Name: "W", Shape: []int{2, 3}, Data: make([]float32, 6)},
			{Name: "b", Shape: []int{2}, Data: make([]float32, 2)},
			{Name: "c", Shape: []int{3}, Data: make([]float32, 3)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = rbm.Read(&file, int64(file.Len()))
		return err
	}
	if err := read(metadata); err != nil {
		t.Errorf("a file with the metadata %v: %v", metadata, err)
	}
	for name := range metadata {
		without := maps.Clone(metadata)
		delete(without, name)
		if read(without) == nil {
			t.Errorf("a file without the metadata %s is read: formats.md says that all are needed", name)
		}
	}
}
