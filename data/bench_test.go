package data

import "testing"

// Reading 20,000 rows of 784 units, in bytes of the file.
func BenchmarkRead(b *testing.B) {
	x := truth(20000, 784)
	for _, c := range []struct {
		name    string
		content []byte
	}{
		{"npy-uint8", npy("|u1", "(20000, 784)", flat(x, uint8(0), 1))},
		{"npy-packed", npy("|u1", "(20000, 98)", make([]byte, 20000*98))},
		{"npy-float32", npy("<f4", "(20000, 784)", flat(x, float32(0), 1))},
		{"csv", textTable(x, "0", "1", ",", "\n")},
		{"csv-spins", textTable(x, "-1", "1", ",", "\n")},
		{"csv-gzip", gz(textTable(x, "0", "1", ",", "\n"))},
		{"digits", textTable(x, "0", "1", "", "\n")},
		{"savetxt", textTable(x, "0.000000000000000000e+00", "1.000000000000000000e+00", " ", "\n")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readWhole(c.content); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
