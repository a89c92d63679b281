package run

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
)

// headerBytes is more than the header of any checkpoint has.
const headerBytes = 1 << 20

// Finished says why the training is over, as the newest checkpoint has it: "done", "time" or "patience"; "" while it is not, or where that
// can't be read. It reads no more of the checkpoint than its header.
func (r *Run) Finished() string {
	files, err := r.list(CheckpointName)
	if err != nil || len(files) == 0 {
		return ""
	}
	f, err := os.Open(files[len(files)-1].path)
	if err != nil {
		return ""
	}
	defer f.Close()
	var length uint64
	if binary.Read(f, binary.LittleEndian, &length) != nil || length > headerBytes {
		return ""
	}
	var header struct {
		Metadata struct {
			Finished string `json:"finished"`
		} `json:"__metadata__"`
	}
	if json.NewDecoder(io.LimitReader(f, int64(length))).Decode(&header) != nil {
		return ""
	}
	return header.Metadata.Finished
}
