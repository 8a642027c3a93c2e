/*
 * What: functions that are inlined twice each, thirty deep: the compiler runs for ever
 * Status: build_error
 * Text: the compiler 
 */
#define INLINE static inline __attribute__((always_inline)) void
INLINE f0(volatile int *p)
{
    *p = *p * 3 + 1;
}
INLINE f1(volatile int *p)
{
    f0(p), f0(p);
}
INLINE f2(volatile int *p)
{
    f1(p), f1(p);
}
INLINE f3(volatile int *p)
{
    f2(p), f2(p);
}
INLINE f4(volatile int *p)
{
    f3(p), f3(p);
}
INLINE f5(volatile int *p)
{
    f4(p), f4(p);
}
INLINE f6(volatile int *p)
{
    f5(p), f5(p);
}
INLINE f7(volatile int *p)
{
    f6(p), f6(p);
}
INLINE f8(volatile int *p)
{
    f7(p), f7(p);
}
INLINE f9(volatile int *p)
{
    f8(p), f8(p);
}
INLINE f10(volatile int *p)
{
    f9(p), f9(p);
}
INLINE f11(volatile int *p)
{
    f10(p), f10(p);
}
INLINE f12(volatile int *p)
{
    f11(p), f11(p);
}
INLINE f13(volatile int *p)
{
    f12(p), f12(p);
}
INLINE f14(volatile int *p)
{
    f13(p), f13(p);
}
INLINE f15(volatile int *p)
{
    f14(p), f14(p);
}
INLINE f16(volatile int *p)
{
    f15(p), f15(p);
}
INLINE f17(volatile int *p)
{
    f16(p), f16(p);
}
INLINE f18(volatile int *p)
{
    f17(p), f17(p);
}
INLINE f19(volatile int *p)
{
    f18(p), f18(p);
}
INLINE f20(volatile int *p)
{
    f19(p), f19(p);
}
INLINE f21(volatile int *p)
{
    f20(p), f20(p);
}
INLINE f22(volatile int *p)
{
    f21(p), f21(p);
}
INLINE f23(volatile int *p)
{
    f22(p), f22(p);
}
INLINE f24(volatile int *p)
{
    f23(p), f23(p);
}
INLINE f25(volatile int *p)
{
    f24(p), f24(p);
}
INLINE f26(volatile int *p)
{
    f25(p), f25(p);
}
INLINE f27(volatile int *p)
{
    f26(p), f26(p);
}
INLINE f28(volatile int *p)
{
    f27(p), f27(p);
}
INLINE f29(volatile int *p)
{
    f28(p), f28(p);
}
INLINE f30(volatile int *p)
{
    f29(p), f29(p);
}
void f31(volatile int *p);
void f31(volatile int *p)
{
    f30(p);
}
