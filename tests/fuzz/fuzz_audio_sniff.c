/* fuzz_audio_sniff.c -- any bytes get a name, without reading beyond them. */
#include "../../common/domain/voice/audio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum audio_format format = audio_sniff((struct span){(const char *)data, size});

	return *audio_format_name(format) ? 0 : -1;
}
