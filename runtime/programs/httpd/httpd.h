/**
 * @file httpd.h
 * The parts of the web server: text, requests, connections, responses.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include "handoff.h"

/** The most bytes that a request may have up to its empty line. */
#define HEAD_MAX 8192
/** Bytes of a connection's output buffer: a whole small response goes out in one write. */
#define OUT_MAX 32768
/** The most bytes of a request's body that are read and thrown away; a longer one ends the connection. */
#define BODY_MAX 65536
/** The longest path of a file, root included, and its 0. */
#define PATH_ROOM 4096
/** Bytes of a date with its 0: "Sun, 06 Nov 1994 08:49:37 GMT". */
#define DATE_ROOM 30

/* ---- text.c ---- */

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
/** The value of a hexadecimal digit, or -1. */
int hexvalue(char c);
/** Writes the second t (since 1970, not negative) as HTTP has it. */
void date_format(char buf[DATE_ROOM], int64_t t);
/** The second that s names, in the form that date_format writes; -1 if it is none. */
int64_t date_parse(Text s);
/** The content type that the suffix of path stands for. */
const char *content_type(Text path);

/* ---- request.c ---- */

/** What a request asks for. Texts point into the connection's buffer. */
typedef struct Request {
    Text method;       /**< as sent */
    Text target;       /**< as sent */
    bool head;          /**< method is HEAD */
    bool http10;        /**< version 1.0 */
    bool keepalive;     /**< the connection goes on afterwards, as far as the client is concerned */
    bool chunked;       /**< there is a Transfer-Encoding */
    bool expects;       /**< there is an Expect: the body comes only if we ask for it */
    int64_t bodylen;    /**< Content-Length; 0 if there is none, -1 before parsing */
    Text range;        /**< the value of Range; p NULL if there is none */
    Text ifrange;      /**< likewise If-Range */
    Text ifmodified;   /**< likewise If-Modified-Since */
    int hosts;          /**< Host fields seen */
} Request;

/**
 * Parses the head of a request: the request line and the fields, up to the empty line, which head includes.
 * @return 0, or the status to answer with (400, 501, 505); *r is then good enough for that answer
 */
int request_parse(Request *r, Text head);
/**
 * Decodes r's target into the path of a file below root; a trailing slash stays.
 * @return the path's length; or the negative of the status to answer with (-400, -414)
 */
int request_path(const Request *r, const char *root, char path[PATH_ROOM]);

/** The bytes first to last that a Range field asks for, of size. */
typedef enum { RANGE_NONE, RANGE_OK, RANGE_BAD } RangeKind;
/**
 * Finds them. RANGE_NONE: send everything (no range, several, or not understood). RANGE_BAD: there are no
 * such bytes.
 */
RangeKind range_parse(Text value, int64_t size, int64_t *first, int64_t *last);

/* ---- conn.c ---- */

/** What all connections share. */
typedef struct Site {
    const char *root; /**< the directory */
    int64_t idle;     /**< nanoseconds that a client may be silent */
} Site;

/** One connection. Its goroutine alone uses it. */
typedef struct Http {
    Conn *conn;              /**< the socket */
    const Site *site;        /**< the rest of the world */
    size_t inlen;            /**< bytes in in */
    size_t outlen;           /**< bytes in out */
    bool failed;             /**< the socket is no good any more: nothing else is written */
    int64_t readset;         /**< when the reading deadline was set last; 0 never */
    int64_t writeset;        /**< likewise writing */
    char in[HEAD_MAX];       /**< what has come and is not used yet */
    char out[OUT_MAX];       /**< what is to go */
} Http;

/** Serves c in a goroutine of its own, which closes it. */
void http_serve(Conn *c, const Site *site);
/** Appends n bytes to the output, and sends when the buffer is full. */
void http_put(Http *h, const char *p, size_t n);
/** Sends what is in the output buffer. */
void http_flush(Http *h);
/** Room in the output buffer, never none: for those who fill it themselves and add to outlen. */
size_t http_room(Http *h);

/* ---- respond.c ---- */

/**
 * Answers with a status and a short text. keepalive: the connection goes on. extra: further fields, or "".
 */
void respond_status(Http *h, const Request *r, int status, bool keepalive, const char *extra);
/** Answers with the file that r asks for, or with why not. */
void respond_file(Http *h, const Request *r);

#endif
