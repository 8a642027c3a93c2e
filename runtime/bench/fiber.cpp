/* Boost.Fiber: one scheduler a thread, work stealing on more than one; and the switch of Boost.Context below it. */
#include <atomic>
#include <boost/context/detail/fcontext.hpp>
#include <boost/fiber/all.hpp>
#include <thread>
#include "host.h"

namespace bf = boost::fibers;
namespace bc = boost::context::detail;

enum { STACK = 64 * 1024 };

typedef bf::unbuffered_channel<long> *chan_t;

struct group_t {
    std::atomic<int> n{0};
    bf::mutex m;
    bf::condition_variable none;
};

static bf::fixedsize_stack stacks(STACK);

static void task_go(void (*fn)(void *), void *arg)
{
    bf::fiber(bf::launch::post, std::allocator_arg, stacks, fn, arg).detach();
}

static void task_yield(void)
{
    boost::this_fiber::yield();
}

static void task_sleep(int64_t ns)
{
    boost::this_fiber::sleep_for(std::chrono::nanoseconds(ns));
}

static chan_t chan_new(bool buffered)
{
    (void)buffered; /* its buffered channel takes a lock that spins, and at least two values */
    return new bf::unbuffered_channel<long>();
}

static void chan_drop(chan_t c)
{
    delete c;
}

static void chan_put(chan_t c, long v)
{
    c->push(v);
}

static long chan_take(chan_t c)
{
    long v = 0;
    c->pop(v);
    return v;
}

static void group_set(group_t *g, int n)
{
    g->n = n;
}

static void group_done(group_t *g)
{
    std::unique_lock<bf::mutex> l(g->m); /* held over the notice: the waiter may begin anew at once */
    if (--g->n == 0)
        g->none.notify_all();
}

static void group_wait(group_t *g)
{
    std::unique_lock<bf::mutex> l(g->m);
    while (g->n > 0)
        g->none.wait(l);
}

#include "workloads.h"

static void bounce(bc::transfer_t t)
{
    for (;;)
        t = bc::jump_fcontext(t.fctx, nullptr);
}

static void row_switch(void)
{
    char *stack = (char *)mem_new(STACK);
    bc::fcontext_t other = bc::make_fcontext(stack + STACK, STACK, bounce);
    begin();
    for (long i = 0; i < w.n; i++)
        other = bc::jump_fcontext(other, nullptr).fctx;
    end(2 * w.n);
}

/** Another thread: takes part in the work until the process ends. */
static void helper(unsigned procs)
{
    static bf::mutex m;
    static bf::condition_variable never;
    bf::use_scheduling_algorithm<bf::algo::work_stealing>(procs);
    std::unique_lock<bf::mutex> l(m);
    never.wait(l, [] { return false; });
}

int main(int argc, char **argv)
{
    static const row own[] = {{"switch", row_switch}, {NULL, NULL}};
    if (argc != 4)
        return 2;
    unsigned procs = (unsigned)atoi(argv[2]);
    for (unsigned i = 1; i < procs; i++)
        new std::thread(helper, procs);
    if (procs > 1)
        bf::use_scheduling_algorithm<bf::algo::work_stealing>(procs);
    int status = bench_row(argv[1], atol(argv[3]), own) ? 0 : 2;
    fflush(stdout);
    _exit(status); /* the other threads never end */
}
