# The scripts of the project; each is one line or two.
.PHONY: test race slow fuzz bench check ci golden

test: ## what the README says
	go test ./...

race: ## the packages whose code runs on several cores, quick tests only
	go test -race -short ./internal/... ./rbm ./exact ./sample ./train ./data ./ising ./cmd/...

slow: ## tests too long for every day
	go test -tags slow -timeout 60m ./...

fuzz: ## every decoder for FUZZTIME (10m)
	./.ci/fuzz $(or $(FUZZTIME),10m)

bench:
	go test -run '^$$' -bench . ./...

check:
	gofmt -l . && go vet ./... && go tool staticcheck ./...

golden: ## rewrite the golden files
	go test ./rbm ./cmd/... -update

ci:
	.ci/run
