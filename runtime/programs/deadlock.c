/**
 * @file deadlock.c
 * How a program dies of waiting: three philosophers, each with a fork in one hand.
 *
 *     make run LAB=06 PROG=deadlock
 *
 * When the last goroutine parks, its thread looks for another to run, finds none, and before it sleeps
 * counts who is left: no thread runs, no timer is set, nothing can come from the network. Nobody will ever
 * wake anybody. checkdead() says so in Go's words, lists who waits for what, and ends the process with
 * status 2.
 */
#include "handoff.h"

/** Philosophers and forks. */
#define N 3

static Mutex fork[N];
static WaitGroup all_have_one; /* so that it happens each time, and not once in a thousand */

static void philosopher(void *arg)
{
    int i = (int)(intptr_t)arg;
    mutex_lock(&fork[i]);
    wg_done(&all_have_one);
    wg_wait(&all_have_one);
    goprintf(1, "philosopher %d has fork %d, and waits for fork %d\n", i, i, (i + 1) % N);
    mutex_lock(&fork[(i + 1) % N]);
    goprintf(1, "philosopher %d eats\n", i);
}

int gomain(int argc, char **argv)
{
    (void)argc, (void)argv;
    wg_add(&all_have_one, N);
    for (intptr_t i = 0; i < N; i++)
        go(philosopher, (void *)i);
    chan_recv(NULL, NULL); /* main waits for ever */
    return 0;
}
