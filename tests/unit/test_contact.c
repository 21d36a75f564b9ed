/* test_contact.c -- addresses and numbers are found, masked and checked. */
#include "../../common/domain/who/contact.h"

#include "../../common/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct ctx cx;

static int setup(void **state)
{
	(void)state;
	cx.arena = arena_new(65536);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&cx.arena);
	return 0;
}

static void masks_what_it_finds(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
		{"", ""},
		{"nothing here", "nothing here"},
		{"write to dana@northwind.io.", "write to [email]."},
		{"(dana.reyes+x@mail.northwind.co.uk)", "([email])"},
		{"“dana@northwind.io”", "“[email]”"},
		{"<dana@northwind.io>, or sam@x.org!", "<[email]>, or [email]!"},
		{"müller@example.de bitte", "[email] bitte"},
		{"my email is dana dot reyes at northwind dot io thanks", "my email is [email] thanks"},
		{"it's d r e y e s at gmail dot com", "it's [email]"},
		{"email me at sam at north wind dot io", "email me at [email]"},
		{"I work at northwind dot com", "I work at northwind dot com"},
		{"look at acme.com", "look at acme.com"},
		{"@dana said hi", "@dana said hi"},
		{"a@b", "a@b"},
		{"call +1 (415) 555-0132 now", "call [phone] now"},
		{"call (415) 555-0132", "call [phone]"},
		{"415.555.0132", "[phone]"},
		{"4155550132", "[phone]"},
		{"+49 30 1234567", "[phone]"},
		{"030 1234567", "[phone]"},
		{"555-0132", "[phone]"},
		{"my number is 5550132", "my number is [phone]"},
		{"four one five five five five oh one three two", "[phone]"},
		{"plus four four two zero seven nine four six oh one two three", "plus [phone]"},
		{"double five five oh one three two nine", "[phone]"},
		{"4111 1111 1111 1111", "[phone]"},
		{"4111111111111111", "[phone]"},
		{"id 900719925474099312", "id 900719925474099312"},
		{"+123456789012345678", "[phone]"},
		{"00491701234567890", "[phone]"},
		{"we have 50,000 users", "we have 50,000 users"},
		{"$5,000,000", "$5,000,000"},
		{"from 2026 to 2027", "from 2026 to 2027"},
		{"2026-11-22", "2026-11-22"},
		{"my number is not 2026-11-22", "my number is not 2026-11-22"},
		{"order number 4455667788 please", "order number [number] please"},
		{"id=eq.23992353-8219-4a0a-aa42-f57f86caae68",
	     "id=eq.23992353-8219-4a0a-aa42-f57f86caae68"},
		{"f57f86ca-4415-5501-3222-f57f86caae68", "f57f86ca-4415-5501-3222-f57f86caae68"},
		{"call 0415-555-0132-now", "call [phone]-now"},
		{"call about my order, my phone is 4455667788", "call about my order, my phone is [phone]"},
		{"four one five, um, five five five, uh zero one two three", "[phone]"},
		{"joyce underscore wu ninety two at gmail dot com", "[email]"},
		{"m-i-k-e at gmail dot com", "[email]"},
		{"it's k a t e at b l u e dot c o m ok", "it's [email] ok"},
		{"one or two or three", "one or two or three"},
		{"version 1.2.3.4", "version 1.2.3.4"},
		{"mail münch@bücher.example", "mail [email]"},
		{"dana @ northwind.com", "[email]"},
		{"dana@northwind dot com", "[email]"},
		{"dana-at-northwind-dot-com", "[email]"},
		{"Write to Dana at dana.reed@northwind.com", "Write to Dana at [email]"},
		{"Or write at dana@northwind.com", "Or write at [email]"},
		{"We met at northwind dot com, great site.", "We met at northwind dot com, great site."},
		{"see you at noon at the northwind dot com office",
	     "see you at noon at the northwind dot com office"},
		{"dana two five at gmail dot com", "[email]"},
		{"ada at brightgate dot edu dot ng please", "[email] please"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span got = contact_mask(&cx, span_of(cases[i].text));

		if (!span_equal(got, span_of(cases[i].masked)))
			fail_msg("\"%s\" became \"%.*s\"", cases[i].text, (int)got.len, got.ptr);
	}
}

