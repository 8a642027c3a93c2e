/**
 * @file httpd.h
 * The parts of the web server: requests, conditions, connections, responses, directories, the access log.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "handoff.h"
#include "../lib/server.h"
#include "../lib/text.h"

/** The most bytes that a request may have up to its empty line. */
#define HEAD_MAX 8192
/** Bytes of the input buffer of a connection that waits; it grows to HEAD_MAX. Most requests fit. */
#define IN_SMALL 1024
/** Bytes of the output buffer of a connection that answers. A whole small response goes out in one write. */
#define OUT_SMALL 4096
/** What it grows to. A connection that waits has none. */
#define OUT_MAX 28672
/** The most bytes of a request's body that are read and thrown away; a longer one ends the connection. */
#define BODY_MAX 65536
/** The longest path of a file below the root, and its 0. */
#define PATH_ROOM 4096
/** Bytes of a path besides those of the target that it comes from: for the beginning, an index, and the 0. */
#define PATH_EXTRA (sizeof "./index.html")
/** Bytes of a date with its 0: "Sun, 06 Nov 1994 08:49:37 GMT". */
#define DATE_ROOM 30
/** Bytes of an entity tag with its quotes and its 0. */
#define ETAG_ROOM 40

/* ---- words.c ---- */

/** The value of a hexadecimal digit, or -1. */
int hexvalue(char c);
/** Writes the second t (since 1970, not negative) as HTTP has it. */
void date_format(char buf[DATE_ROOM], int64_t t);
/** The second that s names, in the form that date_format writes; -1 if it is none. */
int64_t date_parse(Text s);
/** The content type that the suffix of path stands for. */
const char *content_type(Text path);
/** The words for a status. */
const char *reason(int status);

/* ---- request.c ---- */

/**
 * What a request asks for. Texts point into the connection's buffer; p is NULL in those of fields that it
 * does not have.
 */
typedef struct Request {
    Text method;        /**< as sent */
    Text target;        /**< as sent */
    bool head;          /**< method is HEAD */
    bool http10;        /**< version 1.0 */
    bool keepalive;     /**< the connection goes on afterwards, as far as the client is concerned */
    bool chunked;       /**< there is a Transfer-Encoding */
    bool expects;       /**< there is an Expect: the body comes only if we ask for it */
    int64_t bodylen;    /**< Content-Length; 0 if there is none, -1 before parsing */
    Text range;         /**< the value of Range */
    Text ifrange;       /**< of If-Range */
    Text ifmatch;       /**< of If-Match */
    Text ifnonematch;   /**< of If-None-Match */
    Text ifmodified;    /**< of If-Modified-Since */
    Text ifunmodified;  /**< of If-Unmodified-Since */
    int hosts;          /**< Host fields seen */
} Request;

/**
 * Parses the head of a request: the request line and the fields, up to the empty line, which head includes.
 * @return 0, or the status to answer with (400, 501, 505); *r is then good enough for that answer
 */
int request_parse(Request *r, Text head);
/**
 * Decodes r's target into the path of a file below the root, which begins with "./"; a trailing slash stays.
 * path has room for PATH_EXTRA bytes more than the target.
 * @return the path's length; or the negative of the status to answer with (-400, -414)
 */
int request_path(const Request *r, char *path);

/** The bytes first to last that a Range field asks for, of size. */
typedef enum { RANGE_NONE, RANGE_OK, RANGE_BAD } RangeKind;
/**
 * Finds them. RANGE_NONE: send everything (no range, several, or not understood). RANGE_BAD: there are no
 * such bytes.
 */
RangeKind range_parse(Text value, int64_t size, int64_t *first, int64_t *last);

/* ---- condition.c ---- */

/** A regular file, as it was when it was opened. */
typedef struct File {
    int fd;               /**< open for reading */
    int64_t size;         /**< bytes */
    int64_t mtime;        /**< seconds since 1970 */
    char etag[ETAG_ROOM]; /**< names this version of it */
    const char *type;     /**< content type */
} File;
/**
 * Writes the tag of a file of this size that was changed last at mtime (nanoseconds). Two versions differ in
 * one of them.
 */
