#!/bin/bash
# Tests the web server: runtime/tests/httpd.sh PATH-OF-HTTPD. The last line says how many checks there were; the status
# is 0 only if all of them passed. Needs curl and wrk.
set -u

httpd=${1:?usage: $0 PATH-OF-HTTPD}
load_seconds=${LOAD_SECONDS:-5} # for each of the four loads
patience=20                     # seconds that anything may take that should take none
checks=0 failures=0 pid=

for tool in curl wrk; do
    command -v "$tool" >/dev/null || { echo "httpd: $tool is not installed" >&2; exit 1; }
done
[ -x "$httpd" ] || { echo "httpd: $httpd is no program" >&2; exit 1; }
limit=$(ulimit -Hn)
[ "$limit" = unlimited ] || [ "$limit" -gt 4096 ] && limit=4096
ulimit -n "$limit"

dir=$(mktemp -d)
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    rm -rf "$dir"
}
trap finish EXIT

# ---- the site ----

root=$dir/root
mkdir -p "$root/sub" "$root/empty" "$root/loop"
printf 'hello world\n' >"$root/a.txt"
printf '<p>index\n' >"$root/index.html"
printf 'sub\n' >"$root/sub/index.html"
printf 'space\n' >"$root/a b.txt"
printf 'secret\n' >"$dir/secret.txt"
: >"$root/empty.css"
head -c 3000000 /dev/urandom >"$root/big.bin"
ln -s a.txt "$root/link.txt"
ln -s loop2 "$root/loop/loop1"
ln -s loop1 "$root/loop/loop2"
mkfifo "$root/fifo"

# ---- tools ----

# check NAME WANT GOT: they must be the same.
check() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] && return
    failures=$((failures + 1))
    printf 'httpd P=%s: FAILED %s: wanted "%s", got "%s"\n' "$procs" "$1" "$2" "$3"
}

# has NAME TEXT GOT: GOT must contain TEXT.
has() {
    case $3 in
    *"$2"*) check "$1" "$2" "$2" ;;
    *) check "$1" "$2" "$3" ;;
    esac
}

# get [CURL-OPTION ...] PATH: the body.
get() {
    curl -s -m "$patience" "${@:1:$#-1}" "http://127.0.0.1:$port${*: -1}"
}

# status [CURL-OPTION ...] PATH: the status.
status() {
    get -o "$dir/body" -w '%{http_code}' "$@"
}

# raw TEXT: sends it (with printf's escapes) on a connection of its own and prints what comes until the server closes.
raw() {
    local socket
    exec {socket}<>"/dev/tcp/127.0.0.1/$port" || return
    printf '%b' "$1" >&"$socket"
    timeout "$patience" cat <&"$socket" || echo "NOT CLOSED"
    exec {socket}>&-
}

# rawstatus TEXT: the statuses of the answers, with blanks between them.
rawstatus() {
    raw "$1" | tr -d '\0' | grep -a -o '^HTTP/1.1 [0-9]*\|NOT CLOSED' | sed 's/^HTTP.* //' | paste -s -d ' '
}

# until_ WHAT COMMAND...: waits until the command succeeds.
until_() {
    local what=$1 end=$((SECONDS + patience))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || { check "$what" "in $patience seconds" "not"; return 1; }
        sleep 0.05 # between two looks
    done
    check "$what" ok ok
}

