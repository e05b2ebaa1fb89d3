# The two commands are `make run` and `make test`; the others are what a developer repeats.
.PHONY: run test lint format bench oracle crash race

run: ## build and start the gateway on port 4000
	cargo build --release --locked --package tollgate
	container/quickstart

test: ## install what the tests need, lint, run everything
	tests/install
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo build --workspace --bins --locked
	cargo test --workspace --locked

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

format:
	cargo fmt --all

bench: ## CPU per request beside a bare hyper proxy (not part of `make test`)
	cargo build --release --locked --package tollgate --package tollgate-bench
	target/release/tollgate-bench run --tollgate target/release/tollgate $(ARGS)

oracle: ## answers and upstream requests beside those recorded from LiteLLM
	cargo build --locked --package tollgate
	tests/oracle

crash: ## gateways under load are killed 200 times, on SQLite and on PostgreSQL (8 times in `make test`)
	tests/install
	cargo build --locked --package tollgate
	TOLLGATE_KILLS=200 cargo test --locked --package tollgate-tests --test black_box -- --nocapture --test-threads 1 governed::crash

race: ## 50,000 calls race for 16 budgets over 4 processes on PostgreSQL (10,000 in `make test`)
	tests/install
	cargo build --locked --package tollgate
	TOLLGATE_RACE=50000 cargo test --locked --package tollgate-tests --test black_box -- --nocapture --test-threads 1 governed::race
