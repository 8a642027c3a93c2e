/* Sockets and pipes: what is written arrives, whoever waits is woken, and waiting costs no threads. */
#include "netcheck.h"
#include "net_fd.h"

/* ---- what the tests have in common ---- */

/** Byte i of a stream: no two neighbours are equal, and it repeats only after a while. */
static uint8_t pattern(size_t i)
{
    return (uint8_t)(i * 7 + i / 251);
}

static void read_all(Conn *c, uint8_t *buf, size_t n)
{
    for (size_t got = 0; got < n;) {
        intptr_t r = net_read(c, buf + got, n - got);
        CHECK(r > 0, "read %ld after %zu of %zu bytes", (long)r, got, n);
        got += (size_t)r;
    }
}

static void expect_eof(Conn *c)
{
    char b;
    intptr_t r = net_read(c, &b, 1);
    CHECK(r == 0, "expected end of file, read returned %ld", (long)r);
}

/** A name that no other process uses at this time: a path, or if prefix is @ one in the abstract name space. */
static void unix_name(char *name, size_t n, const char *prefix)
{
    gosnprintf(name, n, "%shandoff-net-%d.sock", prefix, gothreadid());
}

static Listener *unix_listener(char *addr, size_t n)
{
    int err;
    unix_name(addr, n, "@");
    Listener *l = net_listen("unix", addr, &err);
    CHECK(l, "a listener on %s, not error %d", addr, err);
    return l;
}

/** Two connected sockets. */
static void socket_pair(const char *network, Conn **a, Conn **b)
{
    char addr[64];
    Listener *l = network[0] == 't' ? tcp_listener(addr, sizeof addr) : unix_listener(addr, sizeof addr);
    connect_and_close(l, network, addr, a, b);
}

/** Waits until n of the program's goroutines are parked, wherever. */
static void await_parked(int n)
{
    int64_t end = nanotime() + PATIENCE;
    for (int parked = -1; parked != n; gosched()) {
        parked = 0;
        for (G *gp = load_acquire(&allgs); gp; gp = gp->alllink)
            parked += !gp->issystem && readgstatus(gp) == Gwaiting;
        CHECK(nanotime() < end, "%d goroutines are parked, and %d will be", parked, n);
    }
}

/** The number that the next file descriptor gets: a leak makes it grow. */
static int next_fd(void)
{
    int fd = file_open("/dev/null", KO_RDONLY, 0);
    CHECK(fd >= 0 && file_close(fd) == 0, "/dev/null can be opened and closed");
    return fd;
}

/* ---- addresses ---- */

/** What a client of a listener on addr is called is addr, but for the port; the server's name is addr itself. */
static void remote_address(const char *network, const char *addr, const char *server, const char *client)
{
    int err;
    char dial[80], a[NET_ADDRLEN], b[NET_ADDRLEN];
    Conn *ca, *cb;
    Listener *l = net_listen(network, addr, &err);
    if (!l && err == EADDRNOTAVAIL) /* a machine without IPv6 */
        return;
    CHECK(l, "a listener on %s, not error %d", addr, err);
    gosnprintf(dial, sizeof dial, network[0] == 't' ? "%s%d" : "%s", server, net_port(l));
    connect_and_close(l, network, dial, &ca, &cb);
    net_remoteaddr(ca, a, sizeof a);
    net_remoteaddr(cb, b, sizeof b);
    CHECK(test_same(a, dial), "the server is %s, not %s", dial, a);
    size_t n = __builtin_strlen(client);
    CHECK(!__builtin_memcmp(b, client, n) && (b[n] != '\0') == (network[0] == 't'), "the client is %s..., not %s", client, b);
    char tiny[5];
    net_remoteaddr(ca, tiny, sizeof tiny);
    CHECK(tiny[4] == '\0' && !__builtin_memcmp(a, tiny, 4), "it is cut to the room: %s", tiny);
    net_close(ca);
    net_close(cb);
}

