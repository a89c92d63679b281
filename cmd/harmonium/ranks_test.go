package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/harmonium-rbm/harmonium/internal/group"
)

// A rank is one of several that run a command in this process.
type rankOutput struct {
	status         int
	stdout, stderr bytes.Buffer
}

// onRanks runs a command on all ranks of a group, or in one process for a size of 1. begin may change a rank.
func onRanks(t *testing.T, size int, begin func(rank int, cancel func(), g group.Group) group.Group, args ...string) []*rankOutput {
	t.Helper()
	all := make([]*rankOutput, size)
	var running sync.WaitGroup
	for r, g := range group.Local(size) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if begin != nil {
			g = begin(r, cancel, g)
		}
		join := func() (group.Group, error) { return g, nil }
		if size == 1 {
			join = group.Join
		}
		all[r] = new(rankOutput)
		running.Go(func() {
			all[r].status = execute(ctx, args, &terminal{stdout: &all[r].stdout, stderr: &all[r].stderr, join: join})
		})
	}
	running.Wait()
	for r, rank := range all {
		if rank.status != all[0].status {
			t.Errorf("%v: rank %d ends with status %d, rank 0 with %d", args, r, rank.status, all[0].status)
		}
		if r > 0 && rank.stdout.Len()+rank.stderr.Len() > 0 {
			t.Errorf("%v: rank %d prints %s%s", args, r, &rank.stdout, &rank.stderr)
		}
	}
	return all
}

var (
	seconds = regexp.MustCompile(`"seconds":[^,}]*`)
	folder  = regexp.MustCompile(`"(run|file)":"[^"]*"`)
)

// filesOf are digests of what a run must repeat: its metrics, less the seconds, and its model.
func filesOf(t *testing.T, run string) string {
	t.Helper()
	text := ""
	for _, name := range []string{"metrics.jsonl", "model.safetensors"} {
		contents, err := os.ReadFile(filepath.Join(run, name))
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s %x\n", name, sha256.Sum256(seconds.ReplaceAll(contents, nil)))
	}
	return text
}

// interrupting cancels the context of a rank at one of its exchanges.
type interrupting struct {
	group.Group
	at     int
	cancel func()
}

func (g *interrupting) Gather(x []byte, bounds []int) {
	if g.at--; g.at == 0 {
		g.cancel()
	}
	g.Group.Gather(x, bounds)
}

// A training has the same bytes in one process and on two to four ranks, also where one rank is interrupted and other
// numbers of ranks go on. So have scores and samples.
func TestRanks(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a model nine times") // and compute has ranks for the race detector
	}
	dir := t.TempDir()
	rows := filepath.Join(dir, "ising.npy")
	run := func(size int, args ...string) *rankOutput {
		t.Helper()
		rank := onRanks(t, size, nil, args...)[0]
		if rank.status != exitDone && rank.status != exitUntrusted {
			t.Fatalf("%v on %d ranks: status %d: %s", args, size, rank.status, &rank.stderr)
		}
		return rank
	}
	run(1, "data", "ising", "--L", "16", "--T", "2.269", "-n", "700", "-o", rows, "-q")
	training := func(out string) []string {
		return strings.Fields("train " + rows + " --hidden 128 --batch 140 --chains 130 --replicas 6 --steps 2 --updates 30 --every 10 " +
			"--holdout 0.1 -q --json -o " + out)
	}
	one := filepath.Join(dir, "one")
	result := run(1, training(one)...)
	want := filesOf(t, one)
	for size := 2; size <= 4; size++ {
		out := filepath.Join(dir, fmt.Sprint(size))
		if got := run(size, append(training(out), "--workers", fmt.Sprint(1+size%2))...); comparable(got) != comparable(result) {
			t.Errorf("on %d ranks train prints %s, in one process %s", size, &got.stdout, &result.stdout)
		}
		if got := filesOf(t, out); got != want {
			t.Errorf("%d ranks make\n%s, one process makes\n%s", size, got, want)
		}
	}

	out := filepath.Join(dir, "resumed")
	stopped := onRanks(t, 3, func(rank int, cancel func(), g group.Group) group.Group {
		if rank == 1 {
			g = &interrupting{g, 150, cancel}
		}
		return g
	}, training(out)...)[0]
	if stopped.status != exitInterrupted || !strings.Contains(stopped.stderr.String(), "saved: go on with") {
		t.Fatalf("an interrupted training ends with status %d: %s", stopped.status, &stopped.stderr)
	}
	run(2, "train", "--resume", "-o", out, "-q")
	if got := filesOf(t, out); got != want {
		t.Errorf("3 ranks and then 2 make\n%s, one process makes\n%s", got, want)
	}

	small, bars := filepath.Join(dir, "small"), filepath.Join(dir, "bars.npy")
	run(1, "data", "bars", "--rows", "4", "--columns", "3", "-n", "60", "-o", bars, "-q")
	run(1, strings.Fields("train "+bars+" --hidden 9 --updates 20 -q -o "+small)...)
	timed := filepath.Join(dir, "timed") // by one clock
	run(3, strings.Fields("train "+bars+" --hidden 9 --time 50ms -q -o "+timed)...)
	for _, command := range []string{
		"eval " + one + " -q --json --method pseudo", "eval " + small + " --data " + bars + " -q --json",
		"sample " + one + " -n 200 --burn-in 20 --thin 2 -q --json -o ",
	} {
		files := []string{filepath.Join(dir, "a.npy"), filepath.Join(dir, "b.npy")}
		var prints, contents [2]string
		for k, size := range []int{1, 3} {
			args := strings.Fields(command)
			if args[0] == "sample" {
				args = append(args, files[k])
			}
			prints[k] = comparable(run(size, args...))
			text, _ := os.ReadFile(files[k])
			contents[k] = string(text)
		}
		if prints[0] != prints[1] || contents[0] != contents[1] {
			t.Errorf("%s: 3 ranks answer %s, one process %s", command, prints[1], prints[0])
		}
	}
}

