/*
 * IndRNN (Li et al. 2018). Per unit, with act one of tanh, ReLU and the logistic function, and u a number of its own:
 *
 *   h' = act(W_ih x + u h + b)
 *
 * State plane: h. Pre-activation rows: H. Each unit is multiplied with itself, so this is a scan over time.
 * Cached: the activation, which backward overwrites with the gradient of the pre-activation; h of every step.
 *
 * Backward, from dh' (h enters through its weight alone):
 *
 *   da = dh' act'(a), where act' is 1 - h'^2, h' > 0 ? 1 : 0, or h' (1 - h')      dh = u da   du += da h
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct IndRnn {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr int64_t variants = unit_activations;
  int64_t H;
  UnitActivation activation;

  explicit IndRnn(const rondo_plan_options& options)
      : H(options.hidden_size), activation((UnitActivation)options.variant) {}
  Wiring wiring() const { return {H, H, {}}; }
  int64_t plane_width(int) const { return H; }

  Vector<Real> activate(Vector<Real> a) const {
    return with_activation<Real>(activation, [&](auto function) { return function(a); });
  }
  Vector<Real> slope(Vector<Real> h, Vector<Real> d) const {
    return with_slope<Real>(activation, [&](auto gradient) { return gradient(h, d); });
  }
};

}  // namespace

extern const CellFactory indrnn;
constinit const CellFactory indrnn = make_factory<IndRnn>();

}  // namespace rondo::RONDO_TIER
