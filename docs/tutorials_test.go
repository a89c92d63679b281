package docs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harmonium-rbm/harmonium/rng"
)

// tutorial is what makes the files that the readers of a page bring along, small and made up, and the numbers of its
// commands that are smaller here, so that all takes seconds.
type tutorial struct {
	files   func(folder string) error
	smaller *strings.Replacer
	refused map[string]string // commands that end with an error, and a part of it
}

var tutorials = map[string]tutorial{
	"table.md": {makeTables, strings.NewReplacer(
		"--hidden 4..64", "--hidden 2..6 --epochs 3", "--hidden 16", "--hidden 6 --epochs 5", "--hidden 32", "--hidden 4 --epochs 3",
		"-n 1000", "-n 50"),
		map[string]string{"harmonium data info mushrooms.csv": "column veil-type is \"partial\" in all"}},
	"service.md":  {makePeople, strings.NewReplacer("--hidden 16", "--hidden 6 --epochs 5"), nil},
	"proteins.md": {makeFamily, strings.NewReplacer("--hidden 50", "--hidden 6", "--epochs 100", "--epochs 5", "-n 500", "-n 50"), nil},
	"cluster.md":  {}, // needs a cluster: cmd/harmonium/testdata/mpi.txtar has its way
	"python.md":   {}, // its programs are run by python/tests/test_tutorial.py
	"quantum.md": {makeHamiltonian, strings.NewReplacer(
		"--sites 10", "--sites 6", "-n 10000", "-n 2000", "--hidden 10", "--hidden 3 --epochs 10", "--hidden 8", "--hidden 3 --epochs 3",
		"--hidden 2", "--hidden 2 --epochs 3", "0-4", "0-2", "Z0 X4 Z9", "Z0 X4 Z5"), nil},
}

// realData is where the data sets of density models are, beside a checkout; the environment may name another place.
func realData() string {
	if folder := os.Getenv("HARMONIUM_DATA"); folder != "" {
		return folder
	}
	return filepath.Join("..", "..", "shared", "data")
}

// Each command of each tutorial does its work, one after the other, in one folder.
func TestTutorials(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	pages, err := filepath.Glob("tutorials/*.md")
	if err != nil || len(pages) != len(tutorials) {
		t.Fatalf("%d tutorials, error %v, want the %d that have files to work on", len(pages), err, len(tutorials))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "harmonium")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "../cmd/harmonium").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, page := range pages {
		if tutorials[filepath.Base(page)].files == nil {
			continue
		}
		follow(ctx, t, page, program, tutorials[filepath.Base(page)])
	}
	// And those of the table on the real mushrooms.
	if _, err := os.Stat(filepath.Join(realData(), "debd", "mushrooms.train.data.gz")); err == nil {
		table := tutorials["table.md"]
		table.files = func(folder string) error {
			return errors.Join(makePeople(folder), tabulate(filepath.Join(realData(), "debd"), folder))
		}
		follow(ctx, t, "tutorials/table.md", program, table)
	}
}

// follow runs the commands of a page, one after the other, in a folder with its files.
func follow(ctx context.Context, t *testing.T, page, program string, tutorial tutorial) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := tutorial.files(folder); err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```(go)?\n(.*?)```").FindAllSubmatch(text, -1) {
		if len(block[1]) > 0 {
			continue // a part of a program, that its own test runs
		}
		for line := range strings.Lines(string(block[2])) {
			line = strings.TrimSpace(line)
			words := wordsOf(tutorial.smaller.Replace(line))
			if words[0] != "harmonium" {
				t.Errorf("%s has the command %q, want one of harmonium", page, line)
				continue
			}
			commands++
			c := exec.CommandContext(ctx, program, words[1:]...)
			c.Dir = folder
			out, err := c.CombinedOutput()
			if refusal, ok := tutorial.refused[line]; ok {
				if err == nil || !bytes.Contains(out, []byte(refusal)) {
					t.Errorf("%s: %s: %v, want it to be refused: %s\n%s", page, line, err, refusal, out)
				}
			} else if err != nil {
				t.Errorf("%s: %s: %v\n%s", page, line, err, out)
			}
		}
	}
	if commands == 0 {
		t.Errorf("%s has no commands", page)
	}
}

// wordsOf are the words of a command line, some of them in quotes.
func wordsOf(line string) []string {
	words := regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(line, -1)
	for k, word := range words {
		words[k] = strings.Trim(word, `"`)
	}
	return words
}

// makeHamiltonian writes a sum of Pauli strings.
func makeHamiltonian(folder string) error {
	return os.WriteFile(filepath.Join(folder, "ham.txt"), []byte("# a field along x at one end, and a bond\n-1.0 Z0 Z1\n-0.5 X0\n"), 0o666)
}

