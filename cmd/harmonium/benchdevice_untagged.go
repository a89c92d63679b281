//go:build !cuda

package main

import (
	"context"
	"errors"
)

// benchDevice says which build can measure a GPU. CGO_ENABLED=0 makes this one a static binary; code that loads the
// driver would make it a dynamic one.
func benchDevice(context.Context, *terminal, bool) error {
	return badInput(errors.New("--device cuda is not in this build of harmonium: go build -tags cuda ./cmd/harmonium makes one that has it"))
}
