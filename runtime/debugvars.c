/**
 * @file debugvars.c
 * The switches in the environment variable HANDOFFDEBUG: name=value, separated by commas.
 */
#include "core.h"

/** A switch: its name and where its value goes. */
struct dbgvar {
    const char *name;
    int32_t *value;
};

static const struct dbgvar dbgvars[] = {
    {"schedtrace", &debug.schedtrace},
    {"scheddetail", &debug.scheddetail},
    {"gctrace", &debug.gctrace},
    {"syscalltrace", &debug.syscalltrace},
    {"asyncpreemptoff", &debug.asyncpreemptoff},
    {"trace", &debug.trace},
    {"updatemaxprocs", &debug.updatemaxprocs},
    {"forcegcperiodms", &debug.forcegcperiodms},
    {"dontfreezetheworld", &debug.dontfreezetheworld},
    {"nohandoff", &debug.nohandoff},
    {"schedstats", &debug.schedstats},
    {"noguardmadvise", &debug.noguardmadvise},
};

/** The length of the word at s, up to one of the two ends or the end of the text. */
static int wordlen(const char *s, char end1, char end2)
{
    int n = 0;
    while (s[n] && s[n] != end1 && s[n] != end2)
        n++;
    return n;
}

static bool sameword(const char *word, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (word[i] != name[i]) /* ends at name's 0 at the latest */
            return false;
    return name[n] == 0;
}

/** A decimal number of n digits; false if it is none or does not fit. */
static bool number(const char *s, int n, int32_t *value)
{
    bool negative = n > 0 && *s == '-';
    int64_t v = 0;
    if (negative)
        s++, n--;
    if (n <= 0 || n > 10)
        return false;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = v * 10 + (s[i] - '0');
    }
    if (v > INT32_MAX)
        return false;
    *value = (int32_t)(negative ? -v : v);
    return true;
}

/** Reads one name=value. */
static void parseone(const char *s, int n)
{
    int namelen = wordlen(s, '=', ',');
    for (size_t i = 0; i < sizeof dbgvars / sizeof *dbgvars; i++) {
        if (!sameword(s, namelen, dbgvars[i].name))
            continue;
        if (namelen >= n || !number(s + namelen + 1, n - namelen - 1, dbgvars[i].value))
            print("HANDOFFDEBUG: %.*s: wanted %s=NUMBER\n", n, s, dbgvars[i].name);
        return;
    }
    print("HANDOFFDEBUG: there is no switch %.*s\n", namelen, s);
}

void parsedebugvars(void)
{
    debug.updatemaxprocs = 1;
    const char *s = gogetenv("HANDOFFDEBUG");
    while (s && *s) {
        int n = wordlen(s, ',', ',');
        if (n > 0)
            parseone(s, n);
        s += n;
        if (*s)
            s++;
    }
}
