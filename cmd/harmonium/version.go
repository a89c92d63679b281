package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of the program; CHANGELOG.md says what is in it.
const release = "0.1.0"

// version is the release with the commit it was built from, where the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if commit == "" {
		return release
	}
	return fmt.Sprintf("%s (%.12s%s)", release, commit, dirty)
}

func newVersion(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  harmonium version",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return printVersion(t) },
	}
}

func printVersion(t *terminal) error {
	result := struct {
		Version  string `json:"version"`
		Go       string `json:"go"`
		Platform string `json:"platform"`
		ISA      string `json:"isa"` // of the kernels
	}{version(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, t.compute.ISA().String()}
	return t.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "harmonium %s, %s, %s, kernels %s\n", result.Version, result.Go, result.Platform, result.ISA)
	})
}
