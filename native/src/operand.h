/* What the recurrent product of a cell takes that gathers it from its old planes; see pass.h. */
#ifndef RONDO_OPERAND_H
#define RONDO_OPERAND_H

#include "pass.h"

namespace rondo::RONDO_TIER {

/* Fills the operand of step t, in the cache of all of them if there is one; from the first of the batch rows on. */
template <class Cell>
const typename Cell::Real* CellPlan<Cell>::gather(const Pass& x, int64_t t, Range batch) {
  for (int64_t b = batch.begin; b < batch.end; b++) {
    const Real* old[RONDO_MAX_PLANES];
    for (int p = 0; p < planes; p++) old[p] = x.tape.state(p, x.time.old_slot(t), b);
    cell_.gather(old, x.mask(t, b, plane_width[0]), x.tape.operand_at(t, b));
  }
  return x.tape.operand_at(t, batch.begin);
}

/* Gives the gradient of the operand of step t to those of the old planes. */
template <class Cell>
void CellPlan<Cell>::scatter(const Pass& x, int64_t t, Range batch) {
  for (int64_t b = batch.begin; b < batch.end; b++) {
    // Of a row that takes no step the mask may be anything.
    if (x.time.row(t, b) != Row::steps) continue;
    Real* d_state[RONDO_MAX_PLANES];
    for (int p = 0; p < planes; p++) d_state[p] = d_state_[p] + b * plane_width[p];
    cell_.scatter(d_operand_ + b * wiring_.operand, x.mask(t, b, plane_width[0]), d_state);
  }
}

}  // namespace rondo::RONDO_TIER

#endif
