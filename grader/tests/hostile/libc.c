/*
 * What: a function of the C library
 * Status: link_error
 * Text: refers to printf, which is not defined
 */
#include "core.h"

int printf(const char *, ...);
void hostile(void);
void hostile(void)
{
    printf("hello\n");
}
