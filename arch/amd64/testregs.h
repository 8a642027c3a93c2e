/**
 * @file testregs.h
 * For tests of preemption: a loop that has a pattern in every register and calls nothing; amd64.
 *
 * The assembly stands here, in a header, because the code must be the program's own: what lies in the
 * runtime's section is never preempted by signal. One source file of a program may include it.
 *
 * All of these must be in the end what they were in the beginning: the general registers, the flags
 * (direction included), 128 bytes of red zone below a stack pointer of any alignment, the x87 stack and
 * control word, MXCSR, and the vector registers as wide as this CPU has them, with the mask registers of
 * AVX-512.
 */
#ifndef HANDOFF_TESTREGS_H
#define HANDOFF_TESTREGS_H

#include <cpuid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What testregs_loop loads and stores. The assembly below knows the offsets. */
typedef struct testregs {
    uint64_t gpr[16];       /**< rax rbx rcx rdx rsi rdi rbp r8 .. r15; rcx counts the loop's rounds; [15] unused */
    uint64_t flags;         /**< at 128 */
    uint32_t mxcsr, fcw;    /**< at 136, 140 */
    uint32_t level;         /**< at 144: see testregs_level */
    uint32_t pad;           /**< at 148: how much lower the stack pointer is */
    uint64_t unused[5];     /**< fills the line */
    uint64_t redzone[16];   /**< at 192 */
    uint8_t x87[8][16];     /**< at 320: st7 .. st0, 10 bytes each */
    uint64_t mask[8];       /**< at 448: k0 .. k7 */
    uint8_t vector[32][64]; /**< at 512 */
} __attribute__((aligned(64))) testregs;

_Static_assert(offsetof(testregs, flags) == 128 && offsetof(testregs, level) == 144 &&
                   offsetof(testregs, redzone) == 192 && offsetof(testregs, x87) == 320 &&
                   offsetof(testregs, mask) == 448 && offsetof(testregs, vector) == 512,
               "the offsets that testregs_loop uses");

/** Loads in, goes round in.gpr[2] times, and stores into out what the registers hold then. */
void testregs_loop(const testregs *in, testregs *out);

/* clang-format off */
/* Each register from, or to, its place in the structure at rdi. */
#define TESTREGS_EACH8(X)  X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#define TESTREGS_EACH16(X) TESTREGS_EACH8(X) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define TESTREGS_HIGH16(X) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) \
                           X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define TESTREGS_XIN(n)    "movups 512+64*" #n "(%rdi), %xmm" #n "\n"
#define TESTREGS_XOUT(n)   "movups %xmm" #n ", 512+64*" #n "(%rdi)\n"
#define TESTREGS_YIN(n)    "vmovups 512+64*" #n "(%rdi), %ymm" #n "\n"
#define TESTREGS_YOUT(n)   "vmovups %ymm" #n ", 512+64*" #n "(%rdi)\n"
#define TESTREGS_ZIN(n)    "vmovups 512+64*" #n "(%rdi), %zmm" #n "\n"
#define TESTREGS_ZOUT(n)   "vmovups %zmm" #n ", 512+64*" #n "(%rdi)\n"
#define TESTREGS_KIN(n)    "kmovq 448+8*" #n "(%rdi), %k" #n "\n"
#define TESTREGS_KOUT(n)   "kmovq %k" #n ", 448+8*" #n "(%rdi)\n"
#define TESTREGS_FIN(n)    "fldt 320+16*" #n "(%rdi)\n"
#define TESTREGS_FOUT(n)   "fstpt 320+16*(7-" #n ")(%rdi)\n"
#define TESTREGS_G(X)                                                                          \
    X(0, rax) X(1, rbx) X(2, rcx) X(3, rdx) X(4, rsi) X(6, rbp) X(7, r8) X(8, r9) X(9, r10) X(10, r11)  \
    X(11, r12) X(12, r13) X(13, r14) X(14, r15)
#define TESTREGS_GIN(n, r)  "movq 8*" #n "(%rdi), %" #r "\n"
#define TESTREGS_GOUT(n, r) "movq %" #r ", 8*" #n "(%rdi)\n"

/*
 * Stack while it loops: 0(%rsp) out, 8(%rsp) a place for rdi, 16(%rsp) the level, 24(%rsp) the old stack
 * pointer. No instruction between popfq and pushfq changes a flag.
 */
