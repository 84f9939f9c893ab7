#!/usr/bin/env bash
# Measures the engine beside its peers, in alternating runs on one throw-away Postgres, and writes the table between the
# markers of docs/performance.md.
#
#   benches/migration.sh BINARY [ROUNDS]        BINARY: a release build with the feature `demo`
#
# Peers are taken where they are there: psql, sqlx and dbmate on PATH, the Supabase CLI as `supabase` on PATH; the variables
# SQLX, DBMATE and SUPABASE name others. SIZES="1 100 1000" says how many files. AT names an empty database to measure at
# instead, such as one of a server with its settings as installed: the throw-away Postgres does not wait for the disk. Every
# tool runs the same statements: one CREATE TABLE a file, and one DROP TABLE on the way back.
#
# The throw-away Postgres has its data in memory where that can be: ext4 looks at every inode that was deleted in the last
# minutes before it takes another for a new file, so a tool would pay for the tables that the one before it has dropped.
set -euo pipefail
cd "$(dirname "$0")/.."

BINARY=$(realpath "${1:?usage: benches/migration.sh BINARY [ROUNDS]}")
ROUNDS=${2:-5}
SIZES=${SIZES:-"1 100 1000"}
SQLX=${SQLX:-$(command -v sqlx || true)}
DBMATE=${DBMATE:-$(command -v dbmate || true)}
SUPABASE=${SUPABASE:-$(command -v supabase || true)}
WORK=$(mktemp -d)
export HOME=$WORK SUPADECK_KEYRING=off LANG=C.UTF-8 SUPABASE_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1

SERVER=
finish() {
  [ -n "$SERVER" ] && kill "$SERVER" 2>/dev/null && wait "$SERVER" 2>/dev/null || true
  rm -rf "$WORK"
}
trap finish EXIT

URL=${AT:-}
if [ -z "$URL" ]; then
  [ -w /dev/shm ] && export TMPDIR=/dev/shm
  "${DEMO:-$BINARY}" demo --serve --empty --port 0 > "$WORK/demo.out" 2> "$WORK/demo.err" &
  SERVER=$!
  until grep -q '^ready' "$WORK/demo.out"; do
    kill -0 "$SERVER" 2>/dev/null || { cat "$WORK/demo.err" >&2; exit 1; }
    sleep 0.1
  done
  URL=$(sed -n 's/^SUPABASE_DB_URL=//p' "$WORK/demo.out")
fi
PLAIN_URL="${URL%%\?*}?sslmode=disable"
export SUPABASE_DB_URL=$URL DATABASE_URL=$PLAIN_URL

sql() { psql "$URL" -Atqc "$1"; }

# One directory a tool and size, in the form that the tool reads.
make_files() {
  local count=$1 root=$WORK/$1 n version
  mkdir -p "$root"/ours/supabase/migrations/rollback "$root"/sqlx "$root"/dbmate/db/migrations
  printf 'project_id = "bench"\n' > "$root/ours/supabase/config.toml"
  printf '\\set ON_ERROR_STOP 1\n' | tee "$root/up.psql" > "$root/down.psql"
  for ((n = 0; n < count; n++)); do
    version=2025010100$(printf '%04d' "$n")
    local up="create table bench.t$n (id int primary key, name text);" down="drop table bench.t$n;"
    printf '%s\n' "$up" > "$root/ours/supabase/migrations/${version}_table_$n.sql"
    printf '%s\n' "$down" > "$root/ours/supabase/migrations/rollback/${version}_table_$n.sql"
    printf '%s\n' "$up" > "$root/sqlx/${version}_table_$n.up.sql"
    printf '%s\n' "$down" > "$root/sqlx/${version}_table_$n.down.sql"
    printf -- '-- migrate:up\n%s\n\n-- migrate:down\n%s\n' "$up" "$down" > "$root/dbmate/db/migrations/${version}_table_$n.sql"
    printf 'begin;\n\\i %s\ncommit;\n' "$root/ours/supabase/migrations/${version}_table_$n.sql" >> "$root/up.psql"
  done
  for ((n = count - 1; n >= 0; n--)); do
    version=2025010100$(printf '%04d' "$n")
    printf 'begin;\n\\i %s\ncommit;\n' "$root/ours/supabase/migrations/rollback/${version}_table_$n.sql" >> "$root/down.psql"
  done
}

clear_database() {
  sql 'drop schema if exists supabase_migrations cascade; drop schema if exists bench cascade;
       drop table if exists public._sqlx_migrations, public.schema_migrations; create schema bench' 2>/dev/null
}

