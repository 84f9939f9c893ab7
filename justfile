# Tasks of supadeck. `just` alone lists them; none is needed to build or test.

_default:
    @just --list

# What CI runs.
ci:
    .ci/run

# Every test; needs Postgres 15 or newer, or npm to fetch one.
test *ARGS:
    cargo test --workspace --features demo {{ARGS}}

# The long walks, whole: every message of the protocol for every fault, a program and a server that are killed, 4000 generated files, and
# 60,000 random requests against the database's rules.
soak:
    SUPADECK_SOAK=1 cargo test --test engine -- --nocapture faults:: grammar::
    SUPADECK_SOAK=1 cargo test --test database -- --nocapture random::
    SUPADECK_SIZES=all cargo test --test deck dialogs::

# Fuzz each target (the splitter, the psql reader, file names, the risk reader, URLs, keys, the keymap) for so many seconds; needs cargo-fuzz.
fuzz SECONDS="3600":
    fuzz/run {{SECONDS}}

# Format, then lint as CI does.
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets --features demo -- -D warnings

# Write docs/cli.md, docs/config.md, docs/keys.md and schemas/ again.
docs:
    SUPADECK_BLESS=1 cargo test --features demo --test architecture --test cli -- docs:: types::the_generated

# The deck on a project of its own, with demo data.
demo *ARGS:
    cargo run --release --features demo -- demo {{ARGS}}

# Prove that every rollback file undoes its migration, on a scratch database.
verify *ARGS:
    cargo run --features demo -- migration verify {{ARGS}}

# Licences, bans, sources and advisories of the dependencies, as far as this machine can check them.
deny:
    .ci/dependencies

# What must hold before a release: everything of CI, and every check of the dependencies. Fails where the advisory database is out of reach.
release-check:
    .ci/dependencies --all
    .ci/run

# Build the files of a release into target/dist: static Linux programs, archives, Debian and npm packages, a Homebrew formula, checksums.
dist *TARGETS:
    packaging/dist {{TARGETS}}

# Make the pictures of the README, docs/pictures/*.svg, from the program's own buffer.
pictures:
    cargo build --features demo --bin supadeck --example pictures
    target/debug/examples/pictures target/debug/supadeck docs/pictures

# Measure the deck and the engine in a release build; the figures go into docs/performance.md by hand.
bench:
    cargo build --release --features demo
    benches/deck.py target/release/supadeck
    benches/migration.sh target/release/supadeck
