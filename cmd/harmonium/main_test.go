package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/internal/group"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
)

var update = flag.Bool("update", false, "rewrite the golden output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"harmonium": main})
}

// The scripts in testdata run the command as a user does. "status N command…" demands an exit status.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", UpdateScripts: *update, RequireExplicitExec: true, Setup: breakFiles,
		Cmds:      map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Condition: canRun,
	})
}

// builtWithCUDA is whether the build tag cuda is set.
var builtWithCUDA bool

// canRun makes [isa:avx2] hold where the kernels have that form, [cuda] where the build has those of GPUs, and [mpi] where
// it has MPI.
func canRun(condition string) (bool, error) {
	switch condition {
	case "cuda":
		return builtWithCUDA, nil
	case "mpi":
		return group.Built, nil
	}
	name, ok := strings.CutPrefix(condition, "isa:")
	if !ok {
		return false, fmt.Errorf("no such condition: %s", condition)
	}
	return slices.ContainsFunc(compute.ISAs(), func(isa compute.ISA) bool { return isa.String() == name }), nil
}

func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// npyBytes is an .npy file that declares a shape and holds a number of zeros.
func npyBytes(shape string, zeros int) []byte {
	header := "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }\n"
	b := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(header)))...)
	return append(append(b, header...), make([]byte, zeros)...)
}

// breakFiles adds the binary files that a script can't hold.
func breakFiles(env *testscript.Env) error {
	other, err := os.ReadFile("../../rbm/testdata/python.safetensors")
	if err != nil {
		return err
	}
	for name, contents := range map[string][]byte{
		"other.safetensors": other,

		"short.npy":       npyBytes("(4, 3)", 7),
		"huge.npy":        npyBytes("(4000000000, 3000000000)", 12),
		"cut.gz":          append([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, bytes.Repeat([]byte{0x12}, 9)...),
		"table.parquet":   []byte("PAR1\x15\x04\x15\x00"),
		"table.feather":   []byte("ARROW1\x00\x00\xff\xff\xff\xff\x40\x00\x00\x00"),
		"cut.safetensors": binary.LittleEndian.AppendUint64(nil, 5000),
	} {
		if err := os.WriteFile(filepath.Join(env.WorkDir, name), contents, 0o666); err != nil {
			return err
		}
	}
	if err := writeSites(env.WorkDir); err != nil {
		return err
	}
	steep := rbm.New(3, 2, rng.Seed(1))
	steep.W[0] = 1e20
	return steep.Save(filepath.Join(env.WorkDir, "steep.safetensors"))
}

// writeSites writes a model of five sites with letters, whose sites 2 and 5 are coupled, and a model of a mixed table.
func writeSites(folder string) error {
	model := rbm.NewModel(rbm.NewCategorical(5, 5, 5, 5, 5), rbm.NewLayer(rbm.Spin, 2), rng.Seed(1))
	for _, name := range []string{"1", "2", "3", "4", "5"} {
		model.Columns = append(model.Columns, rbm.Column{Name: name, Kind: rbm.Categorical, Categories: []string{"-", "A", "C", "G", "T"}})
	}
	for unit, w := range map[int]float32{5 + 1: 2, 5 + 2: -2, 20 + 2: 2, 20 + 1: -2} { // A and C, C and A
		model.W[2*unit] = w
	}
	if err := model.Save(filepath.Join(folder, "sites.safetensors")); err != nil {
		return err
	}
	mixed, err := rbm.NewMixed(rbm.NewLayer(rbm.Bernoulli, 1), rbm.NewCategorical(3), rbm.NewLayer(rbm.Gaussian, 2))
	if err != nil {
		return err
	}
	table := rbm.NewModel(mixed, rbm.NewLayer(rbm.ReLU, 2), rng.Seed(1))
	table.Columns = []rbm.Column{
		{Name: "age", Kind: rbm.Gaussian}, {Name: "smoker", Kind: rbm.Bernoulli, Categories: []string{"no", "yes"}},
		{Name: "region", Kind: rbm.Categorical, Categories: []string{"east", "north", "west"}}, {Name: "income", Kind: rbm.Gaussian},
	}
	return table.Save(filepath.Join(folder, "table.safetensors"))
}
