package data

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rng"
)

func TestBadInput(t *testing.T) {
	const grey = "want 0 or 1 (or -1 and 1 for spins); grey values need a threshold, or to be drawn as probabilities"
	const missing = "a number that is missing or infinite has to be filled in, or its row left out"
	const notFinite = "want 0 or 1 (or -1 and 1 for spins): " + missing
	const reshape = ": one row is x.reshape(1, -1), one column x.reshape(-1, 1)"
	const numbersAlone = "; if it is numbers alone, numpy.fromfile(FILE, TYPE).reshape(-1, UNITS) has them for numpy.save"
	const probability = "want a probability in [0,1]; other grey values need a threshold"
	threshold, bernoulli := Threshold(0.5), Bernoulli(rng.Seed(1))
	good := npy("|u1", "(2, 2)", []uint8{0, 1, 1, 0})
	damaged := gz([]byte("0,1\n1,0\n"))
	damaged[len(damaged)-8] ^= 1 // the checksum
	zipped := npz(zip.Store, good)
	flipped := bytes.Replace(zipped, []byte{0, 1, 1, 0}, []byte{0, 1, 1, 1}, 1)
	header := func(shape string) []byte {
		return npyRaw("{'descr': '<f8', 'fortran_order': False, 'shape': "+shape+", }", make([]byte, 32))
	}
	for _, c := range []struct {
		name    string
		content []byte
		opts    []Option
		want    string
	}{
		{"empty", nil, nil, "empty file"},
		{"empty gzip", gz(nil), nil, "empty file"},
		{"blank", []byte("\n \n\t\n"), nil, "no rows"},
		{"only names", []byte("a,b,c\n"), nil, "no rows"},
		{"only a comment", []byte("# 0 1\n"), nil, "no rows"},
		{"ragged, short", []byte("0,1,0\n\n1,1\n"), nil, "row 2: found 2 columns, want 3 as in row 1"},
		{"ragged, long", []byte("0 1\n1 1\n1 1 0 0"), nil, "row 3: found 4 columns, want 2 as in row 1"},
		{"ragged digits", []byte("0101\n010\n"), nil, "row 2: found 3 columns, want 4 as in row 1"},
		{"letters", []byte("0,1\n0,a\n"), nil, `row 2, column 2: found "a", want a number`},
		{"letters below names", []byte("v,w\n0,1\n\nx,1\n"), nil, `row 2 (line 4), column 1: found "x", want a number`},
		{"letters in digits", []byte("0101\n01o1\n"), nil, `row 2, column 3: found "o", want a number`},
		{"names that don't fit", []byte("a b c\n0 1\n"), nil,
			"line 1 looks like 3 column names, but row 1 (line 2) has 2 columns"},
		{"names and digits", []byte("spins\n0101\n"), nil,
			"line 1 looks like 1 column name, but row 1 (line 2) has 4 columns"},
		{"half a header", []byte("label,0,1\n1,0,1\n"), nil, `row 1, column 1: found "label", want a number`},
		{"empty field", []byte("0,1\n,1\n"), nil, `row 2, column 1: found "", want a number`},
		{"comma at the end of some", []byte("0,1,\n1,1\n"), nil, `row 2: found 2 columns, want 3 as in row 1`},
		{"groups of digits", []byte("0101 0011\n"), nil, `row 1, column 1: found "0101", want a number`},
		{"hexadecimal", []byte("0,1\n0x1,1\n"), nil, `row 2, column 1: found "0x1", want a number`},
		{"signed hexadecimal", []byte("0,1\n1,-0X1p0\n"), nil, `row 2, column 2: found "-0X1p0", want a number`},
		{"underscore", []byte("0,1\n1,1_0\n"), nil, `row 2, column 2: found "1_0", want a number`},
		{"overflow", []byte("0,1e999\n"), nil, `row 1, column 2: found "1e999", want a number`},
		{"0/1/2", []byte("0,1\n1,2\n"), nil, "row 2, column 2: found 2, " + grey},
		{"a half", []byte("0.5,1\n"), nil, "row 1, column 1: found 0.5, " + grey},
		{"NaN", []byte("0,nan\n"), nil, "row 1, column 2: found NaN, " + notFinite},
		{"infinite", []byte("0,1\n-inf,1\n"), nil, "row 2, column 1: found -Inf, " + notFinite},
		{"-1 after 0", []byte("1,0\n1,-1\n"), nil, "row 2, column 2: found -1, want 0 or 1, as row 1, column 2 is 0"},
		{"0 after -1", []byte("-1 1\n1 0\n"), nil, "row 2, column 2: found 0, want -1 or 1, as row 1, column 1 is -1"},
		{"0 after -1 in a row", []byte("-1 0 1\n"), nil, "row 1, column 2: found 0, want -1 or 1, as row 1, column 1 is -1"},
		{"threshold of NaN", []byte("0,NaN\n"), []Option{threshold},
			"row 1, column 2: found NaN, want a finite number: " + missing},
		{"threshold of Inf", npy("<f4", "(1, 2)", []float32{0, float32(math.Inf(1))}), []Option{threshold},
			"row 1, column 2: found +Inf, want a finite number: " + missing},
		{"probability 2", []byte("0,2\n"), []Option{bernoulli}, "row 1, column 2: found 2, " + probability},
		{"probability -1", []byte("-1,1\n"), []Option{bernoulli}, "row 1, column 1: found -1, " + probability},
		{"probability NaN", npy("<f8", "(1, 2)", []float64{1, math.NaN()}), []Option{bernoulli},
			"row 1, column 2: found NaN, want a probability in [0,1]: " + missing},
		{"truncated gzip", gz([]byte("0,1\n1,0\n"))[:20], nil, "the gzip data end early, the file is truncated"},
		{"gzip header only", []byte{0x1f, 0x8b, 8}, nil, "the gzip data end early, the file is truncated"},
		{"gzip checksum", damaged, nil, "damaged gzip data: gzip: invalid checksum"},
		{"gzip and more", append(gz([]byte("0,1\n")), "more"...), nil, "the gzip data end early, the file is truncated"},
		{"gzip twice", gz(gz([]byte("0,1\n"))), nil,
			"found a file of the format gzip, within another packing, want " + formats + "; unpack it once: gzip -d"},
		{"npz in gzip", gz(zipped), nil, "found a zip file within gzip, want .npz as it is"},
		{"wrong magic", []byte("\x93NUMPX\x01\x00"), nil,
			"unknown format: begins with 93 4e 55 4d 50 58 01 00, want " + formats + numbersAlone},
		{"binary", []byte("01\x00\x01"), nil,
			"unknown format: begins with 30 31 00 01, want " + formats + numbersAlone},
		{"truncated npy", good[:len(good)-1], nil,
			"the header declares [2 2] numbers of type uint8, 4 bytes; the file holds 3"},
		{"truncated npy in gzip", gz(good[:len(good)-1]), nil,
			"the header declares [2 2] numbers of type uint8, 4 bytes; the file holds 3"},
		{"npy and more", append(bytes.Clone(good), 0), nil,
			"the header declares [2 2] numbers of type uint8, 4 bytes; the file holds 5"},
		{"truncated npy header", good[:40], nil, "the .npy header ends early, the file is truncated"},
		{"npy magic only", good[:8], nil, "the .npy header ends early, the file is truncated"},
		{"npy version", []byte(npyMagic + "\x09\x00\x00\x00"), nil, "the .npy file has version 9, want 1 to 3"},
		{"huge npy header", []byte(npyMagic + "\x02\x00\xff\xff\xff\xff"), nil,
			"the .npy header declares 4294967295 bytes of description, want at most 65536"},
		{"huge shape", header("(1000000, 784)"), nil,
			"the header declares [1000000 784] numbers of type float64, 6272000000 bytes; the file holds 32"},
		{"huger shape", header("(9223372036854775807, 9223372036854775807)"), nil,
			"the header declares [9223372036854775807 9223372036854775807] numbers, more than any file holds"},
		{"shape beyond int", header("(9223372036854775808, 1)"), nil,
			"the .npy header \"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808, 1), }\": " +
				"found \"9223372036854775808,\", want the length of an axis"},
		{"negative shape", header("(-2, 2)"), nil,
			"the .npy header \"{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 2), }\": " +
				"found \"-2, 2), }\\n\", want the length of an axis"},
		{"no rows", header("(0, 4)"), nil, "the header declares [0 4] numbers: no rows or no units"},
		{"no units", header("(4, 0)"), nil, "the header declares [4 0] numbers: no rows or no units"},
		{"no axis", header("()"), nil, "found a single number, want an array of rows × units: one row is x.reshape(1, -1)"},
		{"one axis", header("(4,)"), nil, "found one axis of 4 numbers, want an array of rows × units" + reshape},
		{"complex", npy("<c8", "(1, 1)", []float32{0, 1}), nil,
			"the .npy header \"{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1), }\": " +
				"found type \"<c8\", want a boolean, an integer or a float of 2, 4 or 8 bytes: save its real and imaginary parts, " +
				"x.view(\"f8\"), or \"f4\" of c8"},
		{"structures", npyRaw("{'descr': [('a', '<f8')], }", nil), nil,
			"the .npy header \"{'descr': [('a', '<f8')], }\": found an array of structures, want numbers: " +
				"numpy.lib.recfunctions.structured_to_unstructured makes an array of them"},
		{"no shape", npyRaw("{'descr': '<f8', 'fortran_order': True}", nil), nil,
			"the .npy header \"{'descr': '<f8', 'fortran_order': True}\": " +
				"found \"\\n\", want descr, fortran_order and shape"},
		{"bool of 2", npy("|b1", "(1, 2)", []uint8{0, 2}), nil, "row 1, column 2: found 2, " + grey},
		{"grey bytes", idx(8, []uint32{2, 1, 2}, []byte{0, 1, 255, 0}), nil, "row 2, column 1: found 255, " + grey},
		{"idx type", idx(10, []uint32{1, 1}, []byte{0}), nil, "IDX: unknown type 0x0a"},
		{"idx header", idx(8, []uint32{1, 1}, nil)[:9], nil, "IDX: the header ends after 9 bytes, want 12 for 2 axes"},
		{"idx labels", idx(8, []uint32{2}, []byte{0, 1}), nil,
			"found one axis of 2 numbers, want an array of rows × units" + reshape},
		{"huge idx", idx(8, []uint32{1 << 31, 1 << 31, 1 << 31}, nil), nil,
			"the header declares [2147483648 2147483648 2147483648] numbers, more than any file holds"},
		{"truncated idx", idx(8, []uint32{3, 28, 28}, make([]byte, 100)), nil,
			"the header declares [3 28 28] numbers of type uint8, 2352 bytes; the file holds 100"},
		{"empty npz", npz(zip.Store), nil, "the .npz file has no members"},
		{"two members", npz(zip.Store, good, good), nil,
			`the .npz file holds ["arr_0" "arr_1"]; name one as FILE#NAME`},
		{"npz of text", npz(zip.Store, []byte("0,1\n")), nil,
			"the member of the .npz file is no .npy array: want .npz as numpy.savez writes it; unpack other zip files: unzip"},
		{"truncated npz", zipped[:len(zipped)-1], nil, "damaged .npz file: zip: not a valid zip file"},
		{"npz checksum", flipped, nil, "damaged .npz file: zip: checksum error"},
		{"both options", []byte("0,1\n"), []Option{threshold, bernoulli}, "threshold and bernoulli exclude each other"},
		{"threshold NaN", []byte("0,1\n"), []Option{Threshold(math.NaN())}, "threshold is NaN, want a finite number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			if err := os.WriteFile(path, c.content, 0o666); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, c.opts...)
			if err == nil {
				t.Fatalf("read %d×%d, want the error %q", s.Rows(), s.Units(), c.want)
			}
			if got := strings.TrimPrefix(err.Error(), path+": "); got != c.want {
				t.Errorf("error\n%s\nwant\n%s", got, c.want)
			}
			if !strings.HasPrefix(err.Error(), path) && len(c.opts) == 0 {
				t.Errorf("error %q does not name the file", err)
			}
		})
	}
}