__asm__(".pushsection .text\n"
        ".globl testregs_loop\n.type testregs_loop, @function\n"
        "testregs_loop:\n"
        "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
        "movq %rsp, %rax\n"
        "movl 148(%rdi), %edx\n"
        "subq $32, %rsp\nsubq %rdx, %rsp\n"
        "movq %rax, 24(%rsp)\n"
        "movq %rsi, (%rsp)\n"
        "movl 144(%rdi), %eax\nmovq %rax, 16(%rsp)\n"
        "cmpl $1, %eax\nje 1f\nja 2f\n"
        TESTREGS_EACH16(TESTREGS_XIN)
        "jmp 3f\n"
        "1:\n" TESTREGS_EACH16(TESTREGS_YIN)
        "jmp 3f\n"
        "2:\n" TESTREGS_EACH16(TESTREGS_ZIN) TESTREGS_HIGH16(TESTREGS_ZIN) TESTREGS_EACH8(TESTREGS_KIN)
        "3:\n"
        "fninit\nfldcw 140(%rdi)\n" TESTREGS_EACH8(TESTREGS_FIN)
        "ldmxcsr 136(%rdi)\n"
        "pushq 128(%rdi)\npopfq\n"
        ".set i, 0\n.rept 16\nmovq 192+8*i(%rdi), %rax\nmovq %rax, -128+8*i(%rsp)\n.set i, i+1\n.endr\n"
        TESTREGS_G(TESTREGS_GIN)
        "movq 40(%rdi), %rdi\n"
        "4: jrcxz 5f\nleaq -1(%rcx), %rcx\njmp 4b\n"
        "5:\n"
        "movq %rdi, 8(%rsp)\nmovq (%rsp), %rdi\n"
        TESTREGS_G(TESTREGS_GOUT)
        "movq 8(%rsp), %rax\nmovq %rax, 40(%rdi)\n"
        ".set i, 0\n.rept 16\nmovq -128+8*i(%rsp), %rax\nmovq %rax, 192+8*i(%rdi)\n.set i, i+1\n.endr\n"
        "pushfq\npopq 128(%rdi)\ncld\n"
        "stmxcsr 136(%rdi)\nfnstcw 140(%rdi)\n"
        TESTREGS_EACH8(TESTREGS_FOUT)
        "movq 16(%rsp), %rax\n"
        "cmpl $1, %eax\nje 6f\nja 7f\n"
        TESTREGS_EACH16(TESTREGS_XOUT)
        "jmp 8f\n"
        "6:\n" TESTREGS_EACH16(TESTREGS_YOUT)
        "vzeroupper\njmp 8f\n"
        "7:\n" TESTREGS_EACH16(TESTREGS_ZOUT) TESTREGS_HIGH16(TESTREGS_ZOUT) TESTREGS_EACH8(TESTREGS_KOUT)
        "vzeroupper\n"
        "8:\n"
        "fninit\npushq $0x1f80\nldmxcsr (%rsp)\n"
        "movq 32(%rsp), %rsp\n"
        "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\n"
        "ret\n"
        ".size testregs_loop, .-testregs_loop\n"
        ".popsection\n");

/* clang-format on */

/** The widest vector registers that CPU and kernel have: 0 xmm, 1 ymm, 2 zmm with 64-bit masks. */
static inline uint32_t testregs_level(void)
{
    uint32_t a, b, c, d, lo, hi;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    if ((lo & 6) != 6)
        return 0;
    if ((lo & 0xe0) != 0xe0 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX512F) ||
        !(b & bit_AVX512BW))
        return 1;
    return 2;
}

/** Fills r with a pattern that follows from seed; the loop will go round that many times. */
static inline void testregs_fill(testregs *r, uint64_t seed, uint64_t rounds)
{
    uint64_t x = seed | 1, *w = (uint64_t *)r;
    for (size_t i = 0; i < sizeof *r / sizeof *w; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        w[i] = x;
    }
    r->gpr[2] = rounds;
    r->flags = 0x202 | (r->flags & 0xcd5); /* CF PF AF ZF SF DF OF */
    r->mxcsr =
        0x1f80 | (r->mxcsr & 0xe03f); /* no exception is delivered: flags, rounding, denormals as they come */
    r->fcw = 0x37f | (r->fcw & 0xc00); /* the same: rounding */
    r->level = testregs_level();
    r->pad &= 15;
    for (int i = 0; i < 8; i++) /* numbers, so that loading them changes nothing */
        r->x87[i][7] |= 0x80, r->x87[i][8] = 0xff, r->x87[i][9] = 0x3f;
}

/** True if flags and floating point are as the ABI promises them to every function: cleared direction,
 * an empty x87 stack. */
static inline bool testregs_clean(void)
{
    uint64_t flags;
    struct {
        uint32_t control, status, tag, rest[4];
    } env;
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\tpopq %0\n\tleaq 128(%%rsp), %%rsp" : "=r"(flags));
    __asm__ volatile("fnstenv %0\n\tfldenv %0" : "+m"(env));
    return !(flags & 0x400) && (env.tag & 0xffff) == 0xffff && (env.control & 0xffff) == 0x37f;
}

/** The name of the first register in which out is not what in says, or NULL. */
static inline const char *testregs_differ(const testregs *in, const testregs *out)
{
    static const char *const gpr[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
                                      "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (int i = 0; i < 15; i++)
        if (out->gpr[i] != (i == 2 ? 0 : in->gpr[i]))
            return gpr[i];
    if (out->flags != in->flags)
        return "the flags";
    if (out->mxcsr != in->mxcsr || (uint16_t)out->fcw != (uint16_t)in->fcw)
        return "MXCSR or the x87 control word";
    for (int i = 0; i < 16; i++)
        if (out->redzone[i] != in->redzone[i])
            return "the red zone";
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 10; j++)
            if (out->x87[i][j] != in->x87[i][j])
                return "an x87 register";
    for (int i = 0; i < 8 && in->level == 2; i++)
        if (out->mask[i] != in->mask[i])
            return "a mask register";
    for (int i = 0; i < (in->level == 2 ? 32 : 16); i++)
        for (int j = 0; j < 16 << in->level; j++)
            if (out->vector[i][j] != in->vector[i][j])
                return j < 16 ? "the lower part of a vector register" : "the upper part of a vector register";
    return NULL;
}

#endif
