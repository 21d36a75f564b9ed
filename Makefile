# make            all programs, optimised, in build/release/bin
# make FLAVOUR=debug|asan|tsan|cover   the same, side by side in build/<flavour>
# make demo       one spoken conversation through the real stack
# make check      everything the tests know
FLAVOUR ?= release
BUILD   ?= build
B       := $(BUILD)/$(FLAVOUR)
CACHE   := $(or $(SCRIBE_CACHE),$(HOME)/.cache/scribe)
export PKG_CONFIG_PATH := $(CACHE)/whisper.cpp/lib/pkgconfig:$(PKG_CONFIG_PATH)

PKGS    := libpq libcurl libcjson libsodium libjwt libavformat libavcodec libswresample libavutil
CSTD    := -std=gnu17 -D_GNU_SOURCE -include common/banned.h
WARN    := -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wundef -Wformat=2 -Wwrite-strings \
           -Wcast-qual -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -fno-common
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
           -fno-strict-overflow -ffunction-sections -fdata-sections
release := -O2 -g -D_FORTIFY_SOURCE=2
debug   := -O0 -g3
asan    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
tsan    := -O1 -g -fsanitize=thread
cover   := -O0 -g --coverage
CFLAGS  += $(CSTD) $(WARN) $(HARDEN) $($(FLAVOUR)) -I$(CACHE)/whisper.cpp/include \
           $(shell pkg-config --cflags $(PKGS))
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed,--gc-sections \
           $(filter -fsanitize% --coverage,$($(FLAVOUR)))
LDLIBS  := -lfcgi -lflite_cmu_us_slt -lflite_usenglish -lflite_cmulex -lflite -lmp3lame \
           $(shell pkg-config --libs $(PKGS)) -lpthread -lm

FUNCTIONS := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
LIB_OBJS  := $(patsubst %.c,$(B)/%.o,$(wildcard common/*.c common/*/*.c))
BINS      := $(FUNCTIONS:%=$(B)/bin/%)
UNITS     := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
OBJS      := $(LIB_OBJS) $(patsubst %.c,$(B)/%.o,$(wildcard functions/*/*.c tests/unit/*.c))

all: $(BINS)

$(B)/libcommon.a: $(LIB_OBJS)
	@rm -f $@
	ar rcs $@ $^

# A program is linked from its folder and what it uses of the library: an
# engine it does not name (a recogniser, a voice) does not end up in it.
define PROGRAM
$(B)/bin/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard functions/$(1)/*.c)) $(B)/libcommon.a
endef
$(foreach f,$(FUNCTIONS),$(eval $(call PROGRAM,$(f))))
$(BINS):
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

units: $(UNITS)

clean:
	rm -rf $(BUILD)

.PHONY: all units clean
.SECONDARY:
-include $(OBJS:.o=.d)
