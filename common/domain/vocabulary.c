/* vocabulary.c -- word lists, each sorted by strcmp, all lower case. */
#include "vocabulary.h"

/* Given names, common ones of several languages: for text without capitals. */
static const char *const given_names[] = {
	"aaron", "adam", "adrian", "ahmed", "aisha", "alan", "alex", "alexander", "alexandra",
	"alice", "alicia", "amanda", "amelia", "amir", "amy", "ana", "andrea", "andreas",
	"andrew", "andy", "angela", "anika", "anita", "anna", "anne", "anthony", "antonio",
	"anya", "arjun", "arthur", "ashley", "barbara", "ben", "benjamin", "beth", "bob",
	"brandon", "brian", "bruno", "caleb", "camila", "carl", "carla", "carlos", "carmen",
	"caroline", "catherine", "charles", "charlotte", "chen", "chloe", "chris", "christian",
	"christina", "christine", "christopher", "claire", "clara", "claudia", "colin", "connor",
	"cynthia", "dan", "dana", "daniel", "daniela", "david", "deborah", "deepak", "denise",
	"dennis", "diana", "diego", "dmitri", "donald", "dorothy", "doug", "dylan", "edward",
	"elena", "eli", "elias", "elizabeth", "ella", "ellen", "emily", "emma", "eric", "erik",
	"erin", "esther", "ethan", "eva", "evan", "fatima", "felix", "fernando", "fiona",
	"francesca", "francis", "frank", "fred", "gabriel", "gary", "george", "georgia", "gina",
	"giulia", "grace", "greg", "gregory", "hannah", "hans", "harry", "hassan", "heather",
	"helen", "helena", "henry", "hiroshi", "hugo", "ian", "ibrahim", "ines", "ingrid",
	"irene", "isaac", "isabel", "isabella", "ivan", "jack", "jacob", "jake", "james", "jamie",
	"jan", "jane", "janet", "jasmine", "jason", "jay", "jean", "jeff", "jennifer", "jenny",
	"jeremy", "jerry", "jesse", "jessica", "jim", "joan", "joao", "joe", "joel", "johanna",
	"john", "jon", "jonas", "jonathan", "jordan", "jorge", "jose", "joseph", "joshua", "juan",
	"judith", "julia", "julian", "julie", "justin", "karen", "karl", "katarina", "kate",
	"katherine", "kathleen", "katie", "keith", "kelly", "ken", "kenji", "kenneth", "kevin",
	"kim", "klaus", "kristen", "kumar", "kyle", "lars", "laura", "lauren", "lee", "lena",
	"leo", "leon", "liam", "lily", "linda", "lisa", "logan", "louis", "louise", "luca",
	"lucas", "lucia", "lucy", "luis", "luke", "maggie", "marcel", "marco", "marcus",
	"margaret", "maria", "marie", "marina", "mario", "marta", "martha", "martin", "mary",
	"mateo", "matt", "matthew", "max", "megan", "mei", "melissa", "mia", "michael",
	"michelle", "miguel", "mike", "mila", "mohamed", "mohammed", "monica", "morgan", "nadia",
	"nancy", "natalie", "natasha", "nathan", "neha", "neil", "nicholas", "nick", "nicole",
	"nikhil", "nina", "noah", "nora", "olga", "oliver", "olivia", "omar", "oscar", "pablo",
	"pamela", "patricia", "patrick", "paul", "paula", "pedro", "peter", "petra", "phil",
	"philip", "philippe", "pierre", "priya", "rachel", "rafael", "raj", "ralph", "raul",
	"ravi", "raymond", "rebecca", "ricardo", "richard", "rita", "robert", "roberto", "robin",
	"rosa", "rose", "ross", "ruth", "ryan", "sam", "samantha", "samir", "samuel", "sandra",
	"sanjay", "sara", "sarah", "sasha", "scott", "sean", "sebastian", "sergio", "shannon",
	"sharon", "sofia", "sofie", "sonia", "sophia", "sophie", "stefan", "stephanie", "stephen",
	"steve", "steven", "stuart", "sue", "sunil", "susan", "suzanne", "sven", "sylvia",
	"tanya", "tara", "teresa", "theo", "theodore", "thomas", "tim", "timothy", "tina", "todd",
	"tom", "tony", "tracy", "tyler", "uma", "ursula", "valentina", "valerie", "vanessa",
	"vera", "veronica", "victor", "victoria", "vijay", "vikram", "vincent", "walter", "wang",
	"wei", "wendy", "william", "xavier", "yasmin", "yuki", "yusuf", "zach", "zoe",
};

