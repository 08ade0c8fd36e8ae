/* The activations of one tier, for activations_test. */
#ifndef RONDO_ACTIVATIONS_TIER_H
#define RONDO_ACTIVATIONS_TIER_H

#include <stdint.h>

/* exp, sigmoid and tanh over arrays, and the largest relative error their source states. */
template <class Real>
struct ActivationTable {
  void (*functions[3])(const Real* x, Real* y, int64_t count);
  Real error;
};

#endif
