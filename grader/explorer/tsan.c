/**
 * @file tsan.c
 * What code calls that was compiled with -fsanitize=thread: every access to memory, every atomic operation.
 *
 * The compiler's own runtime for this (libtsan) watches real threads; this one makes the threads itself, and decides what each
 * access sees. The names and signatures are the compiler's. All that gcc 12 emits is here; clang's additions too.
 */
#include <string.h>
#include "engine.h"

void __tsan_init(void);
void __tsan_init(void)
{
}
void __tsan_func_entry(void *pc);
void __tsan_func_entry(void *pc)
{
    (void)pc;
}
void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

#define PLAIN(n)                                                                     \
    void __tsan_read##n(void *p);                                                    \
    void __tsan_read##n(void *p) { access_memory((uintptr_t)p, n, READ, CALLER_PC); }       \
    void __tsan_write##n(void *p);                                                   \
    void __tsan_write##n(void *p) { access_memory((uintptr_t)p, n, WRITE, CALLER_PC); }     \
    void __tsan_unaligned_read##n(void *p);                                          \
    void __tsan_unaligned_read##n(void *p) { access_memory((uintptr_t)p, n, READ, CALLER_PC); }   \
    void __tsan_unaligned_write##n(void *p);                                         \
    void __tsan_unaligned_write##n(void *p) { access_memory((uintptr_t)p, n, WRITE, CALLER_PC); } \
    void __tsan_volatile_read##n(void *p);                                           \
    void __tsan_volatile_read##n(void *p) { access_memory((uintptr_t)p, n, READ, CALLER_PC); }    \
    void __tsan_volatile_write##n(void *p);                                          \
    void __tsan_volatile_write##n(void *p) { access_memory((uintptr_t)p, n, WRITE, CALLER_PC); }  \
    void __tsan_read_write##n(void *p);                                              \
    void __tsan_read_write##n(void *p)                                               \
    {                                                                                \
        access_memory((uintptr_t)p, n, READ, CALLER_PC);                                    \
        access_memory((uintptr_t)p, n, WRITE, CALLER_PC);                                   \
    }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, size_t n);
void __tsan_read_range(void *p, size_t n)
{
    access_memory((uintptr_t)p, n, READ, CALLER_PC);
}
void __tsan_write_range(void *p, size_t n);
void __tsan_write_range(void *p, size_t n)
{
    access_memory((uintptr_t)p, n, WRITE, CALLER_PC);
}

/* The order argument is an int; its upper bits are hints. */
#define ORDER(o) ((enum order)((o) & 7))

#define RMW(bits, type, name, op)                                                                          \
    type __tsan_atomic##bits##_##name(volatile type *p, type v, int o);                                    \
    type __tsan_atomic##bits##_##name(volatile type *p, type v, int o)                                     \
    {                                                                                                      \
        return (type)mem_rmw((uintptr_t)p, bits / 8, v, op, ORDER(o), CALLER_PC);                                 \
    }

#define CAS(bits, type, name, weak)                                                                        \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *p, type *e, type v, int o, int fo);   \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile type *p, type *e, type v, int o, int fo)    \
    {                                                                                                      \
        word expected = *e;                                                                                \
        bool ok = mem_cas((uintptr_t)p, bits / 8, &expected, v, ORDER(o), ORDER(fo), weak, CALLER_PC);            \
        if (!ok)                                                                                           \
            *e = (type)expected;                                                                           \
        return ok;                                                                                         \
    }

#define ATOMIC(bits, type)                                                                                 \
    type __tsan_atomic##bits##_load(const volatile type *p, int o);                                        \
    type __tsan_atomic##bits##_load(const volatile type *p, int o)                                         \
    {                                                                                                      \
        return (type)mem_load((uintptr_t)p, bits / 8, ORDER(o), CALLER_PC);                                       \
    }                                                                                                      \
    void __tsan_atomic##bits##_store(volatile type *p, type v, int o);                                     \
    void __tsan_atomic##bits##_store(volatile type *p, type v, int o)                                      \
    {                                                                                                      \
        mem_store((uintptr_t)p, bits / 8, v, ORDER(o), CALLER_PC);                                                \
    }                                                                                                      \
    RMW(bits, type, exchange, RMW_XCHG)                                                                    \
    RMW(bits, type, fetch_add, RMW_ADD)                                                                    \
    RMW(bits, type, fetch_sub, RMW_SUB)                                                                    \
    RMW(bits, type, fetch_and, RMW_AND)                                                                    \
    RMW(bits, type, fetch_or, RMW_OR)                                                                      \
    RMW(bits, type, fetch_xor, RMW_XOR)                                                                    \
    RMW(bits, type, fetch_nand, RMW_NAND)                                                                  \
    CAS(bits, type, strong, false)                                                                         \
    CAS(bits, type, weak, true)                                                                            \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type e, type v, int o, int fo);      \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *p, type e, type v, int o, int fo)       \
    {                                                                                                      \
        word expected = e;                                                                                 \
        mem_cas((uintptr_t)p, bits / 8, &expected, v, ORDER(o), ORDER(fo), false, CALLER_PC);                     \
        return (type)expected;                                                                             \
    }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
ATOMIC(128, word)

void __tsan_atomic_thread_fence(int o);
void __tsan_atomic_thread_fence(int o)
{
    mem_fence(ORDER(o), CALLER_PC);
}
void __tsan_atomic_signal_fence(int o);
void __tsan_atomic_signal_fence(int o)
{
    (void)o;
}

/* The compiler leaves these to the library: explore.mk sends the code under test here. */

void *ex_memcpy(void *d, const void *s, size_t n);
void *ex_memcpy(void *d, const void *s, size_t n)
{
    access_memory((uintptr_t)s, n, READ, CALLER_PC);
    access_memory((uintptr_t)d, n, WRITE, CALLER_PC);
    return memcpy(d, s, n);
}
void *ex_memmove(void *d, const void *s, size_t n);
void *ex_memmove(void *d, const void *s, size_t n)
{
    access_memory((uintptr_t)s, n, READ, CALLER_PC);
    access_memory((uintptr_t)d, n, WRITE, CALLER_PC);
    return memmove(d, s, n);
}
void *ex_memset(void *d, int c, size_t n);
void *ex_memset(void *d, int c, size_t n)
{
    access_memory((uintptr_t)d, n, WRITE, CALLER_PC);
    return memset(d, c, n);
}