/* Places people say they are from. */
static const char *const places[] = {
	"abu dhabi", "africa", "alabama", "alaska", "alberta", "amsterdam", "antwerp",
	"argentina", "arizona", "asia", "athens", "atlanta", "auckland", "austin", "australia",
	"austria", "baltimore", "bangalore", "bangkok", "barcelona", "basel", "beijing",
	"belgium", "bengaluru", "berlin", "bern", "birmingham", "bogota", "bogotá", "bologna",
	"boston", "brasilia", "brazil", "bremen", "brisbane", "bristol", "brooklyn", "brussels",
	"bucharest", "budapest", "buenos aires", "bulgaria", "cairo", "calgary", "california",
	"cambridge", "canada", "cape town", "chicago", "chile", "china", "cincinnati",
	"cleveland", "cologne", "colombia", "colorado", "copenhagen", "costa rica", "croatia",
	"czech republic", "dallas", "delhi", "denmark", "denver", "detroit", "dresden", "dubai",
	"dublin", "edinburgh", "egypt", "england", "estonia", "europe", "finland", "florence",
	"florida", "france", "frankfurt", "geneva", "germany", "ghana", "ghent", "glasgow",
	"greece", "hamburg", "helsinki", "ho chi minh city", "hong kong", "honolulu", "houston",
	"hungary", "iceland", "illinois", "india", "indiana", "indonesia", "ireland", "israel",
	"istanbul", "italy", "jakarta", "japan", "jerusalem", "johannesburg", "kansas",
	"kansas city", "kentucky", "kenya", "kuala lumpur", "kyiv", "kyoto", "köln", "lagos",
	"las vegas", "latin america", "lausanne", "leeds", "leipzig", "lima", "lisbon",
	"liverpool", "ljubljana", "london", "los angeles", "louisiana", "luxembourg", "lyon",
	"madrid", "malaysia", "malmo", "manchester", "manhattan", "manila", "marseille",
	"maryland", "massachusetts", "melbourne", "memphis", "mexico", "mexico city", "miami",
	"michigan", "middle east", "milan", "milwaukee", "minneapolis", "minnesota",
	"mississippi", "missouri", "montana", "montreal", "moscow", "mumbai", "munich", "málaga",
	"münchen", "nairobi", "naples", "nashville", "nebraska", "netherlands", "nevada",
	"new delhi", "new jersey", "new mexico", "new orleans", "new york", "new york city",
	"new zealand", "nigeria", "north america", "north carolina", "north dakota", "norway",
	"oakland", "ohio", "oklahoma", "oregon", "orlando", "osaka", "oslo", "ottawa", "oxford",
	"pakistan", "palermo", "palo alto", "paris", "pennsylvania", "peru", "philadelphia",
	"philippines", "phoenix", "pittsburgh", "poland", "portland", "porto", "portugal",
	"prague", "puerto rico", "quebec", "quito", "raleigh", "reykjavik", "rhode island",
	"riga", "rio", "rio de janeiro", "romania", "rome", "rotterdam", "russia", "sacramento",
	"salt lake city", "salzburg", "san antonio", "san diego", "san francisco", "san jose",
	"santa barbara", "santa monica", "santiago", "sao paulo", "saudi arabia", "scotland",
	"seattle", "senegal", "seoul", "serbia", "seville", "shanghai", "shenzhen",
	"silicon valley", "singapore", "slovakia", "slovenia", "sofia", "south africa",
	"south america", "south carolina", "south dakota", "south korea", "spain", "sri lanka",
	"st louis", "stockholm", "stuttgart", "sweden", "switzerland", "sydney", "são paulo",
	"taipei", "taiwan", "tallinn", "tampa", "tel aviv", "tennessee", "texas", "thailand",
	"the bay area", "the hague", "the netherlands", "the uk", "the united kingdom",
	"the united states", "the us", "the usa", "tokyo", "toronto", "toulouse", "turin",
	"turkey", "uganda", "uk", "ukraine", "united arab emirates", "united kingdom",
	"united states", "usa", "utah", "utrecht", "valencia", "vancouver", "venice", "vermont",
	"vienna", "vietnam", "vilnius", "virginia", "wales", "warsaw", "washington",
	"west virginia", "wisconsin", "wyoming", "zagreb", "zurich", "zürich",
};

