/**
 * @file framework.c
 * Tests of the judge itself, run against hostile.c. All but the first must fail, each with the words that
 * test_framework.py expects; a judge that passes one of them can be cheated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "judge.h"

/** Milliseconds before "slowchild" comes into being; see hostile.c. */
enum { SLOW_MS = 100 };

TEST(Honest)
{
    expect_call(7, "honest");
    expect_call(7, "closeerr");
    expect_call(7, "honest");
}

TEST(Exit0)
{
    call("exit0");
}

TEST(Exit3)
{
    call("exit3");
}

TEST(Crash)
{
    call("crash");
}

TEST(Hang)
{
    answer_within(300);
    call("hang");
}

TEST(Spin)
{
    answer_within(300);
    call("spin");
}

TEST(Flood)
{
    call("flood");
}

TEST(Nonce)
{
    call("nonce");
}

TEST(Other)
{
    call("other");
}

TEST(Short)
{
    call("short");
}

/* One answer too many. */
TEST(Twice)
{
    call("twice");
    call("honest");
}

/* One answer too many at the end of the test. */
TEST(TwiceAtTheEnd)
{
    call("twice");
}

/* The same, but a moment later: it is taken for the next question's answer, which has another nonce. */
TEST(Late)
{
    call("late");
    call("honest");
}

TEST(AfterTheEnd)
{
    expect_call(7, "after");
}

/* It ends by itself with status 0, but has not read END. */
TEST(EndUnread)
{
    expect_call(7, "unread");
}

TEST(EndReplayed)
{
    expect_call(7, "endreplayed");
}

TEST(EndIgnored)
{
    answer_within(300);
    expect_call(7, "endignored");
}

/* Yesterday's answer, and an answer with a nonce of its own making. */
TEST(Replay)
{
    expect_call(7, "honest");
    call("replay");
}

TEST(Guess)
{
    call("guess");
}

/* A hundred answers in advance. */
TEST(Spam)
{
    call("spam");
    call("honest");
}

TEST(Thread)
{
    expect_call(7, "idlethread");
}

TEST_WITHIN(Memory, 60)
{
    answer_within(50000);
    call("memory");
}

/* The judge is out of its reach: kill, ptrace, and the memory of the parent. */
TEST(Signals)
{
    expect_call(0, "attack");
}

/* A child holds the channel after its parent has ended as it should. */
TEST(ChannelHeld)
{
    expect_call(7, "child");
}

/* A thread ends the process with status 0 while the test goes on. */
TEST(ExitInBetween)
{
    int p[2];
    char c;
    ck_assert_int_eq(pipe(p), 0);
    give_fd(p[1]);
    call("thread");
    close(p[1]);
    ck_assert_int_eq(read(p[0], &c, 1), 0); /* it has ended when nobody can write to the pipe any more */
}

/* A process that is left behind must not survive the test, nor the next one: test_framework.py looks, too. */
TEST(Child)
{
    expect_call(7, "child");
}

/* The same in a test that fails, after which no teardown runs. */
TEST(ChildOfAFailedTest)
{
    expect_call(7, "child");
    fail("on purpose");
}

/* It comes into being only when the test has failed already. */
TEST(SlowChildOfAFailedTest)
{
    expect_call(7, "slowchild");
    fail("on purpose");
}

/* The same in a test that Check has to end: nothing of the test's own cleans up. */
TEST_WITHIN(SlowChildOfATestThatHangs, 0.1)
{
    expect_call(7, "slowchild");
    for (;;)
        pause();
}

/** Living children of the judge besides this process. */
static int living_children(void)
{
    char path[64], state;
    int n = 0, child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", getppid(), getppid());
    FILE *f = fopen(path, "r");
    while (f && fscanf(f, "%d", &child) == 1) {
        snprintf(path, sizeof path, "/proc/%d/stat", child);
        FILE *stat = fopen(path, "r");
        if (stat && fscanf(stat, "%*d %*s %c", &state) == 1)
            n += child != getpid() && state != 'Z';
        if (stat)
            fclose(stat);
    }
    if (f)
        fclose(f);
    return n;
}

/* What the failed tests before this one left behind, or were about to, is dead when it begins, and stays so. */
TEST(NothingIsLeftOfTheTestsBefore)
{
    int before = living_children();
    expect_call(7, "honest");
    usleep(2 * SLOW_MS * 1000); /* what must not come has had the time to */
    if (before > 0 || living_children() > 0)
        fail("%d processes are left of the tests before, then %d", before, living_children());
}

/* Whole programs have limits as guests have; with a launcher, it starts them too. */
TEST(ProgramLimits)
{
    struct run_result r;
    run_program((const char *[]){judge_guest, "limits", NULL}, NULL, &(struct limits){.cpu_s = 3}, &r);
    if (r.status != 0 || strcmp(r.out, "core 0 cpu 3 files 4096 size 16777216\n") != 0)
        fail("%s %s", judge_status(r.status), r.out);
    if ((strstr(r.err, "launched") != NULL) != (judge_launcher != NULL))
        fail("the launcher: %s", r.err);
    free(r.out), free(r.err), free(r.reports);
    run_program((const char *[]){judge_guest, "9", NULL}, NULL, NULL, &r); /* fd 3 is not a guest's: it ends with 9 */
    if (r.status != 9 << 8)
        fail("%s", judge_status(r.status));
    free(r.out), free(r.err), free(r.reports);
}

TEST(AsksNothing)
{
}

/* A file that grows beyond its limit, a system call that a filter forbids, CPU time: the kernel ends it. */
TEST(FileSize)
{
    call("filesize");
}

TEST(SystemCall)
{
    call("syscall");
}

TEST(CpuTime)
{
    answer_within(60000);
    call("cpulimit");
}

/* Some CPU time and memory, then all is well: test_framework.py looks at what is told of it. */
TEST(Uses)
{
    expect_call(7, "uses");
}

/* An endless test: Check ends it, and the guest with it. */
TEST_WITHIN(JudgeHangs, 0.1)
{
    call("honest");
    for (;;)
        pause();
}

/* A wrong answer is a failure with both values. */
TEST(WrongAnswer)
{
    expect_call(8, "honest", 1, -2);
}

/* The reason that the test gives is part of the message, whatever goes wrong. */
TEST(WrongAnswerWithAReason)
{
    because("%s is what was put there", "eight");
    expect_call(8, "honest", 1, -2);
}

TEST(CrashWithAReason)
{
    because("another reason");
    because("nothing may be read at %d", 0);
    call("crash");
}

/* A test's own mistake has no reason; nor has anything after because(NULL). */
TEST(MistakeWithAReason)
{
    because("a reason");
}

TEST(ReasonTakenBack)
{
    because("a reason");
    because(NULL);
    expect_call(8, "honest", 1, -2);
}

/* A message of any length arrives, with its reason. */
TEST(LongMessage)
{
    static char many[100000];
    memset(many, 'x', sizeof many - 1);
    because("it is long");
    call("honest");
    fail("many %s", many);
}
