/* page.c -- one frame for all pages. */
#include "page.h"

#include "../../base/base64.h"
#include "../../base/crypto.h"
#include "../../base/str.h"

/* Colours have a contrast of at least 4.5 to 1 in both schemes. */
static const char style[] =
	":root{color-scheme:light dark;--ground:#f3f4f8;--card:#fff;--ink:#1b1d29;--soft:#565a6e;"
	"--line:#d9dce6;--mark:#4338ca;--mark-down:#3730a3;--on-mark:#fff;--tint:#eceafd}"
	"@media(prefers-color-scheme:dark){:root{--ground:#11131a;--card:#1b1e28;--ink:#f0f1f7;"
	"--soft:#a9aec3;--line:#353a4a;--mark:#a5b4fc;--mark-down:#c7d2fe;--on-mark:#14162b;"
	"--tint:#2a2d4a}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;"
	"padding:1.25rem;background:var(--ground);color:var(--ink);"
	"font:1rem/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Liberation Sans\",sans-serif}"
	"main{width:100%;max-width:27rem;padding:2.25rem 2rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:1rem;box-shadow:0 .5rem 2rem rgba(17,19,26,.08)}"
	"svg{display:block;width:3rem;height:3rem;padding:.7rem;border-radius:50%;"
	"background:var(--tint);color:var(--mark)}"
	"h1{margin:1.25rem 0 .5rem;font-size:1.5rem;line-height:1.25;font-weight:650;"
	"text-wrap:balance}"
	"p{margin:0;color:var(--soft)}"
	"form{display:flex;flex-direction:column;gap:.75rem;margin-top:1.75rem}"
	"button{min-height:3rem;padding:.65rem 1.25rem;border:1px solid var(--line);"
	"border-radius:.65rem;background:transparent;color:var(--ink);font:inherit;font-weight:600;"
	"cursor:pointer}"
	"button:hover{border-color:var(--soft)}"
	"button.main{border-color:var(--mark);background:var(--mark);color:var(--on-mark)}"
	"button.main:hover{border-color:var(--mark-down);background:var(--mark-down)}"
	"label{display:block;color:var(--ink);font-weight:600}"
	"input{display:block;width:100%;min-height:3rem;margin-top:.35rem;padding:.65rem .85rem;"
	"border:1px solid var(--soft);border-radius:.65rem;background:var(--ground);color:var(--ink);"
	"font:inherit}"
	"a.main{display:block;margin-top:1.75rem;padding:.75rem 1.25rem;border-radius:.65rem;"
	"background:var(--mark);color:var(--on-mark);font-weight:600;text-align:center;"
	"text-decoration:none}"
	"a.main:hover{background:var(--mark-down)}"
	"button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid var(--mark);"
	"outline-offset:3px}"
	"@media(max-width:26rem){body{padding:.75rem}main{padding:1.75rem 1.25rem}}";

struct span page_html(struct ctx *cx, const char *icon, const char *title, const char *sentence,
                      const char *body)
{
	struct buf out = buf_new(cx->arena, 0);

	/* Under the proxy's "no-referrer" a browser would send "Origin: null" with the form. */
	buf_printf(&out,
	           "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	           "<meta name=\"referrer\" content=\"same-origin\">\n"
	           "<meta name=\"robots\" content=\"noindex\">\n"
	           "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n"
	           "<svg aria-hidden=\"true\" viewBox=\"0 0 24 24\" fill=\"none\""
	           " stroke=\"currentColor\" stroke-width=\"2\" stroke-linecap=\"round\""
	           " stroke-linejoin=\"round\"><path d=\"%s\"/></svg>\n<h1>%s</h1>\n<p>%s</p>\n%s"
	           "</main>\n</body>\n</html>\n",
	           title, style, icon, title, sentence, body);
	return buf_span(&out);
}

const char *page_policy(struct ctx *cx)
{
	unsigned char hash[CRYPTO_HASH_BYTES];
	char          text[BASE64_ENCODED_BYTES(CRYPTO_HASH_BYTES)];

	crypto_sha256(span_of(style), hash);
	base64_encode(hash, sizeof(hash), text);
	return arena_printf(cx->arena,
	                    "default-src 'none'; style-src 'sha256-%.*s'; form-action 'self'; "
	                    "base-uri 'none'; frame-ancestors 'none'",
	                    (int)sizeof(text), text);
}
