//go:build ignore

// Generate compiles kernels.cu to PTX with NVRTC, which needs no GPU, and writes ../kernels_FORM.ptx.gz. Run it by go generate.
//
// NVRTC comes with the CUDA toolkit, or as a Python wheel:
//
//	pip install nvidia-cuda-nvrtc-cu12==12.4.127
//	NVRTC=…/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12 go generate ./internal/cuda
//
// That release is what the committed files are from: its PTX is understood by drivers from version 550 on. Without NVRTC the files are
// left as they are; a test tells when the sources have changed since.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/ebitengine/purego"
)

const folder = "_cuda"

// forms are the compute capabilities that kernels are compiled for.
var forms = []struct {
	name    string
	options []string
}{
	{"80", nil},
	{"90a", []string{"-DHOPPER"}},
}

func main() {
	log.SetFlags(0)
	library := os.Getenv("NVRTC")
	if library == "" {
		library = "libnvrtc.so.12"
	}
	handle, err := purego.Dlopen(library, purego.RTLD_NOW)
	if err != nil {
		log.Printf("internal/cuda: no NVRTC (%v): the kernels stay as they are; %s says how to get it", err, filepath.Join(folder, "generate.go"))
		return
	}
	hash, err := hashSources()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range forms {
		// No multiplication is fused with an addition: every operation is rounded as it is in Go.
		options := append([]string{"--gpu-architecture=compute_" + f.name, "--fmad=false", "--std=c++17", "-I" + folder}, f.options...)
		text, err := compile(handle, options)
		if err == nil {
			err = write("kernels_"+f.name+".ptx.gz", fmt.Sprintf("// sources %x\n", hash)+text)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// hashSources returns the hash of all sources, which the test of package cuda computes too.
func hashSources() ([]byte, error) {
	h := sha256.New()
	for _, pattern := range []string{"*.cu", "*.h"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			h.Write(text)
		}
	}
	return h.Sum(nil), nil
}

func compile(handle uintptr, options []string) (string, error) {
	var (
		create  func(program *uintptr, source, name string, headers int32, sources, names uintptr) int32
		compile func(program uintptr, n int32, options []*byte) int32
		logSize func(program uintptr, n *uintptr) int32
		logText func(program uintptr, text []byte) int32
		ptxSize func(program uintptr, n *uintptr) int32
		ptxText func(program uintptr, text []byte) int32
	)
	for name, f := range map[string]any{
		"nvrtcCreateProgram": &create, "nvrtcCompileProgram": &compile, "nvrtcGetProgramLogSize": &logSize,
		"nvrtcGetProgramLog": &logText, "nvrtcGetPTXSize": &ptxSize, "nvrtcGetPTX": &ptxText,
	} {
		purego.RegisterLibFunc(f, handle, name)
	}
	source, err := os.ReadFile(filepath.Join(folder, "kernels.cu"))
	if err != nil {
		return "", err
	}
	var program, n uintptr
	if r := create(&program, string(source), "kernels.cu", 0, 0, 0); r != 0 {
		return "", fmt.Errorf("nvrtcCreateProgram: error %d", r)
	}
	arguments := make([]*byte, len(options))
	for k, o := range options {
		arguments[k] = &append([]byte(o), 0)[0]
	}
	result := compile(program, int32(len(arguments)), arguments)
	logSize(program, &n)
	message := make([]byte, n)
	logText(program, message)
	if text := strings.TrimRight(string(message), "\x00\n"); text != "" {
		log.Print(text)
	}
	if result != 0 {
		return "", fmt.Errorf("nvrtcCompileProgram: error %d", result)
	}
	ptxSize(program, &n)
	text := make([]byte, n)
	ptxText(program, text)
	return strings.TrimRight(string(text), "\x00"), nil
}

func write(path, text string) error {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
