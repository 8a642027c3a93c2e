/**
 * @file server.h
 * What all servers have in common: they accept connections, give each a goroutine of its own,
 * not more than so many at a time, and end in good order when the process is asked to (SIGTERM, SIGINT).
 *
 * The end, step by step:
 *   1. no new connection is waited for; those that clients have opened already are taken out of the kernel's
 *      queue and served;
 *   2. the listener is closed: whoever comes now is refused, and knows that nothing of his was begun;
 *   3. hurry() asks each connection to finish what it is doing. When the last has ended, the server has;
 *   4. after the time that was allowed for this, or at a second signal, what is left is cut off.
 */
#ifndef PROGRAMS_SERVER_H
#define PROGRAMS_SERVER_H

#include "handoff.h"

typedef struct Server Server;

/** One connection, as the server knows it. */
typedef struct Peer {
    Server *server;            /**< whose it is */
    Conn *conn;                /**< the socket; the server closes it after serve() */
    void *state;               /**< the program's, by server_setstate(); NULL: not to be hurried */
    struct Peer *next, *prev;  /**< in the server's list; its lock */
} Peer;

/** A server. The program fills in the first part, and begins with zeroes in the second. */
struct Server {
    Listener *listener;        /**< where connections come from; the server closes it */
    int max;                   /**< connections at a time; more wait in the kernel's queue */
    void (*serve)(Peer *p);    /**< the whole life of a connection, on a goroutine of its own */
    /** The server ends: see to it that serve(p) returns soon. Locked, so it must not wait. May be NULL. */
    void (*hurry)(Peer *p);
    int64_t patience;          /**< nanoseconds that connections have to end by themselves */
    void *data;                /**< the program's own */

    Mutex lock;                /**< protects what follows */
    Peer *peers;               /**< the connections */
    int npeers;                /**< how many */
    uint64_t accepted;         /**< how many there have been */
    bool accepting;            /**< the accepting goroutine runs */
    bool failed;               /**< it has ended with an error; written before accepting becomes false */
    _Atomic bool stopping;     /**< the server is to end; written locked, may be read without the lock */
    Chan *slots;               /**< one element for each connection; its room is max */
    Chan *stop;                /**< closed when stopping becomes true */
    Chan *done;                /**< closed when nothing is left */
};

/**
 * Runs s until a signal ends it. True if all connections came to their own end, false if some were cut off
 * or the listener failed.
 */
bool server_run(Server *s);
/** Sets p's state: hurry() may be called from now on, or is at once. A state that does not last until
 *  serve() has returned is taken back with NULL. */
void server_setstate(Peer *p, void *state);
/** Listens on addr; NULL after a message that begins with program. */
Listener *server_listen(const char *program, const char *network, const char *addr);
/** Says where a TCP server listens: "listening on 127.0.0.1:8080", with the port that it has got. */
void server_announce(Listener *l, const char *addr);

/**
 * Raises the process's limit of descriptors; returns how many connections it leaves room for, beside open
 * files.
 */
int server_limit(void);

#endif
