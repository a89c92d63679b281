package data

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
)

// foreignTexts are formats of text that are not read, by how a file of one begins, and the way out.
var foreignTexts = []struct {
	name   string
	begins *regexp.Regexp
	wayOut string
}{
	{"a printed array", regexp.MustCompile(`\A\s*(array\(\[|\[\[[-+0-9. ]+\])`), `save it: numpy.save("x.npy", x)`},
	{"JSON", regexp.MustCompile(`\A\s*(\{\s*"|\[\s*[\[{])`), `write a table: pandas.read_json("x.json").to_csv("x.csv", index=False), ` +
		`with lines=True where each line is an object`},
	{"HTML or XML", regexp.MustCompile(`(?i)\A\s*<(\?xml|!doctype|html|table)\b`),
		`write its table as .csv: pandas.read_html("x.html")[0] has it; ` +
			`a page that says "not found" is none`},
	{"Matrix Market", regexp.MustCompile(`\A%%MatrixMarket`),
		`scipy.sparse.save_npz("x.npz", scipy.sparse.csr_matrix(scipy.io.mmread("x.mtx")))`},
	{"ARFF", regexp.MustCompile(`(?i)\A([ \t]*%.*\n|\s)*@relation\b`),
		`write a table: pandas.DataFrame(scipy.io.arff.loadarff("x.arff")[0]).to_csv("x.csv", index=False)`},
	{"Stockholm", regexp.MustCompile(`\A# STOCKHOLM`), `convert it to FASTA: esl-reformat afa x.sto > x.fasta`},
	{"Clustal", regexp.MustCompile(`\ACLUSTAL`), `convert it to FASTA: Bio.AlignIO.convert("x.aln", "clustal", "x.fasta", "fasta")`},
	{"NEXUS", regexp.MustCompile(`(?i)\A#NEXUS`), `convert it to FASTA: Bio.AlignIO.convert("x.nex", "nexus", "x.fasta", "fasta")`},
	{"PHYLIP", regexp.MustCompile(`\A\s*\d+\s+\d+[ \t]*\r?\n\S+[ \t]+[A-Za-z.*?-]{4,}`),
		`convert it to FASTA: Bio.AlignIO.convert("x.phy", "phylip-relaxed", "x.fasta", "fasta")`},
	{"FASTQ", regexp.MustCompile(`\A@.+\n[A-Za-z]+\r?\n\+`), `align the reads, and give the alignment as FASTA`},
	{"GenBank", regexp.MustCompile(`\ALOCUS\s+\S+\s+\d+ (bp|aa)\b`), `align the sequences, and give the alignment as FASTA`},
	{"PNM (a picture)", regexp.MustCompile(`\A(P[14]\s(#.*\n)*\d+ \d+\s+([01 ]+\n|[^ -~])|P[2356]\s(#.*\n)*\d+ \d+\s+\d+\s*\n)`), picture},
	{"PLINK .ped", regexp.MustCompile(`\A(\S+[ \t]+){4}[012][ \t]+-?[\d.]+([ \t]+[ACGT0][ \t]+[ACGT0])+[ \t]*\r?\n`),
		`count the alleles: plink --file x --recode A makes x.raw, whose columns are genotypes 0, 1 and 2`},
	{"HapMap", regexp.MustCompile(`\Ars#\t`), `convert it to VCF`},
	{"FITS", regexp.MustCompile(`\ASIMPLE  =`), `save the array as .npy: numpy.save("x.npy", astropy.io.fits.getdata("x.fits"))`},
	{"Git LFS, a pointer to a file", regexp.MustCompile(`\Aversion https://git-lfs`), `fetch the file itself: git lfs pull`},
	{"Markdown", regexp.MustCompile(`\A\|.*\|[ \t]*\r?\n\|[-:| ]+\|`), `take out the line of dashes and the bars at the ends`},
	{"LaTeX", regexp.MustCompile(`\A\s*\\(begin|documentclass)\b`), `write the table as .csv`},
}

// foreignText names the format of a text that is in none of ours, where it is known, or says what its lines lack.
func foreignText(head []byte) error {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	for _, f := range foreignTexts {
		if f.begins.Match(head) {
			return fmt.Errorf("found a file of the format %s, want %s; %s", f.name, formats, f.wayOut)
		}
	}
	if at := bytes.IndexByte(head, '\r'); at >= 0 && at < len(head)-1 && bytes.IndexByte(head, '\n') < 0 {
		return errors.New("its lines end with CR alone, as those of old programs for Macintosh: tr '\\r' '\\n' < OLD.csv > NEW.csv")
	}
	return nil
}

// odds are texts that can't be read as they are, or not as they are meant, and the way out. They are looked for where
// there is another error.
var odds = []struct {
	begins *regexp.Regexp
	wayOut string
}{
	{regexp.MustCompile(`\A\S+( qid:\d+)?( \d+:[-+\d.eE]+)+[ \t]*(#.*)?\r?\n`), `it looks like svmlight (LIBSVM): ` +
		`scipy.sparse.save_npz("x.npz", sklearn.datasets.load_svmlight_file("x.svm")[0])`},
	{regexp.MustCompile(`\A[A-Z*.-]{4,}\r?\n[A-Z*.-]{4,}\r?\n`), `it looks like sequences, one a line: ` +
		`awk '{print ">" NR "\n" $0}' OLD.txt > NEW.fasta`},
	{regexp.MustCompile(`\A[0-9]*[2-9][0-9]*\r?\n[0-9]{2,}\r?\n`), `it looks like digits run together, of which only 0 and 1 are read: ` +
		`sed 's/./& /g' OLD.txt > NEW.txt`},
}

// withHint adds to an error what a text looks like.
func withHint(err error, head []byte) error {
	for _, o := range odds {
		if err != nil && o.begins.Match(head) {
			return fmt.Errorf("%w; %s", err, o.wayOut)
		}
	}
	return err
}

// oddBytes is the error of what would be text but for some bytes, or nil.
func oddBytes(head []byte) error {
	printable, zeros, first := 0, [2]int{}, -1
	for k, c := range head {
		switch {
		case c >= ' ' && c != 0x7f || c == '\t' || c == '\n' || c == '\r':
			printable++
		case first < 0:
			first = k
		}
		if c == 0 {
			zeros[k%2]++
		}
	}
	half := len(head) / 2
	switch {
	case half >= 4 && printable >= half && zeros[1] == half && zeros[0] == 0:
		return errors.New("perhaps UTF-16 without its mark, want UTF-8: iconv -f UTF-16LE -t UTF-8 OLD.csv > NEW.csv")
	case half >= 4 && printable >= half && zeros[0] >= half && zeros[1] == 0:
		return errors.New("perhaps UTF-16 without its mark, want UTF-8: iconv -f UTF-16BE -t UTF-8 OLD.csv > NEW.csv")
	case first > 0 && head[0] < 0x80 && 4*printable >= 3*len(head):
		line := bytes.Count(head[:first], []byte("\n")) + 1
		return fmt.Errorf("line %d, byte %d is %#02x, which no text has: take it out (tr -d '\\%03o' < OLD.csv > NEW.csv), or, "+
			"if it separates cells, make commas of it (tr '\\%03o' ,)",
			line, first-bytes.LastIndexByte(head[:first], '\n'), head[first], head[first], head[first])
	}
	return nil
}
