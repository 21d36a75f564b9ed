# make                the programs, optimised, in build/release/bin
# make FLAVOUR=debug|asan|tsan|cover|fuzz   the same, side by side in build/<flavour>
# make setup          everything a fresh Debian 12 needs
# make demo           one spoken conversation through the real stack; AUDIO=file.wav: yours (PORT=)
# make run            the stack in the foreground on port 8080 (PORT=)
# make check          all tests; the last line counts them
# make faults         what a visitor gets whatever breaks, all of the table; ONLY='Slack|clock'
# make deploys        what becomes of versions that break, and of deploys that are killed
# make authorisation  authorisation.md, rest_access.md, storage.md in tests/data anew: who may what
# make analyse        what clang's analyser says of the sources; tests/run lint has the others
# make bench          how long the steps of a turn take, what the programs weigh
# make bench-turn     what turns cost as they come faster; RATES=1,10 SECONDS=10: a part of it
# make bench-streams  hundreds of streamed replies at once, and how many a second are too many
# make bench-interrupt  how quickly a reply stops that a visitor interrupts
# make bench-attacks  what a visitor notices of attacks; KINDS=flac,long SECONDS=20: a part of it
# make bench-hearing FILE=prompts.tsv   how many words of Debian's spoken prompts are heard wrong
# make bench-recall FILE=locomo.json   how much of the evidence recall finds; bench-memory: how fast
# make install        DESTDIR=, PREFIX=/usr/local: programs, units of systemd, settings, manual pages
# make deb            Debian packages in build/deb; check-deb: installs them in a Debian 12 of its own
# make release        these with their checksums and a list of what is in them
FLAVOUR ?= release
BUILD   ?= build
B       := $(BUILD)/$(FLAVOUR)
CACHE   := $(or $(SCRIBE_CACHE),$(HOME)/.cache/scribe)
PKG     := PKG_CONFIG_PATH=$(CACHE)/whisper.cpp/lib/pkgconfig:$(PKG_CONFIG_PATH) pkg-config

ifeq ($(FLAVOUR),fuzz)
CC      := clang
endif

PKGS    := libpq libcurl libcjson libjwt libavformat libavcodec libswresample libavutil \
           libseccomp zlib whisper libwebsockets
CSTD    := -std=gnu17 -D_GNU_SOURCE -include common/banned.h -iquote $(B)
WARN    := -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla -Wundef -Wformat=2 -Wwrite-strings \
           -Wcast-qual -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -fno-common
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE \
           -fno-strict-overflow -ffunction-sections -fdata-sections
SANE    := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
release := -O2 -g -D_FORTIFY_SOURCE=2
debug   := -O0 -g3
asan    := -O1 -g $(SANE)
tsan    := -O1 -g -fsanitize=thread
cover   := -O0 -g --coverage
fuzz    := -O1 -g $(SANE) -fsanitize=fuzzer-no-link

# What was compiled before, in whichever clone, is taken from the cache. Where it was must not be told
# by it: sources are found from where the project is.
export CCACHE_DIR := $(CACHE)/ccache
export CCACHE_MAXSIZE := 2G
COMPILE = $(CCACHE) $(CC) $(CFLAGS) -fdebug-prefix-map=$(CURDIR)=.

# Asked once, and only when something is compiled: on a fresh machine there is no pkg-config yet.
CCACHE     = $(eval CCACHE := $$(shell mkdir -p $(CCACHE_DIR) 2>&- && [ -w $(CCACHE_DIR) ] && \
             command -v ccache))$(CCACHE)
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell $(PKG) --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell $(PKG) --libs $(PKGS)))$(PKG_LIBS)
CFLAGS   += $(CSTD) $(WARN) $(HARDEN) $($(FLAVOUR)) $(PKG_CFLAGS)
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed,--gc-sections \
            $(filter -fsanitize=% --coverage,$($(FLAVOUR)))
