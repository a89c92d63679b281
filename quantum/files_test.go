package quantum_test

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/quantum"
)

func TestFilesComeBack(t *testing.T) {
	var text, other bytes.Buffer
	psi := randomState(t, 4, 1)
	if err := quantum.WriteState(&text, psi); err != nil {
		t.Fatal(err)
	}
	again, err := quantum.ReadState(&text)
	if err != nil {
		t.Fatal(err)
	}
	for k, a := range psi {
		if d := again[k] - a; real(d)*real(d)+imag(d)*imag(d) > 1e-32 {
			t.Errorf("amplitude %d is %v, want %v", k, again[k], a)
		}
	}
	rho := quantum.Werner(0.25)
	text.Reset()
	if err := quantum.WriteDensity(&text, &other, rho); err != nil {
		t.Fatal(err)
	}
	if again, err := quantum.ReadDensity(&text, &other); err != nil || !reflect.DeepEqual(again, rho) {
		t.Errorf("read %v, error %v, want %v", again, err, rho)
	}
	bases := []quantum.Basis{"ZX", "YZ", "ZX"}
	text.Reset()
	if err := quantum.WriteBases(&text, bases); err != nil {
		t.Fatal(err)
	}
	if text.String() != "Z X\nY Z\nZ X\n" {
		t.Errorf("wrote %q", text.String())
	}
	for _, in := range []string{text.String(), "ZX\nYZ\nZX\n", "Z X \r\nY\tZ \n\nZ X"} {
		if again, err := quantum.ReadBases(strings.NewReader(in)); err != nil || !reflect.DeepEqual(again, bases) {
			t.Errorf("%q: read %v, error %v", in, again, err)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	readers := map[string]func(r io.Reader) error{
		"bases":     func(r io.Reader) error { _, err := quantum.ReadBases(r); return err },
		"unitaries": func(r io.Reader) error { _, err := quantum.ReadUnitaries(r); return err },
		"state":     func(r io.Reader) error { _, err := quantum.ReadState(r); return err },
		"sum":       func(r io.Reader) error { _, err := quantum.ReadPauliSum(r); return err },
		"density": func(r io.Reader) error {
			_, err := quantum.ReadDensity(r, strings.NewReader("0 0\n0 0\n"))
			return err
		},
	}
	for _, c := range []struct{ reader, text, want string }{
		{"bases", "\n\n", "no bases"},
		{"bases", "Z X\nZ\n", "line 2: 1 sites, want 2 as in the first line"},
		{"bases", "Z X\nZ XX\n", `line 2: site 1 has "XX", want one letter a site`},
		{"bases", "Z 1\n", `line 1: site 1 has "1", want a letter`},
		{"unitaries", "", "no matrices"},
		{"unitaries", "H 1 0 0 0 0 0 1\n", "line 1: H: 7 numbers, want 8"},
		{"unitaries", "X 1 0 0 0 0 0 1 0\n", "line 1: X has a meaning already"},
		{"unitaries", "H 1 0 0 0 0 0 1 0\nH 1 0 0 0 0 0 1 0\n", "line 2: H has a meaning already"},
		{"unitaries", "HH 1 0 0 0 0 0 1 0\n", `name "HH", want one letter`},
		{"unitaries", "H 1 0 0.1 0 0 0 1 0\n", "not unitary: element (0, 0) of U U† is (1.01+0i), want 1"},
		{"unitaries", "H 1 0 nan 0 0 0 1 0\n", `"nan" is no finite number`},
		{"state", "1 0\n", "1 amplitudes, want 2^n"},
		{"state", "1 0\n0\n", "line 2: 1 numbers, want 2"},
		{"state", "1 0\nx 0\n", `line 2: "x" is no finite number`},
		{"state", "1 0\n1 0\n", "sum to 2"},
		{"sum", "# nothing\n", "no terms"},
		{"sum", "X0\n1 Z0 Z0\n", "line 2: site 0 comes twice in a term"},
		{"sum", "1 Z\n", `"Z" is no factor, want X, Y or Z and a site, such as X3`},
		{"sum", "1 A0\n", `"A0" is no factor`},
		{"sum", "1 X01\n", `"X01" is no factor`},
		{"sum", "1 X-1\n", `"X-1" is no factor`},
		{"sum", "1 2 X0\n", `"2" is no factor`},
		{"sum", "one X0\n", `"one" is no finite number, nor a factor such as X3`},
		{"sum", "1e999\n", `"1e999" is no finite number`},
		{"density", "1 0\n0 0 0\n", "real parts: line 2: 3 numbers, want 2"},
		{"density", "1 0\n", "real parts: 1 rows of 2 numbers, want a square"},
		{"density", "1 0\n0 0\n0 0\n", "row 3 of 2 numbers, want a square"},
		{"density", "1\n", "1 real parts and 4 imaginary ones"},
		{"density", "1 0.5\n0 0\n", "not hermitian"},
	} {
		if err := readers[c.reader](strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error %v, want one with %q", c.reader, c.text, err, c.want)
		}
	}
}

// Whatever the bytes are, readers return an error or what their types promise, and what they read comes back.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("Z X\nY Z\n"))
	f.Add([]byte("ZZ\nZX"))
	f.Add([]byte("-1.5 Z0 X2 # a term\nY1\n0.25"))
	f.Add([]byte("0.6 0\n0 -0.8\n"))
	f.Add([]byte("0.5 0\n0 0.5\n"))
	f.Add([]byte("H 0.6 0 0.8 0 0.8 0 -0.6 0\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if rows, err := quantum.ReadBases(bytes.NewReader(in)); err == nil {
			var text bytes.Buffer
			if err := quantum.WriteBases(&text, rows); err != nil {
				t.Fatal(err)
			}
			if again, err := quantum.ReadBases(&text); err != nil || !reflect.DeepEqual(again, rows) {
				t.Errorf("read %q, then %q, error %v", rows, again, err)
			}
		}
		if psi, err := quantum.ReadState(bytes.NewReader(in)); err == nil {
			if norm := real(psi.Overlap(psi)); !(norm > 1-1e-9 && norm < 1+1e-9) || len(psi) != 1<<psi.Sites() {
				t.Errorf("%d amplitudes of norm %v", len(psi), norm)
			}
		}
		if u, err := quantum.ReadUnitaries(bytes.NewReader(in)); err == nil {
			for letter, m := range u {
				if err := m.Check(); err != nil {
					t.Errorf("%c: %v", letter, err)
				}
			}
		}
		if sum, err := quantum.ReadPauliSum(bytes.NewReader(in)); err == nil {
			again, err := quantum.ReadPauliSum(strings.NewReader(sum.String()))
			if err != nil || sum.String() != again.String() || sum.Check(sum.Sites()) != nil {
				t.Errorf("read %v, then %v, error %v", sum, again, err)
			}
		}
		if rho, err := quantum.ReadDensity(bytes.NewReader(in), bytes.NewReader(in)); err == nil {
			if p := rho.Purity(); p > 1+1e-4 {
				t.Errorf("purity %v", p)
			}
		}
	})
}
