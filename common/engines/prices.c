/* prices.c -- PROVIDER_PRICES, and the counters it is multiplied with. */
#include "prices.h"

#include "../base/metrics.h"

#define PRICES_MAX 16u
#define NAME_MAX_  30u

static struct prices_values {
	const char *table;
} values;

static const struct cfg_key keys[] = {
	CFG_KEY_LIST(prices_values, table, "PROVIDER_PRICES",
                 .fallback = "groq.tokens=0.65,groq.audio=0.04,openai.tokens=0.30,"
                             "elevenlabs.characters=100",
                 .help = "what a million tokens or characters, or an hour of audio, costs, for the "
                         "estimates in metrics and reports; yours may differ"),
};
const struct cfg_group price_settings = {"Prices", &values, keys, COUNT(keys)};

static const struct {
	const char *unit;
	enum metric metric;
	double      per; /* of what is counted */
} units[] = {
	{"tokens", METRIC_tokens, 1e6},
	{"characters", METRIC_characters, 1e6},
	{"audio", METRIC_audio, 3600e3},
};

static struct price {
	char     provider[NAME_MAX_ + 1];
	unsigned unit;
	double   price;
} prices[PRICES_MAX];
static size_t prices_n;

static bool find_unit(const char *name, unsigned *out)
{
	for (unsigned i = 0; i < COUNT(units); i++)
		if (str_equal(units[i].unit, name)) {
			*out = i;
			return true;
		}
	return false;
}

/* "groq.tokens=0.65" */
static bool read_price(struct span item, struct price *out)
{
	char   text[80], unit[16], number[24], end;
	size_t letters;

	if (item.len >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)item.len, item.ptr);
	letters = strspn(text, "abcdefghijklmnopqrstuvwxyz_0123456789");
	return letters > 0 && letters <= NAME_MAX_ &&
	       sscanf(text, "%30[a-z_0-9].%15[a-z]=%23[0-9.]%c", out->provider, unit, number, &end) ==
	           3 &&
	       find_unit(unit, &out->unit) && str_to_double(number, &out->price);
}

int prices_start(void)
{
	struct span rest = span_of(values.table ? values.table : ""), item;
	int         problems = 0;

	while (cfg_next_item(&rest, &item)) {
		if (prices_n == PRICES_MAX || !read_price(item, &prices[prices_n])) {
			fprintf(stderr,
			        "PROVIDER_PRICES: '%.*s' is not provider.unit=price, as groq.tokens=0.65\n",
			        (int)item.len, item.ptr);
			problems++;
			continue;
		}
		prices_n++;
	}
	return problems;
}

const char *prices_table(void)
{
	return values.table ? values.table : "";
}

void prices_write(struct buf *out)
{
	metrics_write_head(
		out, "scribe_provider_cost_total", "counter",
		"What a provider has cost, estimated by PROVIDER_PRICES and in their currency.");
	for (size_t i = 0; i < prices_n; i++) {
		const struct price *p = &prices[i];
		unsigned            provider = metrics_name(NAMES_provider, p->provider);

		buf_printf(out, "scribe_provider_cost_total{provider=\"%s\",unit=\"%s\"} %.6f\n",
		           p->provider, units[p->unit].unit,
		           (double)metrics_value(units[p->unit].metric, AT(provider)) * p->price /
		               units[p->unit].per);
	}
}
