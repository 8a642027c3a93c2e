#!/bin/bash
# Tests the web server: runtime/tests/httpd.sh PATH-OF-HTTPD. The last line says how many checks there were; the status
# is 0 only if all of them passed. Needs curl; the load needs wrk, and is left out with a word where there is none.
set -u

httpd=${1:?usage: $0 PATH-OF-HTTPD}
here=$(dirname "$0")
load_seconds=${LOAD_SECONDS:-5} # for each of the four loads
pid=
# shellcheck source=runtime/tests/lib.bash
. "$here/lib.bash"
needs curl

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
truncate -s 100000000 "$root/huge"
ln -s a.txt "$root/link.txt"
ln -s loop2 "$root/loop/loop1"
ln -s loop1 "$root/loop/loop2"
ln -s ../secret.txt "$root/out.txt"
ln -s .. "$root/outdir"
ln -s "$dir/root/a.txt" "$root/absolute.txt"
mkfifo "$root/fifo"
mkdir "$root/list" "$root/list/Z" "$root/list/a:b"
printf '12345' >"$root/list/<i>&\"'.txt"
: >"$root/list/m"

# ---- tools ----

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

# start PROCS [OPTION ...]: starts the server, sets pid and port.
start() {
    procs=$1
    local line=
    shift
    exec {said}< <(HANDOFFPROCS=$procs exec "$httpd" -addr 127.0.0.1:0 -root "$root" "$@" 2>"$dir/err")
    pid=$!
    read -r -t "$patience" line <&"$said"
    port=${line##*:}
    check "the line that says where" "listening on 127.0.0.1:$port" "$line"
    [ -n "$port" ] || { echo "httpd: the server does not start"; exit 1; }
}

# ended: waits for the server's end, which somebody has asked for. It must have lost nothing.
ended() {
    wait "$pid"
    check "$1: the server's status" 0 $?
    has "$1: what it says" "; all answered" "$(cat "$dir/err")"
    exec {said}<&-
    pid=
}

# Ends it.
stop() {
    kill "$pid"
    ended "the end"
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
    check "a directory without index" 200 "$(status /empty/)"
    check "a directory without its slash" "301 http://127.0.0.1:$port/sub/?q" \
        "$(status -w '%{http_code} %{redirect_url}' '/sub?q')"
    has "no way to another server" "Location: /sub/" "$(raw 'GET //sub HTTP/1.0\r\n\r\n')"
    check "a named pipe does not hold us" 403 "$(status /fifo)"
    has "content type of text" "Content-Type: text/plain" "$(get -I /a.txt)"
    has "content type of HTML" "Content-Type: text/html" "$(get -I /)"
    has "content type of others" "Content-Type: application/octet-stream" "$(get -I /big.bin)"
    has "length in a HEAD" "Content-Length: 12" "$(get -I /a.txt)"
    check "HEAD sends no body" 0 "$(raw 'HEAD /a.txt HTTP/1.0\r\n\r\n' | grep -c hello)"
    check "a method that is not served" 405 "$(status -X POST -d abc /a.txt)"
    has "and what is" "Allow: GET, HEAD" "$(get -i -X DELETE /a.txt)"
    check "an unknown method" 501 "$(status -X BREW /a.txt)"
}

# Directories without an index.
listings() {
    local page names
    page=$(get /list/)
    names=$(sed -n 's/.*<a href="\([^"]*\)">.*/\1/p' <<<"$page" | paste -s -d ' ')
    check "names, quoted and sorted" "../ ./%3Ci%3E%26%22%27.txt ./Z/ ./a%3Ab/ ./m" "$names"
    has "names, escaped" ">&lt;i&gt;&amp;&quot;&#39;.txt</a>" "$page"
    check "each can be followed" "12345" "$(get '/list/%3Ci%3E%26%22%27.txt')"
    has "the title" "<title>/list/</title>" "$page"
    has "sizes" '<td align="right">5</td>' "$page"
    has "it is HTML" "Content-Type: text/html; charset=utf-8" "$(get -I /list/)"
    check "its length" "$(get /list/ | wc -c)" "$(get -I /list/ | sed -n 's/^Content-Length: //p' | tr -d '\r')"
    check "nothing above the root" 0 "$(get /list/ >/dev/null; get /nothing/ | grep -c href)"
    check "links are shown" 1 "$(mv "$root/index.html" "$dir"; get / | grep -c '"./out.txt"'; mv "$dir/index.html" "$root")"
}

# Links that lead out of the root are not followed.
outside() {
    check "a link out of the root" "403 0" "$(status /out.txt) $(grep -c secret "$dir/body")"
    check "a directory out of the root" 403 "$(status /outdir/)"
    check "a file in it" "403 0" "$(status /outdir/secret.txt) $(grep -c secret "$dir/body")"
    check "an absolute link" 403 "$(status /absolute.txt)"
}

conditions() {
    local modified etag old='Sun, 06 Nov 1994 08:49:37 GMT'
    modified=$(get -I /a.txt | sed -n 's/^Last-Modified: //p' | tr -d '\r')
    etag=$(get -I /a.txt | sed -n 's/^ETag: //p' | tr -d '\r')
    check "the date as date(1) has it" "$(date -u -r "$root/a.txt" '+%a, %d %b %Y %H:%M:%S GMT')" "$modified"
    check "a tag in quotes" '"' "${etag:0:1}"
    check "not modified" 304 "$(status -H "If-Modified-Since: $modified" /a.txt)"
    check "modified" 200 "$(status -H "If-Modified-Since: $old" /a.txt)"
    check "modified since nonsense" 200 "$(status -H 'If-Modified-Since: yesterday' /a.txt)"
    check "the same tag" "304 0" "$(status -w '%{http_code} %{size_download}' -H "If-None-Match: $etag" /a.txt)"
    check "one of several tags" 304 "$(status -H "If-None-Match: \"x,y\", W/$etag" /a.txt)"
    check "any tag" 304 "$(status -H 'If-None-Match: *' /a.txt)"
    check "another tag" 200 "$(status -H 'If-None-Match: "x"' -H "If-Modified-Since: $modified" /a.txt)"
    check "a tag that is none" 200 "$(status -H "If-None-Match: x $etag" /a.txt)"
    check "only this tag" 200 "$(status -H "If-Match: $etag" /a.txt)"
    check "only another tag" 412 "$(status -H 'If-Match: "x"' /a.txt)"
    check "a weak tag matches nothing" 412 "$(status -H "If-Match: W/$etag" /a.txt)"
    check "only unmodified" 200 "$(status -H "If-Unmodified-Since: $modified" /a.txt)"
    check "only unmodified, but it is not" 412 "$(status -H "If-Unmodified-Since: $old" /a.txt)"
    check "a condition comes before a range" 304 "$(status -r 99- -H "If-None-Match: $etag" /a.txt)"
    check "a range of this version" 206 "$(status -r 0-1 -H "If-Range: $modified" /a.txt)"
    check "a range of another version" 200 "$(status -r 0-1 -H "If-Range: $old" /a.txt)"
    check "a range of this tag" 206 "$(status -r 0-1 -H "If-Range: $etag" /a.txt)"
    check "a range of another tag" 200 "$(status -r 0-1 -H 'If-Range: "x"' /a.txt)"
    check "a range of a weak tag" 200 "$(status -r 0-1 -H "If-Range: W/$etag" /a.txt)"
    cp -p "$root/a.txt" "$dir/old.txt"
    printf 'hello WORLD\n' >"$root/a.txt"
    check "another version has another tag" 200 "$(status -H "If-None-Match: $etag" /a.txt)"
    cp -p "$dir/old.txt" "$root/a.txt"
    check "and the old one its own again" 304 "$(status -H "If-None-Match: $etag" /a.txt)"
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

# clients KIND N [WHAT]: so many clients of clients.py must be content.
clients() {
    local out
    out=$("$here/clients.py" "$1" "$port" "$pid" "$2" 2>&1)
    check "$2 clients, $1" ok "$(case $out in ok:*) echo ok ;; *) echo "$out" ;; esac)"
    echo "httpd P=$procs: ${out#ok: }"
}

# Clients that went away must cost nothing in the end.
gone() {
    local i one before
    before=$(descriptors)
    for i in {1..20}; do
        exec {one}<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /big.bin HTTP/1.1\r\nHost: %s\r\n\r\n' "$i" >&"$one"
        exec {one}>&-
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
        "$([ "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" -lt 200 ] && echo yes || echo no)"
    until_ "$1 connections: their descriptors are closed" few "$before"
    echo "httpd P=$procs: ${requests:-no} requests in $load_seconds s on $1 connections"
}

# rss: KiB that the server has.
rss() {
    sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
}

# atmost KIB: the server has not more.
atmost() {
    [ "$(rss)" -le "$1" ]
}

# What a load needed is given back. What stays for each connection that there ever was at a time (its G, its poll descriptor) is
# less than a page, and is used again by the next ones. Collections come each half second here, not each two minutes.
memory() {
    local fresh before
    HANDOFFDEBUG=forcegcperiodms=500 start 2
    get /a.txt >/dev/null
    fresh=$(rss)
    load 1000
    until_ "a first load: less than a page for each connection stays" atmost $((fresh + 3000))
    before=$(rss)
    load 1000
    until_ "another load: memory is what it was before" atmost $((before * 3 / 2))
    echo "httpd P=2: $fresh KiB fresh, $before after a load, $(rss) after another"
    stop
}

for n in 1 2; do
    start "$n"
    files
    listings
    outside
    ranges
    conditions
    connections
    bad_requests
    gone
    clients half 200
    clients deaf 50
    if command -v wrk >/dev/null; then
        load 100
        load 1000
    else
        echo "httpd: no wrk here, no load"
    fi
    clients drain 100
    ended "the end under load"
    start "$n"
    clients queue 100
    ended "the end with a queue"
    start "$n"
    clients standstill 200
    ended "the end on a busy machine"
done

start 2 -idle 1 -head 1 -nolist
check "a silent client is left" "" "$(raw '')"
check "a client that stops in a request is told so" 408 "$(rawstatus 'GET / HT')"
check "a client that stops between requests" 200 "$(rawstatus 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')"
check "a client that stops in a body" 405 "$(rawstatus 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab')"
check "a directory that is not to be shown" 403 "$(status /list/)"
clients slow 50
clients cutoff 10
stop

# The limit of connections: the third waits until one of the first two ends.
start 2 -max 2
exec {one}<>"/dev/tcp/127.0.0.1/$port" {two}<>"/dev/tcp/127.0.0.1/$port" {three}<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /a.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&"$three"
served=0
for _ in {1..50}; do
    printf 'GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n' >&"$two"
    timeout "$patience" sed -n '/hello/q' <&"$two" && served=$((served + 1))
done
check "one of two connections is served" 50 "$served"
check "the third waits meanwhile" "" "$(read -r -t 0 <&"$three" && head -n 1 <&"$three")"
exec {one}>&-
check "the third is served in the end" "hello world" "$(timeout "$patience" sed -n '/hello/p' <&"$three")"
exec {two}>&- {three}>&-
stop

# The log, and a name that would forge a line of it.
start 2 -log
get /a.txt >/dev/null
status -X POST -d x /a.txt >/dev/null
raw 'GET /"\033[2J HTTP/1.1\r\n\r\n' >/dev/null
kill "$pid"
log=$(cat <&"$said")
ended "the end of the log"
log=$(sed 's/\[[0-3][0-9]\/[A-Z][a-z][a-z]\/20[0-9][0-9]:[0-9:]* +0000\]/DATE/' <<<"$log")
check "the log" '127.0.0.1 - - DATE "GET /a.txt HTTP/1.1" 200 12|127.0.0.1 - - DATE "POST /a.txt HTTP/1.1" 405 23|'\
'127.0.0.1 - - DATE "GET /\x22\x1b[2J HTTP/1.1" 400 16' "$(paste -s -d '|' <<<"$log")"

# More sockets than a process has descriptors by default.
ulimit -Sn 1024
start 2
limit=$(ulimit -Hn)
if [ "$limit" = unlimited ] || [ "$limit" -gt 12000 ]; then
    clients many 10000
else
    clients many $((limit * 3 / 4))
fi
stop

if command -v wrk >/dev/null; then
    memory
fi

finished httpd
