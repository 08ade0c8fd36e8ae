/* The backward pass of CellPlan; see pass.h. */
#ifndef RONDO_BACKWARD_H
#define RONDO_BACKWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::backward(const rondo_pass& pass, const rondo_gradients& gradients) {
  CacheHeader& header = *(CacheHeader*)pass.cache;
  const int64_t T = pass.time_steps, B = pass.batch_size, H = plane_width[0], I = options.input_size;
  if (header.mark != cache_is_full || header.time_steps != T || header.batch_size != B ||
      header.flags != (pass.flags & RONDO_REVERSED)) {
    return RONDO_BAD_ARGUMENT;
  }
  header.mark = 0;
  const Pass x = open(pass);
  const double operations = 2.0 * (double)(T * B * rows);
  const bool by_blas = blas_is_faster<Real>(T * B, I, rows);
  if (gradients.input && !by_blas) pack(x, input_backward_, {x.weight_ih, I, 1});
  pack(x, recurrent_backward_, {x.weight_hh, H, 1});

  in_shares(options.threads, B, operations * (double)H, [&](int64_t begin, int64_t end) {
    for (int p = 0; p < planes; p++) copy_rows(d_state_[p], gradients.last[p], begin, end, plane_width[p]);
    for (int64_t i = T - 1; i >= 0; i--) step_back(x, gradients, x.time.step(i), begin, end);
    for (int p = 0; p < planes; p++) {
      if (gradients.initial[p]) copy_rows((Real*)gradients.initial[p], d_state_[p], begin, end, plane_width[p]);
    }
    // From here on plane 0 is an operand of the recurrent weights' gradient, so it takes its mask for good.
    for (int64_t t = 0; t < T && pass.recurrent_mask && gradients.params; t++) {
      const Real* mask = x.mask(t) + begin * H;
      Real* state = x.tape.slot(0, x.time.old_slot(t)) + begin * H;
      for_each_vector<Real>((end - begin) * H, [&](int64_t j, auto extent) {
        store(state + j, load(mask + j, extent) * load(state + j, extent), extent);
      });
    }
  });

  if (gradients.input) {
    const int64_t stride = gradients.input_stride;
    in_shares(options.threads, T * B, operations * (double)I, [&](int64_t begin, int64_t end) {
      Real* d_input = (Real*)gradients.input + begin * stride;
      const Start<Real> start = {gradients.input_accumulate ? d_input : nullptr, stride};
      const Matrix<Real> d_pre = {x.tape.pre + begin * x.tape.pre_row, x.tape.pre_row, 1};
      multiply_weights({end - begin, I, rows, d_pre, {x.weight_ih, I, 1}, start, d_input, stride}, input_backward_);
    });
  }
  if (gradients.params) {
    stepping_count_ = 0;
    for (int64_t row = 0; row < T * B && !x.time.complete(); row++) {
      if (x.time.row(row / B, row % B) == Row::steps) stepping_[stepping_count_++] = (int32_t)row;
    }
    if (x.time.complete()) stepping_count_ = T * B;
    in_shares(options.threads, rows, operations * (double)(pass.tokens ? H : H + I), [&](int64_t begin, int64_t end) {
      add_parameter_gradients(x, (Real*)gradients.params, begin, end);
    });
  }
  for (int64_t row = 0; row < T * B && gradients.pre_activations; row++) {
    memcpy((Real*)gradients.pre_activations + row * rows, x.tape.pre + row * x.tape.pre_row, (size_t)rows * sizeof(Real));
  }
  return RONDO_OK;
}

/* Step t of the batch rows [begin, end), from the gradients of its new state to those of its old one. */
template <class Cell>
void CellPlan<Cell>::step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t begin, int64_t end) {
  const int64_t H = plane_width[0];
  for (int64_t b = begin; b < end; b++) finish_row_back(x, gradients, t, b);

  Real* d_state = d_state_[0] + begin * H;
  const Matrix<Real> d_pre = {x.tape.pre + (t * x.time.B + begin) * x.tape.pre_row, x.tape.pre_row, 1};
  const Real* mask = x.mask(t);
  Real* to = mask ? operand_ + begin * H : d_state;
  const Start<Real> start = {mask ? nullptr : d_state, H};
  multiply_weights({end - begin, H, rows, d_pre, {x.weight_hh, H, 1}, start, to, H}, recurrent_backward_);
  if (mask) {
    for_each_vector<Real>((end - begin) * H, [&](int64_t j, auto extent) {
      store(d_state + j, load(d_state + j, extent) + load(mask + begin * H + j, extent) * load(to + j, extent), extent);
    });
  }
}

