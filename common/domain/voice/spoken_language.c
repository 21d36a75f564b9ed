/* spoken_language.c -- a table of what Whisper knows, and the other names of some. */
#include "spoken_language.h"

#include "../../base/str.h"

static const struct language {
	const char *code, *name;
} languages[] = {
	{"af", "afrikaans"},
	{"am", "amharic"},
	{"ar", "arabic"},
	{"as", "assamese"},
	{"az", "azerbaijani"},
	{"ba", "bashkir"},
	{"be", "belarusian"},
	{"bg", "bulgarian"},
	{"bn", "bengali"},
	{"bo", "tibetan"},
	{"br", "breton"},
	{"bs", "bosnian"},
	{"ca", "catalan"},
	{"ca", "valencian"},
	{"cs", "czech"},
	{"cy", "welsh"},
	{"da", "danish"},
	{"de", "german"},
	{"el", "greek"},
	{"en", "english"},
	{"es", "castilian"},
	{"es", "spanish"},
	{"et", "estonian"},
	{"eu", "basque"},
	{"fa", "farsi"},
	{"fa", "persian"},
	{"fi", "finnish"},
	{"fo", "faroese"},
	{"fr", "french"},
	{"gl", "galician"},
	{"gu", "gujarati"},
	{"ha", "hausa"},
	{"haw", "hawaiian"},
	{"he", "hebrew"},
	{"hi", "hindi"},
	{"hr", "croatian"},
	{"ht", "haitian"},
	{"ht", "haitian creole"},
	{"hu", "hungarian"},
	{"hy", "armenian"},
	{"id", "indonesian"},
	{"is", "icelandic"},
	{"it", "italian"},
	{"he", "iw"},
	{"ja", "japanese"},
	{"jw", "javanese"},
	{"jw", "jv"},
	{"ka", "georgian"},
	{"kk", "kazakh"},
	{"km", "khmer"},
	{"kn", "kannada"},
	{"ko", "korean"},
	{"la", "latin"},
	{"lb", "letzeburgesch"},
	{"lb", "luxembourgish"},
	{"ln", "lingala"},
	{"lo", "lao"},
	{"lt", "lithuanian"},
	{"lv", "latvian"},
	{"mg", "malagasy"},
	{"mi", "maori"},
	{"mk", "macedonian"},
	{"ml", "malayalam"},
	{"mn", "mongolian"},
	{"mr", "marathi"},
	{"ms", "malay"},
	{"mt", "maltese"},
	{"my", "burmese"},
	{"my", "myanmar"},
	{"ne", "nepali"},
	{"nl", "dutch"},
	{"nl", "flemish"},
	{"nn", "nynorsk"},
	{"no", "nb"},
	{"no", "norwegian"},
	{"oc", "occitan"},
	{"pa", "panjabi"},
	{"pa", "punjabi"},
	{"pl", "polish"},
	{"ps", "pashto"},
	{"ps", "pushto"},
	{"pt", "portuguese"},
	{"ro", "moldavian"},
	{"ro", "moldovan"},
	{"ro", "romanian"},
	{"ru", "russian"},
	{"sa", "sanskrit"},
	{"sd", "sindhi"},
	{"si", "sinhala"},
	{"si", "sinhalese"},
	{"sk", "slovak"},
	{"sl", "slovenian"},
	{"sn", "shona"},
	{"so", "somali"},
	{"sq", "albanian"},
	{"sr", "serbian"},
	{"su", "sundanese"},
	{"sv", "swedish"},
	{"sw", "swahili"},
	{"ta", "tamil"},
	{"te", "telugu"},
	{"tg", "tajik"},
	{"th", "thai"},
	{"tk", "turkmen"},
	{"tl", "filipino"},
	{"tl", "tagalog"},
	{"tr", "turkish"},
	{"tt", "tatar"},
	{"uk", "ukrainian"},
	{"ur", "urdu"},
	{"uz", "uzbek"},
	{"vi", "vietnamese"},
	{"yi", "yiddish"},
	{"yo", "yoruba"},
	{"yue", "cantonese"},
	{"zh", "chinese"},
	{"zh", "mandarin"},
};

/* What stands before the region: "pt" of "pt-BR". */
static struct span without_region(struct span text)
{
	size_t n = 0;

	while (n < text.len && text.ptr[n] != '-' && text.ptr[n] != '_')
		n++;
	return (struct span){text.ptr, n};
}

const char *spoken_language_code(const char *written)
{
	struct span name = span_trim(span_of(written ? written : ""));
	struct span code = without_region(name);

	for (size_t i = 0; i < COUNT(languages); i++)
		if (span_equal_nocase(code, span_of(languages[i].code)) ||
		    span_equal_nocase(code, span_of(languages[i].name)) ||
		    span_equal_nocase(name, span_of(languages[i].name)))
			return languages[i].code;
	return NULL;
}
