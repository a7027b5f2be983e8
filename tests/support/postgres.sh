#!/bin/sh
# A real PostgreSQL server for tests, from Debian's packages, on a Unix socket in DIR.
#
#   postgres.sh start DIR [PID]   makes the cluster in DIR unless it is there, starts the server and
#                                 prints the URL of its database `postgres`; with PID the server
#                                 stops when that process ends, however it ends
#   postgres.sh stop DIR          stops it at once, as a crash of the server would
#
# DIR is short (a socket's path has at most 107 bytes) and below folders that every user may enter:
# as root the server runs as the user `postgres`, because it refuses to run as root.
set -eu

[ $# -ge 2 ] || { echo "usage: postgres.sh start DIR [PID] | stop DIR" >&2; exit 2; }
verb=$1
dir=$2
self=$(readlink -f "$0")
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "no PostgreSQL server is installed: run ./dev setup" >&2; exit 2; }

as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups -- "$@")
  else
    "$@"
  fi
}

case $verb in
  start)
    mkdir -p "$dir"
    [ "$(id -u)" != 0 ] || chown postgres "$dir"
    if [ ! -d "$dir/data" ]; then
      as_server "$bin/initdb" --no-sync --auth=trust --username=kronborg --encoding=UTF8 \
        --locale=C.UTF-8 --pgdata="$dir/data" >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    fi
    as_server "$bin/pg_ctl" --pgdata="$dir/data" --wait --silent --log="$dir/data/server.log" \
      --options="-c unix_socket_directories=$dir -c listen_addresses= -c fsync=on \
-c recovery_init_sync_method=syncfs" start \
      >&2 </dev/null || { cat "$dir/data/server.log" >&2; exit 1; }
    if [ $# -ge 3 ]; then
      setsid sh -c 'tail --pid="$1" -f /dev/null; "$2" stop "$3"' watch "$3" "$self" "$dir" \
        >/dev/null 2>&1 </dev/null &
      echo $! >"$dir/watch"
    fi
    echo "postgresql://kronborg@/postgres?host=$dir"
    ;;
  stop)
    as_server "$bin/pg_ctl" --pgdata="$dir/data" --wait --silent --mode=immediate stop
    if [ -f "$dir/watch" ]; then
      watch=$(cat "$dir/watch")
      rm "$dir/watch"
      kill -- "-$watch" 2>/dev/null || true
    fi
    ;;
  *)
    echo "postgres.sh: unknown verb $verb" >&2
    exit 2
    ;;
esac
