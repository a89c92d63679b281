// Command service scores rows over HTTP: how likely is each under a model, and is it less likely than nearly all rows
// of a file, such as those that the model was trained on? docs/tutorials/service.md explains it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"time"

	"github.com/harmonium-rbm/harmonium/data"
	"github.com/harmonium-rbm/harmonium/estimate"
	"github.com/harmonium-rbm/harmonium/exact"
	"github.com/harmonium-rbm/harmonium/rbm"
)

func main() {
	address := flag.String("address", "127.0.0.1:8418", "where to listen")
	rare := flag.Float64("rare", 0.01, "part of the rows of the file that are rare")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: service [flags] MODEL FILE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	s, err := newService(ctx, flag.Arg(0), flag.Arg(1), *rare)
	if err != nil {
		log.Fatal(err)
	}
	stop()
	http.Handle("POST /score", s)
	log.Printf("listening at http://%s/score", *address)
	server := &http.Server{Addr: *address, ReadTimeout: 10 * time.Second} // a slow client holds nothing up for longer
	log.Fatal(server.ListenAndServe())
}

// service is a model that nothing changes any more, so that any number of requests can use it at once.
type service struct {
	model *rbm.Model
	logZ  float64
	limit float64 // log-likelihood below which a row is rare
}

func newService(ctx context.Context, model, file string, rare float64) (*service, error) {
	if !(rare >= 0 && rare <= 1) {
		return nil, fmt.Errorf("a part of %v of the rows is rare, want one between 0 and 1", rare)
	}
	s := new(service)
	var err error
	if s.model, err = rbm.Load(model); err != nil {
		return nil, err
	}
	set, err := data.Open(file, data.ForModel(s.model))
	if err != nil {
		return nil, err
	}
	if s.logZ, err = logZ(ctx, s.model, set); err != nil {
		return nil, err
	}
	scores := s.logLikelihoods(set.States)
	slices.Sort(scores)
	s.limit = scores[int(rare*float64(len(scores)-1))]
	return s, nil
}

// logZ is exact where a sum over the smaller layer takes seconds, and else an estimate that nothing was found wrong with.
func logZ(ctx context.Context, model *rbm.Model, set *data.Set) (float64, error) {
	if exact.Feasible(model) == nil && exact.Cost(model) < 1e11 {
		return exact.LogZ(ctx, model, exact.Options{})
	}
	b, err := estimate.LogZ(ctx, model, set.States, set.Means(), set.Variances(), estimate.Options{})
	if err != nil {
		return 0, err
	}
	if len(b.Findings) > 0 {
		return 0, errors.New("log Z: " + b.Findings[0].Message)
	}
	return b.Value, nil
}

// logLikelihoods are log P(v) = −F(v) − log Z of all rows, as densities of the table's own numbers where it has real
// ones.
func (s *service) logLikelihoods(v rbm.Batch) []float64 {
	scores := s.model.FreeEnergy(v)
	for r, f := range scores {
		scores[r] = -f - s.logZ - rbm.LogScale(s.model.Columns)
	}
	return scores
}

// scored is a row of an answer.
type scored struct {
	Name          string  `json:"name,omitempty"` // of the row, where the table has some
	LogLikelihood float64 `json:"log_likelihood"` // in nats
	Rare          bool    `json:"rare"`
}

// statusOf is the status of a request that can't be read.
func statusOf(err error) int {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// ServeHTTP takes a table with the columns of the model and answers with a score for each row. What is wrong with a
// table is told with its row and column.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	set, err := data.Read(http.MaxBytesReader(w, r.Body, 1<<20), "the request", data.ForModel(s.model), data.Unpacked())
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	answer := make([]scored, set.Rows())
	for r, score := range s.logLikelihoods(set.States) {
		answer[r] = scored{LogLikelihood: score, Rare: score < s.limit}
		if set.Names != nil {
			answer[r].Name = set.Names[r]
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Print(err)
	}
}
