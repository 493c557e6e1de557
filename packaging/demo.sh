#!/bin/bash
# packaging/demo.sh [--tree DIR] [--database CONNINFO] [--keep]
# packaging/demo.sh --stop DIR
#
# Shows farshore at work on this machine: a primary ("east") and a secondary ("west") on loopback,
# each with a PostgreSQL cluster of its own, and a store in a directory. Files and rows change, the
# secondary is killed and started again, and at the end `farshore verify` compares everything.
#   --tree DIR            a tree of yours instead of /usr/share/doc and /usr/share/perl
#   --database CONNINFO   a database of yours instead of a made-up shop
#   --keep                leave the pair running, and say how to talk to it
#   --stop DIR            end what --keep left running in DIR, and remove it
# Yours are only read: the demonstration works on copies. It needs no network but what installs
# packages, writes only below a new directory in ${TMPDIR:-/tmp}, and leaves nothing running.
# With FARSHORE=PATH in the environment that program is shown, and nothing is built.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD

say() { printf '\n== %s\n' "$*"; }
note() { printf '   %s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,16s/^# \{0,1\}//p' "$checkout/packaging/demo.sh"; exit "$1"; }

tree='' database='' keep=no stop=''
while [ $# -gt 0 ]; do
  case $1 in
    --tree) tree=${2:?--tree DIR}; shift ;;
    --database) database=${2:?--database CONNINFO}; shift ;;
    --stop) stop=${2:?--stop DIR}; shift ;;
    --keep) keep=yes ;;
    --help | -h) usage 0 ;;
    *) usage 2 >&2 ;;
  esac
  shift
done
[ -z "$tree" ] || [ -d "$tree" ] || die "$tree is no directory"

# PostgreSQL refuses to run as root: there it runs as the user that its package made.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups --inh-caps=-all -- \
      env -C / HOME=/nonexistent PATH="$PATH" "$@"
  else
    env -C / "$@"
  fi
}
postgres_bin=/usr/lib/postgresql/15/bin

end_agent() {  # NAME: ask politely, wait, insist
  local pid
  pid=$(cat "$dir/$1.pid" 2> /dev/null) || return 0
  rm -f "$dir/$1.pid"
  kill -TERM "$pid" 2> /dev/null || return 0
  for _ in $(seq 120); do
    kill -0 "$pid" 2> /dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2> /dev/null || true
}

end_everything() {
  end_agent east
  end_agent west
  local side
  for side in east west; do
    [ ! -s "$dir/postgres/$side/postmaster.pid" ] ||
      as_postgres $postgres_bin/pg_ctl -D "$dir/postgres/$side" -m immediate -s -w stop || true
  done
}

if [ -n "$stop" ]; then
  dir=$stop
  [ -f "$dir/farshore-demo" ] || die "$dir was not made by this demonstration"
  end_everything
  rm -rf -- "$dir"
  exit 0
fi

finish() {
  local status=$?
  trap - EXIT INT TERM HUP
  if [ $status != 0 ] && [ -n "$dir" ]; then
    printf '\ndemo: it did not work (status %s); the last words of the agents:\n' "$status" >&2
    tail -n 15 "$dir"/east.log "$dir"/west.log >&2 2> /dev/null || true
  fi
  end_everything
  rm -rf -- "$dir"
  exit $status
}

if [ -n "${FARSHORE:-}" ]; then
  say "Installing what is missing"
  packaging/dependencies.sh --run
  farshore=$FARSHORE
else
  say "Installing what is missing, building"
  packaging/dependencies.sh --build --run
  build=$checkout/build/demo
  export CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1
  [ -f "$build/build.ninja" ] ||
    CXX="ccache g++" CXX_LD=mold meson setup "$build" -Dtests=false -Db_lundef=false \
      -Dunity=on -Dunity_size=8 > /dev/null  # eight sources as one: sooner there
  ninja -C "$build" --quiet agent/farshore
  farshore=$build/agent/farshore
