package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/kindtest"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

// quiet is a terminal that nobody looks at.
func quiet(workers int) *terminal {
	return &terminal{stdout: io.Discard, stderr: io.Discard, quiet: true, compute: compute.New(workers)}
}

// The means of hidden units of all kinds are those of the layer given the inputs, and drawn units have these means. The
// bytes don't depend on the number of workers.
func TestTransformOfAllKinds(t *testing.T) {
	folder := t.TempDir()
	for _, pair := range kindtest.Pairs(0.8) {
		model, rows, n := pair.Model, 2000, pair.Model.N()
		v := model.Visible.NewBatch(rows)
		model.Visible.Sample(v, nil, rng.Seed(3), 0, 0)
		for r := rows / 2; r < rows; r++ { // copies of one row
			v.Slice(r, r+1).Copy(v.Slice(0, 1))
		}
		set := &data.Set{States: v}
		read := func(o *transformOptions, workers int) []float32 {
			o.out, o.seed = filepath.Join(folder, "h.npy"), 5
			if _, err := quiet(workers).writeHidden(context.Background(), o, model, set.Stream()); err != nil {
				t.Fatal(err)
			}
			return readNPY(t, o.out, rows*n)
		}
		means, drawn := read(&transformOptions{}, 1), read(&transformOptions{draw: true}, 1)
		for k, x := range read(&transformOptions{draw: true}, 3) {
			if x != drawn[k] {
				t.Fatalf("%s: with three workers unit %d is %v, with one %v", pair.Name, k, x, drawn[k])
			}
		}
		want, inputs := make([]float32, n), make([]float32, n)
		for j := range n {
			for i, w := range model.W {
				if i%n == j {
					scale, offset := model.Visible.Line()
					inputs[j] += w * float32(scale*v.Value(0, i/n)+offset)
				}
			}
		}
		model.Hidden.Mean(want, inputs)
		for j := range n {
			if math.Abs(float64(means[j]-want[j])) > 1e-3 {
				t.Errorf("%s: the mean of h%d is %v, want %v", pair.Name, j+1, means[j], want[j])
			}
			sum, square := 0.0, 0.0
			for r := rows / 2; r < rows; r++ {
				x := float64(drawn[r*n+j])
				sum, square = sum+x, square+x*x
			}
			count := float64(rows / 2)
			variance := square/count - sum/count*sum/count
			if scale, offset := model.Hidden.Line(); model.Hidden.NewBatch(0).Bits() > 0 { // of two values
				variance = (float64(want[j]) - offset) * (scale + offset - float64(want[j]))
			}
			sd := math.Sqrt(variance / count)
			if math.Abs(sum/count-float64(want[j])) > 4.5*sd+1e-3 {
				t.Errorf("%s: the mean of drawn h%d is %v ± %v, want %v", pair.Name, j+1, sum/count, sd, want[j])
			}
		}
	}
}

// readNPY reads the numbers of an array of float32, uint8 or int8.
func readNPY(t *testing.T, path string, numbers int) []float32 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body := text[128:]
	values := make([]float32, numbers)
	for k := range values {
		switch {
		case bytes.Contains(text[:128], []byte("'|u1'")):
			values[k] = float32(body[k])
		case bytes.Contains(text[:128], []byte("'|i1'")):
			values[k] = float32(int8(body[k]))
		default:
			b := body[4*k:]
			values[k] = math.Float32frombits(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
		}
	}
	return values
}

// An interruption ends the work between two blocks.
func TestTransformIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	model := rbm.New(3, 2, rng.Seed(1))
	o := &transformOptions{out: filepath.Join(t.TempDir(), "h.csv")}
	_, err := quiet(1).writeHidden(ctx, o, model, (&data.Set{States: rbm.NewBatch(5, 3)}).Stream())
	if fmt.Sprint(err) != context.Canceled.Error() {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
	if _, err := os.Stat(o.out); err == nil {
		t.Error("a file is left")
	}
}

// A row that is wrong ends the work, says where it is, and leaves the file as it was.
func TestTransformOfADamagedRow(t *testing.T) {
	folder := t.TempDir()
	in := filepath.Join(folder, "v.npy")
	v := rbm.NewBatch(2*mostRows, 3)
	if err := data.Write(in, v, rbm.Bernoulli, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(in)
	if err == nil {
		text[len(text)-2] = 9
		err = os.WriteFile(in, text, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := data.OpenStream(in)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	o := &transformOptions{out: filepath.Join(folder, "h.npy")}
	if err := os.WriteFile(o.out, []byte("before"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = quiet(1).writeHidden(t.Context(), o, rbm.New(3, 2, rng.Seed(1)), rows)
	if want := in + ": row 2000, column 2: found 9"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	if got, _ := os.ReadFile(o.out); string(got) != "before" {
		t.Error("the file is another one now")
	}
	if files, _ := os.ReadDir(folder); len(files) != 2 {
		t.Errorf("%d files, want 2", len(files))
	}
}
