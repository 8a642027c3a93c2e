/**
 * @file chatd.h
 * The parts of the chat server: the hub, which knows everything, and the clients, which know only themselves.
 */
#ifndef CHATD_H
#define CHATD_H

#include "handoff.h"
#include "../lib/server.h"
#include "../lib/text.h"

/** The longest name of a person or a room, and its 0. */
#define NAME_ROOM 33
/** The longest line, its end included. */
#define LINE_ROOM 1024
/**
 * Lines that may wait for a client to read them. One who has more is dropped: the others do not wait for
 * him. It is many, for the writer of one who does read may have to wait for its turn on a busy machine.
 */
#define UNREAD 1024

/** A line on its way to a client; gofree() p. */
typedef struct Line {
    char *p;  /**< its bytes, with the end */
    size_t n; /**< how many */
} Line;

/** Somebody who is connected. */
typedef struct Client {
    Conn *conn;           /**< the socket: the reader reads, the writer writes, the hub may cut it off */
    Chan *out;            /**< of Lines: from the hub, which closes it, to the writer */
    Chan *written;        /**< closed by the writer at its end */
    Chan *left;           /**< closed by the hub when it has forgotten the client */
    char name[NAME_ROOM]; /**< written by the reader before it tells the hub */
    /* The hub's. */
    bool present;         /**< in the list */
    bool closed;          /**< out is closed: there is nothing more to say */
    bool slow;            /**< a line had no room: to be dropped */
    char room[NAME_ROOM]; /**< where */
    struct Client *next;  /**< in the list */
} Client;

/** What a client tells the hub. */
typedef enum { CHAT_ENTER, CHAT_SAY, CHAT_LEAVE } EventKind;
/** One such thing. */
typedef struct Event {
    EventKind kind; /**< what it is */
    Client *from;   /**< who says it */
    Text text;      /**< CHAT_SAY: what; in the reader's buffer, and valid until the hub answers */
    Chan *answered; /**< CHAT_SAY: the hub sends a byte when it has done with text */
} Event;

/** Starts the hub; events go to the channel that is returned. */
Chan *hub_start(Server *s);
/** A client's life: the server's serve(). */
void client_serve(Peer *p);
/** The server's hurry(). */
void client_hurry(Peer *p);
/** True if s can be the name of somebody or of a room. */
bool isname(Text s);

#endif
