/*
 * LSTM. Per unit, with the gates i f g o (rows of the weights in this order) and logistic s:
 *
 *   i = s(.)  f = s(.)  g = tanh(.)  o = s(.)     where (.) = W_ih x + W_hh h + b
 *   c' = f c + i g
 *   h' = o tanh(c')
 *
 * State planes: h, c. Pre-activation rows: 4H. Both products feed all rows, so the common stages suffice.
 * Cached: the four activations, which backward overwrites with the gradients of the pre-activations; h and c of every
 * step. tanh(c') is computed again rather than stored.
 *
 * Backward, from dh' and dc' (which become the direct parts of dh and dc):
 *
 *   do = dh' tanh(c')        dc = dc' + dh' o (1 - tanh(c')^2)
 *   di = dc g   df = dc c   dg = dc i             and each times the slope of its gate
 *   dc' <- dc f              dh' <- 0             (h enters through the product alone)
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct Lstm {
  using Real = Element;
  static constexpr int planes = 2;
  static constexpr int64_t variants = 1;
  int64_t H;

  Lstm(int64_t H, int64_t) : H(H) {}
  Wiring wiring() const { return {4 * H, 4 * H, {{0, 0, 4 * H}}}; }
  int64_t plane_width(int) const { return H; }

  /* gates [4H] holds the pre-activations and receives the activations. */
  void forward(Range units, Real* gates, const Real* const* old, Real* const* now) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> i = sigmoid<Real>(load(gates + j, extent));
      const Vector<Real> f = sigmoid<Real>(load(gates + H + j, extent));
      const Vector<Real> g = tanh<Real>(load(gates + 2 * H + j, extent));
      const Vector<Real> o = sigmoid<Real>(load(gates + 3 * H + j, extent));
      const Vector<Real> c = f * load(old[1] + j, extent) + i * g;
      store(gates + j, i, extent);
      store(gates + H + j, f, extent);
      store(gates + 2 * H + j, g, extent);
      store(gates + 3 * H + j, o, extent);
      store(now[1] + j, c, extent);
    });
    // A loop of its own: in one, the second tanh waits for the first, and too few vectors are under way.
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      store(now[0] + j, load(gates + 3 * H + j, extent) * tanh<Real>(load(now[1] + j, extent)), extent);
    });
  }

  /* gates [4H] holds the activations and receives the gradients of the pre-activations. */
  void backward(Range units, Real* gates, const Real* const* old, const Real* const* now, Real* const* d_state) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> i = load(gates + j, extent), f = load(gates + H + j, extent);
      const Vector<Real> g = load(gates + 2 * H + j, extent), o = load(gates + 3 * H + j, extent);
      const Vector<Real> tanh_c = tanh<Real>(load(now[1] + j, extent));
      const Vector<Real> dh = load(d_state[0] + j, extent);
      const Vector<Real> dc = load(d_state[1] + j, extent) + dh * o * (1 - tanh_c * tanh_c);
      store(gates + j, dc * g * i * (1 - i), extent);
      store(gates + H + j, dc * load(old[1] + j, extent) * f * (1 - f), extent);
      store(gates + 2 * H + j, dc * i * (1 - g * g), extent);
      store(gates + 3 * H + j, dh * tanh_c * o * (1 - o), extent);
      store(d_state[0] + j, Vector<Real>{}, extent);
      store(d_state[1] + j, dc * f, extent);
    });
  }
};

}  // namespace

extern const CellFactory lstm;
constinit const CellFactory lstm = make_factory<Lstm>();

}  // namespace rondo::RONDO_TIER
