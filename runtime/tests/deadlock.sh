#!/bin/bash
# Tests how the deadlock ends: runtime/tests/deadlock.sh PATH-OF-DEADLOCK.
set -u

deadlock=${1:?usage: $0 PATH-OF-DEADLOCK}
# shellcheck source=runtime/tests/lib.bash
. "$(dirname "$0")/lib.bash"

for procs in 1 2 4; do
    out=$(HANDOFFPROCS=$procs timeout "$patience" "$deadlock" 2>"$dir/err")
    check "the status" 2 $?
    check "each waits" 3 "$(grep -c 'has fork . and waits\|has fork ., and waits' <<<"$out")"
    has "Go's words" "fatal error: all goroutines are asleep - deadlock!" "$(cat "$dir/err")"
    check "three wait for a fork" 3 "$(grep -c '\[sync.Mutex.Lock\]:$' "$dir/err")"
    check "main waits for nothing" 1 "$(grep -c '^goroutine 1 \[chan receive (nil chan)\]:$' "$dir/err")"
done
finished deadlock
