package data

import (
	"bytes"
	"fmt"
)

// foreign are formats that are not read, with the bytes that a file of one has at a place, and the way out.
var foreign = []struct {
	name   string
	at     int
	magic  string
	wayOut string
}{
	{"HDF5", 0, "\x89HDF\r\n\x1a\n", hdf5},
	{"MATLAB 7.3 (HDF5)", 0, "MATLAB 7.3 MAT-file", hdf5},
	{"MATLAB", 0, "MATLAB 5.0 MAT-file", `save the array as .npy: numpy.save("x.npy", scipy.io.loadmat("x.mat")["NAME"])`},
	{"Feather of version 1", 0, "FEA1", `save it again: pandas.read_feather("x.feather").to_feather("y.feather")`},
	{"Python pickle", 0, "\x80\x02", pickle},
	{"Python pickle", 0, "\x80\x03", pickle},
	{"Python pickle", 0, "\x80\x04", pickle},
	{"Python pickle", 0, "\x80\x05", pickle},
	{"lz4", 0, "\x04\x22\x4d\x18", "unpack it: lz4 -d"},
	{"compress (.Z)", 0, "\x1f\x9d", "unpack it: gzip -d"},
	{"7z", 0, "7z\xbc\xaf\x27\x1c", "unpack it: 7z x"},
	{"RAR", 0, "Rar!\x1a\x07", "unpack it: unrar x"},
	{"tar", 257, "ustar", "unpack it: tar -xf, and name the file that was inside"},
	{"Excel (.xls)", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .csv there"},
	{"SQLite", 0, "SQLite format 3\x00", "write the table as .csv: sqlite3 -csv"},
	{"PNG", 0, "\x89PNG\r\n\x1a\n", picture},
	{"JPEG", 0, "\xff\xd8\xff", picture},
	{"PDF", 0, "%PDF-", "give the numbers themselves, such as .npy or .csv"},
	{"safetensors", 8, `{"`, "give data here, not a model"},
}

const (
	hdf5    = `save the array as .npy: numpy.save("x.npy", h5py.File("x.h5")["NAME"][:])`
	pickle  = `save the array as .npy: numpy.save("x.npy", pickle.load(open("x.pkl", "rb")))`
	picture = "put the pixels of all pictures in one array, a picture a row, and save it as .npy"
)

// foreignError names the format of a file that is in none of ours, where it is known.
func foreignError(head []byte) error {
	for _, f := range foreign {
		if len(head) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return fmt.Errorf("found a file of the format %s, want %s; %s", f.name, formats, f.wayOut)
		}
	}
	return nil
}
