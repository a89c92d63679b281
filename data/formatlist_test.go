package data

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// parquetBy is a table of two columns, packed by a codec of Parquet.
func parquetBy(codec compress.Codec) string {
	type row struct {
		A float64 `parquet:"a"`
		B string  `parquet:"b"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(codec))
	if _, err := w.Write([]row{{1.5, "x"}, {2.5, "y"}, {-3, "x"}}); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// Formats that people have, one a line: each is read, or refused with the way out. Which flag is a way out the command
// adds, so that here it is the error that it is added to.
func TestFormatsThatPeopleHave(t *testing.T) {
	const abc, text = "a real, b bit: 1.5/x 2.5/y -3/x", "a,b\n1.5,x\n2.5,y\n-3,x\n"
	const bits, zeros = "2 bits: 01 11", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	by := func(separator string) string { return strings.ReplaceAll(text, ",", separator) }
	cells := func(c string) string { return "a,b\n" + c + ",x\n2.5,y\n4.5,x\n3.5,y\n" }
	array := func(descr string, ones any) string { return string(npy(descr, "(2, 2)", ones)) }
	named := func(name string) string { return zipOf(name, "x", "other", "y") }
	const some = "a real, b bit: /x 2.5/y 4.5/x 3.5/y"
	thrice := func(cell string) string {
		text := "a,b\n"
		for _, digit := range []string{"1", "2", "3"} {
			text += strings.Replace(cell, "1", digit, 1) + ",x\n"
		}
		return text + strings.Replace(cell, "1", "4", 1) + ",y\n"
	}
	seen := map[string]bool{}
	for _, c := range []struct {
		name, content string
		options       []Option
		want          string // inShort; or, after "refused", parts of the error, and after "way" the error that has a flag
		way           error
	}{
		// Separators.
		{"CSV", text, nil, abc, nil},
		{"semicolons", by(";"), nil, abc, nil},
		{"tabs", by("\t"), nil, abc, nil},
		{"bars", by("|"), nil, abc, nil},
		{"blanks", by(" "), nil, abc, nil},
		{"commas and blanks", by(", "), nil, abc, nil},
		{"columns of one width", "a    b\n1.5  x\n2.5  y\n-3   x\n", nil, abc, nil},
		{"sep= of Excel", "sep=;\n" + by(";"), nil, abc, nil},
		{"two bars", by("||"), nil, abc, nil},
		{"colons", by(":"), nil, "refused: tr ':' ,", nil},
		{"tildes", by("~"), nil, "refused: tr '~' ,", nil},
		{"carets", by("^"), nil, "refused: tr '^' ,", nil},
		{"the byte 1 of Hive", by("\x01"), nil, `refused: line 1, byte 2 is 0x01|tr '\001' ,`, nil},
		// Quotes and lines.
		{"quotes", "\"a\",\"b\"\n\"1.5\",\"x\"\n\"2.5\",\"y\"\n\"-3\",\"x\"\n", nil, abc, nil},
		{"single quotes", "'a','b'\n'1.5','x'\n'2.5','y'\n'-3','x'\n", nil, `refused: tr -d "'"`, nil},
		{"a quote behind a backslash", "a,b\n1.5,\"x \\\" y\"\n", nil, "refused: doubled inside", nil},
		{"a line break in quotes", "a,b\n1.5,\"x\ny\"\n2.5,z\n", nil, "a bit, b bit: 1.5/x\ny 2.5/z", nil},
		{"CRLF", strings.ReplaceAll(text, "\n", "\r\n"), nil, abc, nil},
		{"CR of old Macintosh", strings.ReplaceAll(text, "\n", "\r"), nil, `refused: tr '\r' '\n'`, nil},
		{"no last line break", strings.TrimSpace(text), nil, abc, nil},
		{"blank lines", "a,b\n\n1.5,x\n\n2.5,y\n\n-3,x\n\n", nil, abc, nil},
		{"a comma at the ends", "a,b,\n1.5,x,\n2.5,y,\n-3,x,\n", nil, abc, nil},
		{"comments with #", "# c\n" + text, nil, abc, nil},
		{"comments with %", "% of a matrix\n1 0\n0 1\n", nil, "refused: line 1 looks like 4 column names", ErrRagged},
		{"comments with //", "// a comment\n" + text, nil, "refused: ", ErrRagged},
		{"a title", "A table of things\n\n" + text, nil, "refused: line 1 looks like", ErrRagged},
		{"rows of different lengths", "a,b\n1.5,x\n2.5\n", nil, "refused: row 2 (line 3)", ErrRagged},
		{"baskets", "milk,bread\nbread\nmilk,eggs,tea\n", nil, "refused: ", ErrRagged},
		{"a sum at the end", text + "Total,9\n", nil, `refused: row 4 (line 5), column a: found "Total"`, ErrCategories},
		{"a line of units", "a,b\nm,kg\n1.5,2.5\n2.5,3\n-3,4.5\n", nil, `refused: row 1 (line 2), column a: found "m"`, ErrCategories},
		{"the end of file of DOS", text + "\x1a", nil, `refused: tr -d '\032'`, nil},
		{"a zero byte", strings.Replace(text, "x", "x\x00", 1), nil, `refused: tr -d '\000'`, nil},
		// Encodings.
		{"UTF-8 with a mark", "\ufeff" + text, nil, abc, nil},
		{"UTF-16", utf16Of(text, false), nil, abc, nil},
		{"UTF-16, big-endian", utf16Of(text, true), nil, abc, nil},
		{"UTF-16 without a mark", utf16Of(text, false)[2:], nil, "refused: iconv -f UTF-16LE -t UTF-8", nil},
		{"UTF-16 without a mark, big-endian", utf16Of(text, true)[2:], nil, "refused: iconv -f UTF-16BE -t UTF-8", nil},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", nil, "refused: text in UTF-32|iconv -f UTF-32 -t UTF-8", nil},
		{"Latin-1", "a,b\n1.5,\xe9t\xe9\n2.5,x\n", nil, "refused: iconv -f WINDOWS-1252 -t UTF-8", nil},
		{"Shift-JIS", "a,b\n1.5,\x93\xfa\x96{\n2.5,x\n", nil, "refused: the text is not in UTF-8|iconv", nil},
		{"letters beyond ASCII", "größe,名\n1.5,x\n2.5,y\n-3,x\n", nil, "größe real, 名 bit: 1.5/x 2.5/y -3/x", nil},
		// Names of columns and rows.
		{"no names", "1.5,x\n2.5,y\n-3,x\n", nil, "1 real, 2 bit: 1.5/x 2.5/y -3/x", nil},
		{"an index of pandas", ",a,b\n0,1.5,x\n1,2.5,y\n2,-3,x\n", nil, abc, nil},
		{"an index without a name (R)", "\"a\" \"b\"\n\"1\" 1.5 \"x\"\n\"2\" 2.5 \"y\"\n\"3\" -3 \"x\"\n", nil, abc, nil},
		{"names that come twice", "a,a\n1.5,x\n2.5,y\n", nil, "refused: both called \"a\"", ErrNoNames},
		{"a column without a name", "a,,b\n1.5,u,x\n2.5,v,y\n", nil, "refused: column 2 (line 1) has no name", ErrNoNames},
		{"an identifier in each row", "a,id\n" + rowsWithNames(), nil, "refused: column id has 40 different texts", ErrRowNames},
		{"a free text in each row", "a,t\n" + strings.ReplaceAll(rowsWithNames(), "p", "some words and p"), nil,
			"refused: column t has", ErrRowNames},
		{"a column that never changes", "a,b\n1,x\n1,y\n1,x\n", nil, `refused: column a is "1" in all 3 rows`, ErrLeaveOut},
		{"names alone", "a,b\n", nil, "refused: no rows", nil},
		{"an empty file", "", nil, "refused: empty file", nil},
		{"one column", "a\n1.5\n2.5\n3\n", nil, "a real: 1.5 2.5 3", nil},
		{"many columns", wide(3000), nil, "", nil},
		// Cells.
		{"True and False", "a,b\nTrue,False\nFalse,True\n", nil, "a bit, b bit: True/False False/True", nil},
		{"TRUE and FALSE", "a,b\nTRUE,FALSE\nFALSE,TRUE\n", nil, "a bit, b bit: TRUE/FALSE FALSE/TRUE", nil},
		{"T and F", "a,b\nT,F\nF,T\n", nil, "a bit, b bit: T/F F/T", nil},
		{"yes and no", "a,b\nyes,no\nno,yes\n", nil, "a bit, b bit: yes/no no/yes", nil},
		{"plus and minus one", "+1,-1\n-1,+1\n", nil, "2 spins: 10 01", nil},
		{"empty cells", cells(""), []Option{Gaps()}, some, nil},
		{"NA", cells("NA"), []Option{Gaps()}, some, nil},
		{"N/A", cells("N/A"), []Option{Gaps()}, some, nil},
		{"NaN", cells("NaN"), []Option{Gaps()}, some, nil},
		{"null", cells("null"), []Option{Gaps()}, some, nil},
		{"?", cells("?"), []Option{Gaps()}, some, nil},
		{"<NA>", cells("<NA>"), []Option{Gaps()}, some, nil},
		{"#N/A of Excel", cells("#N/A"), []Option{Gaps()}, some, nil},
		{"None", cells("None"), []Option{Gaps()}, `refused: found "None"`, ErrCategories},
		{"a point of SAS", cells("."), []Option{Gaps()}, `refused: found "."`, ErrCategories},
		{"\\N of MySQL", cells("\\N"), []Option{Gaps()}, `refused: found "\\N"`, ErrCategories},
		{"#DIV/0! of Excel", cells("#DIV/0!"), []Option{Gaps()}, `refused: found "#DIV/0!"`, ErrCategories},
		{"infinite", cells("inf"), []Option{Gaps()}, "refused: want a finite number that float32 holds", nil},
		{"decimal commas", "a;b\n1,5;x\n2,5;y\n-3;x\n", []Option{DecimalComma()}, abc, nil},
		{"decimal commas that nothing says", "a;b\n1,5;x\n2,5;y\n3,5;x\n", nil, `refused: found "1,5"`, ErrDecimal},
		{"commas between thousands", "a,b\n\"1,234\",x\n\"2,500\",y\n\"3,000\",x\n", nil, `refused: found "1,234"`, ErrDecimal},
		{"blanks between thousands", "a;b\n1 234;x\n2 500;y\n3 000;x\n", nil,
			`refused: found "1 234", want numbers without other signs`, ErrCategories},
		{"points between thousands", "a;b\n1.234,5;x\n2.500,0;y\n3.000,1;x\n", []Option{DecimalComma()},
			"refused: without other signs", ErrCategories},
		{"percent", thrice("1%"), nil, "refused: want numbers without other signs", ErrCategories},
		{"money", thrice("$1.50"), nil, "refused: want numbers without other signs", ErrCategories},
		{"money behind", thrice("1 €"), nil, "refused: want numbers without other signs", ErrCategories},
		{"dates", "a,d\n" + strings.ReplaceAll(rowsWithNames(), "p", "2024-01-"), nil, "refused: column d has 40 different texts", ErrRowNames},
		{"exponents", "a,b\n1.5e0,x\n25E-1,y\n-3e+0,x\n", nil, abc, nil},
		{"exponents of Fortran", "a,b\n1.5D0,x\n2.5,y\n-3,x\n", nil, `refused: found "1.5D0"`, ErrCategories},
		{"numbers with a 0 before", "zip,b\n01234,x\n02345,y\n01236,y\n", nil, "zip category, b bit: 01234/x 02345/y 01236/y", nil},
		{"genotypes", "a,b\n0,1\n2,0\n", []Option{Select(Selection{Genotypes: allColumns})},
			"a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 1/1/0/0", nil},
		{"counts", "a,b\n0,x\n1,y\n5,y\n", nil, "a category, b bit: 0/x 1/y 5/y", nil},
		// Rows of bits.
		{"digits run together", "01\n11\n", nil, bits, nil},
		{"numpy.savetxt", "0.000000000000000000e+00 1.000000000000000000e+00\n1.0e+00 1.0e+00\n", nil, bits, nil},
		{"other digits run together", "012\n210\n", nil, "refused: sed 's/./& /g'", nil},
		{"grey values", "0,128\n255,0\n", nil, "refused: found 128", ErrGrey},
		{"probabilities", "0.5,1\n0.25,0\n", nil, "refused: found 0.5", ErrGrey},
		// Packed.
		{"gzip", string(gz([]byte(text))), nil, abc, nil},
		{"bzip2", bz2, nil, bits, nil},
		{"xz", xzOf(text), nil, abc, nil},
		{"zstd", zst(text), nil, abc, nil},
		{"half of gzip", string(gz([]byte(text)))[:20], nil, "refused: the file is truncated", nil},
		{"gzip, twice", string(gz(gz([]byte(text)))), nil, "refused: gzip -d", nil},
		{"lzma", "\x5d\x00\x00\x80\x00\xff\xff", nil, "refused: unlzma", nil},
		{"lz4", "\x04\x22\x4d\x18\x64", nil, "refused: lz4 -d", nil},
		{"compress", "\x1f\x9d\x90", nil, "refused: gzip -d", nil},
		{"snappy", "\xff\x06\x00\x00sNaPpY", nil, "refused: the format snappy|unpack it", nil},
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04", nil, "refused: 7z x", nil},
		{"RAR", "Rar!\x1a\x07\x01\x00", nil, "refused: unrar x", nil},
		{"tar", "x.npy" + strings.Repeat("\x00", 252) + "ustar\x0000", nil, "refused: tar -xf", nil},
		{"zip of a table", zipOf("x.csv", text), nil, "refused: unzip", nil},
		{"zip of tables", zipOf("x.csv", text, "y.csv", text), nil, "refused: unzip", nil},
		// Arrays.
		{"npy of booleans", array("|b1", []uint8{0, 1, 1, 1}), nil, bits, nil},
		{"npy of uint8", array("|u1", []uint8{0, 1, 1, 1}), nil, bits, nil},
		{"npy of int64", array("<i8", []int64{0, 1, 1, 1}), nil, bits, nil},
		{"npy, big-endian", array(">i4", []int32{0, 1, 1, 1}), nil, bits, nil},
		{"npy of float16", array("<f2", []uint16{0, 0x3c00, 0x3c00, 0x3c00}), nil, bits, nil},
		{"npy of float32", array("<f4", []float32{0, 1, 1, 1}), nil, bits, nil},
		{"npy of float64", array("<f8", []float64{0, 1, 1, 1}), nil, bits, nil},
		{"npy of spins", array("|i1", []int8{-1, 1, 1, 1}), nil, "2 spins: 01 11", nil},
		{"npy in Fortran order", string(npyRaw("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", []byte{0, 1, 1, 1})),
			nil, bits, nil},
		{"npy of version 2", npy2([]byte{0, 1, 1, 1}), nil, bits, nil},
		{"npy of pictures", string(npy("|u1", "(2, 1, 2)", []uint8{0, 1, 1, 1})), nil, bits, nil},
		{"packed bits", string(npy("|u1", "(2, 1)", []uint8{0x40, 0xc0})), []Option{PackedBits(2)}, bits, nil},
		{"npy of one axis", string(npy("|u1", "(3,)", []uint8{0, 1, 1})), nil, "refused: x.reshape(-1, 1)", nil},
		{"npy of long doubles", string(npyRaw("{'descr': '<f16', 'fortran_order': False, 'shape': (1, 1), }", make([]byte, 16))), nil,
			`refused: x.astype("f8")`, nil},
		{"npy of complex numbers", array("<c8", make([]float32, 8)), nil, `refused: x.view("f8")`, nil},
		{"npy of texts", array("<U1", make([]uint32, 4)), nil, `refused: to_csv("x.csv", index=False)`, nil},
		{"npy of dates", array("<M8[D]", make([]int64, 4)), nil, `refused: x.astype("i8")`, nil},
		{"npy of objects", array("|O", make([]byte, 4)), nil, `refused: to_csv("x.csv", index=False)`, nil},
		{"npy of structures", string(npyRaw("{'descr': [('a', '<f8')], }", nil)), nil, "refused: structured_to_unstructured", nil},
		{"half of npy", array("|u1", []uint8{0, 1, 1}), nil, "refused: the file holds 3", nil},
		{"npz", string(npz(zip.Deflate, npy("|u1", "(2, 2)", []byte{0, 1, 1, 1}))), nil, bits, nil},
		{"npz of several arrays", string(npz(zip.Store, npy("|u1", "(1, 1)", []byte{0}), npy("|u1", "(1, 1)", []byte{0}))), nil,
			"refused: name one as FILE#NAME", nil},
		{"scipy.sparse, csr", sparseOf("csr", 2, 2, []uint8{1, 1, 1}, "indptr", []int32{0, 1, 3}, "indices", []int32{1, 0, 1}), nil, bits, nil},
		{"scipy.sparse, csc", sparseOf("csc", 2, 2, []uint8{1, 1, 1}, "indptr", []int32{0, 1, 3}, "indices", []int32{1, 0, 1}), nil, bits, nil},
		{"scipy.sparse, coo", sparseOf("coo", 2, 2, []uint8{1, 1, 1}, "row", []int32{0, 1, 1}, "col", []int32{1, 0, 1}), nil, bits, nil},
		{"scipy.sparse, bsr", sparseOf("bsr", 2, 2, []uint8{1}), nil, "refused: save x.tocsr()", nil},
		{"IDX", string(idx(8, []uint32{2, 2}, []byte{0, 1, 1, 1})), nil, bits, nil},
		{"numbers alone", "\x00\x00\x80\x3f" + zeros, nil, "refused: numpy.fromfile", nil},
		{"a printed array", "[[0 1]\n [1 1]]\n", nil, "refused: numpy.save", nil},
		{"the repr of an array", "array([[0, 1],\n       [1, 1]])\n", nil, "refused: numpy.save", nil},
		// Columns.
		{"Parquet, snappy", parquetBy(&parquet.Snappy), nil, abc, nil},
		{"Parquet, gzip", parquetBy(&parquet.Gzip), nil, abc, nil},
		{"Parquet, zstd", parquetBy(&parquet.Zstd), nil, abc, nil},
		{"Parquet, brotli", parquetBy(&parquet.Brotli), nil, abc, nil},
		{"Parquet, lz4", parquetBy(&parquet.Lz4Raw), nil, abc, nil},
		{"Parquet, not packed", parquetBy(&parquet.Uncompressed), nil, abc, nil},
		{"Parquet with lists", parquetOf(parquetRow{Age: 1}), nil, "refused: holds lists or structures", ErrLeaveOut},
		{"Arrow file (Feather 2)", arrowOf(false, 2), nil, "", nil},
		{"Arrow stream", arrowOf(true, 2), nil, "", nil},
		{"Arrow with dates", arrowOf(true, 0), nil, "refused: values of the type date32", ErrLeaveOut},
		{"Feather 1", "FEA1\x00\x00\xff\xff", nil, "refused: pandas.read_feather", nil},
		{"ORC", "ORC\n\x06\x12", nil, "refused: pyarrow.orc.read_table", nil},
		{"Avro", "Obj\x01\x04\x14avro", nil, "refused: Avro|.csv or Parquet", nil},
		// Files of programs.
		{"pickle", "\x80\x04\x95\x0b\x00\x00", nil, "refused: pickle.load", nil},
		{"pickle, protocol 0", "cnumpy._core.multiarray\n\x00\xff", nil, "refused: pickle.load", nil},
		{"HDF5", "\x89HDF\r\n\x1a\n\x00", nil, "refused: h5py.File", nil},
		{"MATLAB", "MATLAB 5.0 MAT-file, Platform\x00\x01", nil, "refused: scipy.io.loadmat", nil},
		{"Excel", named("xl/workbook.xml"), nil, "refused: pandas.read_excel", nil},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + zeros, nil, "refused: save it as .csv there", nil},
		{"OpenDocument", named("content.xml"), nil, "refused: OpenDocument (.ods)|save it as .csv there", nil},
		{"Word", named("word/document.xml"), nil, "refused: Word (.docx)|save it as .csv", nil},
		{"PyTorch", named("archive/data.pkl"), nil, "refused: torch.load", nil},
		{"safetensors", "\x02\x00\x00\x00\x00\x00\x00\x00{}", nil, "refused: not a model", nil},
		{"SQLite", "SQLite format 3\x00", nil, "refused: sqlite3 -csv", nil},
		{"Stata", "\x72\x02\x01\x00\x05", nil, "refused: pandas.read_stata", nil},
		{"SPSS", "$FL2@(#) SPSS\x00", nil, "refused: pandas.read_spss", nil},
		{"SAS", zeros + "\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92", nil, "refused: pandas.read_sas", nil},
		{"R", string(gz([]byte("X\n\x00\x00\x00\x03" + zeros))), nil, "refused: write.csv", nil},
		{"R, RData", string(gz([]byte("RDX3\nX\n\x00"))), nil, "refused: write.csv", nil},
		{"netCDF", "CDF\x01" + zeros, nil, "refused: xarray.open_dataset", nil},
		{"NIfTI", "\x5c\x01\x00\x00" + strings.Repeat("\x00", 340) + "n+1\x00", nil, "refused: nibabel.load", nil},
		{"FITS", "SIMPLE  =                    T" + strings.Repeat(" ", 50), nil, "refused: astropy.io.fits.getdata", nil},
		{"ROOT", "root\x00\x00" + zeros, nil, "refused: uproot", nil},
		{"PNG", "\x89PNG\r\n\x1a\n\x00", nil, "refused: a picture a row", nil},
		{"JPEG", "\xff\xd8\xff\xe0\x00", nil, "refused: a picture a row", nil},
		{"GIF", "GIF89a\x00\x01", nil, "refused: a picture a row", nil},
		{"TIFF", "II*\x00\x01", nil, "refused: a picture a row", nil},
		{"BMP", "BM\x00\x01\x00", nil, "refused: a picture a row", nil},
		{"PGM", "P2\n2 2\n255\n0 255\n255 0\n", nil, "refused: a picture a row", nil},
		{"PBM", "P1\n2 2\n0 1\n1 0\n", nil, "refused: a picture a row", nil},
		{"PDF", "%PDF-1.7\n\xe2\xe3\x00", nil, "refused: give the numbers themselves", nil},
		{"WAV", "RIFF\x00\x00\x00\x00WAVEfmt \x00", nil, "refused: give the numbers themselves", nil},
		// Texts of other kinds.
		{"JSON", `{"a":{"0":1.5},"b":{"0":"x"}}`, nil, "refused: pandas.read_json", nil},
		{"JSON, an object a line", "{\"a\":1.5}\n{\"a\":2.5}\n", nil, "refused: lines=True", nil},
		{"JSON, lists", "[[0, 1], [1, 1]]", nil, "refused: pandas.read_json", nil},
		{"HTML", "<!DOCTYPE html>\n<html></html>\n", nil, "refused: pandas.read_html", nil},
		{"XML", "<?xml version=\"1.0\"?>\n<data/>\n", nil, "refused: write its table as .csv", nil},
		{"Markdown", "| a | b |\n|---|---|\n| 1.5 | x |\n", nil, "refused: take out the line of dashes", nil},
		{"LaTeX", "\\begin{tabular}{ll}\na & b \\\\\n", nil, "refused: write the table as .csv", nil},
		{"ARFF", "% c\n@RELATION t\n@ATTRIBUTE a NUMERIC\n@DATA\n1.5\n", nil, "refused: scipy.io.arff.loadarff", nil},
		{"svmlight", "+1 1:1 3:1\n-1 2:1\n", nil, "refused: load_svmlight_file", nil},
		{"Matrix Market", "%%MatrixMarket matrix coordinate integer general\n%\n2 2 1\n1 1 1\n", nil, "refused: scipy.io.mmread", nil},
		{"a pointer of Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n", nil, "refused: git lfs pull", nil},
		// Sequences and genotypes.
		{"FASTA", ">a\nAC\n>b\nA-\n", nil, "1 category, 2 category: a=A/C b=A/-", nil},
		{"a2m", ">a\nAcC\n>b\nA.-\n", nil, "1 category, 2 category: a=A/C b=A/-", nil},
		{"FASTA that is not aligned", ">a\nACG\n>b\nAC\n", nil, "refused: want an alignment", nil},
		{"Stockholm", "# STOCKHOLM 1.0\na ACDE\n//\n", nil, "refused: esl-reformat", nil},
		{"Clustal", "CLUSTAL W (1.83)\n\na ACDE\n", nil, "refused: Bio.AlignIO", nil},
		{"NEXUS", "#NEXUS\nbegin data;\n", nil, "refused: Bio.AlignIO", nil},
		{"PHYLIP", " 2 4\na         ACDE\nb         AC-E\n", nil, "refused: Bio.AlignIO", nil},
		{"FASTQ", "@r1\nACGT\n+\nIIII\n", nil, "refused: align the reads", nil},
		{"GenBank", "LOCUS       X 10 bp DNA\n", nil, "refused: align the sequences", nil},
		{"sequences, one a line", strings.Join(strings.Split("ACDEFGHIKLMNPQRSTVWY", ""), "ACD\n") + "ACD\n", nil, "refused: NEW.fasta", nil},
		{"VCF", vcfOf("S", "1 1 a A G . . . GT 0|1"), nil, "a bit: S.1=0 S.2=1", nil},
		{"VCF without phase", vcfOf("S", "1 1 a A G . . . GT 0/1"), nil, "refused: found the genotype \"0/1\"", ErrUnphased},
		{"VCF of sites", "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", nil,
			"refused: with the genotypes of some", nil},
		{"BCF", "BCF\x02\x02\x00", nil, "refused: bcftools view", nil},
		{"PLINK .bed", "\x6c\x1b\x01\xdc", nil, "refused: plink --bfile x --recode A", nil},
		{"PLINK .ped", "F S1 0 0 1 2 A A G T\nF S2 0 0 2 1 A C G G\n", nil, "refused: plink --file x --recode A", nil},
		{"BGEN", "\x14\x00\x00\x00" + zeros + "bgen", nil, "refused: plink2 --bgen", nil},
		{"HapMap", "rs#\talleles\tchrom\nrs1\tA/G\t1\n", nil, "refused: convert it to VCF", nil},
	} {
		if seen[c.name] {
			t.Errorf("%s comes twice", c.name)
		}
		seen[c.name] = true
		s, err := readBytes([]byte(c.content), c.options...)
		parts, refused := strings.CutPrefix(c.want, "refused: ")
		switch {
		case !refused && err != nil || !refused && c.want != "" && inShort(s) != c.want:
			t.Errorf("%s: %v, %v, want\n%s", c.name, s, err, c.want)
		case refused && (err == nil || c.way != nil && !errors.Is(err, c.way)):
			t.Errorf("%s: %v, %v, want it to be refused: %s; by the way out %v", c.name, s, err, parts, c.way)
		case refused:
			for part := range strings.SplitSeq(parts, "|") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%s: error\n%v\nwant one with\n%s", c.name, err, part)
				}
			}
		}
	}
	if len(seen) < 200 { // as docs/formats.md says
		t.Errorf("%d formats", len(seen))
	}
}

// rowsWithNames are rows of a number and another text each.
func rowsWithNames() (rows string) {
	for k := range 40 {
		rows += fmt.Sprintf("%d.5,p%d\n", k, k)
	}
	return rows
}

// wide is a table of many columns of bits.
func wide(columns int) string {
	var names, first, second strings.Builder
	for k := range columns {
		fmt.Fprintf(&names, "c%d,", k)
		fmt.Fprintf(&first, "%d,", k%2)
		fmt.Fprintf(&second, "%d,", k%3%2)
	}
	return names.String() + "\n" + first.String() + "\n" + second.String() + "\n"
}

// npy2 is an array of 2×2 bytes in version 2 of the format.
func npy2(content []byte) string {
	v1 := npyRaw("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", nil)
	return npyMagic + "\x02\x00" + string(v1[8:10]) + "\x00\x00" + string(v1[10:]) + string(content)
}

// What is no file of this machine is refused with the way out too.
func TestPathsThatPeopleHave(t *testing.T) {
	folder := t.TempDir()
	for path, want := range map[string]string{
		"https://example.org/x.csv":      "curl -L",
		"s3://bucket/x.csv":              "files are read from this machine alone",
		folder:                           "a folder, want a file",
		filepath.Join(folder, "none"):    "no such file or directory",
		filepath.Join(folder, "x.npz#y"): "no such file or directory",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", path, err, want)
		}
	}
}
