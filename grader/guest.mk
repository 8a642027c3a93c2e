# Judges and guests; included by GNUmakefile. `make judge03` builds $(W)/judge03, $(W)/guest03 and the programs of lab 03;
# `make public03` the same with the public tests only, $(W)/public03.
#
#   W      where what belongs to the submission is built ($(O)/grade); what all share is in SHARED
#   LABS   the folder whose lab is judged; it may be solution
#   BASE   whose earlier labs it runs on: ref or mine; later labs are always the reference's
#   PUBLIC_NN  the public tests of lab NN, the kit's own copy in labs/ (never the submission's)
#   HIDDEN_NN  those in grader/tests whose names say lab NN; a student's kit has none

W ?= $(O)/grade
SHARED := $(O)/grade

agent_src   := $(wildcard grader/guest/*.c)
agent_hdr   := grader/guest/agent.h grader/proto.h
judge_src   := $(wildcard grader/judge/*.c)
judge_hdr   := grader/judge/judge.h grader/proto.h $(wildcard labs/*/tests/*.h)
agent_objs  := $(patsubst grader/guest/%.c,$(SHARED)/agent/%.o,$(agent_src)) $(SHARED)/agent/agent_$(ARCH).o
judge_objs  := $(patsubst grader/judge/%.c,$(SHARED)/judge/%.o,$(judge_src))
CFLAGS_agent := $(CFLAGS_guest) $(RUNTIME_only) -Igrader/guest
CFLAGS_judge := -std=gnu11 -O2 -g -Wall -Wextra -Igrader/judge $(shell pkg-config --cflags check)
LIBS_judge   := $(shell pkg-config --libs check)

# The names that calls are diverted for: one list, taken from the sources that define the diversions.
$(SHARED)/wrap.opts: grader/guest/wraps.c grader/guest/kernel.c
	@mkdir -p $(@D)
	$(Q)sed -n -e 's/^WRAP_[A-Z]*(\([A-Za-z0-9_]*\).*/--wrap=\1/p' -e 's/^[^ ].*__wrap_\([A-Za-z0-9_]*\)(.*/--wrap=\1/p' $^ | sort -u > $@$(NEW)
	$(Q)mv $@$(NEW) $@

$(SHARED)/agent/%.o: grader/guest/%.c $(agent_hdr) $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_agent) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(SHARED)/agent/%.o: grader/program/%.c grader/guest/report.h $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_agent) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(SHARED)/agent/%.o: grader/guest/%.S $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_agent) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(SHARED)/judge/%.o: grader/judge/%.c $(judge_hdr)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_judge) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(SHARED)/tests/%.o: %.c $(judge_hdr)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_judge) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@

# What was built in W is of these labs: if LABS names others now, it is built again.
$(W)/labs.of: FORCE
	@mkdir -p $(@D)
	@echo '$(abspath $(LABS))' | cmp -s - $@ || echo '$(abspath $(LABS))' > $@
# What is linked there is on the earlier labs of BASE: if that changes, it is linked again.
$(W)/base.of: FORCE
	@mkdir -p $(@D)
	@echo '$(BASE)' | cmp -s - $@ || echo '$(BASE)' > $@
FORCE:
.PHONY: FORCE

# The compiler of a submission's sources, with its flags, for the checks of lib/hygiene.py.
guestflags:
	@printf '%s\n' '$(CC) $(CFLAGS_guest) $(RUNTIME_only)'
.PHONY: guestflags

# $1: 03, $2: tests. The programs that they name, and so may run.
programs = $(addprefix $(W)/prog$1/,$(filter $(TESTS),$(shell grep -oh '"[a-z0-9_]*"' $2 | tr -d '"' | sort -u)))

