# sluice: see "make help". Everything is built below $(BUILD).

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC = gcc
CLANG ?= clang
srcdir := $(CURDIR)

PKGS := libgit2 json-c sqlite3 libmicrohttpd gmime-3.0 inih libzstd libsystemd \
	libseccomp libcurl expat zlib

# Goals that compile nothing must work before "make deps" was run.
ifneq ($(filter-out help clean deps format run check mutants mutants-page quiet figures verdicts,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS := $(shell pkg-config --libs $(PKGS))
ifeq ($(PKG_LIBS),)
$(error a library is missing (named above); "make deps" installs them)
endif
PKG_LIBS += -lm
TEST_LIBS = $(shell pkg-config --libs cmocka)
endif

WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla
ifeq ($(WERROR),1)
WARN += -Werror
endif
OPT ?= -O2 -g
# SAN is set by the asan, ubsan, cov and fuzz goals, each with a BUILD of its own.
SAN ?=
CPPFLAGS += -D_GNU_SOURCE -I.
ALL_CFLAGS = -std=gnu11 $(OPT) $(WARN) $(SAN) $(CFLAGS)
DEPGEN = -MMD -MP
# Library headers are not ours to fix.
SYS_CFLAGS = $(patsubst -I%,-isystem %,$(PKG_CFLAGS))

# ONLY="lib db" leaves the other folders out, for work on one while another does
# not compile; with a BUILD of its own, so that the archives do not get mixed.
ONLY ?= lib db kernels runners web daemon cli
FOLDERS := $(ONLY)
SRCS := $(filter-out cli/main.c,$(wildcard $(FOLDERS:%=%/*.c)))
OBJS := $(SRCS:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libsluice.a
MAIN := $(if $(filter cli,$(FOLDERS)),$(wildcard cli/main.c))
BIN := $(if $(MAIN),$(BUILD)/sluice)

# T=test_lib_% builds and runs those unit tests alone.
T ?= test_%
TESTS := $(filter $(T:%=$(BUILD)/tests/%),$(patsubst tests/unit/%.c,$(BUILD)/tests/%,\
	$(wildcard tests/unit/test_*.c)))
STUBS := $(patsubst tests/stubs/%.c,$(BUILD)/tests/%,$(wildcard tests/stubs/stub_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))

# Each folder of runners/guest but common is one static program for the guest.
GUEST_COMMON := $(wildcard runners/guest/common/*.c)
GUEST_NAMES := $(filter-out common,$(sort $(foreach f,\
	$(wildcard runners/guest/*/*.c),$(notdir $(patsubst %/,%,$(dir $(f)))))))
GUEST_DIR := $(BUILD)/guest
GUESTS := $(GUEST_NAMES:%=$(GUEST_DIR)/%)
GUEST_CFLAGS := -std=gnu11 -O2 $(WARN) -D_GNU_SOURCE -Irunners/guest

# Where the binary looks for its data. A build in a clone works in place; the
# installed one is linked with a paths.o of its own.
PATH_DEFS = -DSLUICE_DATADIR='"$(srcdir)"' \
	-DSLUICE_LIBEXECDIR='"$(srcdir)/build/guest"'
INSTALLED_DEFS = -DSLUICE_DATADIR='"$(PREFIX)/share/sluice"' \
	-DSLUICE_LIBEXECDIR='"$(PREFIX)/lib/sluice/guest"'

# V=1 shows whole commands.
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(Q),@printf '  %-5s %s\n' $(1) $(2))

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all run check mutants mutants-page quiet figures verdicts unit e2e asan ubsan fuzz lint format cov bench bench-verdicts install \
	deps clean help tests fuzzers FORCE

all: $(LIB) $(BIN) $(GUESTS) ## build everything (the default)

$(LIB): $(OBJS)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcsD $@ $^

$(BUILD)/lib/paths.o: ALL_CFLAGS += $(PATH_DEFS)

# What makes a result out of a boot: boots of "sluice quiet" that were judged by other
# sources are not counted together.
JUDGE_SRCS := $(sort $(wildcard daemon/quiet_record.[ch] $(foreach s,boot_judge boot_tests \
	console frame kernel_version ktap qmp role_boot splat,runners/$(s).[ch])))
$(BUILD)/daemon/quiet_key.o: ALL_CFLAGS += \
	-DSLUICE_JUDGE='"$(shell cat $(JUDGE_SRCS) | sha256sum | cut -d ' ' -f 1)"'
