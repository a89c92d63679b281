package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The index lists every decision by its title, a page has the parts that the index promises, and no line needs a wide
// screen.
func TestDecisions(t *testing.T) {
	index, err := os.ReadFile("decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("decisions/[0-9]*.md")
	if err != nil || len(paths) < 48 {
		t.Fatalf("%d decisions, error %v", len(paths), err)
	}
	for k, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page, name := string(text), filepath.Base(path)
		heading, _, _ := strings.Cut(page, "\n")
		number, title, ok := strings.Cut(strings.TrimPrefix(heading, "# "), ". ")
		want := "000" + number
		want = want[len(want)-4:]
		if !ok || !strings.HasPrefix(name, want+"-") {
			t.Errorf("%s: the heading is %q, want # and the page's number", path, heading)
		}
		if row := "| [" + want + "](" + name + ") | " + title + " |\n"; strings.Count(string(index), row) != 1 {
			t.Errorf("decisions/README.md does not have this row once: %s", row)
		}
		for _, part := range []string{"\n**Question.** ", "\n**Choice", "\n**Date.** 20"} {
			if strings.Count(page, part) != 1 {
				t.Errorf("%s: want one paragraph that begins with %q", path, strings.TrimSpace(part))
			}
		}
		for line, text := range strings.Split(page, "\n") {
			most := 120
			if strings.HasPrefix(text, "|") {
				most = 140
			}
			if n := utf8.RuneCountInString(text); n > most {
				t.Errorf("%s:%d has %d columns, want at most %d", path, line+1, n, most)
			}
		}
		if k > 0 && filepath.Base(paths[k-1])[:4] == name[:4] {
			t.Errorf("%s and %s have the same number", paths[k-1], path)
		}
	}
}

// Whatever names a decision, in code or in a document, names one that there is.
func TestDecisionsThatAreNamed(t *testing.T) {
	named, seen := regexp.MustCompile(`decisions/(\d{4})([a-z-]+\.md)?|\]\((\d{4}-[a-z-]+\.md)\)`), 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == ".git" && entry.IsDir() {
			return filepath.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		if ext := filepath.Ext(path); ext != ".go" && ext != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			seen++
			page := m[1] + m[2] + m[3]
			if m[2]+m[3] == "" {
				page += "-*.md"
			}
			if found, err := filepath.Glob(filepath.Join("decisions", page)); err != nil || len(found) != 1 {
				t.Errorf("%s names decisions/%s, of which there are %d", path, page, len(found))
			}
		}
		return nil
	})
	if err != nil || seen < 60 {
		t.Errorf("%d names of decisions, error %v: the walk does not see the tree", seen, err)
	}
}