# All tests, compiled: a judge is only linked then.
judge_tests := $(patsubst %.c,$(SHARED)/tests/%.o,$(wildcard labs/*/tests/*.c grader/tests/lab*.c))

# A module becomes one object, in which only the names stay global that the reference's module has. There are two of it:
# NN.o, in which the calls between its files are diverted, for the guest, and NN.plain.o, for whole programs.

# $1: 03, $2: 03-runqueue
define JUDGED_LAB
ref_$1  := $$(call objs,guest,$$(call module,solution/$2))
mine_$1 := $$(patsubst $(LABS)/$2/%,$(W)/mine/$2/%.o,$$(basename $$(wildcard $(LABS)/$2/*.c) $$(filter %_$(ARCH).S,$$(wildcard $(LABS)/$2/*.S)))) \
           $$(patsubst %/syscalls.in,$(W)/mine/$2/zsyscall.o,$$(wildcard $(LABS)/$2/syscalls.in))

$(SHARED)/ref/$2.o: $$(ref_$1) $(SHARED)/wrap.opts
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)ld -r @$(SHARED)/wrap.opts -o $$@$(NEW) $$(ref_$1)
	$(Q)mv $$@$(NEW) $$@
$(SHARED)/ref/$2.plain.o: $$(ref_$1)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)ld -r -o $$@$(NEW) $$(ref_$1)
	$(Q)mv $$@$(NEW) $$@
$(SHARED)/ref/$2.keep: $(SHARED)/ref/$2.plain.o
	$(Q)nm -g --defined-only $$< | awk '{print $$$$3}' > $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
$(W)/mine/$2.o: $$(mine_$1) $(SHARED)/ref/$2.keep $(SHARED)/wrap.opts
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)ld -r @$(SHARED)/wrap.opts -o $$@$(NEW) $$(mine_$1)
	$(Q)objcopy --keep-global-symbols=$(SHARED)/ref/$2.keep $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
$(W)/mine/$2.plain.o: $$(mine_$1) $(SHARED)/ref/$2.keep
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)ld -r -o $$@$(NEW) $$(mine_$1)
	$(Q)objcopy --keep-global-symbols=$(SHARED)/ref/$2.keep $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
# Section and flags as in GNUmakefile: what the runtime's signal handler takes for the runtime must be it. Messages name
# a submission's files as its author knows them, wherever it is graded.
$(W)/mine/$2/%.o: $(LABS)/$2/%.c $$(HEADERS) $(W)/labs.of
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$(Q)$$(CC) $$(CFLAGS_guest) $$(RUNTIME_only) -ffile-prefix-map=$(LABS)/=labs/ -c -o $$@$(NEW) $$<
	$(Q)objcopy --rename-section .text=runtime_text $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
$(W)/mine/$2/%.o: $(LABS)/$2/%.S $$(HEADERS) $(W)/labs.of
	@mkdir -p $$(@D)
	$$(call say,CC,$$@)
	$(Q)$$(CC) $$(CFLAGS_guest) -c -o $$@$(NEW) $$<
	$(Q)objcopy --rename-section .text=runtime_text $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@

labs_$1 := $$(foreach n,$$(NAMES),$$(if $$(filter $2,$$n),$(W)/mine/$$n.o,$$(if $$(and $$(filter mine,$$(BASE)),$$(filter $2,$$(lastword $$(sort $$n $2)))),$(W)/mine/$$n.o,$(SHARED)/ref/$$n.o)))
core_$1 := $$(call objs,guest,$$(SRC_guest))
PUBLIC_$1 := $$(wildcard labs/$2/tests/*.c)
HIDDEN_$1 := $$(wildcard grader/tests/lab$1_*.c grader/tests/*_lab$1_*.c)

$(W)/guest$1: $$(agent_objs) $$(core_$1) $$(labs_$1) $(SHARED)/wrap.opts $(W)/base.of
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$$(CC) $$(LDFLAGS_guest) -s -Wl,--build-id=none -Wl,-z,relro,-z,now -Wl,-e,agent_start -Wl,@$(SHARED)/wrap.opts -o $$@$(NEW) $$(agent_objs) $$(core_$1) $$(labs_$1)
	$(Q)mv $$@$(NEW) $$@
$(W)/public$1: $$(judge_objs) $$(patsubst %.c,$(SHARED)/tests/%.o,$$(PUBLIC_$1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)gcc -o $$@$(NEW) $$^ $(LIBS_judge)
	$(Q)mv $$@$(NEW) $$@
$(W)/judge$1: $$(judge_objs) $$(patsubst %.c,$(SHARED)/tests/%.o,$$(PUBLIC_$1) $$(HIDDEN_$1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)gcc -o $$@$(NEW) $$^ $(LIBS_judge)
	$(Q)mv $$@$(NEW) $$@

# Whole programs run on the same modules, without agent and diversions.
$(W)/prog$1/%: $(O)/guest/runtime/tests/%.o $(SHARED)/agent/ended.o $$(core_$1) $$(labs_$1:.o=.plain.o) $(W)/base.of
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$$(CC) $$(LDFLAGS_guest) -Wl,--wrap=gomain -o $$@$(NEW) $$(filter %.o,$$^)
	$(Q)mv $$@$(NEW) $$@
$(W)/prog$1/%: $(O)/guest/runtime/programs/%.o $$$$(call objs,guest,$$$$(wildcard runtime/programs/$$$$*/*.c) $(PROGLIB)) $(SHARED)/agent/ended.o $$(core_$1) $$(labs_$1:.o=.plain.o) $(W)/base.of
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$$(CC) $$(LDFLAGS_guest) -Wl,--wrap=gomain -o $$@$(NEW) $$(filter %.o,$$^)
	$(Q)mv $$@$(NEW) $$@

judge$1: $(W)/judge$1 $(W)/guest$1 $$$$(call programs,$1,$$$$(PUBLIC_$1) $$$$(HIDDEN_$1))
public$1: $(W)/public$1 $(W)/guest$1 $$$$(call programs,$1,$$$$(PUBLIC_$1))
.PHONY: judge$1 public$1
endef
$(foreach n,$(NAMES),$(eval $(call JUDGED_LAB,$(firstword $(subst -, ,$n)),$n)))

$(W)/mine/01-rawsyscall/zsyscall.o: $(LABS)/01-rawsyscall/syscalls.in tools/mksyscall $(W)/labs.of
	@mkdir -p $(@D)
	$(Q)tools/mksyscall $< $(@:.o=.c) $(@:.o=.h) --calls labs.h
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_guest) $(RUNTIME_only) -c -o $@$(NEW) $(@:.o=.c)
	$(Q)objcopy --rename-section .text=runtime_text $@$(NEW)
	$(Q)mv $@$(NEW) $@
