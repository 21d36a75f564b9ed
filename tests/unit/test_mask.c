/* test_mask.c -- names, addresses and numbers are masked, in texts and in JSON. */
#include "../../common/domain/who/mask.h"

#include "../../common/base/json_in.h"
#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ctx cx;

static int setup(void **state)
{
	(void)state;
	json_start();
	cx.arena = arena_new(65536);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&cx.arena);
	return 0;
}

static struct names names_of(const char *list)
{
	struct names names = {.n = 0};
	struct span  rest = span_of(list), one;

	while (str_next_item(&rest, &one))
		names_add(&cx, &names, arena_strndup(cx.arena, one.ptr, one.len));
	return names;
}

struct text_case {
	const char *names, *text, *masked;
};

static void mask_each(const struct text_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct names names = names_of(cases[i].names);
		const char  *got = mask_str(&cx, cases[i].text, &names);

		if (!str_equal(got, cases[i].masked))
			fail_msg("\"%s\" became \"%s\"", cases[i].text, got);
	}
}

static void masks_names(void **state)
{
	static const struct text_case cases[] = {
		{"", "Dana Reyes", "Dana Reyes"},
		{"Dana Reyes", "", ""},
		{"Dana Reyes", "nothing of the kind", "nothing of the kind"},
		{"Dana Reyes", "Hi, I am Dana Reyes.", "Hi, I am [name]."},
		{"Dana Reyes", "Good to meet you, Dana; noted.", "Good to meet you, [name]; noted."},
		{"Dana Reyes", "DANA and reyes, Reyes", "[name] and [name], [name]"},
		{"Dana Reyes", "Dana's plan, Reyes\u2019s too", "[name]'s plan, [name]\u2019s too"},
		{"Dana Reyes", "Danas bandana", "Danas bandana"},
		{"Dana Reyes", "dana-reyes dana_reyes dana.reyes", "[name]"},
		{"Dana Reyes", "(Reyes, Dana)", "([name], [name])"},
		{"Dana Reyes", "it is spelled R-E-Y-E-S, or d a n a", "it is spelled [name], or [name]"},
		{"Dana Reyes", "r e y e", "r e y e"},
		{"dana reyes", "Dana\nReyes", "[name]\n[name]"},
		{"Jos\u00e9 M\u00fcller", "jose or JOS\u00c9 Muller", "[name] or [name]"},
		{"Zoe", "Zo\u00eb came", "[name] came"},
		{"O'Brien", "O\u2019Brien's pub", "[name]'s pub"},
		{"Jean-Luc de la Cruz", "la Cruz, de la Cruz; de facto la la",
	     "[name], [name]; de facto la la"},
		{"Dana R. Reyes", "an R function by Dana R. Reyes", "an R function by [name]"},
		{"Will Turner", "I will, will Turner? Will!", "I will, [name]? [name]!"},
		{"Le Van", "le mot; Le Van", "le mot; [name]"},
		{"Dana Reyes,Ana Li", "Ana met Dana Li", "[name] met [name]"},
		{"\u041e\u043b\u044c\u0433\u0430", "\u044f \u043e\u043b\u044c\u0433\u0430 .",
	     "\u044f [name] ."},
		{"J", "J is a letter", "J is a letter"},
		{"Dana Reyes", "write to dana.reyes@x.io, Dana", "write to [email], [name]"},
		{"Dana", "dana at gmail dot com is my email", "[email] is my email"},
		{"Dana", "Dana 415 555 0132", "[name] [phone]"},
	};

	(void)state;
	mask_each(cases, COUNT(cases));
	assert_null(mask_str(&cx, NULL, NULL));
	assert_string_equal(mask_str(&cx, "a@b.co", NULL), "[email]");
}

