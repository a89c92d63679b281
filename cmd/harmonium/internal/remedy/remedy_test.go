package remedy

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/diag"
	"github.com/harmonium-rbm/harmonium/train"
)

const root = "../../../.."

// goFiles calls f with the text of every file of the program.
func goFiles(t *testing.T, f func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && path != root && strings.HasPrefix(e.Name(), ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		f(strings.TrimPrefix(filepath.ToSlash(path), root+"/"), string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every code that a package gives to a finding has a remedy, and every remedy a code.
func TestEveryCodeHasARemedy(t *testing.T) {
	codes := map[string]bool{}
	pattern := regexp.MustCompile(`(?:Code: *|[cC]ode[A-Z]\w* *= *)"([a-z-]+)"`)
	goFiles(t, func(_, text string) {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			codes[m[1]] = true
		}
	})
	for code := range codes {
		if remedies[code] == "" {
			t.Errorf("the finding %s has no remedy", code)
		}
	}
	for key := range remedies {
		if _, code, found := strings.Cut(key, " "); found {
			key = code
		}
		if !codes[key] {
			t.Errorf("there is no finding %s", key)
		}
	}
}

// Libraries name no flags of the command, in findings or in errors.
func TestLibrariesNameNoFlags(t *testing.T) {
	flag := regexp.MustCompile(`"[^"\n]*(?:--[a-z]|'harmonium )[^"\n]*"`)
	libraries := 0
	goFiles(t, func(path, text string) {
		if strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "bench/") || strings.Contains(path, "/_") {
			return
		}
		libraries++
		for _, found := range flag.FindAllString(text, -1) {
			t.Errorf("%s: %s", path, found)
		}
	})
	if libraries < 20 {
		t.Errorf("only %d files were read", libraries)
	}
}

func TestAdd(t *testing.T) {
	findings := []diag.Finding{{Code: "few-round-trips"}, {Code: "one-run"}, {Code: "few-round-trips", Remedy: "wait"}}
	Add("eval", findings)
	if findings[0].Remedy != "raise --budget" || findings[1].Remedy != "raise --budget" || findings[2].Remedy != "wait" {
		t.Errorf("remedies of eval: %v", findings)
	}
	findings[0].Remedy = ""
	if Add("sample", findings); findings[0].Remedy != "raise --burn-in and --thin" {
		t.Errorf("remedies of sample: %v", findings)
	}
	if got := Of(fmt.Errorf("x.csv: %w", data.ErrConstant)); got != equal {
		t.Errorf("remedy of an error: %q", got)
	}
	if got := Of(fmt.Errorf("update 3: %w", train.ErrDiverged)); !strings.HasPrefix(got, "lower --rate") {
		t.Errorf("remedy of a training that diverged: %q", got)
	}
	if got := Of(fs.ErrNotExist); got != "" {
		t.Errorf("remedy of another error: %q", got)
	}
}
