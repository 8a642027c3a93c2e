/*
 * What: the reference's solution, by the compiler's search path
 * Status: build_error
 * Text: hostile.c reads
 */
#define STR(x) #x
#define NAME(x) STR(x)
#define UP ..
#include NAME(UP/solution/04-entersyscall/syscall.c)
