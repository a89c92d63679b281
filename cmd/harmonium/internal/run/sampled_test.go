package run

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// writeMetrics writes lines of different lengths.
func writeMetrics(t testing.TB, dir string, lines int) {
	t.Helper()
	var b bytes.Buffer
	for k := range lines {
		fmt.Fprintf(&b, `{"update":%d,"epoch":%g,"seconds":%d,"train_ll":{"value":-10,"stderr":0.1,"method":"exact"}%*s}`+"\n",
			k, float64(k)/100, k, k%37, "")
	}
	if err := os.WriteFile(filepath.Join(dir, MetricsName), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestSampled(t *testing.T) {
	for _, lines := range []int{1, 2, 10, 499, 500, 501, 2000, 30000} {
		r := &Run{Dir: t.TempDir()}
		writeMetrics(t, r.Dir, lines)
		const points = 500
		metrics, err := r.Sampled(points)
		if err != nil {
			t.Fatal(err)
		}
		if len(metrics) < min(lines, points)*9/10 || len(metrics) > points+1 || lines <= points && len(metrics) != lines {
			t.Errorf("%d lines: %d sampled", lines, len(metrics))
		}
		if first, last := metrics[0].Update, metrics[len(metrics)-1].Update; first != 0 || last != lines-1 {
			t.Errorf("%d lines: from update %d to %d", lines, first, last)
		}
		if metrics, err := r.Sampled(1); err != nil || metrics[len(metrics)-1].Update != lines-1 {
			t.Errorf("%d lines: the last of one sampled is %v, error %v", lines, metrics, err)
		}
		most := max(lines/points*2, 2)
		for k := range metrics[1:] {
			if step := metrics[k+1].Update - metrics[k].Update; step < 1 || step > most {
				t.Errorf("%d lines: update %d follows %d", lines, metrics[k+1].Update, metrics[k].Update)
			}
		}
	}
}

// What a file may look like while it is written, or after something has gone wrong.
func TestSampledBroken(t *testing.T) {
	whole := `{"update":1,"epoch":1}` + "\n"
	for name, c := range map[string]struct {
		text   string
		lines  int
		broken bool
	}{
		"empty":       {"", 0, false},
		"no end":      {`{"update":1`, 0, false},
		"cut":         {whole + `{"upd`, 1, false},
		"garbage":     {whole + "\x00\xff\n" + whole, 2, true},
		"empty lines": {whole + "\n" + whole, 2, true},
		"one endless line": {
			whole + string(bytes.Repeat([]byte("x"), 3*longestLine)), 0, true,
		},
	} {
		r := &Run{Dir: t.TempDir()}
		if err := os.WriteFile(filepath.Join(r.Dir, MetricsName), []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		metrics, err := r.Sampled(10)
		if len(metrics) != c.lines || (err != nil) != c.broken {
			t.Errorf("%s: %d lines, error %v", name, len(metrics), err)
		}
	}
	if metrics, err := (&Run{Dir: t.TempDir()}).Sampled(10); len(metrics) != 0 || err != nil {
		t.Errorf("no file: %d lines, error %v", len(metrics), err)
	}
}
