/**
 * @file lab03_global.c
 * The global queue's batches, for many sizes and numbers of Ps.
 */
#include "../../labs/03-runqueue/tests/lab03.h"

/** One batch of n out of size Gs with as many Ps as there are. */
static void batch(int64_t g, int64_t n, int64_t size)
{
    int64_t want = size / get("gomaxprocs") + 1;
    want = want < n ? want : n;
    want = want < size ? want : size;
    call("setglobal_many", g, size);
    int64_t first = call("globrunqgetbatch", n);
    if (want <= 0 ? first != NIL : first != g)
        fail("globrunqgetbatch(%lld) of %lld Gs returned g%lld", (long long)n, (long long)size,
             (long long)first);
    expect_text(range('g', g + 1, g + want - 1));
    expect_field(size - (want > 0 ? want : 0), "sched.runqsize");
    expect_list(want < size ? range('g', g + (want > 0 ? want : 0), g + size - 1) : "", "sched.runq");
}

TEST(BatchesOfEverySize)
{
    because("a batch is the smallest of what was asked for, what there is, and one P's share plus one: the first G is "
            "returned, the others are all that the given queue has then");
    int64_t g = call("newg", 400);
    static const int64_t sizes[] = {0, 1, 2, 3, 127, 128, 129, 255, 256, 257, 400};
    for (int np = 1; np <= 4; np++) {
        call("newp");
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
            batch(g, HALF, sizes[i]);
        for (int i = 0; i < 10; i++)
            batch(g, 1 + (int64_t)rndn(200), (int64_t)rndn(401));
    }
}

/* An empty queue that is appended to an empty queue, and to one that is not. */
TEST(AnEmptyBatchChangesNothing)
{
    ps(1);
    int64_t g = call("newg", 2);
    call("globrunqputbatch");
    expect_list("", "sched.runq");
    expect_field(0, "sched.runqsize");
    call("globrunqput", g);
    call("globrunqputbatch");
    call("globrunqput", g + 1);
    expect_list(range('g', g, g + 1), "sched.runq");
    expect_field(2, "sched.runqsize");
}

/* One that was emptied from the head takes Gs at both ends again. */
TEST(HeadAndTailOfAnEmptiedQueue)
{
    ps(1);
    int64_t g = call("newg", 3);
    call("globrunqputhead", g);
    expect_call(g, "globrunqget");
    call("globrunqputhead", g + 1);
    call("globrunqput", g + 2);
    call("globrunqputhead", g);
    expect_list(range('g', g, g + 2), "sched.runq");
    expect_field(3, "sched.runqsize");
    check_world();
}
