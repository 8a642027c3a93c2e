/*
 * What: the same, written so that a simple search does not see it
 * Status: build_error
 * Text: is not allowed
 */
#/* */inc\
lude /**/ "../solution/04-entersyscall/syscall.c"
