package data

import (
	"fmt"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// vcfOf is a VCF file with these lines of sites, blanks for tabs.
func vcfOf(samples string, sites ...string) string {
	lines := append([]string{"##contig=<ID=1>", "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT " + samples}, sites...)
	return "##fileformat=VCFv4.2\n" + strings.ReplaceAll(strings.Join(lines, "\n"), " ", "\t") + "\n"
}

func TestVCF(t *testing.T) {
	s, err := readBytes([]byte(vcfOf("S1 S2 S3",
		"1 100 rs7 A G . PASS . GT:DP 0|1:9 1|1:8 0:4",
		"1 200 . C T . PASS . GT 1|0 0/0 1",
		"X 300 . C CT . . . GT 0|0 1|1 .",
		"X 301 . C <DEL> . . . GT 0|0 . 1")), Gaps())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(texts(s)) != "[[0 1 0 0] [1 0 0 0] [1 0 1 ] [1 0 1 ] [0 1  1]]" || s.Values != rbm.Bernoulli || s.Format != "vcf" {
		t.Errorf("%v of %s units, %s", texts(s), s.Values, s.Format)
	}
	if fmt.Sprint(s.Names) != "[S1.1 S1.2 S2.1 S2.2 S3]" {
		t.Errorf("rows %v", s.Names)
	}
	var sites []string
	for _, c := range s.Columns {
		sites = append(sites, c.Name)
	}
	if fmt.Sprint(sites) != "[rs7 1:200 X:300 X:301]" {
		t.Errorf("columns %v", sites)
	}
	if fmt.Sprint(s.Groups) != "[0 0 1 1 2]" {
		t.Errorf("groups %v", s.Groups)
	}
	if want := "3 samples are 5 rows, the copies of a sample one after the other: S1.1, S1.2"; s.Notes[0] != want {
		t.Errorf("notes %q, want first %q", s.Notes, want)
	}

	// Another file has the sites of the model in another order, and more of them.
	other, err := readBytes([]byte(vcfOf("T", "X 300 . C CT . . . GT 1|0", "1 5 new A C . . . GT 1|1",
		"1 200 . C T . . . GT 0|1", "1 100 rs7 A G . . . GT 1|1")),
		ForColumns(s.Columns[:3]))
	if err == nil {
		err = other.Fit(s.Columns[:3])
	}
	if err != nil || fmt.Sprint(texts(other)) != "[[1 0 1] [1 1 0]]" || fmt.Sprint(other.Names) != "[T.1 T.2]" {
		t.Errorf("%v, rows %v, %v", texts(other), other.Names, err)
	}

	// Names that come twice are replaced by places and alleles.
	twice, err := readBytes([]byte(vcfOf("S", "1 9 . A G . . . GT 0|1", "1 9 . A T . . . GT 1|0")))
	if err != nil || twice.Columns[0].Name != "1:9:A:G" || twice.Columns[1].Name != "1:9:A:T" {
		t.Errorf("%v, %v", twice, err)
	}
	// In a file for a model, sites have the names of the model's, whatever IDs come twice in it.
	again := []string{"1 7 z A C . . . GT 1|1", "1 8 z A C . . . GT 1|1", "1 200 . C T . . . GT 0|1", "1 100 rs7 A G . . . GT 1|1"}
	for _, names := range [][]string{{"rs7", "1:200"}, {"1:100:A:G", "1:200:C:T"}, {"rs7", "1:7:A:C"}} {
		columns := []rbm.Column{{Name: names[0], Kind: rbm.Bernoulli}, {Name: names[1], Kind: rbm.Bernoulli}}
		if other, err = readBytes([]byte(vcfOf("T", again...)), ForColumns(columns)); err == nil {
			err = other.Fit(columns)
		}
		want := map[string]string{"1:200": "[[1 0] [1 1]]", "1:200:C:T": "[[1 0] [1 1]]", "1:7:A:C": "[[1 1] [1 1]]"}[names[1]]
		if err != nil || fmt.Sprint(texts(other)) != want {
			t.Errorf("%v: %v, %v", names, texts(other), err)
		}
	}
	marked, err := readBytes([]byte("\ufeff" + strings.ReplaceAll(vcfOf("S", "X 9 a A G . . . GT 0", "X 10 b A G . . . GT 1"), "\n", "\r\n")))
	if err != nil || fmt.Sprint(texts(marked), marked.Notes[0]) != "[[0 1]]1 sample is 1 row, the copies of a sample one after the other: S" {
		t.Errorf("with a byte order mark: %v, %v", marked, err)
	}
	rows, err := readBytes([]byte(vcfOf("S U", "1 9 a A G . . . GT 0|1 1|1", "1 10 b A T . . . GT 1|0 0|0")),
		Select(Selection{FirstRow: 2, LastRow: 3, Columns: []string{"b"}}))
	if err != nil || fmt.Sprint(texts(rows), rows.Names, rows.Groups) != "[[0] [0]] [S.2 U.1] [0 1]" {
		t.Errorf("%v, %v", rows, err)
	}
}

func TestBadVCF(t *testing.T) {
	site := func(calls string) string { return vcfOf("S T", "1 1 a A G . . . GT "+calls) }
	for text, want := range map[string]string{
		"##fileformat=VCFv4.2\n":               "no line that begins with #CHROM",
		"##fileformat=VCFv4.2\n1\t2\t3\n":      "line 2: found \"1\", want a line that begins with #CHROM",
		vcfOf("", "1 1 a A G . . . GT"):        "line 3 names no sample",
		vcfOf("S"):                             "no sites",
		site("0|1"):                            "line 4: found 10 columns, want 11",
		vcfOf("S", "1 1 a A G . . . DP:GT 5"):  "found the format \"DP:GT\"",
		site("0|1 0/1"):                        "line 4 (site a), sample T: found the genotype \"0/1\", want alleles with | between them",
		site("0|1 ./1"):                        "phase them",
		site("0|2 0|0"):                        "want 0, 1 or . for each allele",
		site("0|12 0|0"):                       "want 0, 1 or . for each allele",
		site("0-1 0|0"):                        "want 0, 1 or . for each allele",
		site(strings.Repeat("0|", 40) + "0 0"): "want 0, 1 or . for each allele",
		vcfOf("S", "1 1 a A G . . . GT 0|1", "1 2 b A G . . . GT 0"):       "line 5 (site b), sample S: found the genotype \"0\", want 2 alleles",
		vcfOf("S", "X 9 a A G . . . GT 0|1", "X 5000000 b A G . . . GT 0"): "'bcftools view -t ^X:1-2781479,",
		vcfOf("S", "X 5000000 a A G . . . GT 1", "X 9 b A G . . . GT 0|0"): "want 1 allele, as at its first site; men have one copy of X",
		vcfOf("S", "1 1 . A G . . . GT 0|1", "1 1 . A G . . . GT 0|1"):     "two lines have the site 1:1:A:G",
		site("0|. 0|0"): "missing",
		"BCF\x02\x02":   "bcftools view",
		strings.ReplaceAll(site("0|1 1|1"), "\t", " "): "with tabs between them",
	} {
		if s, err := readBytes([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v, want an error with %q", text, s, err, want)
		}
	}
	if _, err := readBytes([]byte(site("0|1 1|1")), Threshold(0.5)); err == nil || !strings.Contains(err.Error(), "alleles") {
		t.Errorf("a threshold: %v", err)
	}
	if _, err := readBytes([]byte(site("0|1 1|1")), OneHot()); err == nil || !strings.Contains(err.Error(), "one-hot") {
		t.Errorf("one-hot states: %v", err)
	}
	for _, text := range []string{site("0|1 1|1"), ">a\nAC\n>b\nAG\n", "a,b\nx,y\n"} {
		if _, err := readBytes([]byte(text), PackedBits(8)); err == nil || !strings.Contains(err.Error(), "packed bits are in an array") {
			t.Errorf("%.10q with packed bits: %v", text, err)
		}
	}
	_, err := readBytes([]byte(site("0|1 1|1")), Select(Selection{RowNames: "a"}))
	if err == nil || !strings.Contains(err.Error(), "samples") {
		t.Errorf("another column of names: %v", err)
	}
	if s, err := readBytes([]byte("BCF1,b\n1,0\n0,1\n")); err != nil || s.Columns[0].Name != "BCF1" {
		t.Errorf("a table whose first name begins with BCF: %v, %v", s, err)
	}
}

// FuzzVCF reads what may stand below the names of a VCF file, and takes no more memory than that vouches for.
func FuzzVCF(f *testing.F) {
	for _, text := range []string{"1 1 a A G . . . GT 0|1 1", "1 1 a A G . . . GT .|. 1/1\n1 1 a A T . . . GT . 0|1", "#CHROM", "##x\n\n"} {
		f.Add([]byte(text))
	}
	head := vcfOf("S T")
	f.Fuzz(func(t *testing.T, content []byte) {
		text := head + strings.ReplaceAll(string(content), " ", "\t")
		var s *Set
		var err error
		used := allocated(func() { s, err = readBytes([]byte(text), Gaps()) })
		if err == nil && (len(s.Names) != s.Rows() || len(s.Columns) != s.Units()) {
			t.Fatalf("%d×%d with %d and %d names", s.Rows(), s.Units(), len(s.Names), len(s.Columns))
		}
		if most := uint64(1<<22 + 1000*len(text)); used > most {
			t.Fatalf("%d bytes: %d allocated", len(text), used)
		}
	})
}