# What each tool runs: `run TOOL DEED COUNT`. A tool without a deed is left out of that row.
run() {
  local root=$WORK/$3
  case $1-$2 in
    supadeck-apply) "$BINARY" --dir "$root/ours" migration apply --yes ;;
    supadeck-status) "$BINARY" --dir "$root/ours" migration list ;;
    supadeck-rollback) "$BINARY" --dir "$root/ours" migration rollback --to 0 --yes ;;
    psql-apply) psql "$URL" -q -f "$root/up.psql" ;;
    psql-rollback) psql "$URL" -q -f "$root/down.psql" ;;
    sqlx-apply) "$SQLX" migrate run --source "$root/sqlx" ;;
    sqlx-status) "$SQLX" migrate info --source "$root/sqlx" ;;
    sqlx-rollback) "$SQLX" migrate revert --source "$root/sqlx" --target-version 0 ;;
    dbmate-apply) (cd "$root/dbmate" && "$DBMATE" --no-dump-schema migrate) ;;
    dbmate-status) (cd "$root/dbmate" && "$DBMATE" --no-dump-schema status) ;;
    dbmate-rollback)
      # It rolls back one file a run.
      local n
      for ((n = 0; n < $3; n++)); do (cd "$root/dbmate" && "$DBMATE" --no-dump-schema rollback); done ;;
    supabase-apply) "$SUPABASE" migration up --yes "--db-url=$URL" --workdir "$root/ours" ;;
    supabase-status) "$SUPABASE" migration list "--db-url=$URL" --workdir "$root/ours" ;;
    *) return 99 ;;
  esac
}

tools() {
  echo supadeck psql
  [ -n "$SQLX" ] && echo sqlx
  [ -n "$DBMATE" ] && echo dbmate
  [ -n "$SUPABASE" ] && echo supabase
  return 0
}

# Milliseconds of one run go into times/DEED-COUNT-TOOL, the peak of its memory in KB into the same name under peaks.
measure() {
  local tool=$1 deed=$2 count=$3 begun ended name="$2-$3-$1"
  case $tool-$deed in psql-status | supabase-rollback) return 0 ;; esac
  if [ "$tool-$deed" = dbmate-rollback ] && [ "$count" -gt 100 ]; then return 0; fi
  begun=$(date +%s%N)
  run "$tool" "$deed" "$count" > "$WORK/out" 2>&1 || { echo "$tool $deed of $count failed:"; tail -5 "$WORK/out"; exit 1; } >&2
  ended=$(date +%s%N)
  echo $(((ended - begun) / 1000)) >> "$WORK/times/$name"
}

median_ms() {
  sort -n "$1" | awk '{ a[NR] = $1 } END { m = NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2; printf (m < 100000 ? "%.1f" : "%.0f"), m / 1000 }'
}

mkdir -p "$WORK/times"
for count in $SIZES; do
  make_files "$count"
  for ((round = 0; round < ROUNDS; round++)); do
    for tool in $(tools); do
      clear_database
      measure "$tool" apply "$count"
      # Listings are short: more of them make a steadier median.
      for _ in 1 2 3; do measure "$tool" status "$count"; done
      measure "$tool" rollback "$count"
      if [ "$tool-$(sql "select count(*) from pg_tables where schemaname = 'bench'")" = supadeck-0 ]; then :; elif [ "$tool" = supadeck ]; then
        echo "supadeck left tables behind" >&2; exit 1
      fi
    done
    echo "round $((round + 1)) of $ROUNDS over $count files" >&2
  done
done

version() { [ -n "$2" ] && printf '%s %s, ' "$1" "$("$2" --version 2>/dev/null | grep -Eo '[0-9]+(\.[0-9]+)+' | head -1)" || true; }
{
  printf 'Medians in milliseconds of %s alternating rounds (listings three times a round), whole processes, on %s; load before the last row %s.\n' \
    "$ROUNDS" "$(date -u +%F)" "$(cut -d' ' -f1-3 /proc/loadavg)"
  printf '%s%s%s%sPostgres %s.\n\n' "$(version psql psql)" "$(version sqlx-cli "$SQLX")" "$(version dbmate "$DBMATE")" \
    "$(version 'Supabase CLI' "$SUPABASE")" "$(sql 'show server_version' | cut -d' ' -f1)"
  printf '| | files |'; for tool in $(tools); do printf ' %s |' "$tool"; done; printf '\n| --- | --- |'
  for tool in $(tools); do printf ' --- |'; done; printf '\n'
  for deed in apply status rollback; do
    for count in $SIZES; do
      printf '| %s | %s |' "$deed" "$count"
      for tool in $(tools); do
        file=$WORK/times/$deed-$count-$tool
        if [ -e "$file" ]; then printf ' %s |' "$(median_ms "$file")"; else printf ' |'; fi
      done
      printf '\n'
    done
  done
} > "$WORK/table"
cat "$WORK/table"

page=docs/performance.md
if grep -q '<!-- benches/migration.sh -->' "$page"; then
  awk -v table="$WORK/table" '
    /<!-- benches\/migration.sh -->/ { print; while ((getline line < table) > 0) print line; skipping = 1; next }
    /<!-- end -->/ { skipping = 0 }
    !skipping { print }' "$page" > "$WORK/page" && cp "$WORK/page" "$page"
fi
