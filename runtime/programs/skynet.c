/**
 * @file skynet.c
 * A million goroutines, as a tree: skynet [LEAVES]
 *
 *     make run LAB=03 PROG=skynet
 *
 * Each node starts ten children, each of which stands for a tenth of its numbers, and adds what they send.
 * The leaves send their own number, so that the sum is known: 499999500000 for a million. What it shows:
 * what it costs to start and end a goroutine, and how many there are at a time if the newest runs first
 * (few: the tree is walked in depth) or last (all of a level).
 */
#include "handoff.h"
#include "lib/text.h"

/** Children of a node. */
#define FAN 10

/** A part of the tree. */
typedef struct Node {
    Chan *up;      /**< where the sum goes, an int64_t */
    int64_t first; /**< its smallest number */
    int64_t size;  /**< how many there are: a power of FAN */
} Node;

static void node(void *arg)
{
    Node n = *(Node *)arg; /* our own: the memory is the parent's, which waits for us */
    int64_t sum = n.first;
    if (n.size > 1) {
        Node child[FAN];
        Chan *c = chan_make(sizeof sum, FAN);
        for (int i = 0; i < FAN; i++) {
            child[i] = (Node){.up = c, .first = n.first + i * (n.size / FAN), .size = n.size / FAN};
            go(node, &child[i]);
        }
        sum = 0;
        for (int i = 0; i < FAN; i++) {
            int64_t part;
            chan_recv(c, &part);
            sum += part;
        }
        chan_free(c);
    }
    chan_send(n.up, &sum);
}

int gomain(int argc, char **argv)
{
    int64_t leaves = 1000000, power = 1, sum;
    int first = options(NULL, 0, argc, argv, "[LEAVES]");
    if (first < 0 || first < argc - 1 || (first < argc && !text_number(text(argv[first]), &leaves)))
        return 2;
    while (power < leaves && power < 100000000)
        power *= FAN;
    if (power != leaves) {
        goprintf(2, "skynet: the number of leaves is a power of %d, 10^8 at most\n", FAN);
        return 2;
    }
    Node root = {.up = chan_make(sizeof sum, 1), .size = leaves};
    int64_t begun = nanotime();
    go(node, &root);
    chan_recv(root.up, &sum);
    int64_t took = nanotime() - begun;
    SchedStats st;
    schedstats(&st);
    goprintf(1, "%lld\n", (long long)sum);
    goprintf(2, "skynet: %lld ms, %llu goroutines, not more than %llu at a time, %llu taken from other Ps\n",
             (long long)(took / NSEC_PER_MSEC), (unsigned long long)st.spawns, (unsigned long long)st.gs,
             (unsigned long long)st.steals);
    return 0;
}
