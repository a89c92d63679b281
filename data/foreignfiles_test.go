package data

import (
	"path/filepath"
	"testing"
)

// Files of NumPy 2.4, SciPy 1.17 and pandas 3.0 with pyarrow 26: of x = [[0,1,1,0,0,0,0,1,1,0],[1,0,0,0,0,0,1,0,0,1],
// [1,1,0,0,1,0,0,0,0,0]] by numpy.packbits(x, axis=1) and scipy.sparse.save_npz, and of a table with an index.
func TestFilesOfOtherPrograms(t *testing.T) {
	const bits = "10 bits: 0110000110 1000001001 1100100000"
	const people = "age real, job category, smokes bit: r1=31.5/a/True r2=60/b/False r3=25.125/c/False"
	for name, c := range map[string]struct {
		options []Option
		want    string
	}{
		"csr.npz": {nil, bits}, "csc.npz": {nil, bits}, "coo.npz": {nil, bits}, "packed.npy": {[]Option{PackedBits(10)}, bits},
		"people.csv": {nil, people}, "people.csv.xz": {nil, people}, "people.parquet": {nil, people},
		"people.feather": {nil, people}, "people.arrows": {nil, people}, // packed by LZ4, and a stream by zstd
		"polars.arrow": {[]Option{Gaps(), Select(Selection{Drop: []string{"n"}})}, "a real, b category: 1.5/x /y 2.25/z 4/x"}, // of polars 2.1
	} {
		s, err := Open(filepath.Join("testdata", "foreign", name), c.options...)
		if err != nil || inShort(s) != c.want {
			t.Errorf("%s: %v, %v, want %s", name, s, err, c.want)
		}
	}
}
