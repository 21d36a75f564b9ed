/* responder_shared.h -- lines that all manners share. For responder.c only. */
#ifndef RESPONDER_SHARED_H
#define RESPONDER_SHARED_H

static const char *const nothing_lines[] = {
	"I didn't catch any words there",
	"That one reached me without words",
	"I only heard a pause, it seems",
};
static const char *const say_again[] = {"Could you say that again?", "What was on your mind?",
                                        "Would you try once more?"};
static const char *const foreign_lines[] = {
	"I only follow English here, I'm sorry",
	"My English is the only language I have here",
};
static const char *const in_english[] = {"Could you say it in English?",
                                         "Would you try it in English for me?"};
static const char *const orders_lines[] = {
	"I'll leave that aside and stay with our conversation",
	"That is not something I do here",
	"I'd rather talk than recite",
};
static const char *const goodbye_named[] = {"Goodbye, {name}, it was good to talk with you",
                                            "Take care, {name}, and come back any time"};
static const char *const goodbye_lines[] = {"Goodbye, and thank you for the conversation",
                                            "Take care, and come back any time"};
static const char *const if_ai_lines[] = {
	"No person here, and no language model either: I'm a simple built-in responder with rules and "
	"word lists",
	"I'm a machine of the simplest kind, a built-in responder that follows rules",
};
static const char *const who_lines[] = {
	"I'm the built-in responder here, a simple voice that works without any network",
	"Just a simple built-in voice that listens and asks",
};
static const char *const what_lines[] = {
	"I listen, keep what you tell me, and ask what a person would need to know to help you",
	"You talk, I take it down and ask the next question, so that a person can pick it up",
};
static const char *const how_are_you_lines[] = {"All well here, thank you for asking",
                                                "Running smoothly, thank you"};
static const char *const price_lines[] = {
	"I can't quote a price from here, that takes a person who knows the scope",
	"Prices are not mine to give, but I can note what one would depend on",
};
static const char *const person_lines[] = {"A person can take it from here",
                                           "Gladly, I'm only the one who takes it down"};
static const char *const person_noted[] = {
	"Your address is noted, so a person can write to you",
	"With the address you gave, a person can get back to you"};
static const char *const help_topic[] = {
	"I can take down what you need for {topic}, so that a person can answer you properly",
	"Whether it fits is for a person to say, but I can note what you need for {topic}",
};
static const char *const help_lines[] = {
	"I can listen and take it down, so that a person can answer you properly",
	"I can't promise that from here, but I can note what you need",
};
static const char *const thanks_named[] = {"You're welcome, {name}", "With pleasure, {name}"};
static const char *const thanks_lines[] = {"You're welcome", "With pleasure", "Any time"};
static const char *const hello_lines[] = {"Hello, and welcome", "Hello, good to have you here"};
static const char *const hello_again[] = {"Hello again", "Still here, and listening"};
static const char *const hello_back[] = {"Welcome back, {name}", "Good to hear you again, {name}"};
static const char *const yes_lines[] = {"Good", "Glad to hear it", "Very well"};
static const char *const no_lines[] = {"That's fine", "Fair enough", "No harm in that"};
static const char *const email_lines[] = {"Thank you, I have noted your address",
                                          "Your address is noted, thank you"};
static const char *const both_lines[] = {"Noted, {amount}, {when}",
                                         "{amount}, {when}, that gives us a frame"};
static const char *const amount_lines[] = {"{amount} gives us a frame to think in",
                                           "{amount}, good to know the size of it",
                                           "Noted, {amount}"};
static const char *const when_lines[] = {"{when}, I'll keep that in mind", "Noted, {when}",
                                         "So the horizon is clear, {when}"};
static const char *const topic_when_lines[] = {"Noted, {topic}, {when}",
                                               "{topic}, {when}, I'll keep both in mind"};
static const char *const hear_me_lines[] = {"Loud and clear", "I hear you well"};
static const char *const stop_lines[] = {"Understood, no more questions from me for now",
                                         "All right, I'll just listen"};
static const char *const rude_lines[] = {"I take that calmly, being only a simple voice",
                                         "That is all right, we can also start over"};
static const char *const why_ask_lines[] = {"Because whoever picks this up will want to know it",
                                            "Only so that a person can answer you better"};
static const char *const sad_lines[] = {"I'm sorry to hear that",
                                        "That sounds hard, and I'm sorry"};
static const char *const unsure_lines[] = {"No need to have it sorted out already",
                                           "We can start anywhere you like",
                                           "That is a fine place to start from"};
static const char *const name_lines[] = {"Good to meet you, {name}", "Nice to meet you, {name}",
                                         "A pleasure, {name}"};
static const char *const memory_lines[] = {"Last time you mentioned {memory}",
                                           "You brought up {memory} last time, I remember"};
static const char *const told_lines[] = {"You told me that {told}", "You said that {told}"};
static const char *const told_on_lines[] = {"You told me on {day} that {told}",
                                            "On {day} you said that {told}"};
static const char *const note_lines[] = {"I have a note that {told}", "My notes say that {told}"};
static const char *const told_questions[] = {"Has anything changed since?",
                                             "How do things stand now?",
                                             "What has happened since?"};
static const char *const nudge_topic[] = {
	"I'm still thinking about {topic}, so take your time.",
	"We were just with {topic}, and I'd like to hear how it goes on.",
	"There is surely more to say about {topic}, whenever you like.",
};
static const char *const nudge_lines[] = {
	"Take your time, I'm listening whenever you like.",
	"No hurry, just tell me what comes to mind.",
	"Whenever you like, we can go on from anywhere.",
};
static const char *const vague_questions[] = {"Could you give me one concrete example?",
                                              "What would be one case of that, from last week say?",
                                              "What does that look like on an ordinary day?"};
static const char *const striking_questions[] = {"What is behind that?", "How did that come about?",
                                                 "What made the difference?"};
static const char *const number_questions[] = {"How do you measure that?",
                                               "What number would show it?",
                                               "How would you notice if it slipped?"};
static const char *const why_questions[] = {"What made you ask?",
                                            "What hangs on the answer for you?"};

#endif
