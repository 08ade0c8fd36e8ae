/*
 * Elman: simple recurrent units, each of which sees all:
 *
 *   h' = act(W_ih x + W_hh h + b)
 *
 * Pre-activation rows: H. Both products feed all rows, so the common stages suffice.
 */
#include "elman.h"

namespace rondo::RONDO_TIER {

extern const CellFactory elman;
constinit const CellFactory elman = make_factory<Elman>();

}  // namespace rondo::RONDO_TIER