# start PROCS [OPTION ...]: starts the server, sets pid and port.
start() {
    procs=$1
    local line=
    shift
    exec {said}< <(HANDOFFPROCS=$procs exec "$httpd" -addr 127.0.0.1:0 -root "$root" "$@")
    pid=$!
    read -r -t "$patience" line <&"$said"
    port=${line##*:}
    check "the line that says where" "listening on 127.0.0.1:$port" "$line"
    [ -n "$port" ] || { echo "httpd: the server does not start"; exit 1; }
}

# Ends it. It must have lived.
stop() {
    check "the server is still there" yes "$(kill -0 "$pid" 2>/dev/null && echo yes || echo no)"
    kill "$pid"
    exec {said}<&-
    pid=
}

# ---- the checks ----

files() {
    check "a file" "hello world" "$(get /a.txt)"
    check "the index" "<p>index" "$(get /)"
    check "the index of a directory" "sub" "$(get /sub/)"
    check "an escape" "space" "$(get '/a%20b.txt')"
    check "a query is not part of the name" "hello world" "$(get '/a.txt?x=/../y')"
    check "slashes and dots" "hello world" "$(get --path-as-is '//.///a.txt')"
    check "a link" "hello world" "$(get /link.txt)"
    check "an empty file" "200 0" "$(status -w '%{http_code} %{size_download}' /empty.css)"
    check "a large file" same "$(get /big.bin | cmp -s - "$root/big.bin" && echo same)"
    check "no such file" 404 "$(status /nothing)"
    check "a file is no directory" 404 "$(status /a.txt/)"
    check "links in a circle" 404 "$(status /loop/loop1)"
    check "a directory without index" 403 "$(status /empty/)"
    check "a directory without its slash" "301 http://127.0.0.1:$port/sub/?q" \
        "$(status -w '%{http_code} %{redirect_url}' '/sub?q')"
    has "no way to another server" "Location: /sub/" "$(raw 'GET //sub HTTP/1.0\r\n\r\n')"
    check "a named pipe does not hold us" 200 "$(status /fifo)"
    has "content type of text" "Content-Type: text/plain" "$(get -I /a.txt)"
    has "content type of HTML" "Content-Type: text/html" "$(get -I /)"
    has "content type of others" "Content-Type: application/octet-stream" "$(get -I /big.bin)"
    has "length in a HEAD" "Content-Length: 12" "$(get -I /a.txt)"
    check "HEAD sends no body" 0 "$(raw 'HEAD /a.txt HTTP/1.0\r\n\r\n' | grep -c hello)"
    check "a method that is not served" 405 "$(status -X POST -d abc /a.txt)"
    has "and what is" "Allow: GET, HEAD" "$(get -i -X DELETE /a.txt)"
    check "an unknown method" 501 "$(status -X BREW /a.txt)"
}

ranges() {
    check "a range" "206 world" "$(status -r 6-10 /a.txt) $(cat "$dir/body")"
    check "a range to the end" "206 world" "$(status -r 6- /a.txt) $(cat "$dir/body")"
    check "a range from the end" "206 ld" "$(status -r -3 /a.txt) $(cat "$dir/body")"
    check "a range that is longer than the file" "206 world" "$(status -r 6-999 /a.txt) $(cat "$dir/body")"
    check "more from the end than there is" "206 hello world" "$(status -r -999 /a.txt) $(cat "$dir/body")"
    has "what a range says of itself" "Content-Range: bytes 6-10/12" "$(get -i -r 6-10 /a.txt)"
    check "a range behind the end" 416 "$(status -r 12- /a.txt)"
    has "and what it says" "Content-Range: bytes */12" "$(get -i -r 12- /a.txt)"
    check "no bytes from the end" 416 "$(status -H 'Range: bytes=-0' /a.txt)"
    check "a range of an empty file" 416 "$(status -r 0- /empty.css)"
    check "a range that is none" 200 "$(status -H 'Range: bytes=9-3' /a.txt)"
    check "a range in other units" 200 "$(status -H 'Range: lines=1-2' /a.txt)"
    check "several ranges" 200 "$(status -r 0-1,3-4 /a.txt)"
    check "a range with a huge number" 416 "$(status -r 99999999999999999999999- /a.txt)"
    check "the middle of a large file" same \
        "$(get -r 1000000-1999999 /big.bin | cmp -s - <(tail -c +1000001 "$root/big.bin" | head -c 1000000) && echo same)"
    local modified
    modified=$(get -I /a.txt | sed -n 's/^Last-Modified: //p' | tr -d '\r')
    check "not modified" 304 "$(status -H "If-Modified-Since: $modified" /a.txt)"
    check "modified" 200 "$(status -H 'If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT' /a.txt)"
    check "modified since nonsense" 200 "$(status -H 'If-Modified-Since: yesterday' /a.txt)"
    check "a range of this version" 206 "$(status -r 0-1 -H "If-Range: $modified" /a.txt)"
    check "a range of another version" 200 "$(status -r 0-1 -H 'If-Range: Sun, 06 Nov 1994 08:49:37 GMT' /a.txt)"
    check "the date as date(1) has it" "$(date -u -r "$root/a.txt" '+%a, %d %b %Y %H:%M:%S GMT')" "$modified"
}

connections() {
    local get='GET /a.txt HTTP/1.1\r\nHost: x\r\n' last='Connection: close\r\n\r\n'
    check "two requests on one connection" "1 0 " \
        "$(curl -s -m "$patience" -o "$dir/body" -o "$dir/body" -w '%{num_connects} ' "http://127.0.0.1:$port/a.txt" \
            "http://127.0.0.1:$port/")"
    check "pipelined requests" "200 404 200" \
        "$(rawstatus "$get\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n$get$last")"
    check "their bodies, in order" "hello world|404 Not Found|hello world" \
        "$(raw "$get\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n$get$last" | grep -a 'hello\|^404' | paste -s -d '|')"
    check "a request between empty lines" 200 "$(rawstatus "\r\n\r\n$get$last\r\n")"
    check "bare line feeds" 200 "$(rawstatus 'GET /a.txt HTTP/1.1\nHost: x\nConnection: close\n\n')"
    check "1.0 closes" 200 "$(rawstatus 'GET /a.txt HTTP/1.0\r\n\r\n')"
    check "1.0 stays if asked to" "200 200" \
        "$(rawstatus 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n')"
    check "a body is skipped" "405 200" \
        "$(rawstatus "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /$get$last")"
    check "a large request is answered before the end" 413 \
        "$(rawstatus 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\nabc')"
    check "a whole URL" 200 "$(rawstatus "GET http://x/a.txt HTTP/1.1\r\nHost: x\r\n$last")"
}

