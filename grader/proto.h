/**
 * @file proto.h
 * The one message of the channel between judge and guest: what both sides of the SOCK_SEQPACKET on fd 3
 * agree on.
 *
 * The judge sends a request with a fresh nonce; the guest answers with one message that repeats nonce and
 * op. All messages have the same size. What the guest says is an observation, never a verdict: only the
 * judge holds expected values.
 */
#ifndef HANDOFF_PROTO_H
#define HANDOFF_PROTO_H

#include <stdint.h>

/** Values in a message. */
#define MSG_VALUES     16
/** Bytes of text in a message; longer things travel in several. */
#define MSG_TEXT       3920
/** The channel's file descriptor in the guest. */
#define GUEST_FD       3
/** The file descriptor that a test may give to its guest (give_fd). */
#define GUEST_EXTRA_FD 4
/** "No G", "no M", "no P" in values: handles are not negative. */
#define NIL            (-1)

/** How the guest answered. */
enum msgstatus {
    MSG_OK = 0,        /**< the operation was done; v and text are its results */
    MSG_UNKNOWN = 1,   /**< no such operation, object or field; text says which */
    MSG_THREW = 2,     /**< the code under test called throw or fatal; text is its message */
    MSG_UNWRITTEN = 3, /**< a function of a lab is still the skeleton's; text says which. The guest ends */
    MSG_MISUSE = 4,    /**< the test asked for something impossible (a busy M, say); text says what */
};

/** What has become of an M after run or resume. */
enum outcomekind {
    OUT_NONE = 0,
    OUT_RETURNED = 1, /**< the operation returned; v holds its values */
    OUT_RUNNING = 2,  /**< the M runs a G (execute reached gogo) that waits for orders; v[0] is the G */
    OUT_BLOCKED = 3,  /**< in a system call of the fake kernel that sleeps; text names it */
    OUT_STOPPED = 4,  /**< at a stall point or wrapped function where the test told it to stop */
    OUT_THREW = 5,    /**< throw or fatal; the M is of no more use */
    OUT_ENDED = 6,    /**< in a wrapped function that does not return, and that is only recorded */
    OUT_EXITED = 7,   /**< the thread, or the process, asked the kernel to end it */
};

/** How a run op is to be done: values of v[1] of run. */
enum runmode { RUN_G0 = 0, RUN_CURG = 1 };

/** What happens at a wrapped function or stall point: values of v[0] of wrap. */
enum wrapmode {
    WRAP_PASS = 0,   /**< nothing: the real function is called */
    WRAP_SPY = 1,    /**< logged, then the real function is called */
    WRAP_RECORD = 2, /**< logged and not called; returns 0 or what script says */
    WRAP_STOP = 3,   /**< logged; the M stops there, and resume goes on with the real function */
};

/** A request or an answer. */
struct msg {
    uint64_t nonce;        /**< chosen by the judge, repeated by the guest */
    char op[24];           /**< name of the operation */
    int32_t status;        /**< enum msgstatus, in answers */
    uint32_t n;            /**< values in use */
    int64_t v[MSG_VALUES]; /**< arguments or results */
    int32_t outcome;       /**< enum outcomekind, in answers to run and resume */
    uint32_t len;          /**< bytes of text in use */
    char text[MSG_TEXT];   /**< text or bytes */
};

_Static_assert(sizeof(struct msg) == 4096, "one page a message");

#endif
