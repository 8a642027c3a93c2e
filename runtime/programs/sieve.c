/**
 * @file sieve.c
 * The prime sieve, Communicating Sequential Processes in one page: sieve [N]
 *
 *     make run LAB=02 PROG=sieve ARGS=20
 *
 * One goroutine counts 2, 3, 4 ... into a channel. Each prime that comes out has a goroutine of its own,
 * which passes on what it does not divide. After N primes there are N + 1 goroutines in a chain, and a
 * number costs a switch for every filter that it passes: this is channels and context switches, and next to
 * no arithmetic.
 */
#include "handoff.h"
#include "lib/text.h"

/** A filter: what it divides goes no further. */
typedef struct Filter {
    Chan *in, *out; /**< of int */
    int prime;      /**< the divisor */
} Filter;

static void generate(void *out)
{
    for (int i = 2;; i++)
        chan_send(out, &i);
}

static void filter(void *arg)
{
    Filter *f = arg;
    for (;;) {
        int i;
        chan_recv(f->in, &i);
        if (i % f->prime != 0)
            chan_send(f->out, &i);
    }
}

int gomain(int argc, char **argv)
{
    int64_t n = 100;
    int first = options(NULL, 0, argc, argv, "[N]");
    if (first < 0 || first < argc - 1 ||
        (first < argc && (!text_number(text(argv[first]), &n) || n > 100000)))
        return 2;
    Chan *c = chan_make(sizeof(int), 0);
    go(generate, c);
    for (int64_t i = 0; i < n; i++) {
        Filter *f = gomalloc(sizeof *f);
        *f = (Filter){.in = c, .out = chan_make(sizeof(int), 0)};
        chan_recv(c, &f->prime);
        goprintf(1, "%d\n", f->prime);
        go(filter, f);
        c = f->out;
    }
    return 0; /* the goroutines end with the process */
}
