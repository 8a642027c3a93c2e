/**
 * @file template.c
 * The template thread: starts threads for Ms that must not.
 *
 * A thread inherits the state of the thread that creates it. A goroutine that is locked to its M may have
 * changed that state (namespace, directory, credentials), and a new M cloned from there would run strangers'
 * goroutines with it. So there is one thread in a known good state that does nothing but start others on
 * request. It is made when the program first calls lockosthread, before the lock: later would be too late.
 *
 * The requests are a list of finished M structures in newmHandoff. The template thread takes the whole list,
 * starts the threads, looks again, and sleeps only when it was empty under the lock; producers wake it only
 * if it says that it sleeps.
 */
#include "core.h"

struct newmHandoff newmHandoff;

void startTemplateThread(void)
{
    /* Write me: once (CAS), and not preemptible between that and newm: the other callers rely on the
     * thread to come. */
    unwritten();
}

void templateThread(void)
{
    /* Write me: a thread of the runtime (nmsys, checkdead). For ever: take the list, start each M without
     * the lock, until the list is empty; then, under the lock, say that you wait and clear the note;
     * unlock, sleep. */
    unwritten();
}
