/**
 * @file text.h
 * Texts that know their length, and the command line: what the programs have instead of libc's
 * string.h and getopt.
 */
#ifndef PROGRAMS_TEXT_H
#define PROGRAMS_TEXT_H

#include "handoff.h"

/** Some bytes of a text, not terminated. */
typedef struct Text {
    const char *p; /**< the first byte */
    size_t n;      /**< how many */
} Text;

/** All of s. */
Text text(const char *s);
/** Copies n bytes; they do not overlap. */
void bytes_copy(char *to, const char *from, size_t n);
/** True if s is lit. */
bool text_is(Text s, const char *lit);
/** True if s is lit, but for the case of letters. lit is in lower case. */
bool text_isnocase(Text s, const char *lit);
/** True if s begins with lit. */
bool text_begins(Text s, const char *lit);
/** s without spaces and tabs at both ends. */
Text text_trim(Text s);
/**
 * Cuts s at the first c: returns what is before it and leaves in *s what is behind it (nothing, p NULL, if
 * there is no c).
 */
Text text_cut(Text *s, char c);
/** The decimal number s in *v; false if s is anything else than digits. Too large: INT64_MAX. */
bool text_number(Text s, int64_t *v);

/** A text that grows. Zero value: empty. */
typedef struct Buffer {
    char *p;     /**< its bytes, not terminated; gofree() it */
    size_t n;    /**< how many */
    size_t room; /**< how many there could be */
} Buffer;
/** Appends n bytes. */
void buffer_put(Buffer *b, const char *p, size_t n);
/** Appends what goprintf would write. */
void buffer_printf(Buffer *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** What an option of the command line sets. */
typedef struct Option {
    const char *name;      /**< with its dash */
    bool *flag;            /**< an option without a value sets this; or */
    const char **string;   /**< its value is stored here; or */
    int64_t *number;       /**< its value, a number, is stored here */
    int64_t min, max;      /**< of that number */
    const char *help;      /**< what it is, for the usage message */
} Option;
/**
 * Reads the options at the beginning of the arguments. Returns the index of the first argument that is none
 * (behind "--", if there is one), or -1 after a message: what is wrong, and how to call the program, of
 * which what are its other arguments.
 */
int options(const Option *o, int n, int argc, char **argv, const char *what);

#endif
