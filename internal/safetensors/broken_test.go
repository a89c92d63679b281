package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

// file returns a header and a number of zeros.
func file(header string, data int) []byte {
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), make([]byte, data))
}

// broken lists files that must be refused, with the whole message.
var broken = []struct {
	name, want string
	text       []byte
}{
	{"empty", "0 bytes are no safetensors file: want at least 8, the length of the header", nil},
	{"seven bytes", "7 bytes are no safetensors file: want at least 8, the length of the header", make([]byte, 7)},
	{"no header", "header: does not begin with {", make([]byte, 8)},
	{"header too long", "a header of 100 bytes in a file of 10: truncated, or no safetensors file",
		[]byte{100, 0, 0, 0, 0, 0, 0, 0, '{', '}'}},
	{"absurd header", "a header of 18446744073709551615 bytes in a file of 10: truncated, or no safetensors file",
		[]byte{255, 255, 255, 255, 255, 255, 255, 255, '{', '}'}},
	{"space first", "header: does not begin with {", file(" {}", 0)},
	{"not UTF-8", "header: not valid UTF-8", file("{\"\xff\":1}", 0)},
	{"array", "header: does not begin with {", file("[]", 0)},
	{"no end", `header: "x": the JSON ends early`, file(`{"x":{"dtype":"F32"`, 0)},
	{"text without end", "header: the JSON ends early", file(`{"x`, 0)},
	{"comma", "header: invalid character '}'", file(`{"__metadata__":{},}`, 0)},
	{"no comma", "header: invalid character '\"' after object key:value pair", file(`{"__metadata__":{}"x":1}`, 0)},
	{"bytes after the object", "header: 2 bytes after the JSON object", file(`{} x`, 0)},
	{"tensor a number", `header: "x": 1 where { is expected`, file(`{"x":1}`, 0)},
	{"tensor null", `header: "x": <nil> where { is expected`, file(`{"x":null}`, 0)},
	{"metadata null", `header: "__metadata__": <nil> where { is expected`, file(`{"__metadata__":null}`, 0)},
	{"metadata a number", `header: "__metadata__": "a": 1 where a text is expected`, file(`{"__metadata__":{"a":1}}`, 0)},
	{"metadata nested", `header: "__metadata__": "a": { where a text is expected`, file(`{"__metadata__":{"a":{}}}`, 0)},
	{"metadata twice", `header: "__metadata__" comes twice`, file(`{"__metadata__":{},"__metadata__":{}}`, 0)},
	{"metadata's key twice", `header: "__metadata__": "a" comes twice`, file(`{"__metadata__":{"a":"1","a":"1"}}`, 0)},
	{"name twice", `header: "x" comes twice`, file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},`+
		`"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)},
	{"name twice, escaped", `header: "x" comes twice`, file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},`+
		`"\u0078":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)},
	{"key twice", `header: "x": "shape" comes twice`,
		file(`{"x":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1)},
	{"unknown key", `header: "x": "strides": unknown key`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"strides":[1]}}`, 1)},
	{"key in capitals", `header: "x": "DTYPE": unknown key`, file(`{"x":{"DTYPE":"U8","shape":[1],"data_offsets":[0,1]}}`, 1)},
	{"key missing", `header: "x": want dtype, shape and data_offsets`, file(`{"x":{"dtype":"U8","shape":[1]}}`, 1)},
	{"dtype a number", `header: "x": "dtype": 8 where a text is expected`,
		file(`{"x":{"dtype":8,"shape":[1],"data_offsets":[0,1]}}`, 1)},
	{"unknown dtype", `tensor "x" has type "BF16", want F32, F64, U64, I64 or U8`,
		file(`{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, 2)},
	{"shape null", `header: "x": "shape": <nil> where [ is expected`,
		file(`{"x":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1)},
	{"shape of null", `header: "x": "shape": <nil> where a number is expected`,
		file(`{"x":{"dtype":"U8","shape":[null],"data_offsets":[0,1]}}`, 1)},
	{"shape nested", `header: "x": "shape": [ where a number is expected`,
		file(`{"x":{"dtype":"U8","shape":[[1]],"data_offsets":[0,1]}}`, 1)},
	{"negative shape", `header: "x": "shape": -1 where a whole number, not negative, is expected`,
		file(`{"x":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, 1)},
	{"fractional shape", `header: "x": "shape": 1.0 where a whole number, not negative, is expected`,
		file(`{"x":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}`, 1)},
	{"shape beyond 63 bits", `header: "x": "shape": 9223372036854775808 where a whole number, not negative, is expected`,
		file(`{"x":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,1]}}`, 1)},
	{"overflowing shape", `tensor "x" of type U8 and shape [4294967296 4294967296 1] is given the bytes 0 to 0`,
		file(`{"x":{"dtype":"U8","shape":[4294967296,4294967296,1],"data_offsets":[0,0]}}`, 0)},
	{"overflowing bytes", `tensor "x" of type F64 and shape [2305843009213693952] is given the bytes 0 to 0`,
		file(`{"x":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}`, 0)},
	{"too many axes", `header: "x": "shape": more than 64 axes`,
		file(`{"x":{"dtype":"U8","shape":[1`+strings.Repeat(",1", 64)+`],"data_offsets":[0,1]}}`, 1)},
	{"one offset", `header: "x": "data_offsets": 1 numbers, want 2`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0]}}`, 1)},
	{"three offsets", `header: "x": "data_offsets": 3 numbers, want 2`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1,1]}}`, 1)},
	{"size", `tensor "x" of type F32 and shape [2] is given the bytes 0 to 4`,
		file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4)},
	{"backwards", `tensor "x" of type U8 and shape [1] is given the bytes 1 to 0`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1)},
	{"late begin", `tensor "x" begins at byte 1 of the data, want 0: right after the one before`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2)},
	{"gap", `tensor "y" begins at byte 2 of the data, want 1: right after the one before`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3)},
	{"overlap", `tensor "y" begins at byte 0 of the data, want 1: right after the one before`,
		file(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2)},
	{"truncated", "truncated: the header describes 8 bytes of data, the file holds 7",
		file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 7)},
	{"trailing bytes", "1 bytes too many: the header describes 8 bytes of data, the file holds 9",
		file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 9)},
	{"data without tensors", "3 bytes too many: the header describes 0 bytes of data, the file holds 3", file(`{}`, 3)},
}

func TestBrokenFiles(t *testing.T) {
	for _, c := range broken {
		_, err := safetensors.Read(bytes.NewReader(c.text), int64(len(c.text)))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: error\n%v, want\n%s", c.name, err, c.want)
		}
	}
}

// A message never repeats what a hostile file makes long.
func TestMessagesAreShort(t *testing.T) {
	long := strings.Repeat("9", 1<<16)
	for _, header := range []string{
		`{"` + long + `":1}`,
		`{"x":` + long + `}`,
		`{"x":{"dtype":"` + long + `","shape":[1],"data_offsets":[0,1]}}`,
		`{"x":{"dtype":"U8","shape":[` + long + `],"data_offsets":[0,1]}}`,
		`{"x":{"dtype":"U8","shape":"` + long + `","data_offsets":[0,1]}}`,
		`{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"` + long + `":1}}`,
		`{"` + long + `":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}`,
		`{"` + long + `":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`,
	} {
		text := file(header, 1)
		_, err := safetensors.Read(bytes.NewReader(text), int64(len(text)))
		if err == nil || len(err.Error()) > 300 {
			t.Errorf("%.40s…: error %.400v", header, err)
		}
	}
}

// measured reads a file and returns the bytes allocated meanwhile.
func measured(text []byte) (f *safetensors.File, used uint64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err = safetensors.Read(bytes.NewReader(text), int64(len(text)))
	runtime.ReadMemStats(&after)
	return f, after.TotalAlloc - before.TotalAlloc, err
}

// memoryBound is what reading a file may allocate in all: its data and a buffer, and for each byte of the header up to
// 100 (57 measured, in a shape, where "1," becomes a token, an integer and the room that a slice grows into). The rest
// is the test's own.
func memoryBound(text []byte) uint64 {
	const own = 1 << 20
	header := uint64(0)
	if len(text) >= 8 {
		header = min(binary.LittleEndian.Uint64(text), uint64(len(text)))
	}
	return 100*header + 3*uint64(len(text)) + own
}

// A file shorter than its declared size, as when it is cut while being read.
func TestShorterThanItsSize(t *testing.T) {
	text := file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
	for cut := range len(text) {
		if _, err := safetensors.Read(bytes.NewReader(text[:cut]), int64(len(text))); err == nil {
			t.Errorf("cut to %d bytes: no error", cut)
		}
		if _, err := safetensors.Read(bytes.NewReader(text), int64(cut)); err == nil {
			t.Errorf("read with a size of %d bytes: no error", cut)
		}
	}
}

// Whatever is read holds as many bytes as the file, costs no more memory than memoryBound says, and is the same after
// being written and read again.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, everyType()))
	f.Add(encode(f, &safetensors.File{}))
	for _, c := range broken {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, used, err := measured(text)
		if bound := memoryBound(text); used > bound {
			t.Fatalf("%d bytes allocated for a file of %d, want at most %d", used, len(text), bound)
		}
		if err != nil {
			return
		}
		size := 8 + int(binary.LittleEndian.Uint64(text))
		for _, x := range got.Tensors {
			size += binary.Size(x.Data)
		}
		if size != len(text) {
			t.Fatalf("%d bytes accounted for in a file of %d", size, len(text))
		}
		first := encode(t, got)
		again, err := safetensors.Read(bytes.NewReader(first), int64(len(first)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encode(t, again), first) {
			t.Fatal("written again, the file differs")
		}
	})
}
