package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	lookEvery = 500 * time.Millisecond // at the files, while anybody listens
	beatEvery = 15 * time.Second       // a sign of life on a stream without news
)

// watch looks for changes of runs while there are listeners.
type watch struct {
	library *library

	mu        sync.Mutex
	listeners int
	stop      context.CancelFunc
	versions  map[string]string // of each run, by its identifier
	changed   chan struct{}     // closed at the next change
}

func newWatch(l *library) *watch { return &watch{library: l, changed: make(chan struct{})} }

// listen begins to look if nobody did before. The caller ends it.
func (w *watch) listen() (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listeners++; w.listeners == 1 {
		ctx, cancel := context.WithCancel(context.Background())
		w.stop = cancel
		w.versions = w.look()
		go w.run(ctx)
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.listeners--; w.listeners == 0 {
			w.stop()
		}
	}
}

func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		versions := w.look()
		w.mu.Lock()
		if ctx.Err() == nil && !maps.Equal(versions, w.versions) {
			w.versions = versions
			close(w.changed)
			w.changed = make(chan struct{})
		}
		w.mu.Unlock()
	}
}

// look returns something of each run that changes when its files do.
func (w *watch) look() map[string]string {
	versions := map[string]string{}
	for _, e := range w.library.entries() {
		versions[e.id] = fmt.Sprint(changed(e.dir).UnixNano())
	}
	return versions
}

// now returns the versions, and a channel that is closed when there are others.
func (w *watch) now() (map[string]string, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.versions, w.changed
}

// news is an event: the runs that have changed, come or gone since the one before.
type news struct {
	Changed []string `json:"changed"`
	Gone    []string `json:"gone"`
}

// compare lists what differs between two looks.
func compare(old, now map[string]string) news {
	n := news{Changed: []string{}, Gone: []string{}}
	for id, version := range now {
		if old[id] != version {
			n.Changed = append(n.Changed, id)
		}
	}
	for id := range old {
		if _, ok := now[id]; !ok {
			n.Gone = append(n.Gone, id)
		}
	}
	return n
}

// streamEvents sends what changes, as server-sent events, until the client goes.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request) {
	stream, ok := newStream(w, r, s.events)
	if !ok {
		return
	}
	defer stream.close()
	end := s.watch.listen()
	defer end()
	known, changed := s.watch.now()
	if stream.send(compare(nil, known)) != nil {
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-changed:
			var now map[string]string
			now, changed = s.watch.now()
			err = stream.send(compare(known, now))
			known = now
		case <-beat.C:
			err = stream.beat()
		}
		if err != nil {
			return
		}
	}
}

// stream is a response of server-sent events.
type stream struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	tokens     chan struct{}
}

// newStream begins a stream, or refuses where too many are open.
func newStream(w http.ResponseWriter, r *http.Request, tokens chan struct{}) (*stream, bool) {
	select {
	case tokens <- struct{}{}:
	default:
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, "too many open streams")
		return nil, false
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s := &stream{w, http.NewResponseController(w), tokens}
	if r.Method == http.MethodHead {
		s.close()
		return nil, false
	}
	return s, true
}

func (s *stream) close() { <-s.tokens }

// send sends an event. A client that doesn't take it in time is given up.
func (s *stream) send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.write("data: " + string(text) + "\n\n")
}

func (s *stream) beat() error { return s.write(":\n\n") }

func (s *stream) write(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return err
	}
	return s.controller.Flush()
}
