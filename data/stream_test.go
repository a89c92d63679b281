package data

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

// Rows of these files are read a block at a time, those of others are in memory whole.
func TestWhatIsReadInBlocks(t *testing.T) {
	u8 := []uint8{0, 1, 1, 0, 1, 1}
	fortran := npyRaw("{'descr': '|u1', 'fortran_order': True, 'shape': (3, 2), }", u8)
	for name, c := range map[string]struct {
		content string
		opts    []Option
		blocks  bool
	}{
		"npy":         {string(npy("|u1", "(3, 2)", u8)), nil, true},
		"npy, gzip":   {string(gz(npy("|u1", "(3, 2)", u8))), nil, true},
		"npz":         {string(npz(zip.Deflate, npy("|u1", "(3, 2)", u8))), nil, true},
		"idx":         {string(idx(8, []uint32{3, 2}, u8)), nil, true},
		"packed bits": {string(npy("|u1", "(3, 1)", []uint8{0, 64, 192})), []Option{PackedBits(2)}, true},
		"text":        {"0,1\n1,0\n1,1\n", nil, true},
		"table":       {"a,b\nx,0.5\ny,1\nx,2\n", nil, true},
		"categories":  {"0,1\n1,2\n2,0\n", []Option{Select(Selection{Categories: []string{"all"}})}, true},
		"fortran":     {string(fortran), nil, false},
		"grey":        {"0.5,1\n1,0\n1,1\n", []Option{Bernoulli(rng.Seed(1))}, false},
		"fasta":       {">a\nAC\n>b\nAG\n>c\nTC\n", nil, false},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := OpenStream(path, c.opts...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s.Rows() != 3 || (s.All() == nil) != c.blocks {
			t.Errorf("%s: %d rows, in memory whole: %v", name, s.Rows(), s.All() != nil)
		}
		for range 2 { // as often as wanted, and not to the end
			sizes := []int{}
			for b, err := range s.Blocks(2) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
					break
				}
				sizes = append(sizes, b.Rows())
			}
			if !slices.Equal(sizes, []int{2, 1}) {
				t.Errorf("%s: blocks of %d", name, sizes)
			}
			for range s.Blocks(1) {
				break
			}
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong with a late row of an array comes with its block, by row and column.
func TestErrorsOfLateBlocks(t *testing.T) {
	values := make([]uint8, 2*surveyRows*4)
	values[len(values)-2] = 7
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npy("|u1", "(512, 4)", values), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := OpenStream(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	blocks := 0
	for _, blockErr := range s.Blocks(100) {
		if err = blockErr; err == nil {
			blocks++
		}
	}
	if blocks != 5 || err == nil || !strings.Contains(err.Error(), path+": row 512, column 3: found 7") {
		t.Errorf("%d blocks, and then %v", blocks, err)
	}
}
