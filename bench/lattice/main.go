// Lattice scores sequences of 27 letters as lattice proteins: how likely each folds into the native structure, of all
// compact structures on a cube of 3×3×3 sites,
//
//	P(native | sequence) = e^(−E(native)) / Σ_S e^(−E(S)),   E(S) = Σ_(i,j touch in S) ε(a_i, a_j).
//
// A structure is a path along the edges that visits each site once; there are 103,346 of them but for rotations and
// reflections (E. Shakhnovich and A. Gutin, J. Chem. Phys. 93 (1990) 5967). Units touch that are neighbours on the cube
// and not along the chain: 28 pairs.
//
// usage: go run ./bench/lattice -energies FILE -native FILE [-recorded FILE] FASTA…
//
// FILE of -energies has 21 lines, the 20 letters of the amino acids and 20 rows of numbers; -native the 28 pairs, two
// sites a line, from 1; -recorded a probability a line for the sequences of the first FASTA. FASTA may be gzipped.
package main

import (
	"bufio"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"log"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	side   = 3
	length = side * side * side
	touch  = 28 // pairs of a compact structure
)

func main() {
	log.SetFlags(0)
	energies := flag.String("energies", "", "file of contact energies")
	native := flag.String("native", "", "file of the native structure's contacts")
	recorded := flag.String("recorded", "", "file of probabilities to compare with")
	limit := flag.Int("limit", math.MaxInt, "sequences of a file at most")
	flag.Parse()
	letters, ε, err := readEnergies(*energies)
	check(err)
	pairs, err := readNative(*native)
	check(err)
	structures := enumerate()
	at := slices.Index(structures, pairs)
	fmt.Printf("%d structures, the native one is number %d\n", len(structures), at)
	if at < 0 {
		log.Fatalf("%s: these contacts are of no compact structure", *native)
	}
	for k, path := range flag.Args() {
		sequences, err := readFASTA(path, letters, *limit)
		check(err)
		p := make([]float64, len(sequences))
		for i, s := range sequences {
			p[i] = fold(s, ε, structures, at)
		}
		report(path, p)
		if k == 0 && *recorded != "" {
			check(compare(p, *recorded))
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// contacts are the pairs of sites that touch, i·length + j with i < j, ascending.
type contacts [touch]uint16

// enumerate returns the contacts of all compact structures. A path begins at a corner or in the middle of a face, as
// these are the 14 of one colour, and is kept if no rotation or reflection that keeps its start gives a smaller one.
func enumerate() (list []contacts) {
	var neighbours [length][]int
	for a := range length {
		for b := range length {
			if distance(a, b) == 1 {
				neighbours[a] = append(neighbours[a], b)
			}
		}
	}
	for _, start := range []int{site(0, 0, 0), site(1, 1, 0)} {
		var symmetries [][length]int
		for _, s := range cubeSymmetries() {
			if s[start] == start {
				symmetries = append(symmetries, s)
			}
		}
		path := [length]int{start}
		var visited [length]bool
		visited[start] = true
		var walk func(done int)
		walk = func(done int) {
			if done == length {
				for _, s := range symmetries {
					for _, a := range path {
						if s[a] < a {
							return
						}
						if s[a] > a {
							break
						}
					}
				}
				list = append(list, contactsOf(path))
				return
			}
			for _, b := range neighbours[path[done-1]] {
				if !visited[b] {
					visited[b], path[done] = true, b
					walk(done + 1)
					visited[b] = false
				}
			}
		}
		walk(1)
	}
	return list
}

func site(x, y, z int) int { return x + side*y + side*side*z }

func coordinates(a int) [3]int { return [3]int{a % side, a / side % side, a / (side * side)} }

func distance(a, b int) (sum int) {
	p, q := coordinates(a), coordinates(b)
	for k := range p {
		sum += max(p[k]-q[k], q[k]-p[k])
	}
	return sum
}

// cubeSymmetries are the 48 rotations and reflections, as maps of sites.
func cubeSymmetries() (list [][length]int) {
	for _, axes := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		for flips := range 8 {
			var s [length]int
			for a := range length {
				p, q := coordinates(a), [3]int{}
				for k := range q {
					q[k] = p[axes[k]]
					if flips>>k&1 == 1 {
						q[k] = side - 1 - q[k]
					}
				}
				s[a] = site(q[0], q[1], q[2])
			}
			list = append(list, s)
		}
	}
	return list
}

func contactsOf(path [length]int) (c contacts) {
	k := 0
	for i := range length {
		for j := i + 3; j < length; j += 2 { // of the other colour
			if distance(path[i], path[j]) == 1 {
				c[k] = uint16(i*length + j)
				k++
			}
		}
	}
	return c
}

// fold is the probability of structure number at.
func fold(sequence [length]int, ε [20][20]float64, structures []contacts, at int) float64 {
	var energy [length * length]float64
	for i := range length {
		for j := i + 1; j < length; j++ {
			energy[i*length+j] = ε[sequence[i]][sequence[j]]
		}
	}
	of := func(c *contacts) (sum float64) {
		for _, pair := range c {
			sum += energy[pair]
		}
		return sum
	}
	nativeEnergy, z := of(&structures[at]), 0.0
	for k := range structures {
		z += math.Exp(nativeEnergy - of(&structures[k]))
	}
	return 1 / z
}

func report(name string, p []float64) {
	mean, logs := 0.0, 0.0
	above := [3]int{}
	bounds := [3]float64{0.5, 0.9, 0.99}
	for _, x := range p {
		mean += x / float64(len(p))
		logs += math.Log(x) / float64(len(p))
		for k, bound := range bounds {
			if x > bound {
				above[k]++
			}
		}
	}
	sorted := slices.Sorted(slices.Values(p))
	fmt.Printf("%s: %d sequences, P(native) mean %.4f, median %.4f, mean of log %.4f", name, len(p), mean, sorted[len(p)/2], logs)
	for k, bound := range bounds {
		fmt.Printf(", above %g: %.1f %%", bound, 100*float64(above[k])/float64(len(p)))
	}
	fmt.Println()
}

// compare holds log P/(1−P), the free energy that separates the native structure from the others, against that of a
// file.
func compare(p []float64, path string) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	var xs, ys []float64
	lines := bufio.NewScanner(r)
	for k := 0; lines.Scan() && k < len(p); k++ {
		y, err := strconv.ParseFloat(strings.TrimSpace(lines.Text()), 64)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		xs, ys = append(xs, math.Log(p[k]/(1-p[k]))), append(ys, math.Log(y/(1-y)))
	}
	n := float64(len(xs))
	var x, y, xx, yy, xy float64
	for k := range xs {
		x, y = x+xs[k]/n, y+ys[k]/n
	}
	for k := range xs {
		xx, yy, xy = xx+(xs[k]-x)*(xs[k]-x), yy+(ys[k]-y)*(ys[k]-y), xy+(xs[k]-x)*(ys[k]-y)
	}
	fmt.Printf("log P/(1−P) of %d sequences: mean %.3f, recorded %.3f, correlation %.4f\n", len(xs), x, y, xy/math.Sqrt(xx*yy))
	return lines.Err()
}

func open(path string) (io.Reader, error) {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return f, err
	}
	return gzip.NewReader(f)
}

