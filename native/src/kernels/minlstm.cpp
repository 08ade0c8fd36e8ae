/*
 * minLSTM (Feng et al. 2024). Per unit, with the gates i f g (rows of the weights in this order) and logistic s:
 *
 *   i = s(a), a = W_i x + b_i   f = s(b), b = W_f x + b_f   g = W_g x + b_g
 *   h' = f / (f + i) h + i / (f + i) g
 *
 * Both gates may underflow where their quotients are ordinary numbers. With m = min(0, a, b) none of these powers is
 * above 1, and one of them is 1:
 *
 *   A = e^(m - a)   B = e^(m - b)   E = e^m   D = A + B + 2E
 *   i / (f + i) = (E + B) / D       f / (f + i) = (E + A) / D
 *
 * State plane: h. Pre-activation rows: 3H. Nothing multiplies the state, so this is a scan over time.
 * Cached: u = A / D, v = B / D and g; h of every step. The quotients are q = (1 - u + v) / 2 of i, and 1 - q.
 *
 * Backward, from dh' (which becomes the direct part of dh), as dq / da = q u and dq / db = -(1 - q) v:
 *
 *   da = dh' (g - h) q u   db = -dh' (g - h) (1 - q) v   dg = dh' q   dh' <- dh' (1 - q)
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct MinLstm {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr int64_t variants = 1;
  int64_t H;

  explicit MinLstm(const rondo_plan_options& options) : H(options.hidden_size) {}
  Wiring wiring() const { return {3 * H, 3 * H, {}}; }
  int64_t plane_width(int) const { return H; }

  /* gates [3H] holds the pre-activations and receives u, v and g. */
  template <class Extent>
  Linear<Real> coefficients(int64_t j, Real* gates, Extent extent) const {
    const Vector<Real> a = load(gates + j, extent), b = load(gates + H + j, extent), zero = {};
    const Vector<Real> negative = a < zero ? a : zero, m = b < negative ? b : negative;
    const Vector<Real> A = exp<Real>(m - a), B = exp<Real>(m - b), E = exp<Real>(m);
    const Vector<Real> scale = 1 / (A + B + E + E);
    store(gates + j, A * scale, extent);
    store(gates + H + j, B * scale, extent);
    return {(E + A) * scale, (E + B) * scale * load(gates + 2 * H + j, extent)};
  }

  /* gates [3H] holds u, v and g and receives the gradients of the pre-activations. */
  template <class Extent>
  Vector<Real> gradients(int64_t j, Real* gates, Vector<Real> old, Vector<Real> d, Extent extent) const {
    const Vector<Real> u = load(gates + j, extent), v = load(gates + H + j, extent);
    const Vector<Real> q = (1 - u + v) / 2, keep = (1 + u - v) / 2;
    const Vector<Real> slope = d * (load(gates + 2 * H + j, extent) - old);
    store(gates + j, slope * q * u, extent);
    store(gates + H + j, -slope * keep * v, extent);
    store(gates + 2 * H + j, d * q, extent);
    return keep;
  }
};

}  // namespace

extern const CellFactory minlstm;
constinit const CellFactory minlstm = make_factory<MinLstm>();

}  // namespace rondo::RONDO_TIER
