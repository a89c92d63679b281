# The scripts of the project; each is one line or two.
.PHONY: test race slow fuzz bench golden generate pictures screenshots module ci

test: ## what the README says
	go test ./...

race: ## the packages whose code runs on several cores, quick tests only, as .ci/run does
	go test -race -short -skip '^Example' ./compute ./rbm ./exact ./sample ./monitor ./train ./data ./ising \
		./internal/atomicfile ./internal/cuda ./internal/enginetest ./internal/kernel \
		./cmd/harmonium ./cmd/harmonium/internal/run ./cmd/harmonium/internal/search ./cmd/harmonium/internal/web

slow: ## tests too long for every day
	go test -tags slow -timeout 60m ./...

fuzz: ## every decoder for FUZZTIME (10m)
	./.ci/fuzz $(or $(FUZZTIME),10m)

bench: ## speed of kernels, oracle and Ising; compare within one run only
	go test -run '^$$' -bench . ./...

golden: ## rewrite the golden files and docs/cli.md
	go test ./rbm ./cmd/harmonium -update

generate: ## write the assembler from _asm
	go generate ./...

pictures: ## those of docs/ beside that of the demo
	go run ./cmd/harmonium/internal/pictures/roofline bench/results/speed.json docs/images/roofline.png
	go run ./cmd/harmonium/internal/pictures/modes docs/images/modes.png
	go run ./cmd/harmonium/internal/pictures/needle docs/images/needle.png

screenshots: ## of the page, for docs/; needs Chromium
	HARMONIUM_SCREENSHOTS=$(CURDIR)/docs/images go test -count=1 -run TestScreenshots ./cmd/harmonium/internal/web

ci: ## what continuous integration runs
	.ci/run

# The module gets another path: make module NEW=example.com/harmonium
OLD = $(shell go list -m)
module:
	grep -rlF '"$(OLD)/' --include='*.go' --include='*.md' . | xargs sed -i -E 's#^([[:space:]]*([a-zA-Z_.]+ )?)"$(OLD)/#\1"$(NEW)/#'
	sed -i 's#$(OLD)#$(NEW)#g' README.md
	go mod edit -module $(NEW)
	cd internal/kernel/_asm && go mod edit -module $(NEW)/internal/kernel/_asm
	gofmt -w .
