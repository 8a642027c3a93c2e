#include "core.h"
__attribute__((weak)) _Atomic bool traceon; __attribute__((weak)) int64_t forcegcperiod=120*NSEC_PER_SEC;
__attribute__((weak)) void traceevent_write(P*p,traceEv e,uint64_t a,uint64_t b){(void)p,(void)e,(void)a,(void)b;}
__attribute__((weak)) void trace_start(uint32_t n){(void)n;}
__attribute__((weak)) void parsedebugvars(void){}
__attribute__((weak)) void sysmonUpdateGOMAXPROCS(int64_t n){(void)n;}
__attribute__((weak)) int32_t defaultGOMAXPROCS(void){const char*s=gogetenv("HANDOFFPROCS");return s?s[0]-'0':ncpu;}
__attribute__((weak)) void gcStart(const char*r){stopTheWorld(r);startTheWorld();}
__attribute__((weak)) void gogc(void){gcStart("x");}
