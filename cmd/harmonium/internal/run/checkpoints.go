package run

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// numbered is a file whose name is an update.
type numbered struct {
	path   string
	update int
}

const modelSuffix = ".safetensors"

// checkpoints finds the checkpoints, oldest first.
func (r *Run) checkpoints() ([]numbered, error) {
	dir := filepath.Join(r.Dir, CheckpointName)
	entries, err := os.ReadDir(dir) // sorted by name
	var files []numbered
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), modelSuffix)
		if update, err := strconv.Atoi(name); ok && err == nil {
			files = append(files, numbered{filepath.Join(dir, e.Name()), update})
		}
	}
	return files, err
}

// checkpointPath is that of the checkpoint of an update.
func (r *Run) checkpointPath(update int) string {
	return filepath.Join(r.Dir, CheckpointName, fmt.Sprintf("%012d%s", update, modelSuffix))
}

// Best is the update of the run's model: that of the best validation score, or, without validation data, that of the
// last checkpoint.
func (r *Run) Best() (int, error) {
	metrics, err := r.Metrics()
	if err != nil {
		return 0, err
	}
	best := -1
	for _, m := range metrics {
		if m.Best {
			best = m.Update
		}
	}
	if best >= 0 {
		return best, nil
	}
	files, err := r.checkpoints()
	if err != nil || len(files) == 0 {
		return 0, err
	}
	return files[len(files)-1].update, nil
}
