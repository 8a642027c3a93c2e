/**
 * @file hostile.c
 * A guest that does what no agent does: each operation is another way to end badly or to cheat. The judge
 * must see each of them, and say which. Used by test_framework.py; hosted, so that the misbehaviour can be
 * written down plainly.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../proto.h"

static struct msg m;

/** Answers the request in m with one value. */
static void answer(int64_t value)
{
    m.status = MSG_OK;
    m.outcome = OUT_RETURNED;
    m.n = 1;
    m.v[0] = value;
    m.len = 0;
    if (write(GUEST_FD, &m, sizeof m) != sizeof m)
        _exit(99);
}

static void *exit_later(void *unused)
{
    usleep(20000);
    _exit(0);
    return unused;
}

/** Leaves a process behind that outlives this one. */
static void leave_child(void)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            for (;;)
                pause();
        _exit(0);
    }
}

static void misbehave(const char *op)
{
    pthread_t t;
    if (strcmp(op, "exit0") == 0)
        _exit(0);
    if (strcmp(op, "exit3") == 0) {
        fprintf(stderr, "I have had enough\n");
        _exit(3);
    }
    if (strcmp(op, "crash") == 0) {
        fprintf(stderr, "here it comes\n");
        raise(SIGSEGV);
    }
    if (strcmp(op, "hang") == 0)
        for (;;)
            pause();
    if (strcmp(op, "spin") == 0)
        for (volatile int i = 0;; i++) {
        }
    if (strcmp(op, "flood") == 0)
        for (;;)
            if (write(2, m.text, sizeof m.text) < 0)
                _exit(1);
    if (strcmp(op, "nonce") == 0)
        m.nonce++;
    if (strcmp(op, "other") == 0)
        strcpy(m.op, "else");
    if (strcmp(op, "short") == 0 && write(GUEST_FD, &m, 100) == 100)
        pause();
    if (strcmp(op, "twice") == 0)
        answer(7);
    if (strcmp(op, "thread") == 0)
        pthread_create(&t, NULL, exit_later, NULL);
    if (strcmp(op, "child") == 0)
        leave_child();
    if (strcmp(op, "closeerr") == 0) {
        close(1);
        close(2);
    }
    answer(7);
}

int main(void)
{
    while (read(GUEST_FD, &m, sizeof m) == sizeof m) {
        if (strcmp(m.op, "END") == 0) {
            if (getenv("STAY"))
                pause();
            _exit(0);
        }
        misbehave(m.text); /* "run": the operation's name */
    }
    _exit(9);
}
