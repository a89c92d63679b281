package data

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// Genotypes of tables, arrays and VCF are two bits each, in any order of columns, and a table has them back.
func TestGenotypes(t *testing.T) {
	all := Select(Selection{Genotypes: []string{"all"}})
	one := ForColumns(append(genotypeColumns("b"), rbm.Column{Name: "a", Kind: rbm.Bernoulli}))
	bits := ForColumns([]rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}})
	columns := append(genotypeColumns("a"), genotypeColumns("b")...)
	numbered := append(genotypeColumns("1"), genotypeColumns("2")...)
	unphased := vcfOf("S T U", "1 1 a A G . . . GT 0/1 1|1 ./1", "1 2 b A G . . . GT 0|0:7 1/0:8 1")
	alleles := ForModel(&rbm.Model{
		Visible: rbm.NewLayer(rbm.Bernoulli, 2), Columns: []rbm.Column{{Name: "a", Kind: rbm.Bernoulli}, {Name: "b", Kind: rbm.Bernoulli}},
	})
	schema := func(text string) Option {
		s, err := ParseSchema(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return WithSchema(s)
	}
	for _, c := range []struct {
		name, content string
		options       []Option
		want          string // inShort, or "refused: " and a part of the error
		table         string // what is written, "" for what was read
	}{
		{"a table", "a,b\n0,1\n2,0\n1,1\n", []Option{all}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 1/1/0/0 1/0/1/0", ""},
		{"gaps", "a,b\n0,NA\n2,0\n", []Option{all, Gaps()}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0// 1/1/0/0", "a,b\n0,\n2,0\n"},
		{"decimals", "a,b\n0.0,1.0\n2,0\n", []Option{all}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 1/1/0/0", "a,b\n0,1\n2,0\n"},
		{"beside other columns", "x,a\n0.5,1\n1.5,2\n", []Option{Select(Selection{Genotypes: []string{"a"}})},
			"x bit, a>=1 bit, a>=2 bit: 0.5/1/0 1.5/1/1", ""},
		{"all but what a schema names", "x,a\n0.5,1\n1.5,2\n1,0\n", []Option{all, schema("x,real")},
			"x real, a>=1 bit, a>=2 bit: 0.5/1/0 1.5/1/1 1/0/0", ""},
		{"all but categories", "a,k\n1,5\n2,7\n", []Option{Select(Selection{Genotypes: []string{"all"}, Categories: []string{"k"}})},
			"a>=1 bit, a>=2 bit, k category: 1/0/5 1/1/7", ""},
		{"files of PLINK (--recode A)", "FID IID SEX PHENOTYPE rs1_A rs2_C\nf p1 1 -9 0 2\nf p2 2 -9 NA 1\n",
			[]Option{Gaps(), Select(Selection{Genotypes: []string{"all"}, RowNames: "IID", Drop: []string{"FID", "SEX", "PHENOTYPE"}})},
			"rs1_A>=1 bit, rs1_A>=2 bit, rs2_C>=1 bit, rs2_C>=2 bit: p1=0/0/1/1 p2=//1/0", ",rs1_A,rs2_C\np1,0,2\np2,,1\n"},
		{"a site that never changes", "a,b\n0,1\n0,0\n", []Option{all}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 0/0/0/0", ""},
		{"no names", "0 1\n2 0\n", []Option{all}, "1>=1 bit, 1>=2 bit, 2>=1 bit, 2>=2 bit: 0/0/1/0 1/1/0/0", "0,1\n2,0\n"},
		{"no names, for a model", "0 1\n2 0\n", []Option{ForColumns(columns)}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 1/1/0/0",
			"a,b\n0,1\n2,0\n"},
		{"no names and gaps, for a model", "0 NA\n2 0\n", []Option{ForColumns(columns), Gaps()},
			"a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0// 1/1/0/0", "a,b\n0,\n2,0\n"},
		{"another order, for a model", "b,x,a\n1,q,0\n0,q,2\n", []Option{ForColumns(columns)},
			"a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: 0/0/1/0 1/1/0/0", "a,b\n0,1\n2,0\n"},
		{"a column that is not there, for a model", "b,x\n1,q\n", []Option{ForColumns(columns)},
			`refused: the table has no column "a", which is wanted: it has b, x`, ""},
		{"an array", string(npy("|i1", "(2, 2)", []int8{0, 1, 2, 0})), []Option{all},
			"1>=1 bit, 1>=2 bit, 2>=1 bit, 2>=2 bit: 0/0/1/0 1/1/0/0", "0,1\n2,0\n"},
		{"some columns of an array", string(npy("|i1", "(2, 3)", []int8{0, 9, 1, 2, 9, 0})),
			[]Option{Select(Selection{Genotypes: []string{"all"}, Drop: []string{"2"}})},
			"1>=1 bit, 1>=2 bit, 3>=1 bit, 3>=2 bit: 0/0/1/0 1/1/0/0", "1,3\n0,1\n2,0\n"},
		{"an array for a model", string(npy("<f4", "(2, 2)", []float32{0, 1, 2, 0})), []Option{ForColumns(numbered)},
			"1>=1 bit, 1>=2 bit, 2>=1 bit, 2>=2 bit: 0/0/1/0 1/1/0/0", "0,1\n2,0\n"},
		{"an array of bits for a model", string(npy("|u1", "(2, 4)", []uint8{0, 0, 1, 0, 1, 1, 0, 0})), []Option{ForColumns(numbered)},
			"1>=1 bit, 1>=2 bit, 2>=1 bit, 2>=2 bit: 0/0/1/0 1/1/0/0", "0,1\n2,0\n"},
		{"gaps of an array", string(npy("<f8", "(2, 1)", []float64{math.NaN(), 2})), []Option{all, Gaps()},
			"1>=1 bit, 1>=2 bit: / 1/1", "NA\n2\n"},
		{"an array of three alleles", string(npy("|u1", "(1, 2)", []uint8{0, 3})), []Option{all},
			"refused: row 1, column 2: found 3, want 0, 1 or 2, the copies of an allele", ""},
		{"a missing genotype of an array", string(npy("<f8", "(2, 1)", []float64{math.NaN(), 2})), []Option{all},
			"refused: row 1, column 1: found NaN, want 0, 1 or 2", ""},
		{"some genotypes of an array", string(npy("|u1", "(1, 2)", []uint8{0, 1})), []Option{Select(Selection{Genotypes: []string{"1"}})},
			"refused: in an array, columns are genotypes all or none: say all", ""},
		{"unphased VCF", unphased, []Option{all, Gaps()}, "a>=1 bit, a>=2 bit, b>=1 bit, b>=2 bit: S=1/0/0/0 T=1/1/1/0 U=//1/0",
			",a,b\nS,1,0\nT,2,1\nU,,1\n"},
		{"VCF for a model", unphased, []Option{ForColumns(genotypeColumns("b"))}, "b>=1 bit, b>=2 bit: S=0/0 T=1/0 U=1/0",
			",b\nS,0\nT,1\nU,1\n"},
		{"unphased VCF that nothing says", unphased, nil,
			"refused: line 4 (site a), sample S: found the genotype \"0/1\", want alleles with |", ""},
		{"sums for a model of alleles", unphased, []Option{all, alleles},
			"refused: the model has no genotypes, which are two bits a site", ""},
		{"unphased VCF for a model of alleles", unphased, []Option{alleles},
			"refused: line 4 (site a), sample S: found the genotype \"0/1\", want alleles with | between them", ""},
		{"VCF of three alleles", vcfOf("S", "1 1 a A G,C . . . GT 0/2"), []Option{all},
			"refused: line 4 (site a), sample S: found the genotype \"0/2\", want 0, 1 or . for each allele", ""},
		{"VCF of three copies", vcfOf("S", "1 1 a A G . . . GT 0/1/1"), []Option{all},
			"refused: line 4 (site a), sample S: found the genotype \"0/1/1\", want one allele or two", ""},
		{"a damaged call", vcfOf("S", "1 1 a A G . . . GT 0-1"), []Option{all},
			"refused: line 4 (site a), sample S: found the genotype \"0-1\"", ""},
		{"no call", vcfOf("S", "1 1 a A G . . . GT :1"), []Option{all}, "refused: line 4 (site a), sample S: found the genotype \"\"", ""},
		{"some sites of VCF", unphased, []Option{Select(Selection{Genotypes: []string{"a"}})},
			"refused: in a VCF file, sites are genotypes all or none: say all", ""},
		{"texts", "a,b\n0,1\nAG,0\n", []Option{all},
			`refused: row 2 (line 3), column a: found "AG", want 0, 1 or 2, the copies of an allele`, ""},
		{"doses", "a,b\n0,1\n0.98,0\n", []Option{all}, `refused: row 2 (line 3), column a: found "0.98", want 0, 1 or 2`, ""},
		{"genotypes and categories", "a,b\n0,1\n1,2\n", []Option{Select(Selection{Genotypes: []string{"a"}, Categories: []string{"a"}})},
			"refused: column a is to be taken as genotypes and as something else: want one of them", ""},
		{"genotypes that are left out", "a,b\n0,1\n1,2\n", []Option{Select(Selection{Genotypes: []string{"a"}, Drop: []string{"a"}})},
			"refused: column a is to be taken as genotypes, and is left out: want one of them", ""},
		{"categories that are left out", "a,b\n0,1\n1,2\n", []Option{Select(Selection{Categories: []string{"a"}, Columns: []string{"b"}})},
			"refused: column a is to be taken as categories, and is left out: want one of them", ""},
		{"genotypes of a model without", "a,b\n0,1\n1,0\n", []Option{all, bits},
			"refused: the model has no genotypes", ""},
		{"a genotype of a model without", "a,b\n0,1\n1,0\n", []Option{Select(Selection{Genotypes: []string{"a"}}), one},
			"refused: column a is to be taken as genotypes, and is none in the model", ""},
		{"a column that there is not", "a,b\n0,1\n1,2\n", []Option{Select(Selection{Genotypes: []string{"z"}})},
			`refused: the table has no column "z"`, ""},
		{"a name that is taken", "a,a>=1\n0,1\n1,2\n", []Option{Select(Selection{Genotypes: []string{"a"}})},
			`refused: columns 1 and 3 are both called "a>=1"`, ""},
		{"an alignment", ">x\nAC\n", []Option{all}, "refused: a FASTA alignment has sites", ""},
		{"real numbers", "a\n0.5\n", []Option{all, Reals()}, "refused: genotypes and a threshold, bernoulli or real numbers exclude", ""},
	} {
		err := optionsOf(c.options).check()
		var s *Set
		if err == nil {
			s, err = readBytes([]byte(c.content), c.options...)
		}
		if err == nil {
			err = s.Fit(optionsOf(c.options).columns)
		}
		refusal, refused := strings.CutPrefix(c.want, "refused: ")
		switch {
		case err != nil && (!refused || !strings.Contains(err.Error(), refusal)):
			t.Errorf("%s: error\n%v\nwant\n%s", c.name, err, c.want)
		case err == nil && inShort(s) != c.want:
			t.Errorf("%s: read\n%s\nwant\n%s", c.name, inShort(s), c.want)
		case err == nil:
			var b bytes.Buffer
			if err := writeTable(&b, s); err != nil || b.String() != cmp.Or(c.table, c.content) {
				t.Errorf("%s: written as\n%s\nerror %v", c.name, b.String(), err)
			}
		}
	}
}

// The state 01, which a model may draw, is counted, and written as 1.
func TestOddGenotypes(t *testing.T) {
	columns := append([]rbm.Column{{Name: "x", Kind: rbm.Bernoulli}}, genotypeColumns("g")...)
	s := &Set{States: rbm.NewBatch(4, 3), Values: rbm.Bernoulli, Columns: columns}
	for r, bits := range []string{"100", "010", "101", "011"} {
		s.States.SetRow(r, func(i int) bool { return bits[i] == '1' })
	}
	if odd, all := s.OddGenotypes(); odd != 1 || all != 4 {
		t.Errorf("%d odd genotypes of %d, want 1 of 4", odd, all)
	}
	var b bytes.Buffer
	if err := writeTable(&b, s); err != nil || b.String() != "x,g\n1,0\n0,1\n1,1\n0,2\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if info := Describe(s); info.Columns[1].Genotype != "g" || info.Columns[0].Genotype != "" {
		t.Errorf("%v", info.Columns)
	}
	s.Known = s.known()
	s.setGap(2, rbm.Span{From: 1, To: 3}, s.Columns[1])
	if odd, _ := s.OddGenotypes(); odd != 0 || s.missingCells() != 1 {
		t.Errorf("%d odd genotypes and %d missing cells, want none and 1", odd, s.missingCells())
	}
}

// FuzzGenotypes reads tables, texts and VCF as genotypes; what was read, written and read again is the same.
func FuzzGenotypes(f *testing.F) {
	for _, text := range []string{"a,b\n0,1\n2,NA\n", "0 1\n2 1\n", "id,a\n1,0\n2,2\n3,1\n", "a\n\n2\n", "a>=1,a\n0,2\n1,0\n", ",a\nx,2\ny,\n",
		vcfOf("S T", "1 1 a A G . . . GT 0/1 1|1", "1 2 b A G . . . GT . 1")} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if isPacked(content) || isZip(content) {
			t.Skip("other targets")
		}
		options := []Option{Select(Selection{Genotypes: []string{"all"}}), Gaps()}
		var s *Set
		var err error
		if used := allocated(func() { s, err = readWhole(content, options...) }); used > uint64(fixed+1024*len(content)) {
			t.Fatalf("%d bytes: %d allocated", len(content), used)
		}
		sameInBlocks(content, optionsOf(options), s, err)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := writeTable(&b, s); err != nil {
			t.Fatal(err)
		}
		again, err := readWhole(b.Bytes(), append(options, ForColumns(s.Columns))...)
		if err != nil || fmt.Sprint(texts(again)) != fmt.Sprint(texts(s)) {
			t.Fatalf("%q was written, error %v", b.String(), err)
		}
	})
}
