/**
 * @file options.c
 * The command line.
 */
#include "text.h"

/** Says how to call the program, of which the last part of the name counts. Always -1. */
static int usage(const Option *o, int n, const char *program, const char *what)
{
    Text rest = text(program), name = rest;
    while (rest.p)
        name = text_cut(&rest, '/');
    goprintf(2, "usage: %.*s%s %s\n", (int)name.n, name.p, n > 0 ? " [OPTION ...]" : "", what);
    for (int i = 0; i < n; i++)
        goprintf(2, "  %-10s %-6s %s\n", o[i].name, o[i].flag ? "" : o[i].number ? "NUMBER" : "TEXT",
                 o[i].help);
    return -1;
}

/** Stores value, which may be NULL, as o has it; false if it does not fit. */
static bool store(const Option *o, const char *value)
{
    int64_t v;
    if (!value)
        return false;
    if (o->string)
        *o->string = value;
    if (!o->number)
        return true;
    if (!text_number(text(value), &v) || v < o->min || v > o->max)
        return false;
    *o->number = v;
    return true;
}

int options(const Option *o, int n, int argc, char **argv, const char *what)
{
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] != '\0'; i++) {
        Text arg = text(argv[i]);
        if (text_is(arg, "--"))
            return i + 1;
        int k = 0;
        while (k < n && !text_is(arg, o[k].name))
            k++;
        if (k == n) {
            goprintf(2, "there is no option %s\n", argv[i]);
            return usage(o, n, argv[0], what);
        }
        if (o[k].flag) {
            *o[k].flag = true;
        } else if (!store(&o[k], ++i < argc ? argv[i] : NULL)) {
            if (o[k].number)
                goprintf(2, "%s needs a number from %lld to %lld\n", o[k].name, (long long)o[k].min,
                         (long long)o[k].max);
            else
                goprintf(2, "%s needs a value\n", o[k].name);
            return usage(o, n, argv[0], what);
        }
    }
    return i;
}