static void remote_addresses(void)
{
    char path[64], abstract[64];
    remote_address("tcp", "127.0.0.1:0", "127.0.0.1:", "127.0.0.1:");
    remote_address("tcp", "[::1]:0", "[::1]:", "[::1]:");
    unix_name(path, sizeof path, "/tmp/");
    remote_address("unix", path, path, "");
    unix_name(abstract, sizeof abstract, "@");
    remote_address("unix", abstract, abstract, "");
}

static void expect_ipv6(const char *text, const char *want)
{
    netaddr a;
    char addr[80], got[NET_ADDRLEN];
    gosnprintf(addr, sizeof addr, "[%s]:80", text);
    CHECK(netaddr_parse(&a, "tcp", addr, true) == 0, "%s is an address", addr);
    netaddr_format(&a, got, sizeof got);
    gosnprintf(addr, sizeof addr, "[%s]:80", want);
    CHECK(test_same(got, addr), "%s is written %s, not %s", text, addr, got);
}

static void ipv6_is_written_as_rfc_5952_has_it(void)
{
    expect_ipv6("::", "::");
    expect_ipv6("::1", "::1");
    expect_ipv6("1::", "1::");
    expect_ipv6("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8");
    expect_ipv6("2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"); /* the first of two that are equally long */
    expect_ipv6("1:0:0:2:0:0:0:3", "1:0:0:2::3");               /* the longest */
    expect_ipv6("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7");          /* one alone stays */
    expect_ipv6("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6");
    expect_ipv6("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
}

/* ---- the queue of a listener ---- */

static void tryaccept(const char *network, const char *addr)
{
    int err;
    char dial[80];
    Conn *a[3], *b;
    Listener *l = net_listen(network, addr, &err);
    CHECK(l, "a listener on %s, not error %d", addr, err);
    gosnprintf(dial, sizeof dial, network[0] == 't' ? "127.0.0.1:%d" : addr, net_port(l));
    CHECK(!net_tryaccept(l, &err) && err == EAGAIN, "nobody is there: EAGAIN, not %d", err);
    net_acceptdeadline(l, 1);
    for (int i = 0; i < 3; i++) {
        a[i] = net_dial(network, dial, &err);
        CHECK(a[i], "a connection to %s, not error %d", dial, err);
    }
    for (int i = 0; i < 3; i++) {
        b = net_tryaccept(l, &err);
        CHECK(b && err == 0, "who is in the queue can be taken out after the deadline, not error %d", err);
        CHECK(net_write(b, "x", 1) == 1 && net_close(b) == 0, "and talked to");
        read_all(a[i], &(uint8_t){0}, 1);
        net_close(a[i]);
    }
    CHECK(!net_tryaccept(l, &err) && err == EAGAIN, "nobody is left: EAGAIN, not %d", err);
    net_closelistener(l);
}

static void the_queue_can_be_emptied(void)
{
    char name[64];
    unix_name(name, sizeof name, "@");
    tryaccept("tcp", "127.0.0.1:0");
    tryaccept("unix", name);
}

/* ---- echo ---- */

static void echo_conn(void *arg)
{
    Conn *c = arg;
    uint8_t buf[4096];
    intptr_t n;
    while ((n = net_read(c, buf, sizeof buf)) > 0)
        CHECK(net_write(c, buf, (size_t)n) == n, "all of %ld bytes are written", (long)n);
    CHECK(n == 0, "a client ends by closing, not with error %ld", (long)-n);
    net_close(c);
    ended++;
}

static void echo_server(void *arg)
{
    int err;
    Conn *c;
    while ((c = net_accept(arg, &err)) != NULL)
        go(echo_conn, c);
    CHECK(err == NET_ECLOSED, "accept ends when the listener is closed, not with error %d", err);
    ended++;
}

struct client {
    const char *network;
    char addr[64];
    int messages;
    WaitGroup wg;
};

static void echo_client(void *arg)
{
    struct client *cl = arg;
    int err;
    Conn *c = net_dial(cl->network, cl->addr, &err);
    CHECK(c, "a connection to %s, not error %d", cl->addr, err);
    uint8_t out[700], in[700];
    size_t seen = 0;
    for (int i = 0; i < cl->messages; i++) {
        size_t n = 1 + (size_t)i * 97 % sizeof out;
        for (size_t k = 0; k < n; k++)
            out[k] = pattern(seen + k);
        CHECK(net_write(c, out, n) == (intptr_t)n, "a message of %zu bytes is written", n);
        read_all(c, in, n);
        for (size_t k = 0; k < n; k++)
            CHECK(in[k] == pattern(seen + k), "byte %zu came back as %d", seen + k, in[k]);
        seen += n;
    }
    CHECK(net_close(c) == 0, "the client's end can be closed");
    wg_done(&cl->wg);
}

static void echo(const char *network, const char *listen, int clients, int messages)
{
    int fd = next_fd(), err;
    ended = 0;
    Listener *l = net_listen(network, listen, &err);
    CHECK(l, "a listener on %s, not error %d", listen, err);
    static struct client cl;
    cl = (struct client){.network = network, .messages = messages};
    if (network[0] == 't')
        gosnprintf(cl.addr, sizeof cl.addr, "127.0.0.1:%d", net_port(l));
    else
        gosnprintf(cl.addr, sizeof cl.addr, "%s", listen);
    go(echo_server, l);
    wg_add(&cl.wg, clients);
    for (int i = 0; i < clients; i++)
        go(echo_client, &cl);
    wg_wait(&cl.wg);
    await(&ended, clients, "connections that the server has closed");
    net_closelistener(l);
    await(&ended, clients + 1, "connections, and the server itself, that ended");
    await_waiters(0);
    CHECK(next_fd() == fd, "all file descriptors are closed");
}

static void echo_over_tcp(void)
{
    echo("tcp", "127.0.0.1:0", 10, 50);
}

static void echo_over_ipv6(void)
{
    int err;
    Listener *l = net_listen("tcp", "[::1]:0", &err);
    if (!l)
        return; /* this machine has no IPv6 */
    char addr[32];
    gosnprintf(addr, sizeof addr, "[::1]:%d", net_port(l));
    Conn *a = net_dial("tcp", addr, &err), *b = a ? net_accept(l, &err) : NULL;
    CHECK(b && net_write(a, "6", 1) == 1, "a connection to %s, not error %d", addr, err);
    uint8_t c;
    read_all(b, &c, 1);
    CHECK(c == '6', "the byte arrives");
    net_close(a);
    net_close(b);
    net_closelistener(l);
}

static void echo_over_unix_sockets(void)
{
    char path[64];
    unix_name(path, sizeof path, "/tmp/");
    echo("unix", path, 10, 50);
    int err;
    CHECK(!net_dial("unix", path, &err) && err == ENOENT, "closing removes the path; dial gave error %d",
          err);
    unix_name(path, sizeof path, "@");
    echo("unix", path, 10, 50);
}

static void five_hundred_connections(void)
{
    SchedStats a, b;
    schedstats(&a);
    echo("tcp", "127.0.0.1:0", 500, 4);
    schedstats(&b);
    CHECK(b.threads - a.threads < 50, "a thousand goroutines on sockets started %lu threads",
          (unsigned long)(b.threads - a.threads));
}

/* ---- streams ---- */

enum { STREAM = 3 << 20 };

static void send_stream(void *arg)
{
    static uint8_t block[65536];
    for (size_t at = 0; at < STREAM; at += sizeof block) {
        for (size_t i = 0; i < sizeof block; i++)
            block[i] = pattern(at + i);
        CHECK(net_write(arg, block, sizeof block) == sizeof block, "a block at %zu is written", at);
    }
    ended++;
}

/** More than the kernel's buffers hold: the writer waits for the reader again and again, at every edge. */
static void stream(Conn *r, Conn *w)
{
    uint8_t buf[5000];
    size_t at = 0;
    ended = 0;
    go(send_stream, w);
    while (at < STREAM) {
        intptr_t n = net_read(r, buf, at % 3 ? sizeof buf : 100);
        CHECK(n > 0, "read %ld at %zu", (long)n, at);
        for (intptr_t i = 0; i < n; i++, at++)
            CHECK(buf[i] == pattern(at), "byte %zu is %d, not %d", at, buf[i], pattern(at));
    }
    await(&ended, 1, "sender that ended");
    net_close(w);
    expect_eof(r);
    net_close(r);
    await_waiters(0);
}

static void streams_arrive_whole(void)
{
    Conn *a, *b;
    pipe_pair(&a, &b);
    stream(a, b);
    socket_pair("tcp", &a, &b);
    stream(a, b);
    socket_pair("unix", &a, &b);
    stream(a, b);
}

static void half_close_leaves_the_other_half(void)
{
    Conn *a, *b;
    uint8_t buf[5];
    for (int i = 0; i < 2; i++) {
        socket_pair(i ? "tcp" : "unix", &a, &b);
        CHECK(net_write(a, "query", 5) == 5 && net_closewrite(a) == 0, "a query, and no more");
        read_all(b, buf, 5);
        expect_eof(b);
        CHECK(net_write(b, "reply", 5) == 5, "the other direction is open");
        read_all(a, buf, 5);
        CHECK(buf[0] == 'r', "the reply arrives");
        CHECK(net_write(a, "more", 4) == -EPIPE, "nothing can be written after a half-close");
        net_close(b);
        expect_eof(a);
        net_close(a);
    }
}

/* The reader's buffer has room, so after the data it knows the socket to be empty; but the end has come too, and only once. */
static void data_and_end_come_together(void)
{
    Conn *a, *b;
    char buf[64];
    for (int i = 0; i < 20; i++) {
        socket_pair("tcp", &a, &b);
        CHECK(net_write(a, "q", 1) == 1 && net_read(b, buf, sizeof buf) == 1, "a byte arrives");
        CHECK(net_write(a, "last", 4) == 4 && net_close(a) == 0, "the last bytes, and the end");
        gosleep(i % 2 * NSEC_PER_MSEC); /* the poller hears of both at once, or of neither before the read */
        net_readdeadline(b, nanotime() + PATIENCE);
        CHECK(net_read(b, buf, sizeof buf) == 4, "the last bytes arrive");
        intptr_t n = net_read(b, buf, sizeof buf);
        CHECK(n == 0, "then the end of the stream, not %ld", (long)n);
        net_close(b);
    }
}

static void await_eof(void *c)
{
    expect_eof(c);
    ended++;
}

static void closed_reading_half(const char *network)
{
    Conn *a, *b;
    uint8_t buf[4];
    socket_pair(network, &a, &b);
    CHECK(net_write(a, "abcd", 4) == 4 && net_closeread(b) == 0, "the reading half can be shut down");
    read_all(b, buf, 4);
    expect_eof(b);
    CHECK(net_write(b, "efgh", 4) == 4, "the other half still works");
    read_all(a, buf, 4);
    CHECK(!__builtin_memcmp(buf, "efgh", 4), "and its bytes arrive");
    ended = 0;
    go(await_eof, a);
    await_parked(1);
    CHECK(net_closeread(a) == 0, "the reading half can be shut down under a reader");
    await(&ended, 1, "readers that found the end");
    net_close(a);
    net_close(b);
}

static void a_reading_half_that_is_closed_gives_what_it_has(void)
{
    closed_reading_half("tcp");
    closed_reading_half("unix");
}

static void writing_to_nobody_fails(void)
{
    Conn *r, *w;
    pipe_pair(&r, &w);
    net_close(r);
    intptr_t n = net_write(w, "x", 1);
    CHECK(n == -EPIPE, "a pipe that nobody reads is an error, and no signal ends the program; it was %ld",
          (long)n);
    net_close(w);
}

static void reading_nothing_does_not_wait(void)
{
    Conn *r, *w;
    pipe_pair(&r, &w);
    CHECK(net_read(r, NULL, 0) == 0 && net_write(w, NULL, 0) == 0, "nothing is read and written at once");
    net_close(r);
    net_close(w);
}

/* ---- waiting costs no threads ---- */

enum { BLOCKED = 100 };

static void read_one(void *c)
{
    char b;
    intptr_t n = net_read(c, &b, 1);
    CHECK(n == 1, "one byte, not %ld", (long)n);
    ended++;
}

static void blocked_readers_need_no_threads(void)
{
    Conn *r[BLOCKED], *w[BLOCKED];
    SchedStats a, b;
    ended = 0;
    schedstats(&a);
    for (int i = 0; i < BLOCKED; i++) {
        pipe_pair(&r[i], &w[i]);
        go(read_one, r[i]);
    }
    await_waiters(BLOCKED);
    schedstats(&b);
    CHECK(b.threads - a.threads < 10, "%d goroutines that wait for pipes started %lu threads", BLOCKED,
          (unsigned long)(b.threads - a.threads));
    for (int i = 0; i < BLOCKED; i++)
        CHECK(net_write(w[i], "x", 1) == 1, "a byte for each");
    await(&ended, BLOCKED, "readers woken");
    await_waiters(0);
    for (int i = 0; i < BLOCKED; i++) {
        net_close(r[i]);
        net_close(w[i]);
    }
}

/* ---- close ---- */

static void read_until_closed(void *c)
{
    char b;
    intptr_t n = net_read(c, &b, 1);
    CHECK(n == -NET_ECLOSED, "a reader under which the pipe is closed is told so; it got %ld", (long)n);
    ended++;
}

static void write_until_closed(void *c)
{
    static const char zeros[4096];
    intptr_t n;
    while ((n = net_write(c, zeros, sizeof zeros)) > 0)
        continue;
    CHECK(n == -NET_ECLOSED, "a writer under which the pipe is closed is told so; it got %ld", (long)n);
    ended++;
}

static void accept_until_closed(void *l)
{
    int err;
    CHECK(!net_accept(l, &err) && err == NET_ECLOSED, "accept is told that its listener is closed; it got %d",
          err);
    ended++;
}

static void close_wakes_who_waits(void)
{
    int fd = next_fd();
    Conn *r, *w;
    ended = 0;
    pipe_pair(&r, &w);
    go(read_until_closed, r);
    await_waiters(1);
    CHECK(net_close(r) == 0, "closed while it is read");
    await(&ended, 1, "reader woken");
    net_close(w);

    pipe_pair(&r, &w);
    go(write_until_closed, w);
    await_waiters(1);
    CHECK(net_close(w) == 0, "closed while it is written");
    await(&ended, 2, "reader and writer woken");
    net_close(r);

    char addr[32];
    Listener *l = tcp_listener(addr, sizeof addr);
    go(accept_until_closed, l);
    await_waiters(1);
    net_closelistener(l);
    await(&ended, 3, "goroutines woken");
    await_waiters(0);
    CHECK(next_fd() == fd, "all file descriptors are closed");
}

/* One is parked, the others wait for their turn: all must hear of it. */
static void close_wakes_all_readers(void)
{
    Conn *r, *w;
    ended = 0;
    pipe_pair(&r, &w);
    for (int i = 0; i < 10; i++)
        go(read_until_closed, r);
    await_parked(10);
    net_close(r);
    await(&ended, 10, "readers woken");
    net_close(w);
}

static void read_or_closed(void *c)
{
    char b;
    intptr_t n = net_read(c, &b, 1);
    CHECK(n == 1 || n == 0 || n == -NET_ECLOSED, "a byte, the end, or closed, not %ld", (long)n);
    ended++;
}

static void write_and_close(void *w)
{
    intptr_t n = net_write(w, "x", 1);
    CHECK(n == 1 || n == -EPIPE, "a byte is written, or nobody reads any more: %ld", (long)n);
    net_close(w);
    ended++;
}

/* A byte, the end of file and a close come at the same time: the reader is woken once, and nothing is used after it
 * was freed. */
static void close_races_with_events(void)
{
    int fd = next_fd();
    for (int i = 0; i < 500; i++) {
        Conn *r, *w;
        ended = 0;
        pipe_pair(&r, &w);
        await_waiters(0); /* the count follows the last round's goroutines, when they may have ended already */
        go(read_or_closed, r);
        await_waiters(1);
        go(write_and_close, w);
        for (int k = i % 7; k > 0; k--)
            gosched();
        CHECK(net_close(r) == 0, "closed");
        await(&ended, 2, "reader and writer that ended");
    }
    await_waiters(0);
    CHECK(next_fd() == fd, "all file descriptors are closed");
}

/* Numbers and pollDescs are used again at once, while events of their last use are on the way. */
static void storm(void *arg)
{
    for (int i = 0; i < 300; i++) {
        Conn *r, *w;
        uint8_t b = (uint8_t)(intptr_t)arg, got;
        pipe_pair(&r, &w);
        if (i % 3 == 0)
            CHECK(net_write(w, "a", 1) == 1 && net_write(w, "b", 1) == 1, "bytes that nobody will read");
        if (i % 3 == 0) {
            net_close(r);
            net_close(w);
            continue;
        }
        CHECK(net_write(w, &b, 1) == 1, "a byte");
        read_all(r, &got, 1);
        CHECK(got == b, "read %d, not %d: another goroutine's byte", got, b);
        net_close(i % 3 == 1 ? r : w);
        net_close(i % 3 == 1 ? w : r);
    }
    ended++;
}

static void reused_descriptors_are_not_confused(void)
{
    int fd = next_fd();
    ended = 0;
    for (intptr_t i = 0; i < 8; i++)
        go(storm, (void *)(i * 31 + 1));
    await(&ended, 8, "storms over");
    await_waiters(0);
    CHECK(next_fd() == fd, "all file descriptors are closed");
}

/* ---- what fails ---- */

static void dial_to_nobody_is_refused(void)
{
    int err;
    char addr[32];
    Listener *l = tcp_listener(addr, sizeof addr);
    CHECK(!net_listen("tcp", addr, &err) && err == EADDRINUSE, "a port has one listener; error %d", err);
    net_closelistener(l);
    int fd = next_fd();
    for (int i = 0; i < 20; i++)
        CHECK(!net_dial("tcp", addr, &err) && err == ECONNREFUSED, "nobody listens there any more; error %d",
              err);
    CHECK(!net_dial("unix", "/nonexistent/socket", &err) && err == ENOENT, "there is no such path; error %d",
          err);
    CHECK(next_fd() == fd, "a failed dial leaves no file descriptor");
}

static void bad_addresses_are_refused(void)
{
    static const char *const bad[] = {"127.0.0.1",    "127.0.0.1:",   "127.0.0.1:65536", "127.0.0:80",
                                      "256.0.0.1:80", "1.2.3.4.5:80", "[::1:80",         "[:::1]:80",
                                      "[1::2::3]:80", "host:80",      "127.0.0.1:-1"};
    int err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!net_dial("tcp", bad[i], &err) && err == EINVAL, "'%s' is no address; error %d", bad[i], err);
    CHECK(!net_listen("udp", "127.0.0.1:0", &err) && err == EINVAL, "there is no network udp; error %d", err);
    CHECK(!net_listen("unix", "", &err) && err == EINVAL, "a path has at least one character; error %d", err);
}

