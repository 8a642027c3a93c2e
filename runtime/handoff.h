/**
 * @file handoff.h
 * The public interface: all that a program needs to run on Handoff. Names are Go's in lower case.
 *
 * A program defines gomain() and, if it likes, goinit(). Both run on the main goroutine; goinit() runs first, locked to
 * the main thread. When gomain() returns, the process exits with its value, whatever other goroutines do.
 *
 * Every function here may be called from any goroutine unless its text says otherwise, and none may be called from a
 * signal handler. Programs must not call blocking libc functions on a goroutine (in the pure build there is no libc):
 * use net_*, file_*, sys_* and gosleep(), which let other goroutines run.
 */
#ifndef HANDOFF_H
#define HANDOFF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @name The program
 * @{ */

/** The program. Defined by you. Its value is the exit status of the process. Mirrors main.main. */
int gomain(int argc, char **argv);
/** Optional: runs before gomain on the main goroutine, locked to the main thread. Mirrors package initialisation. */
void goinit(void);
/** The environment variable name, or NULL. */
const char *gogetenv(const char *name);
/** Ends the process at once with this status; deferred calls do not run. Mirrors os.Exit. */
_Noreturn void goexitprocess(int status);
/** @} */

/** @name Goroutines
 * @{ */

/** Starts fn(arg) in a new goroutine. fn == NULL is fatal ("go of nil func value"). Mirrors the go statement. */
void go(void (*fn)(void *arg), void *arg);
/**
 * The smallest stack: two share a page, so that a goroutine which waits costs less than 2.5 KiB of memory in all. For goroutines that
 * do little but wait. There are about 1100 bytes for the program's own frames when it calls the runtime; less is found out then
 * ("stack overflow"), or when the goroutine parks or ends, for there is no guard page. Calls that format text (goprintf, gosnprintf)
 * need more than that, and so do net_listen, net_dial and gopanic. Such a goroutine is preempted where it calls the runtime, but not
 * by a signal: its registers would not fit.
 */
#define GOSTACK_SMALL 2048
/**
 * The same with a stack of stacksize bytes. 0 means the default: 64 KiB of addresses, of which pages that were touched have memory.
 * GOSTACK_SMALL: see there. Any other size is rounded up to pages, to at least 8 KiB; such a stack has a guard page, but comes from the
 * system each time, and goes back there: some microseconds a goroutine.
 */
void gostack(size_t stacksize, void (*fn)(void *arg), void *arg);
/** Lets other goroutines run; the caller goes to the tail of the global queue. Mirrors runtime.Gosched. */
void gosched(void);
/** Lets other goroutines run; the caller goes to the tail of the local queue. Mirrors goyield. */
void goyield(void);
/** Ends the calling goroutine after its deferred calls. In the main goroutine the others go on. Mirrors runtime.Goexit. */
_Noreturn void goexit(void);
/** Sets the number of processors if n > 0 (stops the world if it changes), and returns what it was. Mirrors GOMAXPROCS. */
int gomaxprocs_set(int n);
/** CPUs that this process may run on, as of its start. Mirrors runtime.NumCPU. */
int numcpu(void);
/** Goroutines that exist, those of the runtime not counted. Mirrors runtime.NumGoroutine. */
int numgoroutine(void);
/** The id of the calling goroutine; 1 is main. */
uint64_t goid(void);
/** Binds the goroutine to its current thread until as many unlockosthread calls. Mirrors runtime.LockOSThread. */
void lockosthread(void);
/** Undoes one lockosthread; without one it does nothing. Mirrors runtime.UnlockOSThread. */
void unlockosthread(void);
/** The kernel's id of the thread that the caller runs on right now. */
int gothreadid(void);
/** Sets the most threads that may exist (default 10000), returns what it was. Mirrors debug.SetMaxThreads. */
int setmaxthreads(int n);
/** Runs a collection now: gives dead goroutines' stacks back to the system; the world stops for a moment. Mirrors runtime.GC. */
void gogc(void);
/** Ends the program: runs the goroutine's deferred calls, prints "panic: msg" and a dump, exits with 2. Mirrors panic. */
_Noreturn void gopanic(const char *msg);
/** @} */

/** @name Deferred calls
 * @{ */

/** A deferred call. Lives in the frame that defers it. */
typedef struct Defer {
    void (*fn)(void *arg); /**< what to call */
    void *arg;             /**< with this */
    struct Defer *link;    /**< the one deferred before it */
} Defer;
/** Pushes d; use the defer() macro instead. */
void defer_push(Defer *d, void (*fn)(void *arg), void *arg);
/** Pops d and calls it; used by the defer() macro at the end of the scope. */
void defer_pop(Defer *d);
/** @cond */
#define HANDOFF_JOIN2(a, b) a##b
#define HANDOFF_JOIN(a, b) HANDOFF_JOIN2(a, b)
#define HANDOFF_DEFER(name, f, a)                                   \
    __attribute__((cleanup(defer_pop))) Defer name = {0};           \
    defer_push(&name, (f), (a))
/** @endcond */
/** Calls fn(arg) when the enclosing scope ends, or when the goroutine exits by goexit or gopanic. */
#define defer(fn, arg) HANDOFF_DEFER(HANDOFF_JOIN(defer_, __COUNTER__), fn, arg)
/** @} */

/** @name Time
 * @{ */

/** Monotonic nanoseconds. Does not enter the kernel where the vDSO has a clock. */
int64_t nanotime(void);
/** Nanoseconds since 1970 (UTC). */
int64_t walltime(void);
/** Parks the goroutine for at least ns nanoseconds; ns <= 0 only yields. Mirrors time.Sleep. */
void gosleep(int64_t ns);
#define NSEC_PER_USEC ((int64_t)1000)       /**< nanoseconds in a microsecond */
#define NSEC_PER_MSEC ((int64_t)1000000)    /**< in a millisecond */
#define NSEC_PER_SEC ((int64_t)1000000000)  /**< in a second */

/** A timer of the runtime; use through Timer. */
typedef struct timer timer;
/** A timer that calls a function. Mirrors time.AfterFunc. */
typedef struct Timer Timer;
/** Calls fn(arg) in a goroutine of its own after ns nanoseconds. Free it with timer_free. */
Timer *timer_after(int64_t ns, void (*fn)(void *arg), void *arg);
/** Stops it; true if that prevented the call. */
bool timer_stop(Timer *t);
/** Starts it again for ns from now; true if it had been active. */
bool timer_reset(Timer *t, int64_t ns);
/** Stops and frees it. */
void timer_free(Timer *t);
/** @} */

/** @name Channels
 * @{ */

/** A channel of elements of one size. Mirrors chan T. */
typedef struct Chan Chan;
/** Makes a channel of cap elements (0: unbuffered) of elemsize bytes each. Never NULL; free with chan_free. */
Chan *chan_make(size_t elemsize, size_t cap);
/** Frees a channel that nobody uses any more; fatal if somebody waits on it. */
void chan_free(Chan *c);
/** Sends *elem, waiting until somebody takes it or the buffer has room. Fatal on a closed channel; for ever on NULL. */
void chan_send(Chan *c, const void *elem);
/** Receives into *elem (may be NULL: thrown away). false: closed and drained, *elem is zeroed. For ever on NULL. */
bool chan_recv(Chan *c, void *elem);
/** Sends if that is possible at once. */
bool chan_trysend(Chan *c, const void *elem);
/** Receives if that is possible at once: true also for closed and drained, then *ok (may be NULL) is false. */
bool chan_tryrecv(Chan *c, void *elem, bool *ok);
/** Closes: receivers get what is buffered, then false. Fatal if closed already or NULL. */
void chan_close(Chan *c);
/** Elements in the buffer now. */
size_t chan_len(Chan *c);
/** Room of the buffer. */
size_t chan_cap(Chan *c);

/** One case of a select. */
typedef struct SelectCase {
    Chan *c;    /**< the channel; NULL: never ready */
    void *elem; /**< what to send, or where to receive (may be NULL) */
    bool send;  /**< true: send, false: receive */
    bool ok;    /**< set by a receive: false if closed and drained */
} SelectCase;
/** Waits until one case can go on, does it and returns its index; of several ready ones a random one. block == false
 *  returns -1 if none is ready. n == 0 with block waits for ever. Mirrors select. */
int chan_select(SelectCase *cases, int n, bool block);
/** @} */

/** @name Synchronisation of goroutines (they park, threads do not block)
 * @{ */

/** Mutual exclusion. Zero value: unlocked. Mirrors sync.Mutex (normal and starvation mode). */
typedef struct Mutex {
    _Atomic int32_t state;  /**< owned by sync.c */
    _Atomic uint32_t sema;  /**< owned by sync.c */
} Mutex;
/** Locks m; waits its turn. */
void mutex_lock(Mutex *m);
/** Locks m if it is free. */
bool mutex_trylock(Mutex *m);
/** Unlocks m; fatal if it is not locked. Any goroutine may unlock. */
void mutex_unlock(Mutex *m);

/** Many readers or one writer. Zero value: free. A waiting writer holds off new readers. Mirrors sync.RWMutex. */
typedef struct RWMutex {
    Mutex w;                      /**< held by a pending writer */
    _Atomic uint32_t writerSem;   /**< the writer waits here for readers to finish */
    _Atomic uint32_t readerSem;   /**< readers wait here for the writer */
    _Atomic int32_t readerCount;  /**< readers, minus 1<<30 when a writer is pending */
    _Atomic int32_t readerWait;   /**< readers that the pending writer still waits for */
} RWMutex;
/** Locks for reading. */
void rwmutex_rlock(RWMutex *rw);
/** Undoes one rwmutex_rlock; fatal without one. */
void rwmutex_runlock(RWMutex *rw);
/** Locks for writing. */
void rwmutex_lock(RWMutex *rw);
/** Undoes rwmutex_lock; fatal without it. */
void rwmutex_unlock(RWMutex *rw);

/** A counter to wait for. Zero value: 0. Mirrors sync.WaitGroup. */
typedef struct WaitGroup {
    _Atomic uint64_t state; /**< high 32: counter, low 32: waiters */
    _Atomic uint32_t sema;  /**< owned by sync.c */
} WaitGroup;
/** Adds n, which may be negative; at 0 the waiters go on; below 0 is fatal. */
void wg_add(WaitGroup *wg, int n);
/** wg_add(wg, -1). */
void wg_done(WaitGroup *wg);
/** Waits until the counter is 0. */
void wg_wait(WaitGroup *wg);

/** Something done once. Zero value: not yet. Mirrors sync.Once. */
typedef struct Once {
    _Atomic uint32_t done; /**< 1 after fn returned */
    Mutex m;               /**< held while fn runs */
} Once;
/** Calls fn(arg) if no call for o has; returns after fn has finished, whoever ran it. */
void once_do(Once *o, void (*fn)(void *arg), void *arg);
/** @} */

/** @name Network: TCP and Unix sockets, pipes
 *
 * A call that has to wait parks the goroutine, not the thread. Functions that return a number return a value >= 0, or
 * -errno; those that return a pointer return NULL and store errno to *err (which may be NULL; 0 if all went well).
 *
 * Networks are "tcp" and "unix". TCP addresses: "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every IPv4 address
 * for a listener, else this machine); names are not looked up. Unix addresses: a path, or "@name" in the abstract name space.
 *
 * Any number of goroutines may use one Conn or Listener. Calls that read (and accept) take turns, and so do those that
 * write: bytes of two writes do not mix, and a deadline counts for a call that waits for its turn from the moment at which it
 * gets it. net_close and net_closelistener wake whoever waits, wait until all have left, and free the memory: they are
 * called once, and nobody may begin a call after that. To stop goroutines that would go on to use a Conn, set a deadline in the
 * past, wait for them, then close.
 * @{ */

/** An open socket or pipe end. */
typedef struct Conn Conn;
/** A listening socket. */
typedef struct Listener Listener;
/** The error (negated, where errors are) of a call during which its Conn or Listener was closed. Mirrors net.ErrClosed. */
#define NET_ECLOSED 125
/** Likewise of a call whose deadline has passed. Mirrors os.ErrDeadlineExceeded. */
#define NET_ETIMEOUT 110

/** Listens on addr; port 0: one that is free. Removes nothing: a path that exists is EADDRINUSE. Mirrors net.Listen. */
Listener *net_listen(const char *network, const char *addr, int *err);
/** The port that a TCP listener is bound to; 0 for others. */
int net_port(Listener *l);
/** Waits for a connection. NET_ECLOSED if l was closed meanwhile, NET_ETIMEOUT after net_acceptdeadline's time. Mirrors Accept. */
Conn *net_accept(Listener *l, int *err);
/**
 * A connection that is in the queue already: never waits, and needs no deadline (EAGAIN: the queue is empty). A server that
 * is about to close l takes those out that have connected: the kernel would reset them.
 */
Conn *net_tryaccept(Listener *l, int *err);
/** Wakes goroutines in net_accept (NET_ECLOSED), frees l when they have left, and removes a Unix socket's path. */
void net_closelistener(Listener *l);
/** net_accept fails from t on (nanotime; 0: never): at once if that has passed, also calls that wait already. */
void net_acceptdeadline(Listener *l, int64_t t);
/** Connects. A Unix socket whose queue is full is EAGAIN at once. Mirrors net.Dial. */
Conn *net_dial(const char *network, const char *addr, int *err);
/** The same, but not longer than until t (nanotime; 0: no limit): NET_ETIMEOUT. The Conn has no deadline. Mirrors Dialer.Deadline. */
Conn *net_dialdeadline(const char *network, const char *addr, int64_t t, int *err);
/** A pipe: *r is its reading, *w its writing end. 0 or -errno. Mirrors os.Pipe. */
int net_pipe(Conn **r, Conn **w);
/**
 * Takes over a file descriptor that can be polled (socket, pipe, tty) and makes it non-blocking. NULL and *err if it cannot
 * be polled (EPERM: a regular file, which file_read() reads): then fd is the caller's as before. Mirrors os.NewFile.
 */
Conn *net_fd(int fd, int *err);
/** Reads at most n bytes, at least one; 0 at end of file; or -errno. n == 0 returns 0 at once. Mirrors Conn.Read. */
intptr_t net_read(Conn *c, void *buf, size_t n);
/** Writes all n bytes: n, or -errno (then some may have been written; EPIPE: nobody reads any more). Mirrors Conn.Write. */
intptr_t net_write(Conn *c, const void *buf, size_t n);
/**
 * net_read fails from t on (nanotime; 0: never) with NET_ETIMEOUT: at once if that has passed, also a call that waits
 * already, and until another deadline is set. Mirrors SetReadDeadline.
 */
void net_readdeadline(Conn *c, int64_t t);
/** Likewise net_write. */
void net_writedeadline(Conn *c, int64_t t);
/** Both. */
void net_deadline(Conn *c, int64_t t);
/** Shuts down the writing half: the peer reads what was sent, then end of file. 0 or -errno. Mirrors CloseWrite. */
int net_closewrite(Conn *c);
/**
 * Shuts down the reading half: readers get what has come, then end of file, also those that wait already. The peer does not notice.
 * 0 or -errno. Mirrors CloseRead.
 */
int net_closeread(Conn *c);
/**
 * Wakes goroutines that wait on c (NET_ECLOSED), closes it when they have left, and frees it. 0, or -NET_ECLOSED while
 * another call of net_close waits for them. Mirrors Close.
 */
int net_close(Conn *c);
/** The peer's address as net_dial() takes it, in buf (at most n bytes with the 0, NET_ADDRLEN always suffices); "" if it has none.
 *  Mirrors RemoteAddr. */
void net_remoteaddr(Conn *c, char *buf, size_t n);
/** Room for every address in writing. */
#define NET_ADDRLEN 120
/** The file descriptor, for set-up only: socket options and the like. It stays non-blocking, and c's. */
int net_rawfd(Conn *c);
/** @} */

/** @name Regular files: real blocking system calls; the P is handed to another thread meanwhile.
 * Values >= 0, or -errno. EINTR is retried, but for close. They work on every descriptor that is in blocking mode.
 * @{ */

/** Opens path, close-on-exec; flags and mode as open(2). A file descriptor, or -errno. */
int file_open(const char *path, int flags, int mode);
/** read(2): at most n bytes, 0 at end of file. */
intptr_t file_read(int fd, void *buf, size_t n);
/** write(2) until all n bytes are written: n, or -errno (then some may have been). */
intptr_t file_write(int fd, const void *buf, size_t n);
/** pread(2): read at off, whatever the file's position. */
intptr_t file_pread(int fd, void *buf, size_t n, int64_t off);
/** Size in bytes, or -errno; *isdir and *mtime (nanoseconds since 1970; both may be NULL) are set on success. */
int64_t file_stat(int fd, bool *isdir, int64_t *mtime);
/** close(2). Nobody may be using fd. */
int file_close(int fd);
/** Removes the name of a file (not of a directory). 0 or -errno. Mirrors os.Remove. */
int file_remove(const char *path);

/** What the kernel knows of a file. */
typedef struct FileInfo {
    int64_t size;  /**< bytes */
    int64_t mtime; /**< when its contents changed last, nanoseconds since 1970 */
    uint64_t inode; /**< its number on its file system */
    uint32_t mode; /**< kind and permissions as st_mode: S_ISREG(mode), S_ISDIR(mode), S_ISLNK(mode) ... of linux/stat.h */
} FileInfo;
/**
 * Of name in the directory dirfd, where a link is not followed; name "": of dirfd itself, whatever it is. 0 or -errno.
 * Mirrors os.Lstat and File.Stat.
 */
int file_info(int dirfd, const char *name, FileInfo *info);

/** One name in a directory. */
typedef struct DirEntry {
    const char *name; /**< without its directory */
    uint32_t kind;    /**< S_IFREG, S_IFDIR, S_IFLNK ...; 0 if it could not be found out */
} DirEntry;
/**
 * All names in the directory that fd has been opened on, sorted by their bytes, "." and ".." left out; *n: how many. One block,
 * names included: gofree() it. NULL and *err (may be NULL) on an error; never NULL without one. Mirrors os.ReadDir.
 */
DirEntry *file_readdir(int fd, size_t *n, int *err);
/**
 * Opens path below the directory dirfd, and nothing outside of it: a path that leads out by "..", by a slash in front or by a
 * symbolic link is -EXDEV. On a kernel without openat2 (before 5.6) links are not followed at all: -ELOOP. flags as for file_open
 * (nothing is created). A file descriptor, or -errno (-EAGAIN: directories on the way were moved, again and again). Mirrors Root.OpenFile in Go's package os.
 */
int file_openin(int dirfd, const char *path, int flags);
/**
 * Raises the limit of open descriptors as far as the system allows without privileges (a program with many sockets needs it; Go does
 * it at the start of every program that imports os). Returns the limit that holds now.
 */
int file_raiselimit(void);
/** @} */

/** @name Signals
 * @{ */

/**
 * Sends the number of each signal sig that the process gets (an int) to c, beside other channels that asked for it. Never waits: if c
 * has no room the signal is lost for it, so give it room for one at least. SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1 and so on; not
 * SIGKILL and SIGSTOP, which nobody can catch, not SIGURG, which preempts goroutines, and no fault (-EINVAL). From the first call on the
 * program is never found dead ("all goroutines are asleep"): a signal may always come. 0 or -errno. Mirrors signal.Notify.
 */
int signal_notify(Chan *c, int sig);
/**
 * Nothing more is sent to c once this has returned: call it before you close or free c. A signal that no channel is left for has the effect that it had before.
 * Mirrors signal.Stop.
 */
void signal_stop(Chan *c);
/** @} */

/** @name System calls
 * The wrappers sys_read, sys_openat and so on are generated from lab 01's syscalls.in; include "zsyscall.h" for them.
 * @{ */

/** An error of the kernel: 0, or a positive errno. */
typedef int Errno;
/** A run of bytes in memory. */
typedef struct Slice {
    void *ptr;  /**< the first byte; may be NULL if len is 0 */
    size_t len; /**< how many */
} Slice;
/** A run of text, not terminated. */
typedef struct Str {
    const char *ptr; /**< the first byte */
    size_t len;      /**< how many */
} Str;
/** @} */

/** @name Memory and text
 * @{ */

/** size bytes, zeroed, aligned to 16; never NULL (out of memory is fatal). */
void *gomalloc(size_t size);
/** Frees what gomalloc returned; NULL does nothing. */
void gofree(void *p);
/** Formats to fd in one write, as printf does, but for floating-point numbers and %n: those are shown as %!letter. Returns bytes. */
int goprintf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Formats into buf (always terminated if n > 0); returns the length that the whole text would have. */
int gosnprintf(char *buf, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/** The same with a va_list. */
int govsnprintf(char *buf, size_t n, const char *fmt, va_list ap);
/** @} */

/** @name Observing the scheduler
 * @{ */

/**
 * Totals since the program began. Each is exact, but they are read one by one and not at one instant; what the runtime's own
 * goroutines and threads do counts as well. Between two calls on a quiet program the differences are what happened in between.
 */
typedef struct SchedStats {
    uint64_t schedules;      /**< times a goroutine was switched to */
    uint64_t steals;         /**< goroutines taken from another P's queue */
    uint64_t handoffs;       /**< Ps handed to another M */
    uint64_t retakes;        /**< Ps that sysmon took out of a system call */
    uint64_t preemptions;    /**< goroutines that yielded because they were asked to */
    uint64_t asyncpreempts;  /**< of these, stopped by a signal; the others came to a preemption check */
    uint64_t preemptsignals; /**< signals sent to make a goroutine yield: one that finds it in the runtime, or gone, does nothing */
    uint64_t syscalls;       /**< calls through Syscall */
    uint64_t netpollwakes;   /**< goroutines readied by the network poller */
    uint64_t futexsleeps;    /**< futex calls that wait */
    uint64_t futexwakes;     /**< futex calls that wake */
    uint64_t spawns;         /**< goroutines started */
    uint64_t exits;          /**< goroutines ended; spawns - exits live, those of the runtime included */
    uint64_t threads;        /**< threads started, the first included */
    uint64_t threadsended;   /**< of these, exited */
    uint64_t gs;             /**< G structures allocated */
    uint64_t sysbytes;       /**< bytes that the runtime has from the system, but for stacks: its own structures, and in the
                              *   pure build what gomalloc gives out */
    uint64_t unguarded;      /**< stacks without a guard page: the kernel has no markers for them, and no mappings were left */
    uint64_t stackbytes;     /**< bytes of free stacks that the runtime keeps (address space: not all of it has memory) */
} SchedStats;
/**
 * Fills *st. HANDOFFDEBUG=schedstats=1 prints the same when the program ends, and so does each crash dump of the runtime.
 * Mirrors what runtime/metrics offers under /sched.
 */
void schedstats(SchedStats *st);
/** @} */

#endif
