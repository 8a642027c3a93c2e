/*
 * What: the same, by a name that the preprocessor puts together
 * Status: build_error
 * Text: hostile.c reads
 */
#define STR(x) #x
#define NAME(x) STR(x)
#define SLASH /
#include NAME(SLASH/etc/passwd)
