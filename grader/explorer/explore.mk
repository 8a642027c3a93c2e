# The explorer; included by GNUmakefile. `make $(W)/explore03` builds lab 03 of LABS with its scenarios, `make $(W)/xpublic03`
# with the public ones alone (labs/NN-name/tests/explore, the kit's own copy).
#
# The whole runtime is compiled once more: instrumented, with a ring of four slots, and every function weak, so that the
# explorer's floor (rt.c) and the scenarios can take the place of any of them.

X := $(O)/explore

CFLAGS_explore := -std=gnu11 -O1 -g -Wall -Wextra -Iruntime -Iarch/$(ARCH) -DRUNQ_SIZE=4 -fno-omit-frame-pointer \
                  -fno-stack-protector -fno-pie $(ARCH_CFLAGS)
# No analysis may look through a function that is replaced later; copies of memory must be seen.
CFLAGS_tested  := $(CFLAGS_explore) -DHANDOFF_EXPLORED -fsanitize=thread -Wno-tsan -fno-inline -fno-ipa-pure-const -fno-ipa-reference \
                  -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memset
OBJCOPY_tested := objcopy --weaken --redefine-sym memcpy=ex_memcpy --redefine-sym memmove=ex_memmove --redefine-sym memset=ex_memset

explore_hdr  := $(wildcard grader/explorer/*.h)
explore_objs := $(patsubst grader/explorer/%.c,$(X)/engine/%.o,$(filter-out %/payload.c %/calls.c,$(wildcard grader/explorer/*.c))) \
                $(X)/engine/switch_$(ARCH).o $(X)/tested/payload.o
explore_core := $(patsubst %,$(X)/ref/%.o,$(basename $(filter-out %/rt0.S,$(CORE))))
# $1: 03-runqueue
explore_ref   = $(patsubst %,$(X)/ref/%.o,$(basename $(call module,solution/$1)))
explore_mine  = $(patsubst $(LABS)/%,$(W)/xmine/%.o,$(basename $(wildcard $(LABS)/$1/*.c) $(filter %_$(ARCH).S,$(wildcard $(LABS)/$1/*.S)))) \
                $(patsubst $(LABS)/%/syscalls.in,$(W)/xmine/%/zsyscall.o,$(wildcard $(LABS)/$1/syscalls.in))

$(X)/engine/%.o: grader/explorer/%.c $(explore_hdr) $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_explore) -O2 -Igrader/explorer -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(X)/tested/%.o: grader/explorer/%.c $(explore_hdr) $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_tested) -Igrader/explorer -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(X)/engine/%.o: grader/explorer/%.S
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)gcc $(CFLAGS_explore) -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(X)/scenarios/%.o: %.c $(explore_hdr) $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_explore) -fno-toplevel-reorder -Igrader/explorer -c -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@
$(X)/ref/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_tested) -c -o $@$(NEW) $<
	$(Q)$(OBJCOPY_tested) $@$(NEW)
	$(Q)mv $@$(NEW) $@
$(X)/ref/%.o: %.S $(HEADERS)
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)gcc $(CFLAGS_explore) -c -o $@$(NEW) $<
	$(Q)objcopy --weaken $@$(NEW)
	$(Q)mv $@$(NEW) $@
$(W)/xmine/%.o: $(LABS)/%.c $(HEADERS) $(W)/labs.of
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)gcc $(CFLAGS_tested) -ffile-prefix-map=$(LABS)/=labs/ -c -o $@$(NEW) $<
	$(Q)$(OBJCOPY_tested) $@$(NEW)
	$(Q)mv $@$(NEW) $@
$(W)/xmine/%.o: $(LABS)/%.S $(HEADERS) $(W)/labs.of
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)gcc $(CFLAGS_explore) -c -o $@$(NEW) $<
	$(Q)objcopy --weaken $@$(NEW)
	$(Q)mv $@$(NEW) $@
$(W)/xmine/01-rawsyscall/zsyscall.o: $(LABS)/01-rawsyscall/syscalls.in tools/mksyscall $(W)/labs.of
	@mkdir -p $(@D)
	$(Q)tools/mksyscall $< $(@:.o=.c) $(@:.o=.h) --calls labs.h
	$(Q)gcc $(CFLAGS_tested) -c -o $@$(NEW) $(@:.o=.c)
	$(Q)$(OBJCOPY_tested) $@$(NEW)
	$(Q)mv $@$(NEW) $@

# $1: 03, $2: 03-runqueue
define EXPLORED_LAB
xpublic_$1 := $$(wildcard labs/$2/tests/explore/*.c)
xhidden_$1 := $$(wildcard grader/explorer/scenarios/lab$1_*.c grader/explorer/scenarios/*_lab$1_*.c)
xlabs_$1 := $$(foreach n,$$(NAMES),$$(if $$(or $$(filter $2,$$n),$$(and $$(filter mine,$$(BASE)),$$(filter $2,$$(lastword $$(sort $$n $2))))),$$(call explore_mine,$$n),$$(call explore_ref,$$n)))
# labs 04 and 05 stand on a small scheduler: see calls.h
xobjs_$1  := $$(explore_objs) $$(if $$(filter 04 05,$1),$(X)/tested/calls.o)
$(W)/explore$1: $$(xobjs_$1) $$(patsubst %.c,$(X)/scenarios/%.o,$$(xpublic_$1) $$(xhidden_$1)) $$(explore_core) $$(xlabs_$1) $(W)/base.of
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)gcc -no-pie -o $$@$(NEW) $$(filter %.o,$$^)
	$(Q)mv $$@$(NEW) $$@
$(W)/xpublic$1: $$(xobjs_$1) $$(patsubst %.c,$(X)/scenarios/%.o,$$(xpublic_$1)) $$(explore_core) $$(xlabs_$1) $(W)/base.of
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)gcc -no-pie -o $$@$(NEW) $$(filter %.o,$$^)
	$(Q)mv $$@$(NEW) $$@
endef
$(foreach n,$(NAMES),$(eval $(call EXPLORED_LAB,$(firstword $(subst -, ,$n)),$n)))

$(X)/litmus: $(filter-out %/main.o %/rt.o %/world.o %/payload.o,$(explore_objs)) $(X)/scenarios/grader/explorer/tests/litmus.o $(X)/ref/grader/explorer/tests/shapes.o
	$(call say,LD,$@)
	$(Q)gcc -no-pie -o $@$(NEW) $^
	$(Q)mv $@$(NEW) $@
$(X)/selftest: $(filter-out %/rt.o %/world.o %/payload.o,$(explore_objs)) $(X)/scenarios/grader/explorer/tests/selftest.o $(X)/ref/grader/explorer/tests/bugs.o $(X)/ref/grader/explorer/tests/mutexes.o
	$(call say,LD,$@)
	$(Q)gcc -no-pie -o $@$(NEW) $^
	$(Q)mv $@$(NEW) $@