# The small libraries are linked statically: each shared one costs an idle program some 100 kB.
STATIC   := fcgi mp3lame sodium utf8proc
LDLIBS    = $(STATIC:%=-l:lib%.a) $(PKG_LIBS) -lpthread -lm

FUNCTIONS := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
DECODER   := $(B)/libexec/decoder
DECODER_O := $(B)/common/decoder/decoder.o
LIB_OBJS  := $(filter-out $(DECODER_O),$(patsubst %.c,$(B)/%.o,$(wildcard common/*/*.c common/*/*/*.c)))
SQL_HEADERS := $(patsubst %.sql,$(B)/%.sql.h,$(wildcard common/store/*.sql tests/unit/*.sql))
WORD_HEADERS := $(patsubst %.words,$(B)/%.words.h,$(wildcard common/domain/*/*.words tests/unit/*.words))
PLAN_HEADER := $(B)/common/store/sqitch.plan.h
TSV_HEADERS := $(patsubst %.tsv,$(B)/%.tsv.h,$(wildcard common/domain/*/*.tsv))
BINS      := $(FUNCTIONS:%=$(B)/bin/%)
TOOLS     := $(patsubst scripts/tools/%.c,$(B)/libexec/%,\
             $(filter-out scripts/tools/tool.c,$(wildcard scripts/tools/*.c)))
UNITS     := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_*.c))
HELPERS   := $(patsubst tests/integration/%.c,$(B)/integration/%,$(wildcard tests/integration/*.c))
BENCHES   := $(B)/bench/load $(B)/bench/provider $(B)/bench/hearing
FUZZERS   := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# All whose requests come by FastCGI.
FASTCGI   := $(filter-out realtime,$(FUNCTIONS))
RENAMED_O := $(FASTCGI:%=$(B)/fuzz/programs/%.o)
OBJS      := $(LIB_OBJS) $(DECODER_O) $(RENAMED_O) \
             $(patsubst %.c,$(B)/%.o,$(wildcard functions/*/*.c scripts/tools/*.c tests/*/*.c))

all: $(BINS) $(TOOLS) $(DECODER) $(B)/programs.json

# What the programs tell of themselves, whatever is set: asked here, and not at every start.
$(B)/programs.json: $(BINS) $(B)/functions.list
	@for bin in $(BINS); do (cd / && env -i "$$OLDPWD/$$bin" --show-config 2>/dev/null) || exit 1; done >$@.new
	@mv $@.new $@

# Which functions there are: written only where one has come or gone, for one that is gone makes
# nothing newer.
$(B)/functions.list: always
	@mkdir -p $(@D)
	@echo '$(sort $(FUNCTIONS))' | cmp -s - $@ || echo '$(sort $(FUNCTIONS))' >$@
always:

$(B)/libcommon.a: $(LIB_OBJS)
	@rm -f $@
	ar rcs $@ $^

# A program is linked from its folder and what it uses of the library: an
# engine it does not name (a recogniser, a voice) does not end up in it.
define PROGRAM
$(B)/bin/$(1): $(patsubst %.c,$(B)/%.o,$(wildcard functions/$(1)/*.c)) $(B)/libcommon.a
endef
$(if $(filter asan,$(FLAVOUR)),$(eval $(BINS): $(B)/tests/sanitizers/before_leak_check.o))
$(foreach f,$(FUNCTIONS),$(eval $(call PROGRAM,$(f))))
$(BINS):
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What recordings are decoded by; nothing else is linked with libav.
$(DECODER): $(DECODER_O) $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What the scripts for operators run, where only our code can open the data.
$(B)/libexec/%: $(B)/scripts/tools/%.o $(B)/scripts/tools/tool.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/integration/%: $(B)/tests/integration/%.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What the benchmark of turns is driven with: two programs and what these share.
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/tests/bench/loop.o $(B)/tests/bench/answer.o \
              $(B)/tests/bench/says.o $(B)/tests/bench/sequence.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# How well the local recogniser hears: linked with all it needs.
$(B)/bench/hearing: $(B)/tests/bench/hearing.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libcommon.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -fsanitize=fuzzer -o $@ \
		$(filter %.o,$^) $(B)/libcommon.a $(LDLIBS)

# What of a program is a stranger's first reader.
$(B)/fuzz/fuzz_rest_query: $(B)/functions/rest/rest_query.o

# Whole requests: all programs in one, whose main()s are called something else, and without what
# would wait for others (tests/fuzz/programs.c).
define RENAMED
$(B)/fuzz/programs/$(1).o: functions/$(1)/$(1).c
	@mkdir -p $$(@D)
	$$(COMPILE) -Wno-missing-prototypes -Dmain=$(1)_main -MMD -MP -c -o $$@ $$<
endef
$(foreach f,$(FASTCGI),$(eval $(call RENAMED,$(f))))
$(B)/fuzz/fuzz_request: $(B)/tests/fuzz/programs.o $(RENAMED_O) \
              $(patsubst %.c,$(B)/%.o,$(filter-out $(foreach f,$(FASTCGI),functions/$(f)/$(f).c),\
              $(foreach f,$(FASTCGI),$(wildcard functions/$(f)/*.c))))
$(B)/fuzz/fuzz_request: WRAPPED := service_main serve_cgi session_check session_check_mode session_prove \
              heartbeat_start heartbeat_hold heartbeat_doubt_turn heartbeat_doubt_key \
              bookkeeping_start bookkeeping_now decoders_decode speak embed log_line_write \
              $(addprefix conn_,fd job request_fd was_read since_ms coming_ms refusal begin limit end lost)
$(B)/fuzz/fuzz_provider: WRAPPED := http_begin http_end http_do http_content_type http_want \
              signup_mail_count signup_for_mail signup_mail_sent signup_bounced pace_take pace_hold lead_of_session alert_begin alert_end

# SQL that is too long to read well in C: a file of its own, included as a literal.
$(B)/%.sql.h: %.sql scripts/embed-sql
	@mkdir -p $(@D)
	@scripts/embed-sql $< $@

# Word lists and patterns, which are data: tables.
$(B)/%.words.h: %.words scripts/embed-words
	@mkdir -p $(@D)
	@LC_ALL=C scripts/embed-words -v out=$@ $< || { rm -f $@; false; }

# Examples that are data: a table of its own, included as rows of X(name, "sentence").
$(B)/%.tsv.h: %.tsv scripts/embed-examples
	@mkdir -p $(@D)
	@scripts/embed-examples $< $@ || { rm -f $@; false; }

# What of the database this was written for: the last change of the plan.
$(PLAN_HEADER): migrations/sqitch.plan
	@mkdir -p $(@D)
	@awk '/^[a-z]/ { last = $$1 } END { printf "#define SCHEMA_CHANGE \"%s\"\n", last }' $< >$@

# The order is for the first build; from then on the compiler tells who includes what.
$(OBJS): | $(SQL_HEADERS) $(WORD_HEADERS) $(TSV_HEADERS) $(PLAN_HEADER)
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

units: $(UNITS) $(DECODER)
helpers: $(HELPERS) $(BENCHES)
benches: $(BENCHES)
fuzzers: $(FUZZERS)
# What else than the sources an analyser of them reads.
headers: $(SQL_HEADERS) $(WORD_HEADERS) $(TSV_HEADERS) $(PLAN_HEADER)
# The files that programs are linked with, as the linker looks for them.
show-libraries:
	@echo $(STATIC:%=lib%.a) $(patsubst -l%,lib%.so,$(filter -l%,$(PKG_LIBS)))
show-cflags:
	@echo $(CFLAGS)

setup:
	@scripts/setup
demo: setup
	@$(MAKE) -s -j$$(nproc) all
	@scripts/demo
run: setup
	@$(MAKE) -s -j$$(nproc) all
	@scripts/stack run
bench: setup
	@$(MAKE) -s -j$$(nproc) all
	@node tests/bench/turn.mjs
# Names and words of prompts in asterisk-core-sounds-en-g722, which is neither installed nor copied
# by us: FILE=prompts.tsv, SOUNDS=: where the package has its recordings
SOUNDS ?= /usr/share/asterisk/sounds/en_US_f_Allison
bench-hearing: setup
	@$(MAKE) -s -j$$(nproc) $(B)/bench/hearing
	@$(B)/bench/hearing $(SOUNDS) < "$(abspath $(FILE))"
# Evidence found in a LoCoMo file, which stays out of the project: FILE=locomo.json
bench-recall: setup
	@$(MAKE) -s -j$$(nproc) all
	@node tests/bench/recall.mjs "$(abspath $(FILE))"
# How long a recall takes with up to a million memories stored; SIZES=1000,10000: only those
bench-memory: setup
	@$(MAKE) -s -j$$(nproc) all
	@node tests/bench/memory.mjs
# One visitor beside attacks of each kind, a minute of each, and again with attackers that get what the
# stack leaves of the processor: KINDS=flac SECONDS=20 NICE=0: only those
bench-attacks: setup
	@$(MAKE) -s -j$$(nproc) all
	@ulimit -n $$(ulimit -Hn) && node tests/bench/attacks.mjs
# Turns at fixed rates and thousands that wait, providers played: RATES=1,10 SECONDS=10: only those
bench-turn: setup
	@$(MAKE) -s -j$$(nproc) all benches
	@ulimit -n $$(ulimit -Hn) && node tests/bench/turns.mjs
# 500 streams open at once, then ever more a second: RATES=40,60 SECONDS=10: only those
bench-streams: setup
	@$(MAKE) -s -j$$(nproc) all benches
	@ulimit -n $$(ulimit -Hn) && node tests/bench/streams.mjs
# A thousand interruptions at moments drawn by SEED: INTERRUPTIONS=100 RATE=10: so many
bench-interrupt: setup
	@$(MAKE) -s -j$$(nproc) all benches
	@ulimit -n $$(ulimit -Hn) && node tests/bench/interrupt.mjs
# Longer than the tests have time for: what clang's analyser follows through functions
analyse: headers
	@tests/lint/analyse security
check: setup
	@tests/run
# A quarter of an hour; the tests have a short form
faults: setup
	@$(MAKE) -s -j$$(nproc) all
	@node tests/faults/main.mjs
# Five minutes of kill -9 under load, and some more until its alerts have ended; the tests have a
# short form. SECONDS=60 RATE=10 SEED=7: so long, so many turns a second, that chance
storm: setup
	@$(MAKE) -s -j$$(nproc) all
	@node tests/faults/storm_main.mjs
# Half an hour of conversation, and what grew. MINUTES=5: so long
soak: setup
	@$(MAKE) -s -j$$(nproc) all benches
	@ulimit -n $$(ulimit -Hn) && node tests/bench/soak_main.mjs
# Builds and starts a version a dozen times: longer than the tests have time for
deploys: setup
	@$(MAKE) -s -j$$(nproc) all
	@FLAVOUR=$(FLAVOUR) node --test --test-reporter=spec tests/faults/deploy.test.mjs
# What is answered becomes what is agreed upon: look at the difference.
authorisation: setup
	@AUTHORISATION=write tests/integration/run 1 authorisation keys rest storage
# What is installed was built before, maybe by somebody else than root.
install: all
	@BUILD=$(abspath $(BUILD)) FLAVOUR=$(FLAVOUR) scripts/install
deb: setup
	@scripts/setup --packaging
	@scripts/deb
check-deb: deb
	@scripts/check-deb
release: deb
	@scripts/release
clean:
	rm -rf $(BUILD)

.PHONY: all always units helpers benches fuzzers headers show-cflags show-libraries setup demo run storm soak bench \
        bench-attacks bench-hearing bench-interrupt bench-recall bench-memory bench-streams \
        bench-turn analyse check faults deploys authorisation install deb check-deb release clean
.SECONDARY:
-include $(OBJS:.o=.d) $(SQL_HEADERS:.h=.d)