/* What follows "I'm" and is no name: states, peoples, professions, doings. */
static const char *const not_names[] = {
	"about", "absolutely", "address", "adviser", "advisor", "afraid", "agency", "amazed",
	"amazing", "american", "analyst", "angry", "anxious", "anyone", "anything", "april",
	"architect", "artist", "assistant", "attorney", "august", "australian", "author",
	"available", "aware", "awesome", "based", "beautiful", "blogger", "blown", "boring",
	"bot", "brazilian", "brilliant", "british", "broke", "budget", "building", "busy", "call",
	"calling", "canadian", "ceo", "cfo", "chief", "chinese", "cio", "ciso", "clear", "cmo",
	"cofounder", "comfortable", "company", "concerned", "concerning", "confident", "confused",
	"considering", "consultant", "contractor", "convinced", "coo", "cool", "coordinator",
	"correct", "cpo", "crazy", "creator", "cto", "curious", "customer", "dad", "data", "deal",
	"december", "delighted", "demo", "designer", "desperate", "dev", "developer",
	"developing", "different", "director", "disappointed", "doctor", "dutch", "eager",
	"early", "ecstatic", "editor", "email", "embarrassed", "employee", "engineer",
	"engineering", "enthusiastic", "entrepreneur", "european", "everyone", "everything",
	"exactly", "excited", "exciting", "executive", "exhausted", "expert", "exploring",
	"familiar", "fan", "fantastic", "fascinated", "father", "february", "fed", "finished",
	"fixing", "flying", "focused", "founder", "free", "freelance", "freelancer", "french",
	"friday", "frustrated", "funny", "german", "getting", "giving", "grateful", "guy", "head",
	"hiring", "honestly", "honored", "hopeful", "host", "hr", "huge", "human", "hungry",
	"idea", "important", "impossible", "impressed", "incredible", "indian", "interesting",
	"interim", "intern", "intrigued", "investor", "it", "italian", "january", "japanese",
	"journalist", "july", "june", "junior", "keen", "late", "lawyer", "lead", "leading",
	"learner", "leaving", "likely", "listener", "literally", "lost", "manager", "managing",
	"marketer", "marketing", "message", "mexican", "mom", "monday", "mother", "new", "nobody",
	"note", "nothing", "november", "number", "obsessed", "october", "offer", "officer", "old",
	"open", "operations", "optimistic", "owner", "parent", "partner", "passionate", "perfect",
	"phd", "phone", "pleased", "pm", "podcaster", "polish", "possible", "presently",
	"president", "principal", "problem", "producer", "product", "professor", "programmer",
	"project", "proud", "question", "reaching", "ready", "recruiter", "regarding",
	"relatively", "reminder", "reporter", "representative", "request", "researcher",
	"reseller", "responsible", "retired", "ridiculous", "robot", "running", "russian", "sad",
	"sales", "satisfied", "saturday", "scared", "scientist", "selling", "senior", "september",
	"serious", "shocked", "sick", "similar", "simple", "single", "skeptical", "software",
	"sold", "somebody", "someone", "something", "spanish", "speaker", "staff", "starting",
	"startup", "strange", "strategist", "struggling", "stuck", "student", "sunday", "super",
	"surprised", "svp", "swedish", "swiss", "teacher", "team", "tech", "terrible", "test",
	"testing", "thankful", "thing", "thrilled", "thursday", "tired", "totally", "true",
	"trying", "tuesday", "turkish", "unable", "unaware", "unfamiliar", "unhappy", "unlikely",
	"unsure", "upset", "urgent", "user", "vendor", "vice", "visitor", "vp", "waiting",
	"website", "wednesday", "weird", "willing", "woman", "wonderful", "wondering", "working",
	"worried", "worth", "wrapping", "writer", "writing", "wrong", "yelling", "yours",
};

/* What follows "at", "with" or "from" and is no organisation. */
static const char *const not_orgs[] = {
	"a", "abroad", "afternoon", "all", "an", "any", "anywhere", "big", "clients", "colleague",
	"college", "companies", "conference", "customers", "day", "evening", "event", "everybody",
	"everyone", "facebook", "family", "first", "friend", "friends", "google's", "hand",
	"heart", "her", "here", "him", "his", "home", "how", "instagram", "issue", "it", "its",
	"large", "last", "least", "linkedin", "me", "moment", "morning", "my", "myself",
	"newsletter", "night", "now", "nowhere", "odds", "once", "one", "our", "ourselves",
	"overseas", "people", "podcast", "present", "reddit", "remote", "remotely", "risk",
	"scale", "school", "scratch", "small", "somebody", "someone", "somewhere", "stake",
	"startups", "teams", "that", "the", "their", "them", "then", "there", "this", "three",
	"tiktok", "time", "times", "today", "tomorrow", "twitter", "two", "university", "us",
	"webinar", "website", "what", "when", "where", "which", "who", "work", "you", "your",
	"yourself", "youtube",
};

static const struct {
	const char *const *words;
	size_t             n;
} lists[] = {
	[VOCABULARY_GIVEN_NAMES] = {given_names, COUNT(given_names)},
	[VOCABULARY_PLACES] = {places, COUNT(places)},
	[VOCABULARY_NOT_NAMES] = {not_names, COUNT(not_names)},
	[VOCABULARY_NOT_ORGS] = {not_orgs, COUNT(not_orgs)},
};

bool vocabulary_has(enum vocabulary list, const char *low)
{
	size_t from = 0, to = lists[list].n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int    order = strcmp(low, lists[list].words[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return false;
}

size_t vocabulary_place_at(const struct utterance *u, size_t i)
{
	return SAID_ANY_AT(u, i, places);
}
