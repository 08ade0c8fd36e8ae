/* The forward pass of CellPlan; see pass.h. */
#ifndef RONDO_FORWARD_H
#define RONDO_FORWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::forward(const rondo_pass& pass) {
  const Pass x = open(pass);
  const int64_t T = x.time.T, B = x.time.B, H = plane_width[0], I = options.input_size;
  const int64_t chunk = pass.cache ? T : inference_rows_ / B < T ? inference_rows_ / B : T;
  const bool by_blas = blas_is_faster<Real>(T * B, rows, I);
  if (pass.dense_input && !by_blas) pack(x, input_forward_, {x.weight_ih, 1, I});
  pack(x, recurrent_forward_, {x.weight_hh, 1, H});

  for (int64_t done = 0; done < T; done += chunk) {
    const int64_t steps = chunk < T - done ? chunk : T - done;
    const int64_t first_step = x.time.reversed ? T - done - steps : done;
    in_shares(options.threads, steps * B, 2.0 * steps * B * rows * I, [&](int64_t begin, int64_t end) {
      multiply_input(x, first_step, begin, end);
    });
    in_shares(options.threads, B, 2.0 * steps * B * rows * H, [&](int64_t begin, int64_t end) {
      for (int p = 0; p < planes && done == 0; p++) {
        copy_rows(x.tape.slot(p, x.time.initial_slot()), pass.initial[p], begin, end, plane_width[p]);
      }
      for (int64_t i = done; i < done + steps; i++) step(x, first_step, x.time.step(i), begin, end);
      for (int p = 0; p < planes && done + steps == T; p++) {
        if (pass.last[p]) copy_rows((Real*)pass.last[p], x.tape.slot(p, x.time.last_slot()), begin, end, plane_width[p]);
      }
    });
  }
  if (pass.cache) *(CacheHeader*)pass.cache = {cache_is_full, T, B, pass.flags & RONDO_REVERSED};
  return RONDO_OK;
}

/* pre = bias + input W_ih^T for the rows [begin, end) of (t - first_step) * B + b. */
template <class Cell>
void CellPlan<Cell>::multiply_input(const Pass& x, int64_t first_step, int64_t begin, int64_t end) {
  const int64_t R = rows, I = options.input_size, B = x.time.B, offset = first_step * B;
  Real* pre = x.tape.pre + begin * x.tape.pre_row;
  if (x.given.dense_input) {
    const int64_t stride = x.given.input_stride;
    const Real* input = (const Real*)x.given.dense_input + (offset + begin) * stride;
    const Matrix<Real> weights = {x.weight_ih, 1, I};
    multiply_weights({end - begin, R, I, {input, stride, 1}, weights, {x.bias, 0}, pre, x.tape.pre_row}, input_forward_);
    return;
  }
  for (int64_t row = begin; row < end; row++, pre += x.tape.pre_row) {
    if (x.time.row((offset + row) / B, row % B) != Row::steps) continue;
    const Real* weights = x.weight_ih + x.given.tokens[offset + row] * R;
    for_each_vector<Real>(R, [&](int64_t j, auto extent) {
      store(pre + j, load(weights + j, extent) + load(x.bias + j, extent), extent);
    });
  }
}

/* Step t of the batch rows [begin, end): recurrent product, then what the cell makes of each row. */
template <class Cell>
void CellPlan<Cell>::step(const Pass& x, int64_t first_step, int64_t t, int64_t begin, int64_t end) {
  const int64_t H = plane_width[0], pre_row = x.tape.pre_row;
  const Real* operand = x.tape.slot(0, x.time.old_slot(t)) + begin * H;
  if (const Real* mask = x.mask(t)) {
    const Real* state = operand;
    operand = operand_ + begin * H;
    for_each_vector<Real>((end - begin) * H, [&](int64_t j, auto extent) {
      store(operand_ + begin * H + j, load(mask + begin * H + j, extent) * load(state + j, extent), extent);
    });
  }
  Real* pre = x.tape.pre + ((t - first_step) * x.time.B + begin) * pre_row;
  const Matrix<Real> weights = {x.weight_hh, 1, H};
  multiply_weights({end - begin, rows, H, {operand, H, 1}, weights, {pre, pre_row}, pre, pre_row}, recurrent_forward_);
  for (int64_t b = begin; b < end; b++, pre += pre_row) finish_row(x, pre, t, b);
}

template <class Cell>
void CellPlan<Cell>::finish_row(const Pass& x, Real* pre, int64_t t, int64_t b) {
  const Row row = x.time.row(t, b);
  const Real* old[RONDO_MAX_PLANES];
  Real* now[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.slot(p, x.time.old_slot(t)) + b * plane_width[p];
    now[p] = x.tape.slot(p, x.time.new_slot(t)) + b * plane_width[p];
    if (row != Row::steps) memcpy(now[p], old[p], (size_t)plane_width[p] * sizeof(Real));
  }
  if (row == Row::steps) {
    Cell::forward(options.hidden_size, pre, old, now);
    if (const uint8_t* held = x.time.held_units(t, b)) {
      for (int p = 0; p < planes; p++) {
        for (int64_t j = 0; j < plane_width[p]; j++) now[p][j] = held[j] ? old[p][j] : now[p][j];
      }
    }
  }
  if (!x.given.output) return;
  Real* output = (Real*)x.given.output + (t * x.time.B + b) * x.given.output_stride;
  const size_t bytes = (size_t)plane_width[0] * sizeof(Real);
  row == Row::absent ? memset(output, 0, bytes) : memcpy(output, now[0], bytes);
}

}  // namespace rondo::RONDO_TIER

#endif
