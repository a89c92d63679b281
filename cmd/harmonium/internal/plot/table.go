package plot

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/harmonium-rbm/harmonium/internal/atomicfile"
)

// WriteCSV writes the numbers of a chart: a line for each point, with its series.
func (c Chart) WriteCSV(path string) error {
	lines := [][]string{{"series", c.X, c.Y, "error"}}
	for _, s := range c.Series {
		for k, x := range s.X {
			deviation := ""
			if s.Err != nil {
				deviation = float(s.Err[k])
			}
			lines = append(lines, []string{s.Name, float(x), float(s.Y[k]), deviation})
		}
	}
	return WriteCSV(path, lines)
}

// WriteCSV writes the numbers of a sheet: a line for each tile, its caption first; or where rows have names a line for
// each of them, below one with the names of the columns if these have some.
func (s Sheet) WriteCSV(path string) error {
	var lines [][]string
	if s.RowNames != nil && s.ColumnNames != nil {
		lines = [][]string{append([]string{"tile", "row"}, s.ColumnNames...)}
	}
	for k, tile := range s.Tiles {
		line := []string{strconv.Itoa(k)}
		if s.Captions != nil {
			line[0] = s.Captions[k]
		}
		if s.RowNames != nil {
			for row, name := range s.RowNames {
				named := []string{line[0], name}
				for _, x := range tile[row*s.Columns : (row+1)*s.Columns] {
					named = append(named, float(x))
				}
				lines = append(lines, named)
			}
			continue
		}
		for _, x := range tile {
			line = append(line, float(x))
		}
		lines = append(lines, line)
	}
	return WriteCSV(path, lines)
}

func float(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// WriteCSV writes lines of cells.
func WriteCSV(path string, lines [][]string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		table := csv.NewWriter(w)
		if err := table.WriteAll(lines); err != nil {
			return err
		}
		table.Flush()
		return table.Error()
	})
}
