package data

import (
	"os"
	"strings"
	"testing"
)

// Standard input is kept in a file that is gone when it has been read, and can be read once.
func TestStandardInput(t *testing.T) {
	inputRead.Store(false)
	f, err := spool(strings.NewReader("a,b\n1.5,x\n2.5,y\n2,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.read(options{})
	if err != nil || inShort(s) != "a real, b bit: 1.5/x 2.5/y 2/x" || s.Path != "standard input" {
		t.Errorf("%v, %v", s, err)
	}
	if err := f.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(f.ReaderAt.(*os.File).Name()); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
	if _, err := spool(strings.NewReader("")); err == nil || err.Error() != "standard input is read already: want it once at most" {
		t.Errorf("read twice: error %v", err)
	}
}

// A program that has another use of standard input refuses it as data.
func TestRefusedStandardInput(t *testing.T) {
	defer inputRefused.Store(nil)
	RefuseStandardInput("it has requests")
	if _, err := Open(StandardInput); err == nil || err.Error() != "standard input can't be data here: it has requests" {
		t.Errorf("error %v", err)
	}
}

// Merged sets keep the names of their rows and columns, where all or some have them.
func TestNamesOfMergedSets(t *testing.T) {
	read := func(text string) *Set {
		s, err := readBytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	named, plain, other := read(",a,b\nr1,1,0\nr2,0,1\n"), read("1 1\n0 0\n"), read("b,a\n1,0\n")
	for _, c := range []struct {
		sets []*Set
		want string
	}{
		{[]*Set{named, named}, "a bit, b bit: r1=1/0 r2=0/1 r1=1/0 r2=0/1"},
		{[]*Set{plain, named}, "a bit, b bit: 1/1 0/0 1/0 0/1"},
	} {
		if s, err := Merge(c.sets...); err != nil || inShort(s) != c.want {
			t.Errorf("%v, %v, want %s", s, err, c.want)
		}
	}
	if s, err := Merge(plain, named, other); err == nil {
		t.Errorf("columns of another order were joined: %s", inShort(s))
	}
}
