/*
 * What: the same, with a word each time: megabytes of messages
 * Status: build_error
 * Text: the compiler printed more than 1 MiB
 */
#pragma message "a long message, so that there is much to read for whoever keeps it all: 0123456789 0123456789 0123456789"
#if __INCLUDE_LEVEL__ < 190
#include "hostile.c"
#include "hostile.c"
#endif
