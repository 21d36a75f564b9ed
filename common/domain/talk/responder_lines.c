/* responder_lines.c -- the lines, and the seven manners. */
#include "responder_lines.h"

#include "../../base/str.h"

#define PLAIN_MAX 3

struct manner {
	const char *plain[PLAIN_MAX]; /* takes up nothing in particular */
	const char *colour[2];        /* one more thought when performing */
	const char *questions[SLOTS_N][2];
};

static const struct manner manners[] =
	{
		[MODE_WILLIAM] =
			{
				.plain = {"Fair enough", "I'm with you", "Okay, that makes sense to me"},
				.colour = {"Nobody gets a medal for making it sound complicated",
                           "It usually looks a lot simpler once it is on one page"},
				.questions = {[SLOT_NAME] = {"Who am I talking to?", "What should I call you?"},
                              [SLOT_WORK] = {"What do you do, and for which company?",
                                             "Which company is this for?"},
                              [SLOT_PROBLEM] = {"What is the problem right now?",
                                                "What would you like help with?"},
                              [SLOT_TIMELINE] = {"When would you want this sorted?",
                                                 "When does it have to be done?"},
                              [SLOT_BUDGET] = {"Roughly what could you spend on it?",
                                               "Is there a budget for it yet?"},
                              [SLOT_CONTACT] = {"Which email can William write to?",
                                                "What is the best email for you?"}},
			},
		[MODE_ENTREPRENEUR] =
			{
				.plain = {"Got it, let's keep moving", "Okay, I'm tracking", "Good, next piece"},
				.colour = {"One paying customer teaches more than a hundred slides",
                           "The first version is allowed to be ugly if it is honest"},
				.questions = {[SLOT_NAME] = {"Who am I talking to?", "What's your name?"},
                              [SLOT_WORK] = {"What do you do, and at which company?",
                                             "Which company are you building this with?"},
                              [SLOT_PROBLEM] = {"What is the problem that costs you the most?",
                                                "Which problem do you want to solve first?"},
                              [SLOT_TIMELINE] = {"By when does this have to work?",
                                                 "What's the deadline for it?"},
                              [SLOT_BUDGET] = {"What budget can you put behind it?",
                                               "How much money could you invest in it?"},
                              [SLOT_CONTACT] = {"What's the best email to follow up on this?",
                                                "Which email should the next step go to?"}},
			},
		[MODE_PROFESSIONAL] =
			{
				.plain = {"Thank you, that is helpful", "Understood",
                          "I see, thank you for explaining"},
				.colour = {"It is often worth agreeing on the question before choosing the method",
                           "A clear starting point usually saves more time than it costs"},
				.questions = {[SLOT_NAME] = {"May I ask your name?",
                                             "Could you tell me your name?"},
                              [SLOT_WORK] = {"What do you do, and for which company?",
                                             "Which organisation is this for?"},
                              [SLOT_PROBLEM] = {"What is the main problem you would like to solve?",
                                                "What would you like help with?"},
                              [SLOT_TIMELINE] = {"What timeline do you have in mind?",
                                                 "When would you need to see results?"},
                              [SLOT_BUDGET] = {"Is there a budget range you are working with?",
                                               "Roughly what budget has been set aside?"},
                              [SLOT_CONTACT] = {"What is the best email address to reach you?",
                                                "To which email may we write?"}},
			},
		[MODE_MENTOR] =
			{
				.plain = {"Thank you for sharing that", "I hear you",
                          "That is an honest way to put it"},
				.colour = {"Small steps you understand beat big ones you don't",
                           "What you learned from the last attempt is already yours"},
				.questions = {[SLOT_NAME] = {"What may I call you?",
                                             "Would you tell me your name?"},
                              [SLOT_WORK] = {"What do you do, and with which company?",
                                             "Which company do you work with on this?"},
                              [SLOT_PROBLEM] = {"What problem would you like to solve?",
                                                "What would you like help with?"},
                              [SLOT_TIMELINE] = {"By when would you like to see a first change?",
                                                 "When does this need to move?"},
                              [SLOT_BUDGET] = {"What could you set aside for it?",
                                               "What budget would feel comfortable?"},
                              [SLOT_CONTACT] = {"Which email could someone write to?",
                                                "What email would suit you?"}},
			},
		[MODE_STORYTELLER] =
			{
				.plain = {"And so the story goes on", "I'm leaning in",
                          "That is a good line to go on with"},
				.colour = {"The middle of a story always looks like a mess to those inside it",
                           "It is quiet for a moment, the way it is before something turns"},
				.questions =
					{[SLOT_NAME] = {"What is the name of the one telling it, your name?",
                                    "And what do they call you?"},
                     [SLOT_WORK] = {"What do you do in this story, and for which company?",
                                    "Which company is the stage?"},
                     [SLOT_PROBLEM] = {"What is the problem that stands in the way?",
                                       "Which problem should the story solve?"},
                     [SLOT_TIMELINE] = {"When must this chapter be finished?",
                                        "By when does the story have to end well?"},
                     [SLOT_BUDGET] = {"What budget travels with you?",
                                      "How much money is in the chest for it, what budget?"},
                     [SLOT_CONTACT] = {"To which email should the letter go?",
                                       "Which email finds you?"}},
			},
		[MODE_FUTURIST] =
			{
				.plain = {"A small signal, but I keep those", "Noted, that may matter later",
                          "I keep that for later"},
				.colour =
					{"What is scarce today tends to be cheap by the time we have adapted to it",
                     "That is a guess, of course, and worth no more than one"},
				.questions =
					{[SLOT_NAME] = {"What is your name?", "What may I call you?"},
                     [SLOT_WORK] = {"What do you do today, and for which company?",
                                    "Which company are you seeing this from?"},
                     [SLOT_PROBLEM] = {"What problem do you want to solve before it grows?",
                                       "What would you like help with today?"},
                     [SLOT_TIMELINE] = {"When does it have to be real?",
                                        "By when should it be there?"},
                     [SLOT_BUDGET] = {"What budget would you place on it?",
                                      "How much could you invest in being ready?"},
                     [SLOT_CONTACT] = {"At which email could somebody pick this up again?",
                                       "What email reaches you?"}},
			},
		[MODE_INTERVIEWER] =
			{
				.plain = {"Go on, I'm listening", "I'd like to understand that better",
                          "That is worth a note"},
				.colour = {"That is the kind of answer people skip too quickly",
                           "There is usually a person behind a sentence like that"},
				.questions = {[SLOT_NAME] = {"For the record, what is your name?",
                                             "By which name may I call you?"},
                              [SLOT_WORK] = {"What do you do, and for which company?",
                                             "Which company or project is yours?"},
                              [SLOT_PROBLEM] = {"What is the hardest problem in it?",
                                                "Which problem made you take this on?"},
                              [SLOT_TIMELINE] = {"When will you know whether it worked?",
                                                 "By when does it have to be there?"},
                              [SLOT_BUDGET] = {"May I ask what budget is behind it?",
                                               "What budget does it have?"},
                              [SLOT_CONTACT] = {"If there is a follow-up, which email reaches you?",
                                                "To which email could a follow-up go?"}},
			},
};

/* Names of acts and of the occasions beside them. */
enum {
#define X(name) LINE_##name = ACT_##name,
	ACTS(X)
#undef X
#define X(name) LINE_##name = SAY_##name,
		OCCASIONS(X)
#undef X
};

static const struct {
	int         occasion;
	const char *line;
} lines[] = {
#define X(name, text) {LINE_##name, text},
#include "common/domain/talk/responder_lines.tsv.h"
#undef X
};

size_t lines_for(int occasion, enum mode mode, const char *out[LINES_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < PLAIN_MAX && occasion == SAY_plain; i++)
		out[n++] = manners[mode].plain[i];
	for (size_t i = 0; i < COUNT(lines) && n < LINES_MAX; i++)
		if (lines[i].occasion == occasion)
			out[n++] = lines[i].line;
	out[n] = NULL;
	return n;
}

const char *const *lines_asking(enum slot slot, enum mode mode)
{
	return manners[mode].questions[slot];
}

const char *const *lines_of_colour(enum mode mode, size_t *n_out)
{
	*n_out = COUNT(manners[mode].colour);
	return manners[mode].colour;
}
