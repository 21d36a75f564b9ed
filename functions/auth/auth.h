/* auth.h -- what the parts of the program share. */
#ifndef AUTH_H
#define AUTH_H

#include "../../common/store/auth_attempts.h"
#include "../../common/store/auth_sessions.h"
#include "../../common/store/people.h"
#include "../../common/base/utf8.h"
#include "../../common/web/input.h"
#include "../../common/web/person.h"

/* Characters of an address, with the white space that is trimmed, and of a password. */
#define AUTH_EMAIL_MAX      1000
#define AUTH_PASSWORD_MAX   200
#define AUTH_PASSWORD_BYTES ((size_t)4 * AUTH_PASSWORD_MAX)

struct auth_values {
	bool    signup;
	int64_t password_min, recovery_minutes, session_days, token_seconds;
	int64_t tries_per_account, tries_per_address;
};
extern struct auth_values     auth_values;
extern const struct cfg_group auth_settings;

/* ---- passwords.c ---- */

/* What an account without a password is compared with. The number of problems. */
int passwords_start(void);

/* ERR_UNAVAILABLE when so many wait with passwords that one more would be refused: to be asked
 * before a try is counted. */
struct err *password_room(struct ctx *cx) CHECKED;

/* Is it theirs? `kept` NULL: there is nobody, or no password, and it takes as long to find out. Two
 * at once; who waits longer than a few seconds is ERR_UNAVAILABLE, as is at once who would wait
 * behind too many. */
struct err *password_check(struct ctx *cx, const char *kept, const char *password,
                           bool *is_right_out) CHECKED;

/* To be kept. ERR_INPUT, "weak_password", where it is too short. */
struct err *password_make(struct ctx *cx, const char *password, const char **kept_out) CHECKED;

/* ---- answers.c ---- */

/* A person as auth-js knows a user. */
void answer_member(struct json_out *j, const char *key, const struct member *m);
void reply_member(struct req *rq, int status, const struct member *m);

/* A session: the access token, which this signs, the refresh token and the user. */
struct err *reply_session(struct req *rq, const struct member *m, const struct sign_in *in) CHECKED;

/* An access token for them, until when (seconds since 1970). */
struct err *access_token(struct ctx *cx, const struct member *m, const struct sign_in *in,
                         const char **token_out, int64_t *expires_out) CHECKED;

/* An answer without a body. */
struct err *reply_nothing(struct req *rq);

/* {} */
struct err *reply_empty(struct req *rq);

/* ---- who asks ---- */

/* Who is signed in, whose session is not over: 401, or 403 "session_not_found". */
struct err *signed_in(struct req *rq, struct person *out, struct member *member_out) CHECKED;

/* ERR_UNAUTHORIZED with the words of this API. */
struct err *caller_of(struct req *rq, struct person *out) CHECKED;

/* The normalised address of a text; 400 "validation_failed" where it is none. */
struct err *email_of(struct ctx *cx, const char *text, const char **out) CHECKED;

/* A new session for somebody who has proved who they are: by that password, as it rests; NULL: by
 * other means. 400 "invalid_credentials" when it is theirs no more. */
struct err *begin_session(struct req *rq, const char *person, const char *password) CHECKED;

/* One answer for an unknown address, a wrong password, and an account without one. */
struct err *wrong_credentials(struct ctx *cx) CHECKED;

/* ---- the requests ---- */

/* Each is called as what it answers. */
struct err *post_token(struct req *rq) CHECKED;
struct err *post_logout(struct req *rq) CHECKED;
struct err *get_user(struct req *rq) CHECKED;
struct err *put_user(struct req *rq) CHECKED;
struct err *post_recover(struct req *rq) CHECKED;
struct err *post_signup(struct req *rq) CHECKED;
struct err *get_verify(struct req *rq) CHECKED;
struct err *post_verify(struct req *rq) CHECKED;

/* /admin/users and what is behind it: "" or "/<id>". */
struct err *admin_users(struct req *rq, const char *behind) CHECKED;

#endif
