package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// secondSignal is the time after the first signal in which more of them are taken for the same wish: `timeout` and
// terminals signal the program and then its process group.
const secondSignal = time.Second

// interruptible returns a context that ends at the first SIGINT, SIGTERM or SIGHUP, so that work can be saved. A signal
// more than secondSignal later ends the program at once: the run directory is whole at any moment. A signal that
// whoever started the program has it ignore, as nohup does SIGHUP, stays ignored.
func interruptible() context.Context {
	signals := make(chan os.Signal, 16)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	// Who reads the output may go away, as head does: writing then fails, and the work goes on. Without this the
	// program would end unsaved.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-signals
		cancel()
		for first := time.Now(); ; {
			if <-signals; time.Since(first) > secondSignal {
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx
}
