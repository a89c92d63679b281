package run

import (
	"os"

	"github.com/harmonium-rbm/harmonium/internal/safetensors"
)

// Finished says why the training is over, as the newest checkpoint has it: "done", "time" or "patience"; "" while it is
// not, or where that can't be read. It reads no more of the checkpoint than its header.
func (r *Run) Finished() string {
	files, err := r.checkpoints()
	if err != nil || len(files) == 0 {
		return ""
	}
	f, err := os.Open(files[len(files)-1].path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	metadata, err := safetensors.ReadMetadata(f, info.Size())
	if err != nil {
		return ""
	}
	return metadata["finished"]
}
