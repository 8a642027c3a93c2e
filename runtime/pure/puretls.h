/**
 * @file puretls.h
 * Thread-local storage of the first thread.
 */
#ifndef HANDOFF_PURETLS_H
#define HANDOFF_PURETLS_H

/** Gives the first thread its TLS block. Must run before anything calls getg(). */
void tls_init_m0(void);

#endif
