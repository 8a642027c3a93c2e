/*
 * What: a source that includes itself twice, nearly two hundred deep
 * Status: build_error
 * Text: the compiler printed more than 1 MiB
 */
#if __INCLUDE_LEVEL__ < 190
#include "hostile.c"
#include "hostile.c"
#endif