template <class Cell>
void CellPlan<Cell>::finish_row_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b) {
  const Row row = x.time.row(t, b);
  Real* pre = x.tape.pre + (t * x.time.B + b) * x.tape.pre_row;
  const Real *old[RONDO_MAX_PLANES], *now[RONDO_MAX_PLANES];
  Real *d_state[RONDO_MAX_PLANES], *passing[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.slot(p, x.time.old_slot(t)) + b * plane_width[p];
    now[p] = x.tape.slot(p, x.time.new_slot(t)) + b * plane_width[p];
    d_state[p] = d_state_[p] + b * plane_width[p];
    passing[p] = held_[p] + b * plane_width[p];
  }
  if (row != Row::absent && gradients.output) {
    const Real* d_output = (const Real*)gradients.output + (t * x.time.B + b) * gradients.output_stride;
    for_each_vector<Real>(plane_width[0], [&](int64_t j, auto extent) {
      store(d_state[0] + j, load(d_state[0] + j, extent) + load(d_output + j, extent), extent);
    });
  }
  if (row != Row::steps) {
    memset(pre, 0, (size_t)rows * sizeof(Real));
    return;
  }
  const uint8_t* held = x.time.held_units(t, b);
  for (int p = 0; p < planes && held; p++) {
    for (int64_t j = 0; j < plane_width[p]; j++) {
      passing[p][j] = held[j] ? d_state[p][j] : 0;
      d_state[p][j] = held[j] ? 0 : d_state[p][j];
    }
  }
  Cell::backward(options.hidden_size, pre, old, now, d_state);
  for (int p = 0; p < planes && held; p++) {
    for (int64_t j = 0; j < plane_width[p]; j++) d_state[p][j] += passing[p][j];
  }
}

/* Adds the gradients of the pre-activation rows [begin, end): of both weight matrices and the bias. */
template <class Cell>
void CellPlan<Cell>::add_parameter_gradients(const Pass& x, Real* gradients, int64_t begin, int64_t end) {
  const int64_t R = rows, I = options.input_size, H = plane_width[0], pre_row = x.tape.pre_row;
  const Depths steps = {x.time.complete() ? nullptr : stepping_};
  const Matrix<Real> d_pre = {x.tape.pre + begin, 1, pre_row};
  const Matrix<Real> state = {x.tape.slot(0, x.time.old_slot(0)), H, 1};
  Real* d_ih = gradients;
  Real* d_hh = d_ih + R * I + begin * H;
  Real* d_bias = gradients + R * I + R * H;

  multiply<Real>({end - begin, H, stepping_count_, d_pre, state, {d_hh, H}, d_hh, H}, steps);
  if (x.given.dense_input) {
    const Matrix<Real> input = {(const Real*)x.given.dense_input, x.given.input_stride, 1};
    d_ih += begin * I;
    multiply<Real>({end - begin, I, stepping_count_, d_pre, input, {d_ih, I}, d_ih, I}, steps);
  }
  for (int64_t s = 0; s < stepping_count_; s++) {
    const Real* d_row = x.tape.pre + steps[s] * pre_row;
    Real* d_token = x.given.tokens ? d_ih + x.given.tokens[steps[s]] * R : nullptr;
    for_each_vector<Real>(end - begin, [&](int64_t j, auto extent) {
      const Vector<Real> d = load(d_row + begin + j, extent);
      store(d_bias + begin + j, load(d_bias + begin + j, extent) + d, extent);
      if (d_token) store(d_token + begin + j, load(d_token + begin + j, extent) + d, extent);
    });
  }
}

}  // namespace rondo::RONDO_TIER

#endif
