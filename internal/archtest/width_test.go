package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// The widest lines, in characters: of code, of Markdown's tables and blocks of code, and of the rest of Markdown.
const (
	maxCode = 140
	maxText = 100
)

// written are the endings of the names of files that people write.
var written = []string{
	".go", ".md", ".tmpl", ".js", ".css", ".html", ".sh", ".py", ".h", ".cu", "Makefile", "Containerfile", ".ci/run", ".ci/fuzz", ".ci/python",
}

// generated finds the mark of a file that a program writes, as the go command wants it.
var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// No line needs a wide screen. Files of others (vendor, testdata), goldens (testdata) and generated code are not written here, and a
// directive of the go command can't be broken.
func TestLinesAreNarrow(t *testing.T) {
	seen := map[string]int{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			hidden := strings.HasPrefix(name, ".") && name != ".." && name != ".ci"
			if hidden || slices.Contains([]string{"vendor", "testdata"}, name) {
				return filepath.SkipDir
			}
			return nil
		}
		ending := slices.IndexFunc(written, func(e string) bool { return strings.HasSuffix(filepath.ToSlash(path), e) })
		if ending < 0 {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if generated.Match(text) {
			return nil
		}
		seen[written[ending]]++
		for _, wide := range wideLines(string(text), strings.HasSuffix(name, ".md") || strings.HasSuffix(name, ".md.tmpl")) {
			t.Errorf("%s:%d has %d characters, want at most %d: %s", path, wide.number, wide.width, wide.most, wide.text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, ending := range written {
		if seen[ending] == 0 {
			t.Errorf("no file %s was seen: the walk does not see the tree", ending)
		}
	}
}

// wideLine is a line that is wider than most.
type wideLine struct {
	number, width, most int
	text                string
}

func wideLines(text string, markdown bool) (wide []wideLine) {
	fenced := false
	for k, line := range strings.Split(text, "\n") {
		most := maxCode
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		if markdown && !fenced && !strings.HasPrefix(line, "|") {
			most = maxText
		}
		if n := utf8.RuneCountInString(line); n > most && !strings.HasPrefix(line, "//go:") {
			wide = append(wide, wideLine{k + 1, n, most, line})
		}
	}
	return wide
}

func TestWideLines(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ü", n) }
	for _, c := range []struct {
		name, text string
		markdown   bool
		want       int // wide lines
	}{
		{"code", long(140) + "\n" + long(141), false, 1},
		{"a directive", "//go:generate " + long(140), false, 0},
		{"text", long(100) + "\n" + long(101), true, 1},
		{"a table", "|" + long(139) + "\n|" + long(140), true, 1},
		{"a block of code", "```\n" + long(140) + "\n```\n" + long(140), true, 1},
	} {
		if got := wideLines(c.text, c.markdown); len(got) != c.want {
			t.Errorf("%s: %d wide lines, want %d: %v", c.name, len(got), c.want, got)
		}
	}
}
