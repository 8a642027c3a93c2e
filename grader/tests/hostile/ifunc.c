/*
 * What: a function that is chosen, and so code that is run, when the program starts
 * Status: forbidden_symbol
 * Text: chosen when the program starts
 */
#include "core.h"

static void one(void)
{
}
static void *choose(void)
{
    return (void *)one;
}
void chosen(void) __attribute__((ifunc("choose")));