$(BUILD)/daemon/quiet_key.o: $(JUDGE_SRCS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(SYS_CFLAGS) $(ALL_CFLAGS) $(DEPGEN) -c -o $@ $<

$(BUILD)/sluice: $(BUILD)/cli/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/tests/test_%: $(BUILD)/tests/unit/test_%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(TEST_LIBS)

$(BUILD)/tests/sim_%: $(BUILD)/tests/sim/sim_%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/tests/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Stand-ins for tools, in end-to-end and unit tests. Without SAN: they run inside
# the sandbox, which a sanitizer does not get along with.
$(BUILD)/tests/stub_%: tests/stubs/stub_%.c
	@mkdir -p $(@D)
	$(call say,STUB,$@)
	$(Q)$(CC) -std=gnu11 $(OPT) $(WARN) -D_GNU_SOURCE -o $@ $<

.SECONDARY: $(TESTS:$(BUILD)/tests/%=$(BUILD)/tests/unit/%.o) \
	$(FUZZERS:$(BUILD)/tests/%=$(BUILD)/tests/fuzz/%.o)

define guest_rule
GUEST_OBJS_$(1) := $$(patsubst %.c,$$(BUILD)/%.o,$$(wildcard runners/guest/$(1)/*.c) \
	$$(GUEST_COMMON))
$$(GUEST_DIR)/$(1): $$(GUEST_OBJS_$(1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) -static $$(LDFLAGS) -o $$@ $$^
endef
$(foreach g,$(GUEST_NAMES),$(eval $(call guest_rule,$(g))))

# Likewise below tests/guest, for tests alone.
TEST_GUESTS := $(patsubst tests/guest/%/,$(BUILD)/tests/programs/%,\
	$(sort $(dir $(wildcard tests/guest/*/*.c))))
