// Mushrooms makes a table with names of the bits that the set mushrooms of DEBD has: 8,124 mushrooms of 23 species
// (Schlimmer 1987, UCI Machine Learning Repository), of which 22 attributes and the class are known.
//
// Usage:
//
//	go run ./bench/mushrooms DATA/debd FOLDER
//
// FOLDER gets whole.csv, all rows with the class and 21 attributes; mushrooms.csv, the same with a tenth of the
// attributes' cells empty, drawn at random; and schema.csv, the values of each column.
//
// The bits are one-hot states of the attributes but for stalk-root, in the order of the attributes. Each group of bits
// has one on in every row, and as often as UCI's table has a value, so that the counts name the values. Where two values
// occur equally often, such as the odors almond and anise, rows of the two can be exchanged without any other change of the
// table, so that either name is right. As multisets the rows are those of UCI's table.
package main

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/harmonium-rbm/harmonium/rng"
)

// attributes are the columns of the table with their values in the order of the bits.
var attributes = []struct{ name, values string }{
	{"cap-shape", "conical bell flat knobbed sunken convex"},
	{"cap-surface", "scaly smooth grooves fibrous"},
	{"cap-color", "cinnamon buff red gray brown pink purple green white yellow"},
	{"bruises", "yes no"},
	{"odor", "almond creosote foul musty anise none pungent fishy spicy"},
	{"gill-attachment", "attached free"},
	{"gill-spacing", "close crowded"},
	{"gill-size", "broad narrow"},
	{"gill-color", "buff red gray chocolate black orange brown pink green purple white yellow"},
	{"stalk-shape", "enlarging tapering"},
	{"stalk-surface-above-ring", "scaly smooth silky fibrous"},
	{"stalk-surface-below-ring", "scaly smooth silky fibrous"},
	{"stalk-color-above-ring", "cinnamon buff red gray orange brown pink white yellow"},
	{"stalk-color-below-ring", "cinnamon buff red gray orange brown pink white yellow"},
	{"veil-type", "partial"},
	{"veil-color", "yellow brown white orange"},
	{"ring-number", "two one none"},
	{"ring-type", "pendant none evanescent large flaring"},
	{"spore-print-color", "orange chocolate black yellow brown green purple white buff"},
	{"population", "abundant clustered numerous scattered several solitary"},
	{"habitat", "woods grasses meadows leaves paths urban waste"},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("mushrooms: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: mushrooms DATA/debd FOLDER")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(from, to string) error {
	whole := [][]string{{"class"}}
	for _, a := range attributes {
		whole[0] = append(whole[0], a.name)
	}
	for _, part := range []string{"train", "valid", "test"} {
		rows, err := read(filepath.Join(from, "mushrooms."+part+".data.gz"))
		if err != nil {
			return err
		}
		whole = append(whole, rows...)
	}
	for name, lines := range map[string][][]string{"whole.csv": whole, "mushrooms.csv": hide(whole, 0.1), "schema.csv": schema()} {
		if err := write(filepath.Join(to, name), lines); err != nil {
			return err
		}
	}
	return nil
}

// read reads rows of bits as those of the table.
func read(path string) (rows [][]string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	lines := csv.NewReader(z)
	for {
		bits, err := lines.Read()
		if err == io.EOF {
			return rows, nil
		}
		var row []string
		if err == nil {
			row, err = values(bits)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, row %d: %w", path, len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

// values are the class and the attributes of a row of bits.
func values(bits []string) ([]string, error) {
	row, has := []string{""}, map[string]string{}
	for _, a := range attributes {
		all, on := strings.Fields(a.values), -1
		if len(bits) < len(all) {
			return nil, fmt.Errorf("it ends before the bits of %s", a.name)
		}
		for k := range all {
			switch {
			case bits[k] == "1" && on < 0:
				on = k
			case bits[k] != "0":
				return nil, fmt.Errorf("bit %d of %s is %q, want 0, or 1 once", k+1, a.name, bits[k])
			}
		}
		if on < 0 {
			return nil, fmt.Errorf("no bit of %s is 1", a.name)
		}
		row, has[a.name], bits = append(row, all[on]), all[on], bits[len(all):]
	}
	if len(bits) > 0 {
		return nil, fmt.Errorf("%d bits too many", len(bits))
	}
	row[0] = class(has)
	return row, nil
}

// class says whether a mushroom is poisonous, by the rules that UCI has beside the table (Duch, Adamczak and Grabczewski
// 1996), which are right for all of its 8,124 rows.
func class(has map[string]string) string {
	switch odor := has["odor"]; {
	case odor != "almond" && odor != "anise" && odor != "none",
		has["spore-print-color"] == "green",
		odor == "none" && has["stalk-surface-below-ring"] == "scaly" && has["stalk-color-above-ring"] != "brown",
		has["habitat"] == "leaves" && has["cap-color"] == "white":
		return "poisonous"
	}
	return "edible"
}

// hide is the table with a part of the cells empty, but for the class.
func hide(table [][]string, part float64) (hidden [][]string) {
	source := rng.NewSource(rng.Seed(1), 0)
	for r, row := range table {
		row = append([]string{}, row...)
		for k := range row[1:] {
			if r > 0 && source.Float64() < part {
				row[1+k] = ""
			}
		}
		hidden = append(hidden, row)
	}
	return hidden
}

// schema lists the columns of more than two values with these: some are so rare that a part of the table may lack them.
func schema() [][]string {
	var lines [][]string
	for _, a := range attributes {
		if values := strings.Fields(a.values); len(values) > 2 {
			lines = append(lines, append([]string{a.name, "categorical"}, values...))
		}
	}
	return lines
}

func write(path string, lines [][]string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := csv.NewWriter(f).WriteAll(lines); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
