package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/harmonium-rbm/harmonium/cmd/harmonium/internal/web"
)

type serveOptions struct{ address string }

func newServe(t *terminal) *cobra.Command {
	o := &serveOptions{}
	cmd := &cobra.Command{
		Use:   "serve RUN…",
		Short: "Show runs on a page that follows them, with a small RBM to play with",
		Long: `Show runs on a page in the browser: learning curves that grow as the training goes on, comparison of
runs, weights, modes with their shares, particles that move by Gibbs sampling, and a small RBM to
play with. RUN is a run directory, or a folder of which every run directory inside is shown.

The page comes from this program alone and only reads. It is served on this machine only, to whoever
is on it, unless --address names an address that others can reach; then whoever opens it must have
the token of the address that is printed.`,
		Example: `  harmonium serve run
  harmonium serve runs --address 0.0.0.0:8000`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return serve(cmd.Context(), t, o, args) },
	}
	cmd.Flags().StringVar(&o.address, "address", "127.0.0.1:8417", "where to listen; port 0 means any that is free")
	return cmd
}

type serveResult struct {
	URL string `json:"url"`
}

func serve(ctx context.Context, t *terminal, o *serveOptions, paths []string) error {
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		return badInput(err)
	}
	defer listener.Close()
	address := listener.Addr().(*net.TCPAddr)
	token := ""
	if !address.IP.IsLoopback() {
		token = rand.Text()
	}
	server, err := web.New(paths, address.String(), token)
	if err != nil {
		return badInput(err)
	}
	host := address.String()
	if name, err := os.Hostname(); err == nil && address.IP.IsUnspecified() {
		host = net.JoinHostPort(name, strconv.Itoa(address.Port))
	}
	url := "http://" + host + "/"
	if token != "" {
		url += "?token=" + token
	}
	if err := t.result(serveResult{url}, func(w io.Writer) { fmt.Fprintf(w, "%s\n", url) }); err != nil {
		return err
	}
	t.say("Ctrl-C ends it")
	err = server.Serve(ctx, listener, log.New(t.stderr, "harmonium: ", 0))
	if errors.Is(err, context.Canceled) { // as it should end
		return nil
	}
	return err
}
