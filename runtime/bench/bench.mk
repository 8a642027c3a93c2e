# The peers of `make bench`. Those whose library is not installed are left out, and named by tools/bench.

HOST_CFLAGS := -O2 -g -Wall -Wextra -std=gnu11
HOST_DEPS   := $(wildcard runtime/bench/*.h) runtime/bench/bench.mk
HASH        := \#
has_header  = $(shell echo '$(HASH)include <$1>' | $2 -E -x $3 - >/dev/null 2>&1 && echo yes)

BENCH_PEERS := handoff threads epoll echoload
BENCH_PEERS += $(if $(shell command -v $(or $(GO),go)),go)
BENCH_PEERS += $(if $(call has_header,st.h,$(CC),c),st)
BENCH_PEERS += $(if $(call has_header,boost/fiber/all.hpp,$(CXX),c++),fiber)

benchpeers: $(addprefix $(O)/bench/,$(BENCH_PEERS))

$(O)/pure/runtime/bench/handoff.o: runtime/bench/workloads.h
$(O)/bench/handoff: $(O)/pure/runtime/bench/handoff.o $(call ref_objs,pure)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_pure) -o $@ $^

$(O)/bench/st: HOST_LIBS := -lst
$(O)/bench/threads $(O)/bench/st $(O)/bench/epoll $(O)/bench/echoload: $(O)/bench/%: runtime/bench/%.c $(HOST_DEPS)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -pthread -o $@ $< $(HOST_LIBS)

$(O)/bench/fiber: runtime/bench/fiber.cpp $(HOST_DEPS)
	$(call say,CXX,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -O2 -g -Wall -Wextra -std=gnu++17 -pthread -o $@ $< -lboost_fiber -lboost_context

# Another Go than the last time may be meant.
$(O)/bench/go: runtime/bench/main.go $(if $(GO),benchforce)
	$(call say,GO,$@)
	@mkdir -p $(@D)
	$(Q)GO111MODULE=off GOFLAGS= $(or $(GO),go) build -o $@ $<

## bench: this runtime beside Go and others (ROUNDS=5, ROWS="chan1 spawn1", PEERS="go st"; GO=another go command)
bench: benchpeers
	tools/bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ROWS),--rows $(ROWS)) $(if $(PEERS),--peers $(PEERS)) --json $(O)/bench.json \
	  --page $(O)/bench.html

## setup-bench: install the peers of `make bench` that Debian and Ubuntu have
setup-bench:
	@tools/setup bench

.PHONY: bench benchpeers benchforce setup-bench