/* The poller refuses it, blocking calls read it, and other goroutines go on meanwhile. */
static void regular_files_are_read_by_blocking_calls(void)
{
    char path[64], buf[16];
    gosnprintf(path, sizeof path, "/tmp/handoff-net-%d.file", gothreadid());
    int fd = file_open(path, KO_RDWR | KO_CREAT | KO_TRUNC, 0600), err;
    CHECK(fd >= 0, "a file, not error %d", -fd);
    CHECK(!net_fd(fd, &err) && err == EPERM, "a regular file cannot be polled; error %d", err);
    CHECK(!(linux_fcntl(fd, KF_GETFL, 0) & KO_NONBLOCK), "it is in blocking mode as before");
    CHECK(file_write(fd, "handoff", 7) == 7, "it can still be written");
    CHECK(file_pread(fd, buf, sizeof buf, 4) == 3 && buf[0] == 'o', "and read where one likes");
    CHECK(file_read(fd, buf, sizeof buf) == 0, "the position is at its end");
    bool isdir = true;
    int64_t mtime = 0;
    CHECK(file_stat(fd, &isdir, &mtime) == 7 && !isdir && mtime > 0, "its size is 7");
    CHECK(file_close(fd) == 0 && file_close(fd) == -EBADF, "closed once");
    RawSyscall(__NR_unlinkat, (uintptr_t)-100 /* AT_FDCWD */, (uintptr_t)path, 0);
    CHECK(file_open(path, KO_RDONLY, 0) == -ENOENT, "removed");
}

