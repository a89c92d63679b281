package data

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/harmonium-rbm/harmonium/rbm"
)

// isVCF reports whether a text is of the Variant Call Format.
func isVCF(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(head, []byte("\ufeff")), []byte("##fileformat=VCF"))
}

// isBCF reports whether a file is BCF of version 1 or 2, as the byte after the letters says.
func isBCF(head []byte) bool {
	return len(head) > 3 && string(head[:3]) == "BCF" && (head[3] == 2 || head[3] == 4)
}

var errBCF = errors.New("found BCF, the binary form of VCF, want the text: 'bcftools view FILE -o FILE.vcf.gz' makes it")

// variants are the phased genotypes of a VCF file. Its lines are sites and its columns samples. Here the copies of a
// genome that a sample has, its haplotypes, are rows, and the sites columns: 0 is the reference allele and 1 the
// alternative one.
type variants struct {
	samples []string
	copies  []int    // of each sample
	first   []int    // row of each sample, and after the last the number of rows
	sites   []string // names
	calls   [][]byte // of each row: four sites a byte
	sums    bool     // a sample is one row, of the sums of its alleles: genotypes 0, 1 and 2
	alleles bool     // the model that the rows are for has a bit a site
}

// mostCopies bounds them: wheat has six, and a call of "." stands for all of them.
const mostCopies = 16

// Calls, and the texts of their cells: an allele, or the sum of two.
const missingCall = 3

var callTexts = [...]string{"0", "1", "2", missingCall: ""}

func readVCF(s source, o options) (*reading, error) {
	if o.packed > 0 {
		return nil, errPackedText
	}
	if o.threshold != nil || o.bernoulli || o.reals || o.units {
		return nil, errors.New("a VCF file has alleles, which no threshold, bernoulli, real numbers or one-hot states go with")
	}
	if o.selection.RowNames != "" {
		return nil, errors.New("a VCF file has samples for names of the rows, and no other column of names")
	}
	if g := o.selection.Genotypes; g != nil && !slices.Equal(g, allColumns) {
		return nil, errors.New("in a VCF file, sites are genotypes all or none: say all")
	}
	v := &variants{sums: o.selection.Genotypes != nil || hasGenotypes(o.columns)}
	v.alleles = slices.ContainsFunc(o.columns, func(c rbm.Column) bool { return c.Genotype == "" && c.Kind != rbm.Categorical })
	if v.sums && v.alleles {
		return nil, errors.New("the model has alleles, a bit a site, as well as genotypes, which are sums of two: want one of them")
	}
	if err := v.count(s, o.columns); err != nil {
		return nil, err
	}
	if err := v.call(s); err != nil {
		return nil, err
	}
	t := &table{names: append([]string{""}, v.sites...), format: "vcf" + s.pack, records: v.records}
	t.indexNote = fmt.Sprintf("%s %s, the copies of a sample one after the other: %s", plural(len(v.samples), "sample is", "samples are"),
		plural(v.rows(), "row", "rows"), someOf(slices.Compact([]string{v.name(0, 0), v.name(0, v.copies[0]-1)})))
	if v.sums {
		t.indexNote = fmt.Sprintf("%s %s of genotypes", plural(len(v.samples), "sample is", "samples are"), plural(v.rows(), "row", "rows"))
	}
	o.forColumns(true)
	r, err := t.read(o)
	if err != nil || v.sums {
		return r, err
	}
	fill, from := r.fill, max(0, o.selection.FirstRow-1)
	r.fill = func(size int, each func(s *Set) error) error {
		return fill(size, func(s *Set) error {
			s.Groups = v.groups(from+s.first, from+s.first+s.Rows())
			return each(s)
		})
	}
	return r, nil
}

func (v *variants) rows() int { return v.first[len(v.samples)] }

// name is that of a copy: the sample's, with the copy's number where it has several.
func (v *variants) name(sample, copy int) string {
	if v.sums || v.copies[sample] == 1 {
		return v.samples[sample]
	}
	return fmt.Sprintf("%s.%d", v.samples[sample], copy+1)
}

// The columns of a line before those of samples.
const (
	vcfChromosome, vcfPosition, vcfID, vcfReference, vcfAlternative, vcfFormat = 0, 1, 2, 3, 4, 8

	vcfColumns = 9
)

