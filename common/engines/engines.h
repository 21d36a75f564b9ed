/* engines.h -- every engine there is; the chains choose from these. */
#ifndef ENGINES_H
#define ENGINES_H

#include "embedding.h"
#include "hearing.h"
#include "speaking.h"
#include "thinking.h"

extern struct stt_engine   groq_stt, whisper_stt;
extern struct llm_engine   groq_llm, openai_llm, builtin_llm;
extern struct tts_engine   elevenlabs_tts, flite_tts;
extern struct embed_engine openai_embed, minilm_embed;

/* A file in the folder of minilm_embed's model; in the arena. */
const char *minilm_file(struct arena *a, const char *file) NEVER_NULL;

#endif