static void normalises_addresses(void **state)
{
	static const struct {
		const char *text, *address;
	} cases[] = {
		{" Dana@NorthWind.IO \n", "Dana@northwind.io"},
		{"a@b.co", "a@b.co"},
		{"o'brien+tag@sub.example.museum", "o'brien+tag@sub.example.museum"},
		{"dömäin@example.org", "dömäin@example.org"},
		{"", NULL},
		{"@", NULL},
		{"a@", NULL},
		{"@b.co", NULL},
		{"a@b", NULL},
		{"a@@b.co", NULL},
		{"a@b@c.co", NULL},
		{"a b@c.co", NULL},
		{"a@b c.co", NULL},
		{".a@b.co", NULL},
		{"a.@b.co", NULL},
		{"a..b@c.co", NULL},
		{"a@-b.co", NULL},
		{"a@b-.co", NULL},
		{"a@b..co", NULL},
		{"a@.b.co", NULL},
		{"a@b.co.", NULL},
		{"a@b.c", NULL},
		{"a@1.2.3.4", NULL},
		{"a@[1.2.3.4]", NULL},
		{"\"a\"@b.co", NULL},
		{"a\n@b.co", NULL},
		{"a\x7f@b.co", NULL},
		{"a\u200b@b.co", "a@b.co"},
		{"\u00a0a@b.co\u00a0", "a@b.co"},
		{"mailto:Dana@b.co", "Dana@b.co"},
		{"jose\u0301@b.co", "jos\u00e9@b.co"},
		{"jos\u00e9@b.co", "jos\u00e9@b.co"},
		{"\u3000ｄａｎａ＠ｂ．ｃｏ", "dana@b.co"},
		{"a@exämple.org", "a@xn--exmple-cua.org"},
		{"dana@bücher.example", "dana@xn--bcher-kva.example"},
		{"dana@BU\u0308CHER.example", "dana@xn--bcher-kva.example"},
		{"dana@例え.テスト", "dana@xn--r8jz45g.xn--zckzah"},
		{"dana@пример.испытание", "dana@xn--e1afmkfd.xn--80akhbyknj4f"},
		{"dana@xn--bcher-kva.example", "dana@xn--bcher-kva.example"},
		{"🙂@x.example", NULL},
		{"a@🙂.example", NULL},
		{"a,b@c.co", NULL},
		{"<a@b.co>", NULL},
		{"a@b.co\r\nBcc: x@y.zz", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = contact_email_normalise(&cx, span_of(cases[i].text));

		if (!str_equal(got, cases[i].address))
			fail_msg("\"%s\" became \"%s\"", cases[i].text, got ? got : "NULL");
	}
}

static void bounds_lengths(void **state)
{
	char long_local[CONTACT_LOCAL_MAX + 2], text[400];

	(void)state;
	memset(long_local, 'a', sizeof(long_local));
	snprintf(text, sizeof(text), "%.*s@b.co", CONTACT_LOCAL_MAX, long_local);
	assert_non_null(contact_email_normalise(&cx, span_of(text)));
	snprintf(text, sizeof(text), "%.*s@b.co", CONTACT_LOCAL_MAX + 1, long_local);
	assert_null(contact_email_normalise(&cx, span_of(text)));
	snprintf(text, sizeof(text), "a@%.*s.co", 63, long_local);
	assert_non_null(contact_email_normalise(&cx, span_of(text)));
	snprintf(text, sizeof(text), "a@%.*s.co", 64, long_local);
	assert_null(contact_email_normalise(&cx, span_of(text)));
	snprintf(text, sizeof(text), "a@%.*s.%.*s.%.*s.%.*s.co", 60, long_local, 60, long_local, 60,
	         long_local, 60, long_local);
	assert_non_null(contact_email_normalise(&cx, span_of(text)));
	snprintf(text, sizeof(text), "a@%.*s.%.*s.%.*s.%.*s.cocococococo", 60, long_local, 60,
	         long_local, 60, long_local, 60, long_local);
	assert_null(contact_email_normalise(&cx, span_of(text)));
}

static void gives_values(void **state)
{
	const struct contact *list;

	(void)state;
	assert_int_equal(contact_find(&cx, SPAN("a@B.co or +1 415 555 0132"), &list), 2);
	assert_int_equal(list[0].kind, CONTACT_EMAIL);
	assert_string_equal(list[0].value, "a@b.co");
	assert_int_equal(list[1].kind, CONTACT_PHONE);
	assert_string_equal(list[1].value, "+14155550132");
}

static void reads_what_is_spelled(void **state)
{
	static const struct {
		const char *said, *address;
	} cases[] = {
		{"joyce underscore wu ninety two at gmail dot com", "joyce_wu92@gmail.com"},
		{"sam 42 at gmail dot com", "sam42@gmail.com"},
		{"kim nineteen eighty five at example dot org", "kim1985@example.org"},
		{"my email is, um, d as in dog, williams, at, uh, yahoo dot com", "dwilliams@yahoo.com"},
		{"my email is j reyes at gmail dot com", "jreyes@gmail.com"},
		{"M-I-K-E at gmail dot com", "mike@gmail.com"},
		{"it's k a t e at b l u e dot c o m", "kate@blue.com"},
		{"m as in mike, i like ink, n for nora at example dot co dot u k", "min@example.co.uk"},
		{"my email is 42 at example dot com", "42@example.com"},
		{"seven at example dot com is my address", "seven@example.com"},
	};
	const struct contact *list;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = contact_find(&cx, span_of(cases[i].said), &list);

		if (n != 1 || list[0].kind != CONTACT_EMAIL || !str_equal(list[0].value, cases[i].address))
			fail_msg("\"%s\" gave %zu, \"%s\"", cases[i].said, n, n ? list[0].value : "");
	}
}

static void one_mailbox_has_many_addresses(void **state)
{
	static const struct {
		const char *email, *mailbox;
	} cases[] = {
		{"Dana@mail.example", "dana@mail.example"},
		{"dana+news@mail.example", "dana@mail.example"},
		{"dana+a+b@mail.example", "dana@mail.example"},
		{"+dana@mail.example", "+dana@mail.example"},
		{"d.ana@mail.example", "d.ana@mail.example"},
		{"D.a.n.A+x.y@gmail.com", "dana@gmail.com"},
		{"dana@googlemail.com", "dana@gmail.com"},
		{"d.ana@pm.me", "dana@proton.me"},
		{"d.ana@notgmail.com", "d.ana@notgmail.com"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(contact_mailbox(&cx, cases[i].email), cases[i].mailbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_what_it_finds),   cmocka_unit_test(normalises_addresses),
		cmocka_unit_test(bounds_lengths),        cmocka_unit_test(gives_values),
		cmocka_unit_test(reads_what_is_spelled), cmocka_unit_test(one_mailbox_has_many_addresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
