/*
 * What: a hundred answers
 * Hook: reentersyscall
 * Status: protocol_violation
 * Text: [protocol_violation]
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
    m.op[0] = 'r', m.op[1] = 'u', m.op[2] = 'n';
    for (int i = 0; i < 100; i++, m.nonce++)
        RawSyscall6(__NR_sendto, 3, (uintptr_t)&m, sizeof m, 0x40, 0, 0);
}
