package cuda

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The committed kernels are what the sources were when go generate last ran with NVRTC, and no operation of theirs is fused or flushes
// subnormal numbers.
func TestKernelsAreUpToDateAndExact(t *testing.T) {
	h := sha256.New()
	for _, pattern := range []string{"*.cu", "*.h"} {
		paths, err := filepath.Glob(filepath.Join("_cuda", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%d sources, %v", len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			h.Write(text)
		}
	}
	loose := regexp.MustCompile(`\b(fma|mad)\.[a-z.]*f(32|64)|\.ftz|\.approx|\b(add|sub|mul|div)\.f(32|64)`)
	filter := regexp.MustCompile(`(?m)^\s*(fma\.rn\.f32|ex2\.approx\.ftz\.f32) .*$`) // those of sampleFour, which are written out
	for form, instruction := range map[string]string{"80": "mma.sync", "90a": "wgmma.mma_async"} {
		image, err := ptx(form)
		if err != nil {
			t.Fatal(err)
		}
		text := string(image)
		if want := fmt.Sprintf("// sources %x\n", h.Sum(nil)); !strings.HasPrefix(text, want) {
			t.Errorf("kernels_%s.ptx.gz is not from these sources: run go generate with NVRTC (_cuda/generate.go)", form)
		}
		approximate, fused := strings.Count(text, "ex2.approx.ftz.f32 "), strings.Count(text, "fma.rn.f32 ")
		if approximate == 0 || approximate != fused {
			t.Errorf("kernels_%s.ptx.gz has %d fused multiplications and %d fast exponentials, want as many, in pairs", form, fused, approximate)
		}
		if found := loose.FindString(filter.ReplaceAllString(text, "")); found != "" {
			t.Errorf("kernels_%s.ptx.gz has %q: an operation that is not rounded by itself", form, found)
		}
		if !strings.Contains(text, instruction) || !strings.HasSuffix(text, "\x00") {
			t.Errorf("kernels_%s.ptx.gz has no %s, or does not end with a zero byte", form, instruction)
		}
		for _, name := range kernelNames {
			if !strings.Contains(text, ".entry "+name+"(") {
				t.Errorf("kernels_%s.ptx.gz has no kernel %s", form, name)
			}
		}
	}
}

// Without a GPU the error says so, and what to do.
func TestOpen(t *testing.T) {
	d, err := Open()
	if err != nil {
		if !strings.HasPrefix(err.Error(), "cuda: ") {
			t.Errorf("error %q, want one with the prefix cuda:", err)
		}
		t.Skip("no GPU to test on: ", err)
	}
	if d.Name() == "" {
		t.Error("the GPU has no name")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