func readEnergies(path string) (letters string, ε [20][20]float64, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", ε, err
	}
	fields := strings.Fields(string(text))
	for len(fields) > 0 && len(letters) < 20 {
		letters, fields = letters+fields[0], fields[1:]
	}
	if len(letters) != 20 || len(fields) != 400 {
		return "", ε, fmt.Errorf("%s: %d letters and %d numbers, want 20 and 400", path, len(letters), len(fields))
	}
	for k, field := range fields {
		if ε[k/20][k%20], err = strconv.ParseFloat(field, 64); err != nil {
			return "", ε, fmt.Errorf("%s: %w", path, err)
		}
	}
	return letters, ε, nil
}

func readNative(path string) (c contacts, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	fields := strings.Fields(string(text))
	if len(fields) != 2*touch {
		return c, fmt.Errorf("%s: %d numbers, want %d pairs", path, len(fields), touch)
	}
	for k := range c {
		i, errI := strconv.Atoi(fields[2*k])
		j, errJ := strconv.Atoi(fields[2*k+1])
		if errI != nil || errJ != nil || min(i, j) < 1 || max(i, j) > length {
			return c, fmt.Errorf("%s: pair %d is %s %s, want sites from 1 to %d", path, k+1, fields[2*k], fields[2*k+1], length)
		}
		c[k] = uint16((min(i, j)-1)*length + max(i, j) - 1)
	}
	slices.Sort(c[:])
	return c, nil
}

func readFASTA(path, letters string, limit int) (list [][length]int, err error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() && len(list) < limit {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '>' {
			continue
		}
		if len(line) != length {
			return nil, fmt.Errorf("%s: a sequence of %d letters, want %d", path, len(line), length)
		}
		var s [length]int
		for i, letter := range []byte(line) {
			if s[i] = strings.IndexByte(letters, letter); s[i] < 0 {
				return nil, fmt.Errorf("%s: letter %q, want one of %s", path, letter, letters)
			}
		}
		list = append(list, s)
	}
	return list, lines.Err()
}
