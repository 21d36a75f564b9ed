/* speech_act_kind.c -- what kind of message it is, by phrases in order of how telling they are. */
#include "speech_act.h"

#include "../text/words.h"

enum { SHORT_WORDS = 4, HELLO_WORDS = 6, FOREIGN_MIN_WORDS = 2 };

static const char *const order_phrases[] = {
	"ignore previous",
	"ignore all",
	"ignore your",
	"ignore the",
	"ignore any",
	"ignore everything",
	"ignore these",
	"ignore my",
	"ignore instructions",
	"disregard",
	"system prompt",
	"your instructions",
	"your prompt",
	"repeat after me",
	"say exactly",
	"you are now",
	"you're now",
	"pretend to be",
	"pretend you",
	"act as",
	"jailbreak",
	"developer mode",
	"print your",
	"reveal your",
	"from now on you",
	"output the following",
	"respond only with",
	"reply only with",
	"answer only with",
	"new instructions",
	"override",
	"save_extract",
	"function call",
	"lead score",
};
static const char *const order_starts[] = {"say", "repeat", "echo", "print", "write me"};

static const char *const goodbye_phrases[] = {
	"goodbye",
	"good bye",
	"bye",
	"bye bye",
	"see you",
	"have a good one",
	"talk to you later",
	"got to go",
	"gotta go",
	"have to go",
	"that's all for now",
	"that is all for now",
};

static const char *const if_ai_phrases[] = {
	"are you an ai",       "are you ai",         "are you a bot",       "are you a robot",
	"are you a machine",   "are you human",      "are you a human",     "are you a real",
	"are you real",        "are you a person",   "are you a computer",  "are you a language model",
	"are you an llm",      "are you chatgpt",    "are you gpt",         "am i talking to",
	"am i speaking to",    "am i speaking with", "is this an ai",       "is this a bot",
	"is this a robot",     "is this a real",     "is this a recording", "is this ai",
	"which model are you", "what model are you", "are you artificial",  "is it a bot",
};
static const char *const who_phrases[] = {
	"who are you",        "what are you",     "what's your name",  "what is your name",
	"your name",          "who am i talking", "who am i speaking", "tell me about yourself",
	"introduce yourself",
};
static const char *const what_phrases[] = {
	"what can you do", "what do you do",    "how does this work", "how do you work",
	"what is this",    "what's this",       "how can you help",   "what can i do here",
	"what can i ask",  "what do you offer", "what can you help",
};
static const char *const how_are_you_phrases[] = {
	"how are you",    "how's it going", "how is it going", "how do you do",
	"how are things", "what's up",      "how you doing",   "how are we",
};
static const char *const recall_phrases[] = {
	"do you remember",           "remember me", "what did i",      "what's my name",
	"what is my name",           "who am i",    "where do i work", "what have i told",
	"what do you know about me", "did i tell",  "did i mention",   "what did we",
};
static const char *const hear_me_phrases[] = {
	"can you hear me", "do you hear me",  "are you there", "are you listening", "is this working",
	"is this on",      "testing one two", "test test",     "mic check",
};
static const char *const stop_phrases[] = {
	"stop asking",    "no more questions", "don't ask", "stop it", "i said stop",
	"leave me alone", "stop talking",      "be quiet",  "shut up",
};
static const char *const rude_phrases[] = {
	"fuck",           "fuck you", "fucking", "you're useless", "you are useless", "you're stupid",
	"you are stupid", "idiot",    "asshole", "bullshit",       "you suck",        "dumb bot",
};
static const char *const why_ask_phrases[] = {
	"why do you ask",  "why are you asking", "why do you want to know",
	"why do you need", "why would you need", "why should i tell",
};
static const char *const price_phrases[] = {
	"how much do you",    "how much does it",   "how much would", "how much is",
	"what does it cost",  "what would it cost", "do you charge",  "your rates",
	"your rate",          "your prices",        "your pricing",   "your fee",
	"your fees",          "the price",          "the cost",       "day rate",
	"what do you charge",
};
static const char *const person_phrases[] = {
	"talk to a human",     "speak to a human",   "talk to a person", "speak to a person",
	"speak with a person", "speak to someone",   "talk to someone",  "speak with someone",
	"talk with someone",   "talk to william",    "speak to william", "speak with william",
	"talk with william",   "get in touch",       "contact william",  "contact you",
	"reach you",           "reach someone",      "book a meeting",   "book a call",
	"schedule a call",     "schedule a meeting", "set up a call",    "set up a meeting",
	"call me back",        "a real person",      "contact someone",
};
static const char *const help_phrases[] = {
	"can you help",      "could you help",       "would you help",   "can you do",
	"could you do",      "do you help",          "do you work with", "do you offer",
	"do you do",         "are you available",    "can william",      "could william",
	"would you be able", "can we work together",
};
static const char *const advice_phrases[] = {
	"what should i",       "what should we",    "should i",      "should we",
	"what would you",      "what do you think", "any advice",    "any tips",
	"any ideas",           "your advice",       "your opinion",  "do you recommend",
	"would you recommend", "how should",        "how would you", "how do i",
	"how do we",           "how can i",         "how can we",    "where do i start",
	"where should",
};
static const char *const question_starts[] = {
	"who",       "what",     "when",    "where",         "why",     "how",      "which",
	"whose",     "what's",   "who's",   "where's",       "how's",   "can you",  "could you",
	"would you", "will you", "do you",  "did you",       "does",    "is there", "are there",
	"is it",     "is the",   "are the", "tell me about", "tell me", "explain",  "have you",
	"can i",     "could i",  "may i",
};
static const char *const thanks_phrases[] = {"thanks", "thank you", "thank you very much", "cheers",
                                             "much appreciated"};
