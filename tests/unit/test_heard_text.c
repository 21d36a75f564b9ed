/* test_heard_text.c -- sounds and loops go, what people say stays, however often they say it. */
#include "../../common/domain/voice/heard_text.h"
#include "unit.h"

struct sample {
	const char *written, *kept;
};

static void holds(struct ctx *cx, const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_string_equal(heard_text_clean(cx->arena, samples[i].written), samples[i].kept);
}

static void brackets_go_only_when_they_are_sounds(void **state)
{
	static const struct sample samples[] = {
		{" Call me at (555) 123-4567.", "Call me at (555) 123-4567."},
		{" We need (maybe) a new search.", "We need (maybe) a new search."},
		{" Five * three * two.", "Five * three * two."},
		{" It is 5*3*2.", "It is 5*3*2."},
		{" Extension [12], please.", "Extension [12], please."},
		{" [BLANK_AUDIO]", ""},
		{" [unverständlich] Ja.", "Ja."},
		{" (UPBEAT MUSIC) Hello.", "Hello."},
		{" I see (laughs) and then (door closes) we left.", "I see and then we left."},
		{" (Gelächter) Ja (rires) oui (笑い) はい", "Ja oui はい"},
		{" (the wrapper crinkles)", ""},
		{" *sighs* Well ♪ la la ♫", "Well la la"},
		{" Never (closed", "Never (closed"},
		{" ()", ""},
		{" a\n b\tc ", "a b c"},
		{"", ""},
	};

	holds(*state, samples, COUNT(samples));
}

static void loops_are_cut(void **state)
{
	static const struct sample samples[] = {
		{" I want to to to to to go.", "I want to go."},
		{" We are at the the the the end", "We are at the end"},
		{" 7 or 8 to exit. 8 to exit.", "7 or 8 to exit."},
		{" I need help. I need help! I need help.", "I need help."},
		{" So a little bit of a little bit of a little bit of it", "So a little bit of it"},
		{" And then, and then, and then, and then we left.", "and then we left."},
		{" no no no no no no no no no no", "no no no"},
		{" you you you you you you", ""},
		{" To to to to to.", ""},
		{"蜂蜜蜜蜜蜜蜜", ""},
	};

	holds(*state, samples, COUNT(samples));
}

static void what_people_repeat_stays(void **state)
{
	static const char *const said[] = {
		"No no no.",
		"No, no, no, no, no!",
		"Bye bye.",
		"Thank you. Thank you.",
		"Hello? Hello? Are you there?",
		"Five five five, one two one two.",
		"555 555 555 555 0000",
		"0 0 0 0 0 0 0 0 0",
		"It is very very very good.",
		"That that is true.",
		"Come on, come on, come on.",
		"Is it yours or is it ours?",
		"I said that I need help. You said that I need it.",
		"Hmmmmmmm, nooooooo.",
	};

	for (size_t i = 0; i < COUNT(said); i++)
		assert_string_equal(heard_text_clean(((struct ctx *)*state)->arena, said[i]), said[i]);
}

static void knows_what_is_written_for_noise(void **state)
{
	static const struct {
		const char     *text;
		enum heard_kind kind;
	} cases[] = {
		{"Right.", HEARD_ANSWER},
		{"OKAY", HEARD_ANSWER},
		{"Right now.", HEARD_WORDS},
		{"Thank you.", HEARD_STOCK},
		{"Thank you. Thank you so much.", HEARD_STOCK},
		{"Vielen Dank.", HEARD_STOCK},
		{"Thank you, I need a demo.", HEARD_WORDS},
		{"Thank you for watching.", HEARD_OUTRO},
		{"Thank you. See you in the next video!", HEARD_OUTRO},
		{"Thanks for watching our demo.", HEARD_WORDS},
		{"ご視聴ありがとうございました。", HEARD_OUTRO},
		{"시청해주셔서 감사합니다.", HEARD_OUTRO},
		{"谢谢观看", HEARD_OUTRO},
		{"Спасибо за просмотр!", HEARD_OUTRO},
		{"İzlediğiniz için teşekkür ederim.", HEARD_OUTRO},
		{"Vielen Dank fürs Zuschauen!", HEARD_OUTRO},
		{"Merci d'avoir regardé cette vidéo !", HEARD_OUTRO},
		{"¡Gracias por ver el vídeo!", HEARD_OUTRO},
		{"Untertitelung des ZDF, 2020", HEARD_OUTRO},
		{"Субтитры сделал DimaTorzok", HEARD_OUTRO},
		{"Wir brauchen Untertitel.", HEARD_WORDS},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(heard_text_kind(cases[i].text), cases[i].kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(brackets_go_only_when_they_are_sounds),
		UNIT_TEST(loops_are_cut),
		UNIT_TEST(what_people_repeat_stays),
		UNIT_TEST(knows_what_is_written_for_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
