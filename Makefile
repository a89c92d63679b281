# The scripts of the project; each is one line or two.
.PHONY: test race slow fuzz bench golden generate pictures screenshots release wheels module ci

test: ## what the README says
	go test ./...

race: ## the packages whose code runs on several cores, quick tests only, as .ci/run does
	go test -race -short -skip '^Example' ./compute ./rbm ./exact ./sample ./monitor ./train ./data ./ising \
		./internal/atomicfile ./internal/cuda ./internal/enginetest ./internal/group ./internal/kernel \
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

# Releases have the same bytes again from the same commit, with the same versions of Go and, for wheels, of Python.
release wheels: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)

release: ## archives for five platforms and SHA256SUMS, in dist/
	go run ./cmd/harmonium/internal/release archives dist

wheels: ## Python's wheels for the same platforms and the sdist, in dist/; needs Python 3.10
	python3 -m venv dist/venv
	dist/venv/bin/pip install --quiet hatchling==1.33.0
	for p in linux/amd64 linux/arm64 darwin/arm64 darwin/amd64 windows/amd64; do \
		(cd python && GOOS=$${p%/*} GOARCH=$${p#*/} ../dist/venv/bin/hatchling build -t wheel -d ../dist) || exit 1; \
	done
	cd python && ../dist/venv/bin/hatchling build -t sdist -d ../dist

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