// eachSite calls f for each line of a site, with its columns.
func (v *variants) eachSite(s source, f func(line int, columns [][]byte) error) error {
	l, err := newLines(s)
	if err != nil {
		return err
	}
	samples := -1
	for {
		text, err := l.next()
		switch {
		case err == io.EOF && samples < 0:
			return errors.New("it has no line that begins with #CHROM and names the columns: it is truncated")
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case bytes.HasPrefix(text, []byte("##")):
			continue
		}
		columns := bytes.Split(text, []byte("\t"))
		switch {
		case samples < 0 && string(columns[0]) == "#CHROM":
			if samples = len(columns) - vcfColumns; samples < 1 {
				return fmt.Errorf("line %d names no sample, want sites with the genotypes of some", l.line)
			}
			v.samples = v.samples[:0]
			for _, name := range columns[vcfColumns:] {
				v.samples = append(v.samples, string(name))
			}
		case samples < 0:
			return fmt.Errorf("line %d: found %.20q, want a line that begins with #CHROM and names the columns, with tabs between them",
				l.line, columns[0])
		case len(columns) != samples+vcfColumns:
			return fmt.Errorf("line %d: found %d columns, want %d as there are names", l.line, len(columns), samples+vcfColumns)
		default:
			if err := f(l.line, columns); err != nil {
				return err
			}
		}
	}
}

// count finds the sites, and how many copies each sample has: at its first site with a call.
func (v *variants) count(s source, columns []rbm.Column) error {
	var ids, places []string
	err := v.eachSite(s, func(line int, columns [][]byte) error {
		if format, _, _ := bytes.Cut(columns[vcfFormat], []byte(":")); string(format) != "GT" {
			return fmt.Errorf("line %d: found the format %.20q, want one that begins with GT, the genotype", line, columns[vcfFormat])
		}
		place := fmt.Sprintf("%s:%s", columns[vcfChromosome], columns[vcfPosition])
		name := string(columns[vcfID])
		if name == "." {
			name = place
		}
		ids = append(ids, name)
		places = append(places, fmt.Sprintf("%s:%s:%s", place, columns[vcfReference], columns[vcfAlternative]))
		if v.copies == nil {
			v.copies = make([]int, len(v.samples))
		}
		for k, sample := range columns[vcfColumns:] {
			if call := genotype(sample); v.copies[k] == 0 && string(call) != "." {
				if v.copies[k] = (len(call) + 1) / 2; v.copies[k] > mostCopies {
					return fmt.Errorf("line %d, sample %s: found the genotype %.20q, %w", line, v.samples[k], call, errAllele)
				}
			}
		}
		return nil
	})
	if err == nil && len(ids) == 0 {
		err = errors.New("it has no sites")
	}
	if err == nil {
		err = v.nameSites(ids, places, columns)
	}
	if err != nil {
		return err
	}
	v.first = []int{0}
	for k, copies := range v.copies {
		if v.copies[k] = max(1, copies); v.sums {
			v.copies[k] = 1
		}
		v.first = append(v.first, v.first[k]+v.copies[k])
	}
	return nil
}

// nameSites calls the sites by their IDs, or all of them by their places if an ID comes twice. If there are columns, which
// may have been named in another file, a site has the name that they have, and its place alone if its ID comes twice.
func (v *variants) nameSites(ids, places []string, columns []rbm.Column) error {
	count, wanted, twice := map[string]int{}, map[string]bool{}, false
	for _, id := range ids {
		count[id]++
		twice = twice || count[id] > 1
	}
	for _, c := range columns {
		wanted[cmp.Or(c.Genotype, c.Name)] = true
	}
	v.sites = ids
	seen := map[string]bool{}
	for k, place := range places {
		if columns == nil && twice || columns != nil && (wanted[place] || count[ids[k]] > 1) {
			if v.sites[k] = place; seen[place] {
				return fmt.Errorf("two lines have the site %s: 'bcftools norm -d exact' leaves out the second", place)
			}
			seen[place] = true
		}
	}
	return nil
}

// genotype is what a sample's column has of it: what comes before the first colon.
func genotype(column []byte) []byte {
	call, _, _ := bytes.Cut(column, []byte(":"))
	return call
}

