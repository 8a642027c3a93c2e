/*
 * What: an assembler that repeats for ever
 * Status: build_error
 * Text: the assembler
 */
__asm__(".rept 2000000000\n.if 0\n.endif\n.endr");
