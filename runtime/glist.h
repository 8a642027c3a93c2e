/**
 * @file glist.h
 * Lists of Gs linked through schedlink. A G is on at most one of them. No locking: whoever owns the list calls.
 */
#ifndef HANDOFF_GLIST_H
#define HANDOFF_GLIST_H

#include "runtime2.h"

/** Adds gp at the tail. */
static inline void gqueue_pushback(gQueue *q, G *gp)
{
    gp->schedlink = NULL;
    if (q->tail)
        q->tail->schedlink = gp;
    else
        q->head = gp;
    q->tail = gp;
}

/** Adds gp at the head. */
static inline void gqueue_push(gQueue *q, G *gp)
{
    gp->schedlink = q->head;
    q->head = gp;
    if (!q->tail)
        q->tail = gp;
}

/** Appends q2, which must not be used afterwards. */
static inline void gqueue_pushbackall(gQueue *q, gQueue *q2)
{
    if (!q2->tail)
        return;
    q2->tail->schedlink = NULL;
    if (q->tail)
        q->tail->schedlink = q2->head;
    else
        q->head = q2->head;
    q->tail = q2->tail;
}

/** Takes the head, or NULL. */
static inline G *gqueue_pop(gQueue *q)
{
    G *gp = q->head;
    if (gp) {
        q->head = gp->schedlink;
        if (!q->head)
            q->tail = NULL;
    }
    return gp;
}

/** Adds gp at the head. */
static inline void glist_push(gList *l, G *gp)
{
    gp->schedlink = l->head;
    l->head = gp;
}

/** Takes the head, or NULL. */
static inline G *glist_pop(gList *l)
{
    G *gp = l->head;
    if (gp)
        l->head = gp->schedlink;
    return gp;
}

#endif
