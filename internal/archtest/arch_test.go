// Package archtest holds the source tree to its rules: which package may import which, comments, length of files and
// lines. It has tests alone.
package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root     = "../.."
	maxLines = 500
)

// module is its path, the first line of go.mod.
var module = func() string {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		panic(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimPrefix(line, "module ")
}()

// ranks lists the packages from the bottom up: each may import those of lower ranks alone, and tests may import
// anything.
var ranks = [][]string{
	{"rng", "diag", "internal/limit", "internal/safetensors", "internal/atomicfile", "internal/group", "internal/settings"},
	{"internal/kernel", "internal/kerneltest", "lecture"},
	{"internal/cuda", "internal/enginetest", "internal/ranks"},
	{"compute"},
	{"rbm"},
	{"exact", "sample", "data", "sites", "internal/lecturetest", "internal/kindtest"},
	{"estimate", "impute", "ising", "quantum"},
	{"monitor"},
	{"train"},
	{"cmd/harmonium/internal/remedy"},
	{"cmd/harmonium/internal/run", "cmd/harmonium/internal/plot"},
	{"cmd/harmonium/internal/web", "cmd/harmonium/internal/search"},
	{"cmd/harmonium"},
	{
		"docs", "docs/service", "bench/calibration", "bench/judge", "bench/lattice", "bench/mushrooms", "cmd/harmonium/internal/release",
		"cmd/harmonium/internal/pictures/roofline", "cmd/harmonium/internal/pictures/modes", "cmd/harmonium/internal/pictures/needle",
	},
}

func rank(folder string) int {
	return slices.IndexFunc(ranks, func(folders []string) bool { return slices.Contains(folders, folder) })
}

// source is a file that is part of the program: no test, no other module.
type source struct {
	folder, path string
	text         []byte
	syntax       *ast.File
}

func sources(t *testing.T) (*token.FileSet, []source) {
	t.Helper()
	positions, files := token.NewFileSet(), []source(nil)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && !ours(path, name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		path, err = filepath.Rel(root, path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(positions, path, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, source{filepath.ToSlash(filepath.Dir(path)), path, text, syntax})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("%d files found: the walk does not see the tree", len(files))
	}
	return positions, files
}

// ours reports whether the go command would look for packages of this module in a folder.
func ours(path, name string) bool {
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err != nil && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "_") && name != "testdata"
}

func TestImportsGoDownward(t *testing.T) {
	positions, files := sources(t)
	for _, f := range files {
		from := rank(f.folder)
		if from < 0 {
			t.Errorf("%s: folder %s has no rank", f.path, f.folder)
			continue
		}
		for _, spec := range f.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			folder, internal := strings.CutPrefix(path, module+"/")
			if to := rank(folder); internal && to >= from {
				t.Errorf("%s: %s (rank %d) imports %s (rank %d)", positions.Position(spec.Pos()), f.folder, from, folder, to)
			}
		}
	}
}

// The lecture stands alone: it imports the standard library and rng, and no program imports it, only tests and the
// package for tests that writes models in its form. So the oracle and what it is held against share nothing.
func TestLectureStandsAlone(t *testing.T) {
	_, files := sources(t)
	seen := 0
	for _, f := range files {
		for _, spec := range f.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if f.folder == "lecture" {
				seen++
				if path != module+"/rng" && (strings.HasPrefix(path, module+"/") || strings.Contains(path, ".")) {
					t.Errorf("%s imports %s, want the standard library and rng alone", f.path, path)
				}
			}
			if path == module+"/internal/lecturetest" || path == module+"/internal/kindtest" ||
				path == module+"/lecture" && f.folder != "internal/lecturetest" {
				t.Errorf("%s imports %s, which is for tests", f.path, path)
			}
		}
	}
	if seen == 0 {
		t.Error("no import of lecture was seen: the test shows nothing")
	}
}

// A ranked folder without a package would let one come in unseen at a rank that nobody chose for it. Tests alone are a
// package, too.
func TestRankedPackagesExist(t *testing.T) {
	for _, folder := range slices.Concat(ranks...) {
		if found, err := filepath.Glob(filepath.Join(root, folder, "*.go")); err != nil || len(found) == 0 {
			t.Errorf("ranks lists %s, where there is no package", folder)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	_, files := sources(t)
	for _, f := range files {
		if lines := bytes.Count(f.text, []byte("\n")); lines > maxLines && !ast.IsGenerated(f.syntax) {
			t.Errorf("%s has %d lines, want at most %d", f.path, lines, maxLines)
		}
	}
}

func TestPackagesHaveComments(t *testing.T) {
	_, files := sources(t)
	documented := map[string]int{}
	for _, f := range files {
		documented[f.folder] += 0
		if f.syntax.Doc != nil {
			documented[f.folder]++
		}
	}
	for folder, n := range documented {
		if n != 1 {
			t.Errorf("%d files of package %s have a package comment, want 1", n, folder)
		}
	}
}

// Every exported function, method, type, constant and variable has a comment, of its own, of its group or at the end of
// its line.
func TestExportedNamesHaveComments(t *testing.T) {
	positions, files := sources(t)
	for _, f := range files {
		for _, declaration := range f.syntax.Decls {
			for _, name := range uncommented(declaration) {
				t.Errorf("%s: %s is exported and has no comment", positions.Position(name.Pos()), name.Name)
			}
		}
	}
}

// uncommented returns the exported names of a declaration that nothing describes.
func uncommented(declaration ast.Decl) (names []*ast.Ident) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if d.Doc == nil && s.Doc == nil && s.Name.IsExported() {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				if d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, slices.DeleteFunc(slices.Clone(s.Names), func(name *ast.Ident) bool {
						return !name.IsExported()
					})...)
				}
			}
		}
	}
	return names
}

// exportedReceiver reports whether a function is no method, or one of an exported type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	receiver := f.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if generic, ok := receiver.(*ast.IndexExpr); ok {
		receiver = generic.X
	}
	name, ok := receiver.(*ast.Ident)
	return !ok || name.IsExported()
}
