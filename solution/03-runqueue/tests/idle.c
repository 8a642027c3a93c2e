/**
 * @file idle.c
 * The idle lists of Ps and Ms.
 */
#include "lab03.h"

TEST(IdlePsAreAStack)
{
    because("the P that idled last is taken first; idlepMask has a bit for each idle P, and npidle is their "
            "number");
    ps(4);
    for (int p = 1; p < 4; p++)
        call("pidleput", p);
    expect_list("p3 p2 p1", "sched.pidle");
    expect_field(3, "sched.npidle");
    expect_field(0xe, "idlepMask[0]");
    check_world();
    expect_call(3, "pidleget");
    expect_call(2, "pidleget");
    expect_field(0x2, "idlepMask[0]");
    expect_call(1, "pidleget");
    expect_call(NIL, "pidleget");
    expect_field(0, "sched.npidle");
    check_world();
}

TEST(PidleputRefusesAPWithGsInItsRing)
{
    because("Gs of an idle P are lost: nobody looks there");
    ps(2);
    call("runqput", 1, call("newg"), false);
    call_throws("non-empty run queue", "pidleput", 1);
}

TEST(PidleputRefusesAPWithRunnext)
{
    because("a G in runnext of an idle P is lost: nobody looks there");
    ps(2);
    call("runqput", 1, call("newg"), true);
    call_throws("non-empty run queue", "pidleput", 1);
}

TEST(NeedspinningIsSetWhenNoPIsIdle)
{
    because("who wants a P to spin with, and gets none, sets needspinning; who wants one for another "
            "purpose does not");
    ps(2);
    call("pidleput", 1);
    expect_call(1, "pidlegetSpinning");
    expect_field(0, "sched.needspinning");
    expect_call(NIL, "pidlegetSpinning");
    expect_field(1, "sched.needspinning");
    set(0, "sched.needspinning");
    expect_call(NIL, "pidleget");
    expect_field(0, "sched.needspinning");
}

TEST(IdleMsAreAStack)
{
    because("the M that slept last is the first to be woken: what it used is still in the caches");
    ps(1);
    int64_t m = call("newm");
    call("newm");
    record("checkdead");
    call("mput", m);
    call("mput", m + 1);
    expect_list(join(only('m', m + 1), only('m', m)), "sched.midle");
    expect_field(2, "sched.nmidle");
    expect_call(m + 1, "mget");
    expect_call(m, "mget");
    expect_call(NIL, "mget");
    expect_field(0, "sched.nmidle");
}
