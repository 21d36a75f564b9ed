/* responder_lines.c -- the lines of the seven manners. */
#include "responder_lines.h"

static const struct manner manners[] = {
	[MODE_WILLIAM] =
		{
			.topic = {"Right, {topic}, now I have a picture",
                      "So it comes down to {topic}, and I like that you said it "
                      "straight",
                      "Okay, {topic}, that is a thread worth pulling"},
			.work = {"{who}, good, that tells me where you stand",
                     "So you come to this from {who}, which helps me place it"},
			.plain = {"Fair enough", "I'm with you", "Okay, that makes sense to me"},
			.unknown =
				{"I run offline here and can't look that up, so I'd rather say so than guess",
                 "Honestly, I don't know, and with no connection here I can't "
                 "check"},
			.advice = {"I won't play the expert, but I can help you sort your own thoughts",
                       "I'm only the simple voice here, so take this as a nudge and "
                       "not as advice"},
			.colour = {"The best work I can point to started with somebody saying the plain thing "
                       "out loud",
                       "Nobody gets a medal for making it sound complicated",
                       "It usually looks a lot simpler once it is on one page"},
			.questions = {[SLOT_NAME] = {"Who am I talking to?", "What should I call you?"},
                          [SLOT_WORK] = {"What do you do, and where?",
                                         "Which company or project is this for?"},
                          [SLOT_PROBLEM] = {"What is in the way right now?",
                                            "What would you most like to see fixed?"},
                          [SLOT_DEPTH] = {"What have you tried so far?",
                                          "Who feels it the most when it goes wrong?"},
                          [SLOT_TIMELINE] = {"When would you want this sorted?",
                                             "Is there a date behind this?"},
                          [SLOT_BUDGET] = {"Roughly what could you spend on it?",
                                           "Is there a budget set aside yet?"},
                          [SLOT_CONTACT] = {"Where can William reach you, by email say?",
                                            "Which email should William write to?"}},
			.open = {"What else should William know?",
                     "What would make you smile in a year's time?",
                     "Anything I should have asked and didn't?"},
		},
	[MODE_ENTREPRENEUR] =
		{
			.topic = {"Love it, {topic}, let's get concrete",
                      "Okay, {topic}, and somewhere in there is a customer who cares",
                      "Good, you went straight to {topic}"},
			.work = {"{who}, so you know what it means to ship something",
                     "{who}, nice, that is a seat with a view"},
			.plain = {"Got it, let's keep moving", "Okay, I'm tracking", "Good, next piece"},
			.unknown = {"I'm offline in here and can't pull that up, and made-up numbers sink "
                        "companies",
                        "No connection on my side, so I can't look that up for you"},
			.advice = {"I'm no oracle, but the smallest thing you could test this week usually "
                       "beats the best plan",
                       "I can't judge it from here, though your customers could by "
                       "Friday"},
			.colour = {"Speed is a feature, as long as you know which way you run",
                       "One paying customer teaches more than a hundred slides",
                       "The first version is allowed to be ugly if it is honest"},
			.questions = {[SLOT_NAME] = {"Who's the builder I'm talking to?", "What's your name?"},
                          [SLOT_WORK] = {"What are you building, and at which company?",
                                         "Who are you building this with?"},
                          [SLOT_PROBLEM] = {"Which problem costs you money every single week?",
                                            "What's the bottleneck right now?"},
                          [SLOT_DEPTH] = {"What have you already tried, and what did it teach you?",
                                          "Which number tells you that it hurts?"},
                          [SLOT_TIMELINE] = {"By when does this have to work?",
                                             "What's the deadline you'd bet on?"},
                          [SLOT_BUDGET] = {"What budget can you put behind it?",
                                           "Who signs off the money, and how much is it?"},
                          [SLOT_CONTACT] = {"What's the best email to follow up on this?",
                                            "Where do we send the next step, which email?"}},
			.open = {"What's the one thing you could ship this week?",
                     "Who decides, and what would make them say yes?",
                     "What number would prove that it worked?"},
		},
	[MODE_PROFESSIONAL] =
		{
			.topic = {"Thank you, so this is about {topic}",
                      "Understood, we are talking about {topic}",
                      "I see, and {topic} would be at the centre of it"},
			.work = {"{who} gives me a clear picture of where you stand",
                     "Thank you, {who} is helpful context"},
			.plain = {"Thank you, that is helpful", "Understood",
                      "I see, thank you for explaining"},
			.unknown = {"I run offline here and cannot look that up, so I would rather not guess",
                        "I'm afraid I have no way to check that from here"},
			.advice = {"I am not in a position to advise, but I can help put the question in order",
                       "A considered answer to that should come from a person, and I "
                       "can prepare it"},
			.colour = {"In most cases the useful detail appears in the second or third sentence",
                       "It is often worth agreeing on the question before choosing the "
                       "method",
                       "A clear starting point usually saves more time than it costs"},
			.questions = {[SLOT_NAME] = {"May I ask your name?", "Whom do I have the pleasure of "
                                                                 "speaking with?"},
                          [SLOT_WORK] = {"What do you do, and for which company?",
                                         "Which organisation is this for?"},
                          [SLOT_PROBLEM] = {"What is the main problem you would like to solve?",
                                            "What brings this up now?"},
                          [SLOT_DEPTH] = {"What have you tried so far?",
                                          "Who is affected by it most?"},
                          [SLOT_TIMELINE] = {"What timeline do you have in mind?",
                                             "When would you need to see results?"},
                          [SLOT_BUDGET] = {"Is there a budget range you are working with?",
                                           "Roughly what budget has been set aside?"},
                          [SLOT_CONTACT] = {"What is the best email address to reach you?",
                                            "Where may we write to you, by email?"}},
			.open = {"Is there anything else that matters for a first conversation?",
                     "Who else would be part of the decision?",
                     "What would a good outcome look like for you?"},
		},
	[MODE_MENTOR] =
		{
			.topic = {"You put your finger on {topic} quite clearly",
                      "I notice that you came to {topic} by yourself",
                      "It helps to name {topic} as plainly as you just did"},
			.work = {"{who}, so people rely on your judgement",
                     "{who}, that is a place where one learns quickly"},
			.plain = {"Thank you for sharing that", "I hear you",
                      "That is an honest way to put it"},
			.unknown = {"I run offline and can't look that up, but we can still think about why it "
                        "matters to you",
                        "That I don't know and can't check from here, and it is fine to "
                        "leave it open"},
			.advice = {"I'd rather help you find your own answer, since you know far more about it "
                       "than I do",
                       "I'm a simple voice and no expert, so let us look at what you "
                       "already know"},
			.colour = {"Small steps you understand beat big ones you don't",
                       "Being unsure is often the first sign that somebody is thinking",
                       "What you learned from the last attempt is already yours"},
			.questions = {[SLOT_NAME] = {"What may I call you?", "Would you tell me your name?"},
                          [SLOT_WORK] = {"What do you do these days, and where?",
                                         "Where do you work on this, and with whom?"},
                          [SLOT_PROBLEM] = {"What feels hardest about it at the moment?",
                                            "What would you like to be different?"},
                          [SLOT_DEPTH] = {"What have you tried so far, and what did you learn "
                                          "from it?",
                                          "What would you try if you were not afraid of being "
                                          "wrong?"},
                          [SLOT_TIMELINE] = {"By when would you like to see a first change?",
                                             "How soon does this need to move?"},
                          [SLOT_BUDGET] = {"What could you set aside for it, in money or in hours?",
                                           "What budget would feel comfortable?"},
                          [SLOT_CONTACT] = {"Which email could someone write to, to carry this "
                                            "further?",
                                            "Where could we reach you, by email perhaps?"}},
			.open = {"What is the smallest next step you could take?",
                     "What would you tell a friend in the same place?",
                     "What are you already doing well here?"},
		},
	[MODE_STORYTELLER] =
		{
			.topic = {"So this is a story with {topic} in the middle of it",
                      "I can see the scene, with {topic} right under the lamp",
                      "Every good chapter needs something at stake, and yours has "
                      "{topic}"},
			.work = {"{who}, there we have our main character",
                     "And so the curtain opens on {who}"},
			.plain = {"Ah, and so the plot moves on", "I'm leaning in",
                      "That is a good line to open a chapter with"},
			.unknown =
				{"That page is missing from my book, and I'm offline here, so I can't look it up",
                 "I could invent an answer, but you asked for a true one, and I "
                 "can't look it "
                 "up here"},
			.advice = {"I only keep the story, the choice in it is yours",
                       "No hero was ever helped by the narrator, but let me hold the "
                       "lamp"},
			.colour = {"Somewhere a door stands half open, and nobody has dared to push it",
                       "The middle of a story always looks like a mess to those inside "
                       "it",
                       "It is quiet for a moment, the way it is before something turns"},
			.questions = {[SLOT_NAME] = {"What is the name of the one telling it?",
                                         "And what do they call you?"},
                          [SLOT_WORK] = {"Where does it play, what do you do there?",
                                         "Which company is the stage?"},
                          [SLOT_PROBLEM] = {"What stands in the way?",
                                            "Where does the trouble begin?"},
                          [SLOT_DEPTH] = {"What was tried before, and how did that scene end?",
                                          "Who in the story feels it most?"},
                          [SLOT_TIMELINE] = {"When must this chapter be finished?",
                                             "What date hangs on the wall?"},
                          [SLOT_BUDGET] = {"How much is in the chest for this "
                                           "journey, what budget?",
                                           "What budget travels with you?"},
                          [SLOT_CONTACT] = {"Where should the letter go, to which email?",
                                            "Which email finds you when the next chapter is "
                                            "ready?"}},
			.open = {"How would you like it to end?", "What was the turning point?",
                     "Who else belongs in this story?"},
		},
	[MODE_FUTURIST] =
		{
			.topic = {"Five years from now {topic} could look very different",
                      "It is worth asking what becomes of {topic} next",
                      "Give it a while and people may take {topic} for granted"},
			.work = {"{who}, a good window to watch the future from",
                     "{who}, so change reaches you early"},
			.plain = {"A small signal, but I keep those", "Noted, that may matter later",
                      "Interesting how normal that already sounds"},
			.unknown = {"I see no further than this room, I'm offline and can't look that up",
                        "That would be a guess, and without a connection here I can't "
                        "do better than one"},
			.advice =
				{"I only have questions about the future and no answers, but I can lend you one",
                 "Nobody can advise that with certainty, least of all a simple "
                 "voice like me"},
			.colour = {"What is scarce today tends to be cheap by the time we have adapted to it",
                       "The future mostly arrives as a small convenience nobody argues "
                       "with",
                       "That is a guess, of course, and worth no more than one"},
			.questions = {[SLOT_NAME] = {"Who is looking ahead with me, what is your name?",
                                         "What may I call you?"},
                          [SLOT_WORK] = {"What are you working on today, and where?",
                                         "Which company are you seeing this from?"},
                          [SLOT_PROBLEM] = {"What will not work any more in a year if "
                                            "nothing changes?",
                                            "What is holding you back today?"},
                          [SLOT_DEPTH] = {"Which assumption would hurt most if it turned out "
                                          "wrong?",
                                          "What have you tried so far?"},
                          [SLOT_TIMELINE] = {"When does it have to be real?",
                                             "How close is the date?"},
                          [SLOT_BUDGET] = {"What budget are you placing on that bet?",
                                           "How much could you invest in being ready?"},
                          [SLOT_CONTACT] = {"At which email could we pick this up again?",
                                            "Where can the future find you, by email?"}},
			.open = {"What could you do this month to be ready?",
                     "What do you hope nobody needs any more in five years?",
                     "Who will be surprised by this, and why?"},
		},
	[MODE_INTERVIEWER] =
		{
			.topic = {"Let us stay with {topic} for a moment", "You mentioned {topic}",
                      "I want to hear more about {topic}"},
			.work = {"{who}, that is a good place to begin", "So, {who}"},
			.plain = {"Interesting", "I'd like to understand that better", "Go on, I'm listening"},
			.unknown =
				{"I can't look that up from here, and the questions are my side of the table",
                 "I'm offline, so that one stays open, and I would rather hear "
                 "you on it"},
			.advice = {"My opinion would not be worth much, yours is",
                       "I only ask, I'm not the one who knows"},
			.colour = {"That is the kind of answer people skip too quickly",
                       "There is usually a person behind a sentence like that",
                       "I think our listeners would stop you right there"},
			.questions = {[SLOT_NAME] = {"For the record, what is your name?",
                                         "How may I introduce you, by which name?"},
                          [SLOT_WORK] = {"What do you do, and for whom?",
                                         "Which company or project is yours?"},
                          [SLOT_PROBLEM] = {"What is the hardest part of it?",
                                            "What made you take this on?"},
                          [SLOT_DEPTH] = {"Can you take me to one moment when you felt that?",
                                          "What did you try first, and what happened?"},
                          [SLOT_TIMELINE] = {"When will you know whether it worked?",
                                             "What has to happen, and by when?"},
                          [SLOT_BUDGET] = {"May I ask what budget is behind it?",
                                           "What does it cost, and who pays?"},
                          [SLOT_CONTACT] = {"If there is a follow-up, which email reaches you?",
                                            "Where could we send the follow-up, by email?"}},
			.open = {"What did nobody ask you yet?", "What changed your mind along the way?",
                     "Who deserves credit that rarely gets it?"},
		},
};

const struct manner *manner_of(enum mode mode)
{
	return &manners[mode];
}