/* As people write their names, and as others do. */
static void masks_other_writings(void **state)
{
	static const struct text_case cases[] = {
		{"Nguyễn Văn Hùng", "NGUYỄN VĂN HÙNG, Nguyen Van Hung, hùng", "[name], [name], [name]"},
		{"Nguyen Van Hung", "toi la Nguyễn Văn Hùng.", "toi la [name]."},
		{"Đặng Hà", "dang ha and ĐẶNG HÀ", "[name] and [name]"},
		{"José Müller", "Jose\u0301 Mu\u0308ller's, JOSE\u0301!", "[name]'s, [name]!"},
		{"Jose\u0301", "José, jose", "[name], [name]"},
		{"Jörg Müller", "Joerg Mueller, JÖRG", "[name], [name]"},
		{"Joerg Mueller", "Jörg Müller", "[name]"},
		{"Søren Åberg", "Soeren Aaberg, Soren Aberg", "[name], [name]"},
		{"Αλέξιος Παππάς", "ΑΛΕΞΙΟΣ ΠΑΠΠΑΣ, παππας", "[name], [name]"},
		{"Ștefan Țepeș", "Ştefan Ţepeş, stefan tepes, ŞTEFAN", "[name], [name], [name]"},
		{"Hans Weiß", "HANS WEISS, weiss, WEIẞ", "[name], [name], [name]"},
		{"Kai Strauss", "Strauß kam", "[name] kam"},
		{"Yıldız İpek", "YILDIZ IPEK, yildiz ipek", "[name], [name]"},
		{"Łukasz", "lukasz and LUKASZ", "[name] and [name]"},
		{"Пётр Иванов", "ПЕТР ИВАНОВ, петр", "[name], [name]"},
		{"Dana", "Ｄａｎａ and Da\u00adna", "[name] and [name]"},
		{"O'Brien", "OBrien, O‘Brien, o’brien’s", "[name], [name], [name]’s"},
		{"Jean-Luc", "Jean\u2011Luc; Jean – Luc", "[name]; [name]"},
		{"Nguyễn", "N-G-U-Y-Ễ-N or n g u y e n", "[name] or [name]"},
		{"علی‌رضا", "من علی‌رضا هستم", "من [name] هستم"},
		/* in texts without spaces */
		{"山田太郎", "私は山田太郎です。山田さん、太郎！", "私は[name]です。[name]さん、[name]！"},
		{"山田 太郎", "山田太郎と山田・太郎と太郎君", "[name]と[name]と[name]君"},
		{"王小明", "我叫王小明，今天小明说王小", "我叫[name]，今天[name]说[name]"},
		{"李 明", "李明和李子，明天", "[name]和李子，明天"},
		{"金", "金さん、金曜日", "金さん、金曜日"},
		{"金 哲", "金さん、金曜日", "[name]さん、金曜日"},
		{"김민수", "저는 김민수입니다. 민수야, 소민수", "저는 [name]입니다. [name]야, 소민수"},
		{"\u1100\u1175\u11b7\u1106\u1175\u11ab", "김민이 김미는", "[name]이 김미는"},
		{"アンナ", "アンナは、アンナプルナ、ｱﾝﾅ", "[name]は、アンナプルナ、[name]"},
		{"あい", "あいです、あいにく、あいさん", "あいです、あいにく、[name]さん"},
		{"高橋あやか", "高橋とあやかさん", "[name]と[name]さん"},
		{"Dana Reyes", "私はDanaです", "私は[name]です"},
		{"สมชาย", "ผมชื่อสมชายครับ", "ผมชื่อ[name]ครับ"},
		{"か", "かが", "かが"},
		{"山田太郎", "2山田 3太郎4", "2[name] 3[name]4"},
	};

	(void)state;
	mask_each(cases, COUNT(cases));
}

static void leaves_ordinary_words(void **state)
{
	static const struct text_case cases[] = {
		{"Will Turner", "Will you come? I will.", "Will you come? I will."},
		{"Will Turner", "Will is here, ask Will.", "[name] is here, ask [name]."},
		{"Mark", "please mark the date. Mark my words", "please mark the date. Mark my words"},
		{"Mark", "hi, i'm mark and i sell boats", "hi, i'm [name] and i sell boats"},
		{"Mark", "my name is mark", "my name is [name]"},
		{"Mark", "mark", "[name]"},
		{"Mark", "MARK THE DATE", "MARK THE DATE"},
		{"Mark Hale", "MARK HALE HERE", "[name] HERE"},
		{"Rose", "prices rose, says mr rose to Rose", "prices rose, says mr [name] to [name]"},
		{"Rose Hill", "i am rose hill; up the hill", "i am [name]; up the hill"},
		{"Frank", "i'm frank about it, thanks frank", "i'm frank about it, thanks [name]"},
		{"Võ Đỗ", "what do we do, Đỗ", "what do we do, [name]"},
		{"Le Van", "le mot, le van", "le mot, [name]"},
	};

	(void)state;
	mask_each(cases, COUNT(cases));
}

