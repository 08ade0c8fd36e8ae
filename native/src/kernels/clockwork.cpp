/*
 * Clockwork: simple recurrent units in groups with a clock each, where group i sees the groups j >= i. When it moves:
 *
 *   h_i' = act(W_ih,i x + sum over j >= i of W_hh,ij h_j + b_i)
 *
 * else it keeps its state. Pre-activation rows: H, those of a group cached only where it moves. See groups.h for the
 * products; what a unit makes of its pre-activation is Elman's.
 */
#include "elman.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Real>
struct Clockwork : Elman<Real> {
  static constexpr bool has_groups = true;
  using Elman<Real>::Elman;
};

}  // namespace

extern const CellFactory clockwork;
constinit const CellFactory clockwork = make_factory<Clockwork>();

}  // namespace rondo::RONDO_TIER