/* A descriptor from elsewhere: taken over, and non-blocking from then on. */
static void foreign_descriptors_are_taken_over(void)
{
    int fds[2], err;
    CHECK(RawSyscall(__NR_pipe2, (uintptr_t)fds, KO_CLOEXEC, 0).err == 0, "a pipe in blocking mode");
    Conn *r = net_fd(fds[0], &err);
    CHECK(r, "a pipe can be polled; error %d", err);
    CHECK(linux_fcntl(fds[0], KF_GETFL, 0) & KO_NONBLOCK, "it does not block threads any more");
    ended = 0;
    go(read_one, r);
    await_waiters(1);
    CHECK(file_write(fds[1], "x", 1) == 1, "a byte");
    await(&ended, 1, "reader woken");
    CHECK(file_close(fds[1]) == 0, "closed");
    expect_eof(r);
    net_close(r);
}

/* Before main, locked to the main thread, when hardly anything runs yet: the poller works there too. */
static uint8_t read_by_init;

static void init_reader(void *r)
{
    read_all(r, &read_by_init, 1);
    net_close(r);
    ended++;
}

void goinit(void)
{
    Conn *r, *w;
    pipe_pair(&r, &w);
    go(init_reader, r);
    await_waiters(1);
    CHECK(net_write(w, "i", 1) == 1, "a byte");
    await(&ended, 1, "reader that ended");
    net_close(w);
}

