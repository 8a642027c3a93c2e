/**
 * @file lab06_template.c
 * The template thread: one, started while nobody can be preempted, and never asleep beside a request.
 */
#include <stdio.h>
#include "judge.h"

/** m0 can make requests: it is locked; m1 is the template thread, asleep. */
static void template_sleeps(void)
{
    set(1, "newmHandoff.haveTemplateThread");
    expect_call(1, "newm");
    record("checkdead");
    expect(run(1, "templateThread"), "blocked: futex newmHandoff.wake");
    set(1, "m0.lockedExt");
    events();
}

TEST(TheTemplateThreadIsTheRuntimesOwn)
{
    int64_t m = call("newm");
    stop_at("checkdead");
    expect(run(m, "templateThread"), "stopped: at checkdead()");
    expect_field(1, "sched.nmsys");
    expect_field(1, "sched.lock.key");
    expect(resume(m), "blocked: futex newmHandoff.wake");
    expect_field(0, "sched.lock.key");
    expect_field(0, "newmHandoff.lock.key");
    expect_field(1, "newmHandoff.waiting");
}

TEST(StartTemplateThreadDoesItOnce)
{
    spy("newm");
    call("startTemplateThread");
    call("startTemplateThread");
    expect_events("newm(nil, -1)\n");
    expect_field(1, "newmHandoff.haveTemplateThread");
    expect_field(2, "sched.mnext");
    expect_field(0, "m0.locks");
}

/* Go issue 38931: the others rely on the thread from the moment that the flag is set. */
TEST(WhoStartsTheTemplateThreadIsNotPreemptible)
{
    stop_at("newm");
    expect(run(0, "startTemplateThread"), "stopped: at newm(nil, -1)");
    expect_field(1, "newmHandoff.haveTemplateThread");
    if (get("m0.locks") < 1)
        fail("the flag is set, the thread does not exist, and its starter could be preempted");
    expect_returned(resume(0), 0);
}

/* What starts is the template thread, on its own. */
TEST(TheNewThreadIsTheTemplateThread)
{
    record("checkdead");
    call("startTemplateThread");
    expect(resume(1), "blocked: futex newmHandoff.wake");
    expect_field(1, "sched.nmsys");
}

/* Requests that came before it first looked. */
TEST(EarlyRequestsAreServed)
{
    set(1, "newmHandoff.haveTemplateThread");
    set(1, "m0.lockedExt");
    int64_t m = call("newm");
    call("newm_real", NIL);
    call("newm_real", NIL);
    record("newm1");
    record("checkdead");
    expect(run(m, "templateThread"), "blocked: futex newmHandoff.wake");
    expect_events("checkdead()\nnewm1(m3)\nnewm1(m2)\n");
    expect_list("", "newmHandoff.newm");
}

TEST(EachRequestIsServedOnce)
{
    template_sleeps();
    record("newm1");
    for (int i = 2; i < 6; i++) {
        char text[32];
        call("newm_real", NIL);
        call("mstate", 1);
        if (!result(1))
            fail("the template thread sleeps, there is a request, and nobody woke it");
        expect(resume(1), "blocked: futex newmHandoff.wake");
        snprintf(text, sizeof text, "newm1(m%d)\n", i);
        expect_events(text);
        expect_field(1, "newmHandoff.waiting");
    }
    expect(resume(1), "blocked: futex newmHandoff.wake"); /* woken for nothing */
    expect_events("");
}

/* While it starts one thread another request comes: it is not asleep, so it is not woken, so it must look
 * again. */
TEST(ARequestThatComesMeanwhileIsNotForgotten)
{
    template_sleeps();
    stop_at("newm1");
    call("newm_real", NIL);
    expect(resume(1), "stopped: at newm1(m2)");
    expect_field(0, "newmHandoff.lock.key"); /* or those who ask would wait for a clone */
    expect_field(0, "newmHandoff.waiting");
    spy("linux_futex");
    call("newm_real", NIL);
    expect_events("newm1(m2)\n");
    pass("linux_futex");
    expect(resume(1), "stopped: at newm1(m3)");
    record("newm1");
    expect(resume(1), "blocked: futex newmHandoff.wake");
    expect_list("", "newmHandoff.newm");
}

/* An M that has started may lie on another list before the template thread goes on: the link is not its
 * any more. */
TEST(TheLinkIsReadBeforeTheMStarts)
{
    template_sleeps();
    set(0, "newmHandoff.waiting");
    call("newm_real", NIL);
    call("newm_real", NIL);
    call_text("notewakeup", "newmHandoff.wake");
    stop_at("newm1");
    expect(resume(1), "stopped: at newm1(m3)");
    set(0, "m3.schedlink"); /* as mput would, with m0 on the idle list */
    record("newm1");
    expect(resume(1), "blocked: futex newmHandoff.wake");
    expect_events("newm1(m3)\nnewm1(m2)\n");
}

/* waiting and the clear note become visible together, and with an empty list. */
TEST(TheTemplateThreadSaysThatItWaitsUnderTheLock)
{
    template_sleeps();
    record("newm1");
    call("newm_real", NIL);
    stop_at("unlock");
    struct outcome o = resume(1);
    int waits = 0;
    for (int i = 0; o.kind == OUT_STOPPED && i < 50; i++) {
        if (get("newmHandoff.waiting")) {
            waits++;
            expect_field(0, "newmHandoff.wake.key");
            expect_list("", "newmHandoff.newm");
            expect_field(1, "newmHandoff.lock.key");
        }
        o = resume(1);
    }
    expect(o, "blocked: futex newmHandoff.wake");
    if (waits != 1)
        fail("newmHandoff.lock was released %d times with waiting set, it should be once", waits);
}
