/**
 * @file trace.h
 * The raw trace: a ring of events per P, written by the P's owner. Off: one load and a branch at each place.
 */
#ifndef HANDOFF_TRACE_H
#define HANDOFF_TRACE_H

#include "runtime2.h"

/** What happened. The argument is named beside each. */
typedef enum traceEv {
    traceEvNone,          /**< no event */
    traceEvGoCreate,      /**< arg: goid of the new G */
    traceEvGoStart,       /**< arg: goid */
    traceEvGoEnd,         /**< arg: goid */
    traceEvGoSched,       /**< arg: goid; it yielded */
    traceEvGoPreempt,     /**< arg: goid; it was preempted */
    traceEvGoPark,        /**< arg: goid, arg2: waitReason */
    traceEvGoUnpark,      /**< arg: goid of the G readied */
    traceEvGoSysCall,     /**< arg: goid; it enters a system call */
    traceEvGoSysExit,     /**< arg: goid; it left the call with a P */
    traceEvGoSysBlock,    /**< arg: goid or 0; its P was taken from it */
    traceEvProcStart,     /**< arg: M id; the P runs on it */
    traceEvProcStop,      /**< arg: M id */
    traceEvProcRetake,    /**< sysmon took the P out of a system call */
    traceEvProcHandoff,   /**< handoffp */
    traceEvSteal,         /**< arg: victim P, arg2: how many */
    traceEvNetpoll,       /**< arg: goid readied by the poller */
    traceEvSTWStart,      /**< the world is being stopped */
    traceEvSTWEnd,        /**< it runs again */
    traceEvGC,            /**< a collection */
    traceEvMax            /**< how many kinds there are */
} traceEv;

/** One event. */
typedef struct traceevent {
    int64_t when;   /**< nanotime */
    uint32_t ev;    /**< traceEv */
    int32_t mid;    /**< M that wrote it, -1 none */
    uint64_t arg;   /**< see traceEv */
    uint64_t arg2;  /**< likewise */
} traceevent;

/** True while events are recorded. */
extern _Atomic bool traceon;
/** Writes an event to pp's ring (NULL: the global ring, under a lock). Owner of pp. */
void traceevent_write(P *pp, traceEv ev, uint64_t arg, uint64_t arg2);
/** Records an event if tracing is on. */
static inline void trace_(P *pp, traceEv ev, uint64_t arg, uint64_t arg2)
{
    if (__builtin_expect(load_relaxed(&traceon), 0)) /* a switch; the ring has its own order */
        traceevent_write(pp, ev, arg, arg2);
}
/** Starts recording; rings hold this many events each (rounded up to a power of two). */
void trace_start(uint32_t events);
/** Stops recording. */
void trace_stop(void);
/** Writes everything recorded to fd, as text lines "when P ev M arg arg2", oldest first per P. */
void trace_dump(int fd);

#endif
