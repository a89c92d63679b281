package train_test

import (
	"bytes"
	"testing"

	"github.com/harmonium-rbm/harmonium/compute"
	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/internal/safetensors"
	"github.com/harmonium-rbm/harmonium/rbm"
	"github.com/harmonium-rbm/harmonium/rng"
	"github.com/harmonium-rbm/harmonium/train"
)

// A checkpoint from any source is refused or gone on from, never a panic: also one whose digest is right.
func FuzzResume(f *testing.F) {
	set, err := data.BarsSample(2, 3, 10, rng.Seed(1))
	if err != nil {
		f.Fatal(err)
	}
	begin := func() *train.Training {
		training, err := train.Start(rbm.New(6, 2, rng.Seed(1)), set, train.Config{
			Compute: compute.New(1), Epochs: 25, Negative: &train.PCD{Steps: 1, Chains: 4, Replicas: 2}, Valid: set,
		})
		if err != nil {
			f.Fatal(err)
		}
		return training
	}
	training := begin()
	for p := range training.Steps(f.Context()) {
		if p.Update == 22 {
			break
		}
	}
	var checkpoint bytes.Buffer
	if err := training.Checkpoint(&checkpoint); err != nil {
		f.Fatal(err)
	}
	f.Add(checkpoint.Bytes())
	f.Add(checkpoint.Bytes()[:300])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, checkpoint []byte) {
		if f, err := safetensors.Read(bytes.NewReader(checkpoint), int64(len(checkpoint))); err == nil {
			f.Seal()
			var sealed bytes.Buffer
			if err := safetensors.Write(&sealed, f); err != nil {
				t.Fatal(err)
			}
			checkpoint = sealed.Bytes()
		}
		training := begin()
		if training.Resume(checkpoint) != nil {
			return
		}
		for range training.Steps(t.Context()) {
		}
	})
}
