/*
 * Simple recurrent units: the pointwise part of Elman, and of those of Clockwork that move. With act one of tanh, ReLU
 * and the logistic function, and a the pre-activation:
 *
 *   h' = act(a)
 *
 * State plane: h. Cached: the activation, which backward overwrites with the gradient of the pre-activation.
 *
 * Backward, from dh' (which becomes the direct part of dh, zero, for h enters through the product alone):
 *
 *   da = dh' act'(a), where act' is 1 - h'^2, h' > 0 ? 1 : 0, and h' (1 - h')
 */
#ifndef RONDO_KERNELS_ELMAN_H
#define RONDO_KERNELS_ELMAN_H

#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct Elman {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr int64_t variants = unit_activations;
  int64_t H;
  UnitActivation activation;

  explicit Elman(const rondo_plan_options& options)
      : H(options.hidden_size), activation((UnitActivation)options.variant) {}
  Wiring wiring() const { return {H, H, {{0, 0, H}}}; }
  int64_t plane_width(int) const { return H; }

  /* gates [H] holds the pre-activations and receives the activations. */
  void forward(Range units, Real* gates, const Real* const*, Real* const* now) const {
    with_activation<Real>(activation, [&](auto function) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
        const Vector<Real> h = function(load(gates + j, extent));
        store(gates + j, h, extent);
        store(now[0] + j, h, extent);
      });
    });
  }

  /* gates [H] holds the activations and receives the gradients of the pre-activations. */
  void backward(Range units, Real* gates, const Real* const*, const Real* const*, Real* const* d_state) const {
    with_slope<Real>(activation, [&](auto gradient) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
        store(gates + j, gradient(load(gates + j, extent), load(d_state[0] + j, extent)), extent);
        store(d_state[0] + j, Vector<Real>{}, extent);
      });
    });
  }
};

}  // namespace
}  // namespace rondo::RONDO_TIER

#endif