static void masks_json(void **state)
{
	static const struct {
		const char *json, *masked;
	} cases[] = {
		{"null", "null"},
		{"{\"a\":[1,2.5,true],\"b\":{}}", "{\"a\":[1,2.5,true],\"b\":{}}"},
		{"\"Dana\"", "\"[name]\""},
		{"{\"Dana\": {\"x\": \"y\", \"likes\":\"tea\"}}",
	     "{\"[name]\": {\"x\": \"y\", \"likes\":\"tea\"}}"},
		{"[\"\\nDana\\t\",\"\\\"Reyes\\\"\"]", "[\"\\n[name]\\u0009\",\"\\\"[name]\\\"\"]"},
		{"{\"first\":\"Dana\",\"last\":\"Reyes\",\"n\":7}",
	     "{\"first\":\"[name]\",\"last\":\"[name]\",\"n\":7}"},
		{"[\"Dana\", \"Reyes\"]", "[\"[name]\", \"[name]\"]"},
		{"{\"phone\":5550132}", "{\"phone\":\"[phone]\"}"},
		{"{\"phone\":\"555 0132\"}", "{\"phone\":\"[phone]\"}"},
		{"[\"415\",\"555 0132\",\"x\"]", "[\"[phone]\",\"[phone]\",\"x\"]"},
		{"{\"users\":50000}", "{\"users\":50000}"},
		{"{\"e\":\"a@b.co and c@d.co\",\"z\":\"\\u0061\"}",
	     "{\"e\":\"[email] and [email]\",\"z\":\"\\u0061\"}"},
		{"\"\\u0044ana\"", "\"[name]\""},
		{"\"\"", "\"\""},
		{"\"\\\\\"", "\"\\\\\""},
	};
	struct names names = names_of("Dana Reyes");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got = mask_json(&cx, span_of(cases[i].json), &names);

		if (!span_equal(got, span_of(cases[i].masked)))
			fail_msg("%s became %.*s", cases[i].json, (int)got.len, got.ptr);
	}
}

static void keeps_names_in_order_and_once(void **state)
{
	struct names names = names_of("Zoe Li, dana, Zo\u00eb LI, Dana");
	char         many[NAMES_MAX + 4][8];

	(void)state;
	assert_int_equal(names.n, 2);
	assert_string_equal(names.at[0], "dana");
	assert_string_equal(names.at[1], "Zoe Li");
	assert_false(names_add(&cx, &names, NULL));
	assert_false(names_add(&cx, &names, " . "));
	assert_false(names_add(&cx, &names, "A. B"));
	for (size_t i = 0; i < COUNT(many); i++) {
		snprintf(many[i], sizeof(many[i]), "name%zu", i);
		assert_int_equal(names_add(&cx, &names, many[i]), i + 2 < NAMES_MAX);
	}
	assert_int_equal(names.n, NAMES_MAX);
}

/* A second would do for ten times as much; quadratic work would take minutes. */
static void is_linear(void **state)
{
	struct names names = names_of("Dddddddddddddd Reyes");
	size_t       len = (size_t)1 << 20;
	char        *text = arena_alloc(cx.arena, len + 1);
	uint64_t     start_ms = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ' ' : 'd';
	text[len] = '\0';
	assert_true(mask_text(&cx, span_of(text), &names).len < len);
	names = names_of("山山山田,ああ");
	for (size_t i = 0; i + 3 <= len; i += 3)
		memcpy(text + i, i % 5 ? "山" : "あ", 3);
	assert_true(mask_text(&cx, (struct span){text, len - len % 3}, &names).len > 0);
	assert_true(clock_mono_ms() - start_ms < 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_names),
		cmocka_unit_test(masks_other_writings),
		cmocka_unit_test(leaves_ordinary_words),
		cmocka_unit_test(masks_json),
		cmocka_unit_test(keeps_names_in_order_and_once),
		cmocka_unit_test(is_linear),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
