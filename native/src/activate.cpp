/* exp, sigmoid and tanh of numbers that belong to no cell: what cells and softmax compute, to be measured alone. */
#include "kernels/activations.h"
#include "plan.h"
#include "shares.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Real, class Function>
void apply(const rondo_activation& activation, Function function) {
  const Real* const x = (const Real*)activation.x;
  Real* const y = (Real*)activation.y;
  constexpr double operations_each = 20;
  in_shares(activation.threads, activation.count, operations_each * (double)activation.count,
            [&](int64_t begin, int64_t end) {
              for_each_vector<Real>(Range{begin, end}, [&](int64_t i, auto extent) {
                store(y + i, function(load(x + i, extent)), extent);
              });
            });
}

template <class Real>
void activate(const rondo_activation& activation) {
  switch (activation.function) {
    case RONDO_EXP: return apply<Real>(activation, [](Vector<Real> v) { return exp<Real>(v); });
    case RONDO_SIGMOID: return apply<Real>(activation, [](Vector<Real> v) { return sigmoid<Real>(v); });
    default: return apply<Real>(activation, [](Vector<Real> v) { return tanh<Real>(v); });
  }
}

}  // namespace

extern const Activation activation_of_numbers;
const Activation activation_of_numbers = {activate<float>, activate<double>};

}  // namespace rondo::RONDO_TIER
