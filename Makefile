# Every task a person or a CI needs. `make help` lists them.

BUILD    ?= build
CC       ?= gcc
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror -pedantic
CFLAGS   := -std=c11 -D_GNU_SOURCE -I. -g $(WARNINGS)
LIBS     := -lyaml -ljansson -lm

SOURCES  := $(sort $(wildcard sim/*/*.c protocols/*.c protocols/*/*.c))
MAIN     := sim/cli/main.c
LIBRARY  := $(filter-out $(MAIN),$(SOURCES))
TESTS    := $(sort $(wildcard tests/*.c tests/*/*.c))
TESTS    := $(filter-out tests/bench.c tests/soak.c tests/tools/%,$(TESTS))

all: $(BUILD)/ordeal ## build the command: build/ordeal

# ---- A variant is a compiler and its flags; its objects stand in a folder of their own -------------

# $(1) name, $(2) compiler, $(3) flags
define variant
$(1)_OBJECTS := $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(LIBRARY))
$(BUILD)/$(1)/%.o: %.c
	@mkdir -p $$(dir $$@)
	@$(2) $$(CFLAGS) $(3) -MMD -MP -c -o $$@ $$<
$(BUILD)/$(1)/ordeal: $$($(1)_OBJECTS) $(BUILD)/$(1)/sim/cli/main.o
	@$(2) $$(CFLAGS) $(3) -o $$@ $$^ $$(LIBS)
$(BUILD)/$(1)/tests/run: $$($(1)_OBJECTS) $$(patsubst %.c,$(BUILD)/$(1)/%.o,$$(TESTS))
	@$(2) $$(CFLAGS) $(3) -o $$@ $$^ $$(LIBS) -lcunit
-include $$(shell find $(BUILD)/$(1) -name '*.d' 2>/dev/null)
endef

$(eval $(call variant,release,gcc,-O2 -flto=auto -fno-semantic-interposition))
$(eval $(call variant,gcc,gcc,-O2))
$(eval $(call variant,clang,clang,-O0))
$(eval $(call variant,san,clang,-O1 -fsanitize=address$(COMMA)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer))
COMMA := ,

$(BUILD)/ordeal: $(BUILD)/release/ordeal
	@cp $< $@

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: all clean help
