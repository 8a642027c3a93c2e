/*
 * What: half a message
 * Hook: reentersyscall
 * Status: protocol_violation
 * Text: a message of 2048 bytes
 */
#include "core.h"

static struct {
    uint64_t nonce;
    char op[24];
    int32_t status;
    uint32_t n;
    int64_t v[16];
    int32_t outcome;
    uint32_t len;
    char text[3920];
} m;

void hostile(void);
void hostile(void)
{
    RawSyscall6(__NR_write, 3, (uintptr_t)&m, sizeof m / 2, 0, 0, 0);
}