static const char *const greeting_starts[] = {
	"hi",           "hello",     "hey",   "good morning", "good afternoon",
	"good evening", "greetings", "howdy", "hiya",
};
static const char *const yes_starts[] = {
	"yes",        "yeah",       "yep",         "yup",          "sure",      "of course",
	"absolutely", "definitely", "exactly",     "ok",           "okay",      "right",
	"correct",    "certainly",  "sounds good", "that's right", "please do",
};
static const char *const no_starts[] = {
	"no",         "nope",         "nah",          "not really",       "not yet",
	"not at all", "never",        "none",         "i don't think so", "nothing",
	"no thanks",  "no thank you", "i don't know", "not sure",         "no idea",
};

/* Function words that English does not have. */
static const char *const foreign_words[] = {
	"und",    "ich", "der",   "die",  "das",      "nicht",    "ist",   "wir",    "ein",
	"eine",   "mit", "auf",   "für",  "haben",    "heiße",    "bin",   "guten",  "hallo",
	"danke",  "el",  "los",   "las",  "que",      "qué",      "para",  "una",    "por",
	"con",    "soy", "estoy", "hola", "gracias",  "necesito", "mi",    "je",     "nous",
	"vous",   "les", "des",   "est",  "suis",     "bonjour",  "merci", "avec",   "pour",
	"mon",    "ma",  "une",   "il",   "che",      "sono",     "ciao",  "grazie", "het",
	"een",    "ik",  "niet",  "olá",  "obrigado", "não",      "você",  "dzień",  "dobry",
	"jestem", "jag", "och",   "är",   "hej",
};

static bool starts_with_any(struct span text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (words_start_with(text, list[i], NULL))
			return true;
	return false;
}
#define STARTS(text, list) starts_with_any((text), (list), COUNT(list))

/* No English function word, and another language's or mostly another script. */
static bool is_foreign(const struct speech_act_words *w)
{
	size_t other = 0, english = 0;

	for (size_t i = 0; i < w->n; i++) {
		bool is_other_script = (unsigned char)w->at[i].text.ptr[0] >= 0xc4;

		other += is_other_script || SPEECH_ACT_IS(w->at[i].text, foreign_words);
		english += w->at[i].is_stop;
	}
	return (other >= FOREIGN_MIN_WORDS && other > english) || (w->n && other == w->n);
}

static bool is_orders(struct span message)
{
	return WORDS_ANY(message, order_phrases) || STARTS(message, order_starts);
}

/* Thanks, greetings, yes and no only count when hardly anything else was said. */
static enum speech_act_kind kind_of_remark(struct span message, size_t n)
{
	if (n <= HELLO_WORDS && STARTS(message, greeting_starts))
		return SPEECH_ACT_GREETING;
	if (n <= HELLO_WORDS && WORDS_ANY(message, thanks_phrases))
		return SPEECH_ACT_THANKS;
	if (n <= SHORT_WORDS && STARTS(message, no_starts))
		return SPEECH_ACT_NO;
	if (n <= SHORT_WORDS && STARTS(message, yes_starts))
		return SPEECH_ACT_YES;
	return SPEECH_ACT_STATEMENT;
}

static bool is_question(struct span message)
{
	return memchr(message.ptr, '?', message.len) || STARTS(message, question_starts);
}

enum speech_act_kind speech_act_kind_of(struct span message, const struct speech_act_words *w)
{
	static const struct {
		const char *const   *list;
		size_t               n;
		enum speech_act_kind kind;
	} phrases[] = {
		{stop_phrases, COUNT(stop_phrases), SPEECH_ACT_STOP},
		{rude_phrases, COUNT(rude_phrases), SPEECH_ACT_RUDE},
		{hear_me_phrases, COUNT(hear_me_phrases), SPEECH_ACT_HEAR_ME},
		{if_ai_phrases, COUNT(if_ai_phrases), SPEECH_ACT_IF_AI},
		{recall_phrases, COUNT(recall_phrases), SPEECH_ACT_RECALL},
		{person_phrases, COUNT(person_phrases), SPEECH_ACT_PERSON},
		{who_phrases, COUNT(who_phrases), SPEECH_ACT_WHO},
		{what_phrases, COUNT(what_phrases), SPEECH_ACT_WHAT},
		{how_are_you_phrases, COUNT(how_are_you_phrases), SPEECH_ACT_HOW_ARE_YOU},
		{why_ask_phrases, COUNT(why_ask_phrases), SPEECH_ACT_WHY_ASK},
		{price_phrases, COUNT(price_phrases), SPEECH_ACT_PRICE},
		{help_phrases, COUNT(help_phrases), SPEECH_ACT_HELP},
		{advice_phrases, COUNT(advice_phrases), SPEECH_ACT_ADVICE},
	};

	if (is_orders(message))
		return SPEECH_ACT_ORDERS;
	if (!w->n)
		return SPEECH_ACT_NOTHING;
	if (is_foreign(w))
		return SPEECH_ACT_FOREIGN;
	for (size_t i = 0; i < COUNT(phrases); i++)
		if (words_find_any(message, phrases[i].list, phrases[i].n))
			return phrases[i].kind;
	if (w->n <= 2 && words_start_with(message, "why", NULL))
		return SPEECH_ACT_WHY_ASK;
	if (is_question(message))
		return SPEECH_ACT_QUESTION;
	if (WORDS_ANY(message, goodbye_phrases) && w->n <= 12)
		return SPEECH_ACT_GOODBYE;
	return kind_of_remark(message, w->n);
}
