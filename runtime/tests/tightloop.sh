#!/bin/bash
# Tests the preemption demo: runtime/tests/tightloop.sh PATH-OF-TIGHTLOOP. With one P, on which a loop runs that calls nothing.
set -u

tightloop=${1:?usage: $0 PATH-OF-TIGHTLOOP}
# shellcheck source=runtime/tests/lib.bash
. "$(dirname "$0")/lib.bash"

# ticks OUTPUT: how often the clock ticked.
ticks() {
    sed -n 's/.*ticked \([0-9]*\) times.*/\1/p' <<<"$1"
}

on=$(HANDOFFPROCS=1 timeout 120 "$tightloop" 2)
off=$(HANDOFFPROCS=1 HANDOFFDEBUG=asyncpreemptoff=1 timeout 120 "$tightloop" 2)
echo "tightloop: with preemption: $on"
echo "tightloop: without: $off"
check "the clock ticks beside a loop" yes "$([ "$(ticks "$on")" -ge 5 ] && echo yes || echo "$on")"
check "and not without preemption" yes "$([ "$(ticks "$off")" -le 3 ] && echo yes || echo "$off")"
has "a loop for each P" "each of 3 Ps" "$(HANDOFFPROCS=3 timeout 120 "$tightloop")"
check "no number" 2 "$("$tightloop" 0 2>/dev/null; echo $?)"
finished tightloop
