/* act_model.h -- which act a sentence most likely is: a softmax over its vector, its form and its
 * words, one and two at a time.
 *
 * A vector tells what a sentence is about better than what is done by it; how one begins and asks
 * tells that better, and both together more than either. The weights are learnt from the examples
 * (act.h) once per embedding model: AdaGrad (Duchi, Hazan, Singer 2011) on the cross entropy, rare
 * acts weighing more, words by their inverse document frequency. The same examples and vectors give
 * the same weights. Pure; any number of threads. */
#ifndef ACT_MODEL_H
#define ACT_MODEL_H

#include "act.h"

/* How many floats the weights for vectors of `dims` are. */
size_t act_model_floats(size_t dims);

/* Learns from the n examples of `known`, whose weights these will be: takes seconds. */
void act_model_learn(struct ctx *cx, const struct act_vectors *known, float *weights);

/* How likely each act is, 0 to 1 and 1 in all. */
void act_model_ask(const struct act_vectors *known, const float *vector, const struct utterance *u,
                   double out[ACTS_N]);

#endif
