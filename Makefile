# Every task a person or a CI needs. `make help` lists them.

BUILD    ?= build
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror -pedantic
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -g $(WARNINGS)
# What a plug-in may call of ours.
EXPORTS  := -Wl,--export-dynamic-symbol='env_*' -Wl,--export-dynamic-symbol=__assert_fail
LIBS     := -lyaml -ljansson -lm $(EXPORTS)
COMMA    := ,

SOURCES   := $(sort $(wildcard sim/*/*.c protocols/*.c protocols/*/*.c))
MAIN      := sim/cli/main.c
LIBRARY   := $(filter-out $(MAIN),$(SOURCES))
PROGRAMS  := tests/bench.c tests/soak.c tests/fingerprints.c tests/agreement.c tests/mutants.c
# By programs, too.
SHARED    := $(addprefix tests/consistency/,histories.c agreement.c figures.c patterns.c \
	     transaction_histories.c transaction_twin.c) tests/scenario/mutants.c
TESTS     := $(filter-out $(PROGRAMS),$(sort $(wildcard tests/*.c tests/*/*.c)))
TESTS     := $(filter-out tests/tools/%,$(TESTS))
PICTURES  := $(sort $(wildcard reports/*.gp))
SCENARIOS := $(sort $(wildcard scenarios/*/*.yaml))
BEYOND    := $(filter scenarios/beyond/%,$(SCENARIOS))
HEALTHY   := $(filter-out scenarios/zoo/% $(BEYOND),$(SCENARIOS))
CHAOTIC   := $(filter %/chaos.yaml,$(HEALTHY))
ZOO       := $(sort $(wildcard scenarios/zoo/*.yaml))

all: $(BUILD)/ordeal ## build the command, build/ordeal

# ---- Variants: a compiler and its flags, with a folder of its own for what comes of them ---------

# $(1) name, $(2) compiler, $(3) flags
define variant
$(1)_OBJECTS := $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(LIBRARY)) $(BUILD)/$(1)/pictures.o

$(BUILD)/$(1)/%.o: %.c | packages
	@mkdir -p $$(dir $$@)
	@$(2) $$(CFLAGS) $(3) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1)/pictures.o: $(BUILD)/pictures.c
	@mkdir -p $$(dir $$@)
	@$(2) $$(CFLAGS) $(3) -c -o $$@ $$<
$(BUILD)/$(1)/ordeal: $$($(1)_OBJECTS) $(BUILD)/$(1)/sim/cli/main.o
	@$(2) $$(CFLAGS) $(3) -o $$@ $$^ $$(LIBS)
$(BUILD)/$(1)/unit: $$($(1)_OBJECTS) $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(TESTS))
	@$(2) $$(CFLAGS) $(3) -o $$@ $$^ $$(LIBS) -lcunit
$(BUILD)/$(1)/tests/%: $$($(1)_OBJECTS) $(BUILD)/$(1)/tests/%.o $$(SHARED:%.c=$(BUILD)/$(1)/%.o)
	@$(2) $$(CFLAGS) $(3) -o $$@ $$^ $$(LIBS)
.PRECIOUS: $(BUILD)/$(1)/%.o
-include $$(shell find $(BUILD)/$(1) -name '*.d' 2>/dev/null)
endef

# What is fastest: calls across files are most of a handler's cost, so they are inlined. That takes
# time at the link, so what happens before and after runs stays out of it.
RELEASE = -O3 -flto -fuse-ld=lld -Wno-unused-command-line-argument \
	   -mllvm -inline-threshold=2000 -Wl$(COMMA)-mllvm$(COMMA)-inline-threshold=3000

$(foreach folder,cli plugin results scenario,$(BUILD)/release/sim/$(folder)/%.o): RELEASE := -O2
$(eval $(call variant,release,clang,$$(RELEASE)))
$(eval $(call variant,gcc,gcc,-O2))
$(eval $(call variant,clang,clang,-O0))
$(eval $(call variant,san,clang,-O1 -fsanitize=address$(COMMA)undefined -fno-sanitize-recover=all))
$(eval $(call variant,msan,clang,-O1 -fsanitize=memory -fno-sanitize-recover=all))

# The gnuplot scripts of reports/ stand in the binary: it reads nothing outside what it is given.
$(BUILD)/pictures.c: $(PICTURES) reports/embed.awk
	@mkdir -p $(BUILD)
	@awk -f reports/embed.awk $(PICTURES) > $@

$(BUILD)/ordeal: $(BUILD)/release/ordeal
	@cp $< $@.new && mv $@.new $@

# ---- What a fresh Debian machine lacks is installed, quietly and once ----------------------------

PACKAGES := gcc g++ clang lld libclang-rt-14-dev libcunit1-dev libyaml-dev libjansson-dev \
	    libxxhash-dev libpcg-cpp-dev gnuplot-nox fonts-dejavu-core
ROOT     := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

packages:
	@missing=$$(for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || \
			echo $$p; \
	done); \
	if [ -n "$$missing" ]; then \
		echo "installing: "$$missing; \
		command -v $(or $(ROOT),true) >/dev/null || \
			{ echo "as root: apt-get install -y "$$missing; exit 1; }; \
		{ $(ROOT) apt-get update && DEBIAN_FRONTEND=noninteractive \
		  $(ROOT) apt-get install -y --no-install-recommends $$missing; } \
			>/dev/null 2>$(or $(TMPDIR),/tmp)/ordeal-apt || \
			{ cat $(or $(TMPDIR),/tmp)/ordeal-apt; \
			  echo "as root: apt-get install -y "$$missing; exit 1; }; \
	fi

# ---- The two commands ----------------------------------------------------------------------------

demo: packages ## run Raft under faults and draw what happened: start here
	@test -x $(BUILD)/ordeal || echo "== building $(BUILD)/ordeal: half a minute, once"
	@$(MAKE) -s -j$(shell nproc) $(BUILD)/ordeal
	@echo "== five nodes; the leader is cut off with a minority"
	@./$(BUILD)/ordeal run scenarios/raft/majority-partition.yaml --seed 1
	@echo "look at: out/raft-majority-partition/seed-1/leaders.png (and latency, availability)"
	@echo
	@echo "== the same run, with a bug: a deposed leader answers reads from its memory"
	@./$(BUILD)/ordeal run scenarios/raft/majority-partition.yaml --seed 1 \
		--out out/with-a-bug \
		--bug raft.serves-stale-reads | sed -n '/seed 1 violated/,$$p'
	@echo "== Raft under every kind of accident, twenty seeds each"
	@./$(BUILD)/ordeal run $(filter scenarios/raft/%,$(SCENARIOS)) --jobs 2 | \
		grep -E '^raft-|shows|operations'
	@echo "pictures of each: out/*/seed-1/*.png"

test: unit determinism zoo ## all that must hold, in under four minutes

# ---- Tests ---------------------------------------------------------------------------------------

VARIANTS := gcc clang san

# The programs at length are built along, so that none of them falls behind.
unit: $(VARIANTS:%=unit-%) $(PROGRAMS:%.c=$(BUILD)/gcc/%)
unit-%: $(BUILD)/%/unit $(BUILD)/%/ordeal
	@echo "== unit tests, $*"
	@MAKEFLAGS= ORDEAL=$(BUILD)/$*/ordeal ./$(BUILD)/$*/unit > $(BUILD)/unit-$*.txt 2>&1 || \
		{ grep -vE '^ +Test: .*passed$$' $(BUILD)/unit-$*.txt; exit 1; }
	@sed -n '/Run Summary/,$$p' $(BUILD)/unit-$*.txt

determinism: $(VARIANTS:%=$(BUILD)/%/tests/fingerprints)
	@echo "== every scenario twice, under three builds"
	@for v in $(VARIANTS); do \
		./$(BUILD)/$$v/tests/fingerprints $(SCENARIOS) > $(BUILD)/fingerprints-$$v.txt || \
			{ cat $(BUILD)/fingerprints-$$v.txt; exit 1; }; \
	done
	@cmp $(BUILD)/fingerprints-gcc.txt $(BUILD)/fingerprints-clang.txt
	@cmp $(BUILD)/fingerprints-gcc.txt $(BUILD)/fingerprints-san.txt
	@echo "$(words $(SCENARIOS)) scenarios: one fingerprint each"

zoo: $(BUILD)/ordeal
	@echo "== each known bug once, to its conviction; then the same files with no bug"
	@./$(BUILD)/ordeal run $(ZOO) --jobs 2 --quiet --out $(BUILD)/zoo
	@./$(BUILD)/ordeal run $(ZOO) --no-bugs --seeds 1..20 --jobs 2 --quiet \
		--out $(BUILD)/zoo-clean
	@echo "$(words $(ZOO)) files: each bug convicted by its judge, the control and all others clean"

# MemorySanitizer finds a leaked stack byte; suites that go through other libraries stay out.
MSAN := arena queue choice distribution effects guard statics network wire links disk \
	disk_stores disk_faults disk_twin process world snapshot trace workload faults \
	fault_processes fault_disks fault_cuts fault_targets fault_heal budget apps single raft \
	raft_disk pace abd counter judges elections logs commits applied ledgers settled \
	linearizability judge transactions

msan: $(BUILD)/msan/unit ## the kernel's and the protocols' tests under MemorySanitizer
	@./$(BUILD)/msan/unit $(MSAN) > $(BUILD)/unit-msan.txt 2>&1 || \
		{ cat $(BUILD)/unit-msan.txt; exit 1; }
	@sed -n '/Run Summary/,$$p' $(BUILD)/unit-msan.txt

# Ten thousand seeds over all scenarios.
EACH = $(shell expr 10000 / $(words $(HEALTHY)) + 1)

CHAOS ?= 100000
soak: msan $(BUILD)/release/tests/soak $(BUILD)/release/tests/agreement
soak: $(BUILD)/san/tests/mutants
soak: $(VARIANTS:%=$(BUILD)/%/tests/fingerprints) ## at length; CHAOS=runs under nemeses
	@echo "== the judge of histories against a twin, 1,000,000 histories of each kind"
	@./$(BUILD)/release/tests/agreement 1000000
	@echo "== spoilt scenarios, under the sanitizers"
	@./$(BUILD)/san/tests/mutants 100000 $(SCENARIOS) $(wildcard tests/data/scenarios/good/*)
	@./$(BUILD)/release/tests/soak $(filter-out $(CHAOTIC),$(HEALTHY)) $(BEYOND) --zoo $(ZOO) \
		--chaos $(CHAOS) $(CHAOTIC)
	@echo "== $(words $(HEALTHY)) scenarios, $(EACH) seeds each, twice and more, in three builds"
	@for v in $(VARIANTS); do \
		printf '%s\n' $(HEALTHY) | \
			xargs -P 2 -n 1 ./$(BUILD)/$$v/tests/fingerprints --seeds $(EACH) \
			> $(BUILD)/soak-$$v.txt || { cat $(BUILD)/soak-$$v.txt; exit 1; }; \
		sort -k 2 -o $(BUILD)/soak-$$v.txt $(BUILD)/soak-$$v.txt; \
		cmp $(BUILD)/soak-gcc.txt $(BUILD)/soak-$$v.txt; \
	done
	@cat $(BUILD)/soak-gcc.txt

ONLY ?=
bench: $(BUILD)/release/tests/bench ## the figures; ONLY=substring for a part
	@./$(BUILD)/release/tests/bench $(BUILD)/bench.tsv $(ONLY)

# ---- Tidiness ------------------------------------------------------------------------------------

ALL_C := $(SOURCES) $(TESTS) $(PROGRAMS)
ALL_H := $(sort $(wildcard sim/*.h sim/*/*.h protocols/*.h protocols/*/*.h tests/*.h tests/*/*.h))

tidy: ## clang-format and clang-tidy
	@clang-format --dry-run -Werror $(ALL_C) $(ALL_H)
	@printf '%s\n' $(ALL_C) | \
		xargs -P 2 -I FILE clang-tidy --quiet FILE -- -std=c11 -D_GNU_SOURCE -I. 2>/dev/null

clean: ## remove what was built, and results
	rm -rf $(BUILD) out

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

.PHONY: all packages demo test unit determinism zoo msan soak bench tidy clean help