bad_requests() {
    local host='Host: x\r\n' long
    check "no request" 400 "$(rawstatus 'nonsense\r\n\r\n')"
    check "0.9" 400 "$(rawstatus 'GET /a.txt\r\n\r\n')"
    check "two blanks" 400 "$(rawstatus "GET  / HTTP/1.1\r\n$host\r\n")"
    check "version 2" 505 "$(rawstatus "GET / HTTP/2.0\r\n$host\r\n")"
    check "version x" 400 "$(rawstatus "GET / HTTP/1.x\r\n$host\r\n")"
    check "no host" 400 "$(rawstatus 'GET / HTTP/1.1\r\n\r\n')"
    check "two hosts" 400 "$(rawstatus "GET / HTTP/1.1\r\n$host$host\r\n")"
    check "a field without a colon" 400 "$(rawstatus "GET / HTTP/1.1\r\n${host}X\r\n\r\n")"
    check "a blank before the colon" 400 "$(rawstatus "GET / HTTP/1.1\r\n${host}X : 1\r\n\r\n")"
    check "a folded field" 400 "$(rawstatus "GET / HTTP/1.1\r\n${host}X: 1\r\n 2\r\n\r\n")"
    check "a 0 in a field" 400 "$(rawstatus "GET / HTTP/1.1\r\n${host}X: \0\r\n\r\n")"
    check "a carriage return in a field" 400 "$(rawstatus "GET / HTTP/1.1\r\n${host}X: \r1\r\n\r\n")"
    check "a bad length" 400 "$(rawstatus "POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n")"
    check "two lengths" 400 \
        "$(rawstatus "POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n")"
    check "a length and chunks" 400 \
        "$(rawstatus "POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")"
    check "chunks" 501 "$(rawstatus "POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")"
    check "an expectation" 417 \
        "$(rawstatus "POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")"
    check "above the root" 400 "$(status --path-as-is /../secret.txt)"
    check "above the root, later" 400 "$(status --path-as-is /sub/../../secret.txt)"
    check "above the root, escaped" 400 "$(status --path-as-is '/%2e%2e/secret.txt')"
    check "above the root, all escaped" 400 "$(status --path-as-is '/sub%2f%2E%2E%2f%2e%2e%2fsecret.txt')"
    check "an escaped 0" 400 "$(status '/a.txt%00.html')"
    check "half an escape" 400 "$(status '/a.txt%4')"
    check "a bad escape" 400 "$(status '/a.txt%zz')"
    check "no path" 400 "$(rawstatus "GET a.txt HTTP/1.1\r\n${host}Connection: close\r\n\r\n")"
    long=$(head -c 9000 /dev/zero | tr '\0' x)
    check "a long field" 431 "$(rawstatus "GET / HTTP/1.1\r\n${host}X: $long\r\n\r\n")"
    check "a long line" 414 "$(rawstatus "GET /$long HTTP/1.1\r\n$host\r\n")"
    check "a long path" 414 "$(status "/${long:0:5000}")"
    check "a long name" 404 "$(status "/${long:0:300}")"
}

# Clients that are slow, silent or gone must not disturb the others, and cost nothing in the end.
clients() {
    local slow i before
    before=$(descriptors)
    exec {slow}<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /a.txt HT' >&"$slow"
    check "another client beside a slow one" "hello world" "$(get /a.txt)"
    printf 'TP/1.0\r\n\r\n' >&"$slow"
    check "the slow one" "hello world" "$(timeout "$patience" tail -n 1 <&"$slow")"
    exec {slow}>&-
    for i in {1..20}; do
        exec {slow}<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /big.bin HTTP/1.1\r\nHost: %s\r\n\r\n' "$i" >&"$slow"
        exec {slow}>&-
    done
    check "after clients that went away" "hello world" "$(get /a.txt)"
    until_ "their descriptors are closed" few "$before"
}

descriptors() {
    find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l
}

# few N: at most N descriptors are open.
few() {
    [ "$(descriptors)" -le "$1" ]
}

# load CONNECTIONS: every request must be answered with 200.
load() {
    local out before requests
    before=$(descriptors)
    out=$(wrk -t 1 -c "$1" -d "${load_seconds}s" --timeout "${patience}s" "http://127.0.0.1:$port/a.txt" 2>&1)
    requests=$(sed -n 's/^ *\([0-9]*\) requests in .*/\1/p' <<<"$out")
    check "$1 connections: requests answered" yes "$([ "${requests:-0}" -ge "$1" ] && echo yes || echo "$out")"
    check "$1 connections: no errors" "" "$(grep -i 'socket errors\|non-2xx' <<<"$out")"
    check "$1 connections: threads are few" yes \
        "$([ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" -lt 100 ] && echo yes || echo no)"
    until_ "$1 connections: their descriptors are closed" few "$before"
    echo "httpd P=$procs: ${requests:-no} requests in $load_seconds s on $1 connections"
}

for n in 1 2; do
    start "$n"
    files
    ranges
    connections
    bad_requests
    clients
    load 100
    load 1000
    stop
done

start 2 -idle 1
check "a silent client is left" "" "$(raw '')"
check "a client that stops in a request is told so" 408 "$(rawstatus 'GET / HT')"
check "a client that stops between requests" 200 "$(rawstatus 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')"
check "a client that stops in a body" 405 "$(rawstatus 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab')"
stop

echo "httpd: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
