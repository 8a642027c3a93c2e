#!/bin/bash
# Tests the echo server: runtime/tests/echod.sh PATH-OF-ECHOD.
set -u

echod=${1:?usage: $0 PATH-OF-ECHOD}
here=$(dirname "$0")
# shellcheck source=runtime/tests/lib.bash
. "$here/lib.bash"

start() {
    procs=$1
    shift
    exec {said}< <(HANDOFFPROCS=$procs exec "$echod" -addr 127.0.0.1:0 "$@" 2>"$dir/err")
    pid=$!
    read -r -t "$patience" line <&"$said"
    port=${line##*:}
    check "the line that says where" "listening on 127.0.0.1:$port" "$line"
}

ended() {
    wait "$pid"
    check "the server's status" 0 $?
    exec {said}<&-
    pid=
}

clients() {
    local out
    out=$("$here/clients.py" "$1" "$port" "$pid" "$2" 2>&1)
    check "$2 clients, $1" ok "$(case $out in ok:*) echo ok ;; *) echo "$out" ;; esac)"
}

for n in 1 2 4; do
    start "$n"
    clients echo 300
    clients echoend 100
    ended
    has "what it says" "echod: 13477400 bytes on 400 connections" "$(cat "$dir/err")"
done

# A silent client is left after a second.
start 2 -idle 1
exec {silent}<>"/dev/tcp/127.0.0.1/$port"
check "a silent client" "0" "$(timeout "$patience" cat <&"$silent" >/dev/null; echo $?)"
exec {silent}>&-
kill -INT "$pid"
ended

# The place is taken.
start 2
"$echod" -addr "127.0.0.1:$port" >"$dir/out" 2>&1
check "an address that is in use" "1 echod: cannot listen on 127.0.0.1:$port: error 98" "$? $(cat "$dir/out")"
kill "$pid"
ended
check "a wrong option" 2 "$("$echod" -nonsense >"$dir/out" 2>&1; echo $?)"
has "and what there is" "-idle" "$(cat "$dir/out")"
finished echod
