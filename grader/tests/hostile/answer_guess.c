/*
 * What: answers itself, with a nonce of its own making
 * Hook: reentersyscall
 * Status: protocol_violation
 * Text: an answer that belongs to no question
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
    m.nonce = 0x123456789abcdef;
    m.op[0] = 'r', m.op[1] = 'u', m.op[2] = 'n';
    m.n = 1;
    m.outcome = 1;
    RawSyscall6(__NR_write, 3, (uintptr_t)&m, sizeof m, 0, 0, 0);
}
