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
# gcc lets each object call __tsan_init before main; here nothing runs then.
OBJCOPY_tested := objcopy --weaken --remove-section=.init_array.00099 --remove-section=.rela.init_array.00099 --redefine-sym memcpy=ex_memcpy --redefine-sym memmove=ex_memmove --redefine-sym memset=ex_memset

explore_hdr  := $(wildcard grader/explorer/*.h)
explore_objs := $(patsubst grader/explorer/%.c,$(X)/engine/%.o,$(filter-out %/payload.c %/calls.c,$(wildcard grader/explorer/*.c))) \
                $(X)/engine/switch_$(ARCH).o $(X)/tested/payload.o
explore_core := $(patsubst %,$(X)/ref/%.o,$(basename $(filter-out %/rt0.S,$(CORE))))
# $1: 03-runqueue
explore_ref   = $(patsubst %,$(X)/ref/%.o,$(basename $(call module,solution/$1)))
# C alone: there is nothing to explore in assembly.
explore_mine  = $(patsubst $(LABS)/%.c,$(W)/xmine/%.o,$(wildcard $(LABS)/$1/*.c))

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
# What the compiler has seen, for the checks of lib/explore.py.
$(W)/xmine/%.i: $(LABS)/%.c $(HEADERS) $(W)/labs.of
	@mkdir -p $(@D)
	$(Q)gcc $(CFLAGS_tested) -E -o $@$(NEW) $<
	$(Q)mv $@$(NEW) $@

# $1: 03, $2: 03-runqueue
define EXPLORED_LAB
xpublic_$1 := $$(wildcard labs/$2/tests/explore/*.c)
xhidden_$1 := $$(wildcard grader/explorer/scenarios/lab$1_*.c grader/explorer/scenarios/*_lab$1_*.c)
# Labs 01 and 02 are the reference's: what is C in them, the explorer's own floor replaces (rt.c), and the rest is assembly.
xmine_$1 := $$(filter-out 01-% 02-%,$$(foreach n,$$(NAMES),$$(if $$(or $$(filter $2,$$n),$$(and $$(filter mine,$$(BASE)),$$(filter $2,$$(lastword $$(sort $$n $2))))),$$n)))
xlabs_$1 := $$(patsubst %,$(W)/xmine/%.o,$$(xmine_$1)) $$(foreach n,$$(filter-out $$(xmine_$1),$$(NAMES)),$$(call explore_ref,$$n))
# Of a lab's names only those stay global that the reference's has: it must not stand in for the engine's functions or libc's.
$(X)/ref/$2.keep: $$(call explore_ref,$2)
	@mkdir -p $$(@D)
	$(Q)nm -g --defined-only $$^ | awk 'NF == 3 {print $$$$3}' > $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
$(W)/xmine/$2.o: $$(call explore_mine,$2) $(X)/ref/$2.keep
	@mkdir -p $$(@D)
	$(Q)ld -r -o $$@$(NEW) $$(call explore_mine,$2)
	$(Q)objcopy --keep-global-symbols=$(X)/ref/$2.keep $$@$(NEW)
	$(Q)mv $$@$(NEW) $$@
# The lab as the checks of lib/explore.py want it: what is wrong with it is said before it is linked.
explored$1: $$(foreach n,$$(xmine_$1),$$(call explore_mine,$$n) $$(patsubst %.o,%.i,$$(call explore_mine,$$n))) $$(explore_core) $$(foreach n,$$(NAMES),$$(call explore_ref,$$n))
.PHONY: explored$1
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
