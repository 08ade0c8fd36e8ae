/*
 * The reservoir of an echo state network (Jaeger 2001): Elman's units, that leak, and may be connected sparsely:
 *
 *   f = act(W_ih u + W_hh x + b)      x' = (1 - leak) x + gain f
 *
 * State plane: x. Pre-activation rows: H. Where W_hh is sparse, reservoir.h has its products. Cached: f, which backward
 * overwrites with the gradient of the pre-activation.
 *
 * Backward, from dx' (which becomes the direct part of dx):
 *
 *   da = gain dx' act'(a)      dx = (1 - leak) dx'
 */
#include "elman.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct Reservoir {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr bool can_be_sparse = true;
  int64_t H;
  bool sparse;
  UnitActivation activation;
  Real keep, gain;

  explicit Reservoir(const rondo_plan_options& options)
      : H(options.hidden_size),
        sparse(options.connections > 0),
        activation((UnitActivation)options.variant),
        keep((Real)(1 - options.settings[0])),
        gain((Real)options.settings[1]) {}
  static bool accepts(const rondo_plan_options& options) {
    return 0 <= options.variant && options.variant < unit_activations && options.setting_count == 2;
  }
  Wiring wiring() const { return sparse ? Wiring{H, H, {}} : Wiring{H, H, {{0, 0, H}}}; }
  int64_t plane_width(int) const { return H; }

  /* Calls body(step) with what makes f out of pre-activations, and x' out of f and x. */
  template <class Body>
  void with_step(const Body& body) const {
    with_activation<Real>(activation, [&](auto function) __attribute__((always_inline)) {
      body(function, [&](Vector<Real> f, Vector<Real> old) __attribute__((always_inline)) {
        return keep * old + gain * f;
      });
    });
  }

  /* gates [H] holds the pre-activations and receives the activations. */
  void forward(Range units, Real* gates, const Real* const* old, Real* const* now) const {
    with_step([&](auto activate, auto step) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
        const Vector<Real> f = activate(load(gates + j, extent));
        store(gates + j, f, extent);
        store(now[0] + j, step(f, load(old[0] + j, extent)), extent);
      });
    });
  }

  /* gates [H] holds the activations and receives the gradients of the pre-activations. */
  void backward(Range units, Real* gates, const Real* const*, const Real* const*, Real* const* d_state) const {
    with_slope<Real>(activation, [&](auto gradient) __attribute__((always_inline)) {
      for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
        const Vector<Real> d = load(d_state[0] + j, extent);
        store(gates + j, gradient(load(gates + j, extent), gain * d), extent);
        store(d_state[0] + j, keep * d, extent);
      });
    });
  }
};

}  // namespace

extern const CellFactory reservoir;
constinit const CellFactory reservoir = make_factory<Reservoir>();

}  // namespace rondo::RONDO_TIER
