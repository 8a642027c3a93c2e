#!/bin/bash
# Tests the chat server and its client: runtime/tests/chatd.sh PATH-OF-CHATD; chat must be beside it.
set -u

chatd=${1:?usage: $0 PATH-OF-CHATD}
here=$(dirname "$0")
# shellcheck source=runtime/tests/lib.bash
. "$here/lib.bash"

# start PROCS ADDRESS: starts the server, and waits until it listens.
start() {
    procs=$1
    exec {said}< <(HANDOFFPROCS=$1 exec "$chatd" -addr "$2")
    pid=$!
    read -r -t "$patience" line <&"$said"
    check "the line that says where" "listening on $2" "$line"
}

# The server has been told to end.
ended() {
    wait "$pid"
    check "the server's status" 0 $?
    exec {said}<&-
    pid=
}

for n in 1 2 4; do
    start "$n" "$dir/socket"
    out=$("$here/chatters.py" "$dir/socket" "$pid" 2>&1)
    check "clients" ok "$(case $out in ok:*) echo ok ;; *) echo "$out" ;; esac)"
    [ "${out#ok}" != "$out" ] || kill "$pid"
    ended
    check "the socket is removed" no "$([ -e "$dir/socket" ] && echo yes || echo no)"
done

# A server that was killed leaves its socket behind; the next one takes the place.
start 2 "$dir/socket"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
start 2 "$dir/socket"

# Two of the kit's own clients: one reads a file, one a pipe that stays open until the other has been heard.
printf 'I am here\n/quit\n' >"$dir/lines"
mkfifo "$dir/fifo"
"${chatd%/*}/chat" -addr "$dir/socket" ben <"$dir/fifo" >"$dir/ben" &
ben=$!
exec {hold}>"$dir/fifo"
until_ "ben is there" grep -q 'ben is here' "$dir/ben"
"${chatd%/*}/chat" -addr "$dir/socket" ann <"$dir/lines" >"$dir/ann"
until_ "ann is gone" grep -q 'ann has left' "$dir/ben"
exec {hold}>&-
wait "$ben"
check "ben's status" 0 $?
check "what ben hears" "* ben is here|* ann is here|ann: I am here|* ann has left" "$(paste -s -d '|' "$dir/ben")"
check "what ann hears" "* ann is here|ann: I am here" "$(paste -s -d '|' "$dir/ann")"
kill "$pid"
ended
check "nobody answers" 1 "$("${chatd%/*}/chat" -addr "$dir/socket" ann </dev/null >"$dir/out" 2>&1; echo $?)"
finished chatd
