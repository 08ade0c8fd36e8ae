/* The projection stage of CellPlan: plane 0 is W m, with m what the pointwise part leaves in its place; see pass.h. */
#ifndef RONDO_PROJECTION_H
#define RONDO_PROJECTION_H

#include "pass.h"

namespace rondo::RONDO_TIER {

/* Plane 0 after step t = m W^T. Rows that take no step get theirs afterwards. */
template <class Cell>
void CellPlan<Cell>::project(const Pass& x, int64_t t, Range batch, Shared shared) {
  const int64_t P = plane_width[0], H = options.hidden_size;
  for (int64_t b = batch.begin; b < batch.end; b++) {
    // Left out of all sums, but what is left of another pass may not be a number, and slow.
    if (x.time.row(t, b) != Row::steps) memset(x.tape.unprojected_at(t, b), 0, (size_t)H * sizeof(Real));
  }
  const Matrix<Real> made = {x.tape.unprojected_at(t, batch.begin), H, 1};
  Real* const plane = x.tape.state(0, x.time.new_slot(t), batch.begin);
  const Product<Real> product = {batch.end - batch.begin, P, H, made, x.weight_hr.transposed(), {}, plane, P};
  multiply_weights(product, projection_forward_, shared, [](Range) {});
}

/*
 * dm = dh W at step t. dh is kept for the gradient of W, and zero where the row takes the step, for the old plane
 * enters through products alone.
 */
template <class Cell>
void CellPlan<Cell>::project_back(const Pass& x, int64_t t, Range batch, Shared shared) {
  const int64_t P = plane_width[0], H = options.hidden_size;
  Real* const d_plane = d_state_[0] + batch.begin * P;
  Real* const d_made = d_unprojected_ + batch.begin * H;
  const Product<Real> product = {batch.end - batch.begin, H, P, {d_plane, P, 1}, x.weight_hr, {}, d_made, H};
  multiply_weights(product, projection_backward_, shared, [](Range) {});
  for (int64_t b = batch.begin; b < batch.end; b++) {
    if (x.time.row(t, b) != Row::steps) continue;
    copy_row(x.tape.d_projected_at(t, b), (const Real*)d_state_[0] + b * P, P);
    memset(d_state_[0] + b * P, 0, (size_t)P * sizeof(Real));
  }
}

/* dW += d_made^T source, over the rows of a range of (t, b) that take a step: d_made [rows, P], source [rows, H]. */
template <class Cell>
void CellPlan<Cell>::add_weight_hr_gradients(const Pass& x, Real* gradients, const Matrix<Real>& d_made,
                                             const Matrix<Real>& source) {
  const int64_t P = plane_width[0], H = options.hidden_size, count = stepping_count_;
  const int32_t* list = x.time.complete() ? nullptr : stepping_;
  Real* const d = gradients + (x.weight_hr.data - (const Real*)x.given.params);
  in_shares(options.threads, P, 2.0 * (double)count * P * H, [&](int64_t begin, int64_t end) {
    Real* const to = d + begin * H;
    const Matrix<Real> columns = {d_made.data + begin, d_made.row, 1};
    multiply<Real>({end - begin, H, count, columns.transposed(), source, {to, H}, to, H}, list);
  });
}

}  // namespace rondo::RONDO_TIER

#endif
