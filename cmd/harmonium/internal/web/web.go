// Package web is the page of `harmonium serve`: it shows runs while they are trained, and a small RBM to play with. It
// only reads. Between two requests it keeps no more of a run than what tells whether the run has changed, and the modes
// and contacts of a few models, so its memory doesn't grow.
package web

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

//go:embed assets
var embedded embed.FS

// Limits of what one server does at a time, and of what it takes from a client.
const (
	mostEvents    = 1000 // open streams of events
	mostParticles = 16   // open streams of particles, each of which computes

	weightBytes   = 512 << 20 // of a model whose weights are shown, one at a time
	particleBytes = 1 << 30   // of all models whose particles are shown
	headerBytes   = 16 << 10
	queryBytes    = 2 << 10
	readTimeout   = 5 * time.Second
	writeTimeout  = 20 * time.Second
	idleTimeout   = time.Minute
)

// Server answers requests about runs.
type Server struct {
	library   *library
	watch     *watch
	guard     guard
	particles chan struct{} // a token for each open stream
	events    chan struct{}
	weighing  chan struct{} // a token for the request that reads weights
	modes     tasks
	contacts  tasks
	moving    atomic.Int64 // bytes of the models whose particles are shown
	mux       *http.ServeMux
}

// New makes a server for a listener's address. paths are run directories, and folders whose run directories are shown.
// Without a token only loopback addresses are served.
func New(paths []string, address, token string) (*Server, error) {
	guard, err := newGuard(address, token)
	if err != nil {
		return nil, err
	}
	l, err := newLibrary(paths)
	if err != nil {
		return nil, err
	}
	s := &Server{
		library: l, watch: newWatch(l), guard: guard, mux: http.NewServeMux(),
		particles: make(chan struct{}, mostParticles), events: make(chan struct{}, mostEvents),
		weighing: make(chan struct{}, 1),
	}
	computing := make(chan struct{}, 1)
	s.modes.what, s.modes.computing, s.modes.work = "modes", computing, modesOf
	s.contacts.what, s.contacts.computing, s.contacts.work = "contacts", computing, contactsOf
	assets, err := fs.Sub(embedded, "assets")
	if err != nil {
		return nil, err
	}
	s.mux.Handle("GET /", http.FileServerFS(assets))
	s.mux.HandleFunc("GET /api/runs", s.runs)
	s.mux.HandleFunc("GET /api/metrics", s.metrics)
	s.mux.HandleFunc("GET /api/weights", s.weights)
	s.mux.HandleFunc("GET /api/modes", s.computed(&s.modes))
	s.mux.HandleFunc("GET /api/contacts", s.computed(&s.contacts))
	s.mux.HandleFunc("GET /api/events", s.streamEvents)
	s.mux.HandleFunc("GET /api/particles", s.streamParticles)
	return s, nil
}

// ServeHTTP answers one request that the guard lets through.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.guard.admit(w, r) {
		s.mux.ServeHTTP(w, r)
	}
}

// Serve answers requests until ctx is done.
func (s *Server) Serve(ctx context.Context, l net.Listener, errorLog *log.Logger) error {
	server := &http.Server{
		Handler: s, ErrorLog: errorLog, MaxHeaderBytes: headerBytes,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		BaseContext: func(net.Listener) context.Context { return ctx }, // streams end with ctx
	}
	stop := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(limited) != nil {
			server.Close()
		}
	})
	defer stop()
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return err
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // where this fails the client has gone, and there is nobody to tell
}

// refuse writes an error as JSON.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message}) // as in answer
}