func TestBadPath(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	csv, z := write("a.csv", []byte("0,1\n")), write("a.npz", npz(zip.Store, npy("|u1", "(1, 1)", []uint8{1})))
	for path, want := range map[string]string{
		folder:                       folder + ": a folder, want a file",
		filepath.Join(folder, "b"):   "stat " + filepath.Join(folder, "b") + ": no such file or directory",
		filepath.Join(folder, "b#c"): "stat " + filepath.Join(folder, "b#c") + ": no such file or directory",
		csv + "#c":                   csv + "#c: #c names a member of an .npz file, which this is not",
		z + "#":                      z + "#: no name after #",
		z + "#c":                     z + `#c: no member "c", the .npz file holds ["arr_0"]`,
	} {
		if _, err := Open(path); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if s, err := Open(write("a#b.csv", []byte("0,1\n"))); err != nil || s.Units() != 2 {
		t.Errorf("a # in a file's own name: %v", err)
	}
	if s, err := Open(z + "#arr_0"); err != nil || s.Units() != 1 || s.Path != z+"#arr_0" {
		t.Errorf("member: %v", err)
	}
}

func TestWeights(t *testing.T) {
	for _, content := range [][]byte{
		[]byte("2\n10\n0\n0.5\n"), []byte("count\n2\n10\n0\n5e-1\n"), gz([]byte("2\n10\n0\n0.5")),
		npy("<f8", "(4,)", []float64{2, 10, 0, 0.5}), npy(">f4", "(4, 1)", []float32{2, 10, 0, 0.5}),
		npz(zip.Deflate, npy("<f8", "(4,)", []float64{2, 10, 0, 0.5})),
	} {
		got, err := memory(content, "").weights(4)
		if err != nil || fmt.Sprint(got) != "[2 10 0 0.5]" {
			t.Errorf("weights %v (%v), want [2 10 0 0.5]", got, err)
		}
	}
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{[]byte("1\n2\n"), "found 2 weights, want 3, one for each row of the data"},
		{[]byte("1,2\n1,2\n1,2\n"), "found 2 columns, want one weight a row"},
		{[]byte("1\n-2\n1\n"), "row 2, column 1: found -2, want a finite number that is not negative"},
		{[]byte("1\n2\nnan\n"), "row 3, column 1: found NaN, want a finite number that is not negative"},
		{[]byte("inf\n2\n3\n"), "row 1, column 1: found +Inf, want a finite number that is not negative"},
		{[]byte("0\n0\n0\n"), "all weights are 0"},
		{[]byte("1e308\n1e308\n0\n"), "the sum of the weights overflows"},
		{[]byte("1\n\nx\n1"), `row 2 (line 3), column 1: found "x", want a number`},
		{nil, "empty file"},
	} {
		if _, err := memory(c.content, "").weights(3); err == nil || err.Error() != c.want {
			t.Errorf("%q: error %v, want %s", c.content, err, c.want)
		}
	}
	if _, err := OpenWeights(filepath.Join(t.TempDir(), "none"), 3); err == nil {
		t.Error("read weights from no file")
	}
}

