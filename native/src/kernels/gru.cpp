/*
 * GRU. Per unit, with the gates r z n (rows of the weights in this order) and logistic s:
 *
 *   r = s(W_r x + R_r h + b_r)   z = s(W_z x + R_z h + b_z)
 *   reset after the product:     n = tanh(W_n x + b_n + r (R_n h + b_hn))
 *   reset before the product:    n = tanh(W_n x + R_n (r h) + b_n)
 *   h' = (1 - z) n + z h
 *
 * State plane: h. Pre-activation rows: 3H, r z n; with reset after the product 4H, r z nx nh, the two parts of n apart.
 * Reset before the product has a second product, of R_n and the cache plane r h, where h is the masked one.
 * Cached: r, z, n and nh; h of every step; r h.
 *
 * Backward, from dh' (which becomes the direct part of dh), with a the pre-activation of n:
 *
 *   da = dh' (1 - z) (1 - n^2)   dz = dh' (h - n) z (1 - z)   dh' <- dh' z
 *   after:   dnx = da   dnh = da r   dr = da nh r (1 - r)
 *   before:  dn = da    and with d = R_n^T da, the gradient of r h:  dr = d h r (1 - r)   dh += d r
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

enum GruReset { gru_after, gru_before, gru_resets };

template <class Element>
struct Gru {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr int64_t variants = gru_resets;
  int64_t H;
  GruReset reset;

  explicit Gru(const rondo_plan_options& options) : H(options.hidden_size), reset((GruReset)options.variant) {}
  Wiring wiring() const {
    if (reset == gru_before) return {3 * H, 3 * H, {{0, 0, 2 * H}}, {{2 * H, 2 * H, H}}};
    return {4 * H, 3 * H, {{0, 0, 2 * H}, {2 * H, 3 * H, H}}};
  }
  int64_t plane_width(int) const { return H; }

  /* gates [R] holds the pre-activations and receives the activations; of n's two parts, n and the second one. */
  void forward(Range units, Real* gates, const Real* const* old, Real* const* now) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      if (reset == gru_after) store(gates + j, sigmoid<Real>(load(gates + j, extent)), extent);
      store(gates + H + j, sigmoid<Real>(load(gates + H + j, extent)), extent);
    });
    // A loop of its own: in one, n waits for r, and too few vectors are under way.
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      Vector<Real> a = load(gates + 2 * H + j, extent);
      if (reset == gru_after) a += load(gates + j, extent) * load(gates + 3 * H + j, extent);
      const Vector<Real> z = load(gates + H + j, extent), n = tanh<Real>(a);
      store(gates + 2 * H + j, n, extent);
      store(now[0] + j, (1 - z) * n + z * load(old[0] + j, extent), extent);
    });
  }

  /* gates [R] holds what forward left and receives the gradients of the pre-activations; r's wait for the cache. */
  void backward(Range units, Real* gates, const Real* const* old, const Real* const*, Real* const* d_state) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> z = load(gates + H + j, extent), n = load(gates + 2 * H + j, extent);
      const Vector<Real> dh = load(d_state[0] + j, extent);
      const Vector<Real> da = dh * (1 - z) * (1 - n * n);
      if (reset == gru_after) {
        const Vector<Real> r = load(gates + j, extent);
        store(gates + j, da * load(gates + 3 * H + j, extent) * r * (1 - r), extent);
        store(gates + 3 * H + j, da * r, extent);
      }
      store(gates + H + j, dh * (load(old[0] + j, extent) - n) * z * (1 - z), extent);
      store(gates + 2 * H + j, da, extent);
      store(d_state[0] + j, dh * z, extent);
    });
  }

  /* Reset before the product: gates [R] receives r; cache [H] is r h of the operand h [H]. */
  void forward_between(Range units, Real* gates, const Real* operand, Real* cache) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> r = sigmoid<Real>(load(gates + j, extent));
      store(gates + j, r, extent);
      store(cache + j, r * load(operand + j, extent), extent);
    });
  }

  /* gates [R] holds r and receives its gradient; d_operand [H] is added to. */
  void backward_between(Range units, Real* gates, const Real* operand, const Real* d_cache, Real* d_operand) const {
    for_each_vector<Real>(units, [&](int64_t j, auto extent) __attribute__((always_inline)) {
      const Vector<Real> r = load(gates + j, extent), d = load(d_cache + j, extent);
      store(gates + j, d * load(operand + j, extent) * r * (1 - r), extent);
      store(d_operand + j, load(d_operand + j, extent) + d * r, extent);
    });
  }
};

}  // namespace

extern const CellFactory gru;
constinit const CellFactory gru = make_factory<Gru>();

}  // namespace rondo::RONDO_TIER