define test_guest_rule
TEST_GUEST_OBJS_$(1) := $$(patsubst %.c,$$(BUILD)/%.o,$$(wildcard tests/guest/$(1)/*.c) \
	$$(GUEST_COMMON))
$$(BUILD)/tests/programs/$(1): $$(TEST_GUEST_OBJS_$(1))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(CC) -static $$(LDFLAGS) -o $$@ $$^
endef
$(foreach g,$(notdir $(TEST_GUESTS)),$(eval $(call test_guest_rule,$(g))))

$(BUILD)/tests/guest/%.o: tests/guest/%.c
	@mkdir -p $(@D)
	$(call say,GUEST,$<)
	$(Q)$(CC) $(GUEST_CFLAGS) -Itests/guest $(DEPGEN) -c -o $@ $<

# The longer stem of the general rule loses to this one.
$(BUILD)/runners/guest/%.o: runners/guest/%.c
	@mkdir -p $(@D)
	$(call say,GUEST,$<)
	$(Q)$(CC) $(GUEST_CFLAGS) $(DEPGEN) -c -o $@ $<

tests: $(TESTS) $(STUBS) $(TEST_GUESTS)
fuzzers: $(FUZZERS)

# These install what is missing before they build.
run: ## a first run: installs, builds, tests the example series, serves the result
	@tests/first-run.sh

check: ## all tests: installs what they need, ends in "N passed, N failed, N skipped"
	@tests/check.sh

# N, QUICK, TREES, STATE, TOPOLOGIES ... are in the environment of both.
quiet: ## boot good kernels N=100 times each, count what fails (TREES= STATE= TOPOLOGIES=)
	@tests/quiet.sh

figures: ## quiet, with what each case took beside its budget; N=0 boots nothing
	@tests/quiet.sh --figures

# ONLY, TREES, STAGES, TOPOLOGIES, STATE are in the environment of both.
mutants: ## put seeded bugs through sluice test: which are caught, by what (ONLY= STATE=)
	@ONLY='$(if $(filter command line environment,$(origin ONLY)),$(ONLY))' tests/mutants.sh

mutants-page: ## docs/MUTANTS.md from the results that are kept
	@ONLY= tests/mutants.sh --page

verdicts: ## verdicts on real kernels whose truth is known: FLAKY=10 AA=100 STATE=
	@tests/verdicts.sh

unit: $(TESTS) $(STUBS) ## unit tests
	@tests/run-unit.sh $(TESTS)

e2e: all $(STUBS) ## end-to-end tests
	@tests/run-e2e.sh

asan: ## unit tests under AddressSanitizer and LeakSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan OPT="-O1 -g" \
		SAN="-fsanitize=address -fno-omit-frame-pointer" unit

ubsan: ## unit tests under UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/ubsan OPT="-O1 -g" \
		SAN="-fsanitize=undefined -fno-sanitize-recover=all" unit

FUZZ_SECONDS ?= 30
fuzz: ## each fuzzer for FUZZ_SECONDS (30); needs clang
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=$(CLANG) OPT="-O1 -g" \
		SAN="-fsanitize=address,fuzzer-no-link" fuzzers
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/run-fuzz.sh $(BUILD)/fuzz/tests

LINT_PATHS ?=
lint: ## ranks, headers, function length, format, cppcheck, shellcheck (LINT_PATHS="lib tests")
	@tests/lint.sh $(LINT_PATHS)

format: ## clang-format every .c and .h in place (or those in LINT_PATHS)
	@find $(or $(LINT_PATHS),lib db kernels runners web daemon cli tests) \
		-name '*.[ch]' ! -path 'tests/data/*' -print0 | xargs -0r clang-format -i

cov: ## unit tests with coverage, percent of lines for each file
	@# Counts of an older build would make gcov write to the stderr under test.
	@if [ -d $(BUILD)/cov ]; then find $(BUILD)/cov -name '*.gcda' -delete; fi
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/cov OPT="-O0 -g" \
		SAN="--coverage" unit
	@tests/coverage.sh $(BUILD)/cov

# Pure: the same numbers come out everywhere.
SIMS := $(BUILD)/tests/sim_series $(BUILD)/tests/sim_column $(BUILD)/tests/sim_history
bench-verdicts: $(SIMS) ## how often verdicts are right, on made-up series and histories (CASES=1000)
	@set -e; for s in $(SIMS); do echo "$$s"; $$s $(or $(CASES),1000); done

bench: all $(STUBS) ## measurements
	tests/bench.sh
	tests/bench-poll.sh
	tests/bench-daemon.sh
	tests/bench-posting.sh

deps: ## install what is needed to build and run
	tests/deps.sh

$(BUILD)/installed/paths.o: lib/paths.c lib/paths.h FORCE
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(INSTALLED_DEFS) -c -o $@ $<

# Named before the archive, paths.o keeps the archive's own from being linked.
$(BUILD)/installed/sluice: $(BUILD)/cli/main.o $(BUILD)/installed/paths.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

SHARE := $(DESTDIR)$(PREFIX)/share/sluice
install: all $(BUILD)/installed/sluice ## to PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE) $(DESTDIR)$(PREFIX)/lib/sluice/guest
	install -m 755 $(BUILD)/installed/sluice $(DESTDIR)$(PREFIX)/bin/sluice
	@set -e; for d in kernels/configs kernels/examples runners/topologies runners/suites runners/known-issues.ini web/static; do \
		[ -e $$d ] || continue; \
		find $$d -type f | while read -r f; do \
			install -D -m 644 "$$f" "$(SHARE)/$$f"; done; done
	@if [ -f config.ini ]; then install -m 644 config.ini $(SHARE)/config.ini; fi
	@set -e; for g in $(GUESTS); do \
		install -m 755 $$g $(DESTDIR)$(PREFIX)/lib/sluice/guest/; done
	@if [ -f docs/sluice.1 ]; then install -D -m 644 docs/sluice.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/sluice.1; fi
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|^ExecStart=/usr/local/|ExecStart=$(PREFIX)/|' contrib/sluiced.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/sluiced.service

clean: ## remove build/
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r t d; do printf '%-14s %s\n' "$$t" "$$d"; done
	@echo
	@echo 'WERROR=1  V=1  BUILD=folder  ONLY="lib db" (folders)  T=test_lib_% (unit tests)'

-include $(OBJS:.o=.d) $(BUILD)/cli/main.d \
	$(TESTS:$(BUILD)/tests/%=$(BUILD)/tests/unit/%.d) \
	$(FUZZERS:$(BUILD)/tests/%=$(BUILD)/tests/fuzz/%.d) \
	$(foreach g,$(GUEST_NAMES),$(GUEST_OBJS_$(g):.o=.d)) \
	$(foreach g,$(notdir $(TEST_GUESTS)),$(TEST_GUEST_OBJS_$(g):.o=.d))