fi
"$farshore" version | head -n 1

dir=$(mktemp -d "${TMPDIR:-/tmp}/farshore-demo-XXXXXX")
trap finish EXIT
trap 'exit 130' INT TERM HUP
touch "$dir/farshore-demo"
chmod 755 "$dir"
east_socket=$dir/pair/east/agent.sock
west_socket=$dir/pair/west/agent.sock

say "Two throw-away PostgreSQL clusters"
install -d -m 700 "$dir/postgres"
[ "$(id -u)" != 0 ] || chown postgres: "$dir/postgres"
for side in east west; do
  data=$dir/postgres/$side
  as_postgres $postgres_bin/initdb -D "$data" -U postgres -A trust -E UTF8 --no-locale \
    > "$dir/initdb.log" || { cat "$dir/initdb.log" >&2; exit 1; }
  as_postgres tee -a "$data/postgresql.conf" > /dev/null << END
listen_addresses = ''
unix_socket_directories = '$dir/postgres'
port = $([ $side = east ] && echo 5432 || echo 5433)
wal_level = logical
max_connections = 40
END
  as_postgres $postgres_bin/pg_ctl -D "$data" -l "$data/log" -s -w start
done
east_db="host=$dir/postgres port=5432 user=postgres dbname=app"
west_db="host=$dir/postgres port=5433 user=postgres dbname=app"
east_sql() { psql -X -q -v ON_ERROR_STOP=1 -At "$east_db" "$@"; }
west_sql() { psql -X -q -v ON_ERROR_STOP=1 -At "$west_db" "$@"; }
createdb -h "$dir/postgres" -p 5432 -U postgres app
createdb -h "$dir/postgres" -p 5433 -U postgres app
if [ -n "$database" ]; then
  pg_dump --no-owner --no-privileges "$database" | east_sql > /dev/null
else
  east_sql << 'END'
create table customer (id bigserial primary key, name text not null,
                       since timestamptz default now());
create table purchase (id bigserial primary key, customer bigint not null references customer,
                       cents integer not null, remark jsonb, made timestamptz default now());
create table visit (at timestamptz, page text);  -- no key: such tables are replicated too
insert into customer (name) select 'customer ' || n from generate_series(1, 5000) n;
insert into purchase (customer, cents, remark)
  select 1 + n % 5000, n % 9000, jsonb_build_object('n', n, 'text', repeat('x', n % 300))
  from generate_series(1, 40000) n;
insert into visit select now(), '/page/' || n from generate_series(1, 2000) n;
END
fi
# The demonstration's own table: what it writes is beside whatever the database holds.
east_sql -c "create table farshore_demo (id bigserial primary key, text text, at timestamptz
             default clock_timestamp())"
note "primary: $(east_sql -c "select count(*) from pg_stat_user_tables") tables," \
  "$(east_sql -c "select pg_size_pretty(pg_database_size('app'))"); secondary: empty"

say "A real tree"
mkdir "$dir/tree" "$dir/replica"
if [ -n "$tree" ]; then
  cp -a --reflink=auto -- "$tree/." "$dir/tree/"
else
  for source in /usr/share/doc /usr/share/perl; do
    [ ! -d $source ] || cp -a --reflink=auto $source "$dir/tree/"
  done
fi
note "$(find "$dir/tree" | wc -l) entries, $(du -sh "$dir/tree" | cut -f1)"

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo $port; return; }
  done
}
say "farshore init: certificates, signing keys, trust and config for both"
"$farshore" init --stream demo --out "$dir/pair" \
  --primary "east=127.0.0.1:$(free_port)" --secondary "west=127.0.0.1:$(free_port)" \
  --store "file:$dir/store" \
  --tree "files=$dir/tree" --replica-tree "files=$dir/replica" \
  --database "app=$east_db" --replica-database "app=$west_db"

