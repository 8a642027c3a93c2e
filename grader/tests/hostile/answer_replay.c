/*
 * What: the answer to the question before, once more
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

/** The agent's copy of the present request, found by its shape: a nonce, then "run". */
static const char *find_request(void)
{
    const char run[8] = {'r', 'u', 'n'};
    uintptr_t at = (uintptr_t)&sched & ~(uintptr_t)4095;
    unsigned char resident;
    while (RawSyscall6(__NR_mincore, at - 4096, 4096, (uintptr_t)&resident, 0, 0, 0).err == 0)
        at -= 4096; /* the beginning of the mapping */
    for (; RawSyscall6(__NR_mincore, at, 4096, (uintptr_t)&resident, 0, 0, 0).err == 0; at += 4096)
        for (uintptr_t p = at; p < at + 4096; p += 8)
            if (p != (uintptr_t)m.op && *(const uint64_t *)p == *(const uint64_t *)run && ((const uint64_t *)p)[-1] > 1u << 30)
                return (const char *)p - 8;
    return NULL;
}

void hostile(void)
{
    const char *request = find_request();
    if (request && m.nonce)
        RawSyscall6(__NR_write, 3, (uintptr_t)&m, sizeof m, 0, 0, 0);
    if (request)
        m.nonce = *(const uint64_t *)request;
    for (int i = 0; request && i < 24; i++)
        m.op[i] = request[8 + i];
    m.outcome = 1;
    if (!request || m.n++)
        return;
    RawSyscall6(__NR_write, 3, (uintptr_t)&m, sizeof m, 0, 0, 0);
    RawSyscall6(__NR_write, 3, (uintptr_t)&m, sizeof m, 0, 0, 0);
}
