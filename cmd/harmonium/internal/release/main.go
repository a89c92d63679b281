// Command release builds harmonium for other platforms, and the archives of a release.
//
//	go run ./cmd/harmonium/internal/release binary GOOS/GOARCH FOLDER
//	go run ./cmd/harmonium/internal/release archives FOLDER
//
// The first writes FOLDER/harmonium (harmonium.exe for Windows) and FOLDER/licenses.txt, the licences of all that is
// linked into it. The second writes an archive for each of the platforms, and SHA256SUMS. Both are run in the root of
// the module. The same commit, version of Go and SOURCE_DATE_EPOCH give the same bytes, on any machine.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// platform is what a binary is built for, in Go's words.
type platform struct{ os, arch string }

// platforms are those of a release.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}, {"darwin", "amd64"}, {"windows", "amd64"},
}

func (p platform) String() string { return p.os + "/" + p.arch }

// command is the name of the binary.
func (p platform) command() string {
	if p.os == "windows" {
		return "harmonium.exe"
	}
	return "harmonium"
}

// environment is that of a build. Variables that would change its bytes have Go's defaults.
func (p platform) environment() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.os, "GOARCH="+p.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
}

const licensesName = "licenses.txt"

func main() {
	log.SetFlags(0)
	log.SetPrefix("release: ")
	if len(os.Args) == 4 && os.Args[1] == "binary" {
		system, arch, _ := strings.Cut(os.Args[2], "/")
		check(binary(platform{system, arch}, os.Args[3]))
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "archives" {
		check(archives(os.Args[2]))
		return
	}
	log.Fatal("usage: release binary GOOS/GOARCH FOLDER, or release archives FOLDER")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// binary builds the command and collects its licences in a folder.
func binary(p platform, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	args := []string{"build", "-o", filepath.Join(folder, p.command()), "-ldflags=-s -w"}
	// GOFLAGS=-trimpath=false shares compiled packages with other builds, and the bytes depend on where the sources
	// are.
	if !strings.Contains(os.Getenv("GOFLAGS"), "-trimpath") {
		args = append(args, "-trimpath")
	}
	// Sources without a repository of their own may lie in the repository of something else.
	if _, err := os.Stat(".git"); err != nil {
		args = append(args, "-buildvcs=false")
	}
	if _, err := p.run(append(args, "./cmd/harmonium")...); err != nil {
		return err
	}
	text, err := licenses(p)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, licensesName), []byte(text), 0o666)
}

// run calls the go command for a platform and returns what it prints.
func (p platform) run(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env, cmd.Stderr = p.environment(), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s, go %s: %w", p, args[0], err)
	}
	return string(out), nil
}

// licenseName finds the files with the terms of a module.
var licenseName = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying|notice|patents)`)

// licenses returns the terms of the program, of Go's standard library and of each module linked into the command.
func licenses(p platform) (string, error) {
	root, err := p.run("env", "GOROOT")
	if err != nil {
		return "", err
	}
	list, err := p.run("list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}", "./cmd/harmonium")
	if err != nil {
		return "", err
	}
	modules := strings.Split(strings.TrimSpace(list), "\n")
	slices.Sort(modules)
	var text strings.Builder
	text.WriteString("The licences of harmonium and of what is linked into it.\n")
	for _, line := range append([]string{"The Go standard library\t" + strings.TrimSpace(root)}, slices.Compact(modules)...) {
		name, folder, _ := strings.Cut(line, "\t")
		if name == "" { // of packages without a module
			continue
		}
		if err := terms(&text, strings.TrimSpace(name), folder); err != nil {
			return "", err
		}
	}
	err = terms(&text, "uPlot", "cmd/harmonium/internal/web/assets/vendor")
	return text.String(), err
}

// terms appends the files of a folder, and of the folder licenses inside, that say on which terms it may be used.
func terms(text *strings.Builder, name, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	more, err := filepath.Glob(filepath.Join(folder, "licenses", "*"))
	if err != nil {
		return err
	}
	found := false
	for _, file := range append(files, more...) {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		inside := filepath.Base(filepath.Dir(file)) == "licenses"
		if !info.Mode().IsRegular() || !inside && !licenseName.MatchString(strings.TrimPrefix(info.Name(), name+".")) {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		found = true
		fmt.Fprintf(text, "\n%s\n%s, %s\n\n%s\n", strings.Repeat("=", 80), name, info.Name(), strings.TrimSpace(decoded(body)))
	}
	if !found {
		return fmt.Errorf("%s: no licence found in %q, the module's folder; go mod download fetches it", name, folder)
	}
	return nil
}

// decoded is a text that is UTF-8, or Latin-1.
func decoded(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	runes := make([]rune, len(text))
	for k, b := range text {
		runes[k] = rune(b)
	}
	return string(runes)
}

// version reads the release's number where the command has it.
func version() (string, error) {
	const file = "cmd/harmonium/version.go"
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("to be run in the root of the module: %w", err)
	}
	found := regexp.MustCompile(`const release = "(.*)"`).FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s has no line const release = …", file)
	}
	return string(found[1]), nil
}

// epoch is the time of the files in archives, in seconds since 1970.
func epoch() (int64, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("SOURCE_DATE_EPOCH=" + strconv.Quote(text) + ": want the time of the commit, as make release sets it")
	}
	return seconds, nil
}
