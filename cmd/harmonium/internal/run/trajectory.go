package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"harmonium/rbm"
)

// TrajectoryName is the folder of models along the training.
const TrajectoryName = "trajectory"

// numbered is a file whose name is an update.
type numbered struct {
	path   string
	update int
}

const modelSuffix = ".safetensors"

// list finds the numbered files in a folder of the run, oldest first. A run may have no trajectory.
func (r *Run) list(folder string) ([]numbered, error) {
	dir := filepath.Join(r.Dir, folder)
	entries, err := os.ReadDir(dir) // sorted by name
	if folder == TrajectoryName && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var files []numbered
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), modelSuffix)
		if update, err := strconv.Atoi(name); ok && err == nil {
			files = append(files, numbered{filepath.Join(dir, e.Name()), update})
		}
	}
	return files, err
}

// path is that of the file of an update.
func (r *Run) path(folder string, update int) string {
	return filepath.Join(r.Dir, folder, fmt.Sprintf("%012d%s", update, modelSuffix))
}

// Trajectory loads the models that were kept along the training, up to an update.
func (r *Run) Trajectory(update int) ([]*rbm.Model, error) {
	files, err := r.list(TrajectoryName)
	if err != nil {
		return nil, err
	}
	var models []*rbm.Model
	for _, f := range files {
		if f.update > update {
			break
		}
		model, err := rbm.Load(f.path)
		if err != nil {
			return nil, err
		}
		models = append(models, model)
	}
	return models, nil
}

// keep adds a model to the trajectory.
func (r *Run) keep(model *rbm.Model, update int) error {
	if err := r.held(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(r.Dir, TrajectoryName), 0o777); err != nil {
		return err
	}
	return model.Save(r.path(TrajectoryName, update))
}

// forget removes the files of a folder that are of later updates.
func (r *Run) forget(folder string, update int) error {
	files, err := r.list(folder)
	for _, f := range files {
		if f.update > update {
			err = errors.Join(err, os.Remove(f.path))
		}
	}
	return err
}

// Best is the update of the run's model: that of the best validation score, or, without validation data, that of the last
// checkpoint.
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
	files, err := r.list(CheckpointName)
	if err != nil || len(files) == 0 {
		return 0, err
	}
	return files[len(files)-1].update, nil
}
