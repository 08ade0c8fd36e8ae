#include "activations_tier.h"

#include "kernels/activations.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Real, class Function>
void apply(const Real* x, Real* y, int64_t count, Function function) {
  for_each_vector<Real>(count, [&](int64_t i, auto extent) { store(y + i, function(load(x + i, extent)), extent); });
}

template <class Real>
void apply_exp(const Real* x, Real* y, int64_t count) {
  apply(x, y, count, [](Vector<Real> v) { return exp<Real>(v); });
}

template <class Real>
void apply_sigmoid(const Real* x, Real* y, int64_t count) {
  apply(x, y, count, [](Vector<Real> v) { return sigmoid<Real>(v); });
}

template <class Real>
void apply_tanh(const Real* x, Real* y, int64_t count) {
  apply(x, y, count, [](Vector<Real> v) { return tanh<Real>(v); });
}

}  // namespace

extern const ActivationTable<float> activations32;
extern const ActivationTable<double> activations64;
const ActivationTable<float> activations32 = {{apply_exp<float>, apply_sigmoid<float>, apply_tanh<float>},
                                              ExpConstants<float>::activation_error};
const ActivationTable<double> activations64 = {{apply_exp<double>, apply_sigmoid<double>, apply_tanh<double>},
                                               ExpConstants<double>::activation_error};

}  // namespace rondo::RONDO_TIER