// comparable is what a command prints, less what differs from run to run.
func comparable(r *rankOutput) string {
	return folder.ReplaceAllString(seconds.ReplaceAllString(r.stdout.String(), ""), "")
}

// Errors of all ranks are told once, those of one rank name it. Ranks with other settings don't begin.
func TestRanksThatDiffer(t *testing.T) {
	dir := t.TempDir()
	rows, out := filepath.Join(dir, "bars.npy"), filepath.Join(dir, "run")
	onRanks(t, 1, nil, "data", "bars", "--rows", "3", "--columns", "3", "-n", "50", "-o", rows, "-q")
	missing := onRanks(t, 3, nil, "train", filepath.Join(dir, "none.npy"), "--hidden", "3", "-o", out)[0]
	once := strings.Count(missing.stderr.String(), "none.npy") == 1 && !strings.Contains(missing.stderr.String(), "rank")
	if text := &missing.stderr; missing.status != exitBadInput || !once {
		t.Errorf("a file that no rank has: status %d, %s", missing.status, text)
	}

	all := make([]*rankOutput, 2)
	var running sync.WaitGroup
	for r, g := range group.Local(2) {
		all[r] = new(rankOutput)
		running.Go(func() {
			args := []string{"train", rows, "--hidden", fmt.Sprint(3 + r), "-o", out, "-q"}
			all[r].status = execute(t.Context(), args, &terminal{stdout: &all[r].stdout, stderr: &all[r].stderr,
				join: func() (group.Group, error) { return g, nil }})
		})
	}
	running.Wait()
	text := all[0].stderr.String()
	if all[0].status != exitBadInput || !strings.Contains(text, "rank 1 on goroutine 1 has other settings or data than rank 0") {
		t.Errorf("ranks with other settings: status %d, %s", all[0].status, text)
	}
	if _, err := os.Stat(out); err == nil {
		t.Errorf("ranks with other settings left %s", out)
	}
}

// Ranks of other commands than train don't begin with other flags, and not with other files of one name.
func TestRanksWithOtherFlagsOrFiles(t *testing.T) {
	dir := t.TempDir()
	rows, trained := filepath.Join(dir, "bars.npy"), filepath.Join(dir, "run")
	onRanks(t, 1, nil, "data", "bars", "--rows", "3", "--columns", "3", "-n", "50", "-o", rows, "-q")
	onRanks(t, 1, nil, "train", rows, "--hidden", "3", "--updates", "20", "-o", trained, "-q")
	all := make([]*rankOutput, 2)
	var running sync.WaitGroup
	for r, g := range group.Local(2) {
		all[r] = new(rankOutput)
		running.Go(func() {
			join := func() (group.Group, error) { return g, nil }
			args := []string{"sample", trained, "-n", "10", "--seed", fmt.Sprint(r), "-o", filepath.Join(dir, "new.npy"), "-q"}
			all[r].status = execute(t.Context(), args, &terminal{stdout: &all[r].stdout, stderr: &all[r].stderr, join: join})

			files := terminal{group: g}
			if err := files.agree("set of rows", "the same", nil); err != nil {
				t.Errorf("ranks with the same data: %v", err)
			}
			const want = "rank 1 on goroutine 1 has another set of rows than rank 0 on goroutine 0"
			if err := files.agree("set of rows", fmt.Sprint(r), nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("ranks with other data: %v", err)
			}
		})
	}
	running.Wait()
	const want = "rank 1 on goroutine 1 has another command line or processor than rank 0"
	if text := all[0].stderr.String(); all[0].status != exitBadInput || !strings.Contains(text, want) {
		t.Errorf("ranks with other seeds: status %d, %s", all[0].status, text)
	}
}