// makeFamily writes an alignment of 300 sequences of 12 sites in two ways to be written, of which sites 2 and 9 choose
// the same, as do sites 4 and 11; and these as contacts.
func makeFamily(folder string) error {
	const sites, letters = 12, "-ACDEFGHIKLMNPQRSTVWY"
	source := rng.NewSource(rng.Seed(1), 0)
	letter := func() byte { return letters[source.Uint64()%uint64(len(letters))] }
	var ways [2][sites]byte
	for way := range ways {
		for site := range sites {
			ways[way][site] = letter()
		}
	}
	var text bytes.Buffer
	zip := gzip.NewWriter(&text)
	for r := range 300 {
		var way [sites]int
		for site := range way {
			way[site] = int(source.Uint64() % 2)
		}
		way[9-1], way[11-1] = way[2-1], way[4-1]
		var sequence [sites]byte
		for site := range sequence {
			sequence[site] = ways[way[site]][site]
			if source.Float64() < 0.2 {
				sequence[site] = letter()
			}
		}
		fmt.Fprintf(zip, ">seq%d\n%s\n", r+1, sequence[:])
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "family.fasta.gz"), text.Bytes(), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "structure.txt"), []byte("2 9\n4 11\n"), 0o666)
}

// makeTables writes people, and mushrooms as the set of bits that the table of the real ones is made of: 450 of ten
// species, each of which has a value of every attribute, and another one in one of ten rows.
func makeTables(folder string) error {
	source := rng.NewSource(rng.Seed(2), 0)
	values := []int{6, 4, 10, 2, 9, 2, 2, 2, 12, 2, 4, 4, 9, 9, 1, 4, 3, 5, 9, 6, 7} // of each attribute
	bits := filepath.Join(folder, "bits")
	if err := os.Mkdir(bits, 0o777); err != nil {
		return err
	}
	var species [10][]int
	for k := range species {
		for _, n := range values {
			species[k] = append(species[k], int(source.Uint64()%uint64(n)))
		}
	}
	for _, part := range []string{"train", "valid", "test"} {
		var text bytes.Buffer
		zip := gzip.NewWriter(&text)
		for range 150 {
			of, sign := species[source.Uint64()%10], ""
			for k, n := range values {
				value := of[k]
				if source.Float64() < 0.1 {
					value = int(source.Uint64() % uint64(n))
				}
				for v := range n {
					fmt.Fprintf(zip, "%s%d", sign, map[bool]int{true: 1}[v == value])
					sign = ","
				}
			}
			fmt.Fprintln(zip)
		}
		if err := zip.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(bits, "mushrooms."+part+".data.gz"), text.Bytes(), 0o666); err != nil {
			return err
		}
	}
	return errors.Join(makePeople(folder), tabulate(bits, folder))
}

// tabulate makes the table of mushrooms.
func tabulate(bits, folder string) error {
	if out, err := exec.Command("go", "run", "../bench/mushrooms", bits, folder).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// makePeople writes a table of 2,000 people, in which incomes depend on jobs and ages and the other columns on jobs, a
// schema for it, and rows with missing cells.
func makePeople(folder string) error {
	source := rng.NewSource(rng.Seed(1), 0)
	whether := func(p float64) bool { return source.Float64() < p }
	jobs := []struct {
		name               string
		income, men, smoke float64
	}{{"clerk", 1500, 0.5, 0.2}, {"nurse", 2200, 0.2, 0.1}, {"smith", 2600, 0.85, 0.5}}
	var table bytes.Buffer
	fmt.Fprintln(&table, "age,sex,job,children,income,smokes")
	for range 2000 {
		job, age := jobs[source.Uint64()%3], 20+40*source.Float64()
		sex, children, smokes, noise := "f", 0, 0, -6.0
		if whether(job.men) {
			sex = "m"
		}
		for range 4 {
			if whether((age - 15) / 90) {
				children++
			}
		}
		if whether(job.smoke) {
			smokes = 1
		}
		for range 12 { // of which the sum is nearly normal
			noise += source.Float64()
		}
		fmt.Fprintf(&table, "%.1f,%s,%s,%d,%.2f,%d\n", age, sex, job.name, children, job.income+25*(age-20)+200*noise, smokes)
	}
	if err := os.WriteFile(filepath.Join(folder, "people.csv"), table.Bytes(), 0o666); err != nil {
		return err
	}
	gaps := "age,sex,job,children,income,smokes\n43.4,f,,1,2834.00,0\n,m,smith,,3500.00,1\n29.4,f,clerk,1,,\n"
	if err := os.WriteFile(filepath.Join(folder, "gaps.csv"), []byte(gaps), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "schema.csv"), []byte("children,real\n"), 0o666)
}
