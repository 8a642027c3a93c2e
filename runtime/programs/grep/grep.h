/**
 * @file grep.h
 * What grep looks for, and what it finds in one file.
 */
#ifndef GREP_H
#define GREP_H

#include "handoff.h"
#include "../lib/text.h"

/** What is looked for. Constant once search_init() has returned. */
typedef struct Search {
    Text what;         /**< the text */
    bool count;        /**< only how many lines have it */
    bool nocase;       /**< a to z are as A to Z */
    bool names;        /**< only which files have it */
    bool numbers;      /**< with the lines' numbers */
    uint8_t fold[256]; /**< what a byte counts as */
    size_t skip[256];  /**< by the byte under the text's last: how far on it may be */
} Search;

/** What one file has. */
typedef struct Result {
    uint64_t lines; /**< lines that have the text */
    Buffer out;     /**< what is to be printed */
} Result;

/** Prepares a search for what; the flags are set already. */
void search_init(Search *s, Text what);
/** Searches the file that is open as fd, whose name is path. 0 or an errno. A binary file has nothing. */
int search_file(const Search *s, int fd, const char *path, Result *r);

#endif
