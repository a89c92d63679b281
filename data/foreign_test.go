package data

import (
	"archive/zip"
	"bytes"
	"math"
	"strings"
	"testing"
)

// Files of well-known formats that are not read are called by their name, plain or gzipped, with the way out.
func TestForeignFormats(t *testing.T) {
	rest := "\x00\x01\x02\x03\xff\xfe" // binary, as the rest of all these files
	zipOf := func(names ...string) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range names {
			if _, err := z.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, c := range []struct{ content, name, wayOut string }{
		{"\x89HDF\r\n\x1a\n" + rest, "HDF5", "h5py.File"},
		{"MATLAB 7.3 MAT-file, Platform: GLNXA64" + rest, "MATLAB 7.3 (HDF5)", "h5py.File"},
		{"MATLAB 5.0 MAT-file, Platform: GLNXA64" + rest, "MATLAB", "scipy.io.loadmat"},
		{"FEA1\x00\x00" + rest, "Feather of version 1", "pandas.read_feather"},
		{"\x80\x04\x95\x0b\x00\x00" + rest, "Python pickle", "pickle.load"},
		{"\x80\x02]q\x00" + rest, "Python pickle", "pickle.load"},
		{"7z\xbc\xaf\x27\x1c\x00\x04" + rest, "7z", "7z x"},
		{"Rar!\x1a\x07\x01\x00" + rest, "RAR", "unrar x"},
		{"x.npy" + strings.Repeat("\x00", 252) + "ustar\x0000" + rest, "tar", "tar -xf"},
		{"\x40\x00\x00\x00\x00\x00\x00\x00" + `{"W":{"dtype":"F32"}}` + rest, "safetensors", "not a model"},
	} {
		for _, content := range [][]byte{[]byte(c.content), gz([]byte(c.content))} {
			_, err := readBytes(content)
			want := "found a file of the format " + c.name + ", want " + formats
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), c.wayOut) {
				t.Errorf("%s: error %v, want the format's name and %q", c.name, err, c.wayOut)
			}
		}
	}
	_, err := readBytes([]byte(zipOf("archive/data.pkl", "archive/data/0")))
	if err == nil || !strings.Contains(err.Error(), `found a zip file of PyTorch (.pt) of ["archive/data.pkl" "archive/data/0"]`) {
		t.Errorf("a zip file that is no .npz: error %v", err)
	}
	// Text that begins as another format is text.
	if s, err := readBytes([]byte("PAR1,BZh\n0,1\n1,1\n")); err != nil || s.Rows() != 2 {
		t.Errorf("text with the column PAR1: error %v", err)
	}
}

func TestHalf(t *testing.T) {
	for _, c := range []struct {
		bits uint16
		want float64
	}{
		{0x0000, 0}, {0x3c00, 1}, {0xbc00, -1}, {0xc000, -2}, {0x3555, 0.333251953125}, {0x7bff, 65504}, {0x0400, 0x1p-14},
		{0x0001, 0x1p-24}, {0x83ff, -0x3ffp-24}, {0x7c00, math.Inf(1)}, {0xfc00, math.Inf(-1)}, {0x7e00, math.NaN()},
	} {
		if got := half(c.bits); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%#04x is %v, want %v", c.bits, got, c.want)
		}
	}
	// Positive numbers rise with their bits.
	for bits := uint16(1); bits <= 0x7c00; bits++ {
		if !(half(bits) > half(bits-1)) {
			t.Fatalf("%#04x is %v, %#04x is %v", bits, half(bits), bits-1, half(bits-1))
		}
	}
}
