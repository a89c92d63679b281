package data

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Names of rows keep the name of their column where they are known by it, and are below no name elsewhere, so that they
// are names again where the table is read.
func TestNameOfTheNames(t *testing.T) {
	for index, c := range map[string]struct {
		name func(r int) string
		rows int
		want string
	}{
		"who":     {func(r int) string { return fmt.Sprint("p", r) }, 20, "who"},
		"few":     {func(r int) string { return fmt.Sprint("p", r) }, 5, ""},
		"id":      {func(r int) string { return fmt.Sprint(7 * r) }, 5, "id"},
		"patient": {func(r int) string { return fmt.Sprint(7 * r) }, 20, ""},
		"a":       {func(r int) string { return fmt.Sprint("p", r) }, 20, "a"},
	} {
		text := index + ",b,c\n"
		for r := range c.rows {
			text += fmt.Sprintf("%s,%d,%d\n", c.name(r), r%2, r/2%2)
		}
		s, err := readBytes([]byte(text), Select(Selection{RowNames: index}))
		if err != nil || s.Index != index || len(s.Names) != c.rows {
			t.Fatalf("%s: %v", index, err)
		}
		var b bytes.Buffer
		if err := writeTable(&b, s); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), c.want+",b,c\n") {
			t.Errorf("%s: written as %.10q", index, b.String())
		}
		if again, err := readBytes(b.Bytes()); err != nil || !slices.Equal(again.Names, s.Names) {
			t.Errorf("%s: read again as %v, %v", index, again, err)
		}
	}
}
