# Short names for the usual commands; see https://just.systems.

# List them.
default:
    @just --list

# What CI runs: all of it, or only the steps named (format lint docs tests ...).
check *steps:
    ./.ci/run {{ steps }}

# Measure.
bench *arguments:
    cargo bench --workspace --locked {{ arguments }}

# Run a node from this checkout, with its database in target/.
run *arguments:
    cargo run --locked -- node -c conf/node.yaml --db-path target/etlmon.db {{ arguments }}