// call reads the genotypes.
func (v *variants) call(s source) error {
	v.calls = make([][]byte, v.rows())
	for r := range v.calls {
		v.calls[r] = make([]byte, (len(v.sites)+3)/4)
	}
	site := 0
	return v.eachSite(s, func(line int, columns [][]byte) error {
		for k, column := range columns[vcfColumns:] {
			call, put := genotype(column), v.callSample
			if v.sums {
				put = v.sumSample
			}
			err := put(site, k, call)
			if errors.Is(err, ErrUnphased) && v.alleles {
				err = errors.New("want alleles with | between them, which copy each is on being known, as the model has alleles: phase them")
			}
			if err != nil {
				return fmt.Errorf("line %d (site %s), sample %s: found the genotype %.20q, %w", line, v.sites[site], v.samples[k], call, err)
			}
		}
		site++
		return nil
	})
}

var (
	errUnphased = &refusal{errors.New("want alleles with | between them, which copy each is on being known: phase them, or take " +
		"their sums, 0, 1 or 2, as genotypes"), ErrUnphased}
	errAllele = errors.New("want 0, 1 or . for each allele: 'bcftools view -M2' leaves out sites with more of them")
)

func (v *variants) callSample(site, sample int, call []byte) error {
	rows := v.calls[v.first[sample]:v.first[sample+1]]
	if string(call) == "." {
		for _, row := range rows {
			row[site/4] |= missingCall << (site % 4 * 2)
		}
		return nil
	}
	if len(call) != 2*len(rows)-1 {
		if bytes.ContainsFunc(call, func(r rune) bool { return !strings.ContainsRune("01.|/", r) }) {
			return errAllele
		}
		return fmt.Errorf("want %s, as at its first site%s", plural(len(rows), "allele", "alleles"), onX(len(rows), call))
	}
	for k, row := range rows {
		code := bytes.IndexByte([]byte("01."), call[2*k])
		switch code {
		case -1:
			return errAllele
		case 2:
			code = missingCall
		}
		row[site/4] |= byte(code) << (site % 4 * 2)
		switch between := call[max(0, 2*k-1)]; {
		case k == 0 || between == '|':
		case between != '/':
			return errAllele
		case call[2*k] != call[0]:
			return errUnphased
		}
	}
	return nil
}

// sumSample puts the sum of a sample's alleles at a site. It is missing where one of them is.
func (v *variants) sumSample(site, sample int, call []byte) error {
	sum := 0
	for k, c := range call {
		switch {
		case k%2 == 1 && (c == '|' || c == '/'):
		case k%2 == 1:
			return errAllele
		case c == '.':
			sum = missingCall
		case c != '0' && c != '1':
			return errAllele
		case sum < missingCall:
			sum += int(c - '0')
		}
	}
	const two = 3 // bytes of a call
	if len(call) > two || len(call)%2 == 0 {
		return errors.New("want one allele or two")
	}
	v.calls[v.first[sample]][site/4] |= byte(sum) << (site % 4 * 2)
	return nil
}

// onX says what a sample is that has one copy at some sites and two at others: that of a man on X, who has two in the
// pseudo-autosomal regions.
func onX(copies int, call []byte) string {
	const one, two = 1, 3 // bytes of calls
	if !(copies == 1 && len(call) == two || copies == 2 && len(call) == one) {
		return ""
	}
	return "; men have one copy of X, and two of its ends: 'bcftools view -t ^X:1-2781479,X:155701383-156040895 FILE' " +
		"leaves the ends out (GRCh38; ^chrX:… where X is called so), and the same without ^ all else"
}

// groups are numbers of the samples of rows from…to−1.
func (v *variants) groups(from, to int) (groups []int) {
	sample, _ := slices.BinarySearch(v.first, from+1)
	for r := from; r < to; r++ {
		for r >= v.first[sample] {
			sample++
		}
		groups = append(groups, sample-1)
	}
	return groups
}

// records goes through the rows.
func (v *variants) records(each func(row, line int, fields []string) error) error {
	fields := make([]string, 1+len(v.sites))
	for sample := range v.samples {
		for copy := range v.copies[sample] {
			row := v.first[sample] + copy
			fields[0] = v.name(sample, copy)
			for site := range v.sites {
				fields[1+site] = callTexts[v.calls[row][site/4]>>(site%4*2)&3]
			}
			if err := each(row, 0, fields); err != nil {
				return err
			}
		}
	}
	return nil
}