// changing is a file whose bytes differ from the given reading on; every reading begins at offset 0.
type changing struct {
	before, after []byte
	readings      int
}

func (c *changing) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		c.readings--
	}
	if c.readings >= 0 {
		return bytes.NewReader(c.before).ReadAt(p, off)
	}
	return bytes.NewReader(c.after).ReadAt(p, off)
}

// Text is read for its format, for its rows and for its values; an array for its format, header and values. Of a table the
// reading of the values is the last but that for the digest.
func TestFileThatChanges(t *testing.T) {
	array := npy("|u1", "(2, 2)", []byte{0, 1, 1, 0})
	for _, c := range []struct{ before, after []byte }{
		{[]byte("0,1\n1,1\n"), []byte("0,1\n\n\n\n\n")}, {[]byte("0,1\n\n\n\n\n"), []byte("0,1\n1,1\n")}, {array, array[:len(array)-1]},
	} {
		f := &file{ReaderAt: &changing{c.before, c.after, 2}, size: int64(len(c.before)), name: "x"}
		if _, err := f.read(options{}); err == nil || err.Error() != "x: the file changed while it was read" {
			t.Errorf("%q to %q: error %v", c.before, c.after, err)
		}
	}
	const whole = "a,b\n0.5,x\n1.5,y\n2.5,x\n"
	for _, rest := range []string{"a,b\n0.5,x\n1.5,y\n2.5", "a,b\n0.5,x\n1.5,y\n", "a,b\n0.5,x\n"} {
		all := &changing{[]byte(whole), nil, 1000}
		if _, err := (&file{ReaderAt: all, size: int64(len(whole)), name: "x"}).read(options{}); err != nil {
			t.Fatal(err)
		}
		f := &file{ReaderAt: &changing{[]byte(whole), []byte(rest), 1000 - all.readings - 2}, size: int64(len(whole)), name: "x"}
		if _, err := f.read(options{}); err == nil || err.Error() != "x: the file changed while it was read" {
			t.Errorf("a table cut to %q: error %v", rest, err)
		}
	}
}
