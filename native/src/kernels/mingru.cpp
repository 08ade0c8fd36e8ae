/*
 * minGRU (Feng et al. 2024). Per unit, with the gates z g (rows of the weights in this order) and logistic s:
 *
 *   z = s(W_z x + b_z)   g = W_g x + b_g
 *   h' = (1 - z) h + z g
 *
 * State plane: h. Pre-activation rows: 2H. Nothing multiplies the state, so this is a scan over time.
 * Cached: z, g; h of every step.
 *
 * Backward, from dh' (which becomes the direct part of dh):
 *
 *   dz = dh' (g - h) z (1 - z)   dg = dh' z   dh' <- dh' (1 - z)
 */
#include "activations.h"
#include "../pass.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Element>
struct MinGru {
  using Real = Element;
  static constexpr int planes = 1;
  static constexpr int64_t variants = 1;
  int64_t H;

  explicit MinGru(const rondo_plan_options& options) : H(options.hidden_size) {}
  Wiring wiring() const { return {2 * H, 2 * H, {}}; }
  int64_t plane_width(int) const { return H; }

  /* gates [2H] holds the pre-activations and receives z and g. */
  template <class Extent>
  Linear<Real> coefficients(int64_t j, Real* gates, Extent extent) const {
    const Vector<Real> z = sigmoid<Real>(load(gates + j, extent));
    store(gates + j, z, extent);
    return {1 - z, z * load(gates + H + j, extent)};
  }

  /* gates [2H] holds z and g and receives the gradients of the pre-activations. */
  template <class Extent>
  Vector<Real> gradients(int64_t j, Real* gates, Vector<Real> old, Vector<Real> d, Extent extent) const {
    const Vector<Real> z = load(gates + j, extent), g = load(gates + H + j, extent);
    store(gates + j, d * (g - old) * z * (1 - z), extent);
    store(gates + H + j, d * z, extent);
    return 1 - z;
  }
};

}  // namespace

extern const CellFactory mingru;
constinit const CellFactory mingru = make_factory<MinGru>();

}  // namespace rondo::RONDO_TIER
