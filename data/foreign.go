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
	{"Python pickle", 0, "cnumpy", pickle},
	{"Python pickle", 0, "ccopy_reg", pickle},
	{"ORC", 0, "ORC", `write it as Parquet: pyarrow.parquet.write_table(pyarrow.orc.read_table("x.orc"), "x.parquet")`},
	{"Avro", 0, "Obj\x01", "write it as .csv or Parquet"},
	{"Stata", 0, "<stata_dta>", stata},
	{"Stata", 0, "\x71\x02\x01", stata},
	{"Stata", 0, "\x72\x02\x01", stata},
	{"Stata", 0, "\x73\x02\x01", stata},
	{"SPSS", 0, "$FL2@(#)", `write it as .csv: pandas.read_spss("x.sav").to_csv("x.csv", index=False)`},
	{"SAS", 12, "\xc2\xea\x81\x60\xb3\x14\x11\xcf", `write it as .csv: pandas.read_sas("x.sas7bdat").to_csv("x.csv", index=False)`},
	{"R", 0, "X\n\x00\x00\x00", r}, {"R", 0, "RDX2\n", r}, {"R", 0, "RDX3\n", r},
	{"netCDF", 0, "CDF\x01", netCDF}, {"netCDF", 0, "CDF\x02", netCDF},
	{"NIfTI", 344, "n+1\x00", `save the array as .npy: numpy.save("x.npy", nibabel.load("x.nii").get_fdata())`},
	{"ROOT", 0, "root\x00", `write it as Parquet or .npy, by uproot`},
	{"PLINK .bed", 0, "\x6c\x1b", `count the alleles: plink --bfile x --recode A makes x.raw, whose columns are genotypes 0, 1 and 2`},
	{"BGEN", 16, "bgen", `convert it to VCF: plink2 --bgen x.bgen --export vcf`},
	{"GIF", 0, "GIF8", picture}, {"TIFF", 0, "II*\x00", picture}, {"TIFF", 0, "MM\x00*", picture}, {"WebP", 8, "WEBP", picture},
	{"BMP", 0, "BM", picture},
	{"WAV", 8, "WAVE", "give the numbers themselves, such as .npy or .csv"},
	{"text in UTF-32", 0, "\xff\xfe\x00\x00", utf32}, {"text in UTF-32", 0, "\x00\x00\xfe\xff", utf32},
	{"lzma", 0, "\x5d\x00\x00", "unpack it: unlzma"},
	{"snappy", 4, "sNaPpY", "unpack it"},
	{"gzip, within another packing", 0, "\x1f\x8b", "unpack it once: gzip -d"},
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
	{"safetensors", 8, `{"`, "give data here, not a model"}, {"safetensors", 8, `{}`, "give data here, not a model"},
}

const (
	hdf5    = `save the array as .npy: numpy.save("x.npy", h5py.File("x.h5")["NAME"][:])`
	pickle  = `save the array as .npy: numpy.save("x.npy", pickle.load(open("x.pkl", "rb")))`
	stata   = `write it as .csv: pandas.read_stata("x.dta").to_csv("x.csv", index=False)`
	r       = `write the table as .csv there: write.csv(x, "x.csv", row.names=FALSE)`
	netCDF  = `save the array as .npy: numpy.save("x.npy", xarray.open_dataset("x.nc")["NAME"].values)`
	utf32   = `convert it: iconv -f UTF-32 -t UTF-8 OLD.csv > NEW.csv`
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