start_agent() {
  setsid "$farshore" agent --config "$dir/pair/$1/farshore.toml" \
    >> "$dir/$1.log" 2>&1 < /dev/null &
  echo $! > "$dir/$1.pid"
  disown
}
# Until the secondary holds everything from before this call, however long the agents need to start.
wait_for_safety() {
  local limit=$((SECONDS + $1))
  until "$farshore" flush --until "$2" --timeout 30s --socket "$east_socket" \
      > "$dir/flush.out" 2> "$dir/flush.err"; do
    [ $SECONDS -lt $limit ] || { cat "$dir/flush.err" >&2; return 1; }
    kill -0 "$(cat "$dir/east.pid")" 2> /dev/null || { echo "demo: east ended" >&2; return 1; }
    kill -0 "$(cat "$dir/west.pid")" 2> /dev/null || { echo "demo: west ended" >&2; return 1; }
    sleep 0.5
  done
  sed 's/^/   /' "$dir/flush.out"
}
show_lag() { "$farshore" lag --socket "$1" | sed 's/^/   /' || true; }

say "The two agents start, and the first copy runs"
start_agent west
start_agent east
wait_for_safety 600 applied
show_lag "$east_socket"

change_a_while() {  # SECONDS LABEL: files and rows that come, change and go
  local end=$((SECONDS + $1)) n=0
  mkdir -p "$dir/tree/farshore-demo"
  while [ $SECONDS -lt "$end" ]; do
    n=$((n + 1))
    printf 'change %s of %s\n' "$n" "$2" > "$dir/tree/farshore-demo/$2-$n.txt"
    [ $((n % 3)) != 0 ] ||
      mv "$dir/tree/farshore-demo/$2-$n.txt" "$dir/tree/farshore-demo/$2.moved"
    [ $((n % 5)) != 0 ] || rm -f "$dir/tree/farshore-demo/$2-$((n - 1)).txt"
    east_sql -c "insert into farshore_demo (text) select '$2 $n' from generate_series(1, 20)" \
      -c "update farshore_demo set text = text || '!' where id % 7 = 0" \
      -c "delete from farshore_demo where id % 11 = 0"
    sleep 0.1
  done
  note "$n rounds of changes to files and rows"
}

say "Files and rows change; farshore lag, three times"
for round in 1 2 3; do
  change_a_while 2 "round-$round"
  show_lag "$east_socket"
done

say "kill -9 of the secondary; the primary goes on, and the RPO grows by a second a second"
kill -KILL "$(cat "$dir/west.pid")"
change_a_while 4 away
show_lag "$east_socket"

say "The secondary starts again and catches up by itself"
start_agent west
wait_for_safety 120 applied
show_lag "$west_socket"

say "farshore put: one file, there when the command returns"
printf 'one file that matters\n' > "$dir/contract.txt"
"$farshore" put "$dir/contract.txt" --tree files --as farshore-demo/contract.txt \
  --socket "$east_socket" | sed 's/^/   /'
cmp "$dir/contract.txt" "$dir/replica/farshore-demo/contract.txt"
note "the replica has the same bytes"

say "farshore verify: the chain of evidence, every path, every table"
"$farshore" verify --config "$dir/pair/west/farshore.toml" | sed 's/^/   /'
note "rows written here: $(east_sql -c 'select count(*) from farshore_demo') on the primary," \
  "$(west_sql -c 'select count(*) from farshore_demo') on the secondary"

if [ $keep = yes ]; then
  trap - EXIT INT TERM HUP
  say "The pair goes on running in $dir"
  note "lag:      $farshore lag --watch --socket $east_socket"
  note "status:   $farshore status --socket $west_socket"
  note "files:    change $dir/tree, look at $dir/replica"
  note "rows:     psql '$east_db' and psql '$west_db'"
  note "verify:   $farshore verify --config $dir/pair/west/farshore.toml"
  note "evidence: $dir/store"
  note "stop:     packaging/demo.sh --stop $dir"
else
  say "Stopping; nothing is left running"
fi