void etag_format(char buf[ETAG_ROOM], int64_t size, int64_t mtime);
/**
 * What r's conditions say of f: 0 (send it), 304 (the client has it) or 412 (it is not what the client takes
 * it for).
 */
int conditions(const Request *r, const File *f);
/**
 * True if r's range, if it has one, is of f: a range of another version would be put together with parts of
 * this one.
 */
bool rangeapplies(const Request *r, const File *f);

/* ---- log.c ---- */

/** Starts the goroutine that writes the access log to standard output. */
void log_start(void);
/**
 * A line of the log, in the common log format. peer: the client's address; line: the request line, or
 * nothing.
 */
void log_request(const char *peer, Text line, int status, int64_t bytes);
/** Writes what is still to be written, and ends. Nobody logs any more. */
void log_end(void);

/* ---- conn.c ---- */

/** What all connections share. */
typedef struct Site {
    const char *root;           /**< the directory, as it was given */
    int rootfd;                 /**< open */
    int64_t idle;               /**< nanoseconds between requests, or for a body */
    int64_t headtime;           /**< nanoseconds from a request's first byte to its empty line */
    bool nolist;                /**< directories without an index are not shown */
    bool log;                   /**< there is an access log */
    _Atomic uint64_t requests;  /**< requests answered */
} Site;

/** One connection. Its goroutine alone uses it, but for what the lock protects. */
typedef struct Http {
    Conn *conn;              /**< the socket */
    Site *site;              /**< the rest of the world */
    Server *server;          /**< whose connection it is */
    char *in;                /**< what has come and is not used yet */
    size_t inlen;            /**< bytes in in */
    size_t inroom;           /**< room of in */
    char *out;               /**< what is to go; NULL if there is nothing */
    size_t outlen;           /**< bytes in out */
    size_t outroom;          /**< room of out */
    bool failed;             /**< the socket is no good any more: nothing else is written */
    bool silent;             /**< the client sends nothing any more: there is nothing to wait for */
    bool closed;             /**< the reading half is: what has come is all that there will be */
    int64_t writeset;        /**< when the writing deadline was set last; 0 never */
    int status;              /**< of the last answer */
    int64_t sent;            /**< bytes of its body */
    Mutex lock;              /**< protects the reading deadline, and idle for who reads it */
    bool idle;               /**< between two requests: it may end when the server does */
    int64_t readset;         /**< when the reading deadline was set for that; 0: it is another one */
} Http;

/** Serves a connection. The server's serve(). */
void http_serve(Peer *p);
/** Sees to it that an idle connection ends soon, unless a request is on its way. The server's hurry(). */
void http_hurry(Peer *p);
/** Appends n bytes to the output, and sends when the buffer is full. */
void http_put(Http *h, const char *p, size_t n);
/** Appends what goprintf would write. */
void http_printf(Http *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Sends what is in the output buffer. */
void http_flush(Http *h);
/** Room in the output buffer, never none: for those who fill it themselves and add to outlen. */
size_t http_room(Http *h);

/* ---- respond.c ---- */

/** Begins an answer: its status line, and the fields that every answer has. length < 0: there is no body. */
void respond_begin(Http *h, const Request *r, int status, int64_t length, bool keepalive);
/** Ends its head. */
void respond_endhead(Http *h);
/** Answers with a status and a short text. extra: further fields, or "". */
void respond_status(Http *h, const Request *r, int status, bool keepalive, const char *extra);
/** Answers with the file or the directory that r asks for, or with why not. */
void respond_file(Http *h, const Request *r);

/* ---- listing.c ---- */

/** Answers with the names in the directory fd, whose path below the root is path ("./sub/"). */
void respond_listing(Http *h, const Request *r, int fd, const char *path);

#endif
