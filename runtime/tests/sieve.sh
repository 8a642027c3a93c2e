#!/bin/bash
# Tests the prime sieve: runtime/tests/sieve.sh PATH-OF-SIEVE.
set -u

sieve=${1:?usage: $0 PATH-OF-SIEVE}
# shellcheck source=runtime/tests/lib.bash
. "$(dirname "$0")/lib.bash"

for procs in 1 2 4; do
    export HANDOFFPROCS=$procs
    check "the first primes" "2 3 5 7 11 13 17 19 23 29" "$("$sieve" 10 | paste -s -d ' ')"
    check "the 500th" "500 3571" "$("$sieve" 500 | sed -n '$p' | sed "s/^/$("$sieve" 500 | wc -l) /")"
done
check "none" "" "$("$sieve" 0)"
check "no number" 2 "$("$sieve" x 2>/dev/null; echo $?)"
finished sieve