static void the_poller_works_before_main(void)
{
    CHECK(read_by_init == 'i', "goinit has read from a pipe");
}

int gomain(int argc, char **argv)
{
    static const struct test tests[] = {
        {"remote_addresses", remote_addresses},
        {"ipv6_is_written_as_rfc_5952_has_it", ipv6_is_written_as_rfc_5952_has_it},
        {"the_queue_can_be_emptied", the_queue_can_be_emptied},
        {"echo_over_tcp", echo_over_tcp},
        {"echo_over_ipv6", echo_over_ipv6},
        {"echo_over_unix_sockets", echo_over_unix_sockets},
        {"five_hundred_connections", five_hundred_connections},
        {"streams_arrive_whole", streams_arrive_whole},
        {"half_close_leaves_the_other_half", half_close_leaves_the_other_half},
        {"data_and_end_come_together", data_and_end_come_together},
        {"a_reading_half_that_is_closed_gives_what_it_has", a_reading_half_that_is_closed_gives_what_it_has},
        {"writing_to_nobody_fails", writing_to_nobody_fails},
        {"reading_nothing_does_not_wait", reading_nothing_does_not_wait},
        {"blocked_readers_need_no_threads", blocked_readers_need_no_threads},
        {"close_wakes_who_waits", close_wakes_who_waits},
        {"close_wakes_all_readers", close_wakes_all_readers},
        {"close_races_with_events", close_races_with_events},
        {"reused_descriptors_are_not_confused", reused_descriptors_are_not_confused},
        {"dial_to_nobody_is_refused", dial_to_nobody_is_refused},
        {"bad_addresses_are_refused", bad_addresses_are_refused},
        {"regular_files_are_read_by_blocking_calls", regular_files_are_read_by_blocking_calls},
        {"foreign_descriptors_are_taken_over", foreign_descriptors_are_taken_over},
        {"the_poller_works_before_main", the_poller_works_before_main},
    };
    return test_main(tests, sizeof tests / sizeof *tests, argc, argv);
}
