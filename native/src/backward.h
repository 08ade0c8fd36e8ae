/* The backward pass of CellPlan; see pass.h. */
#ifndef RONDO_BACKWARD_H
#define RONDO_BACKWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::backward(const rondo_pass& pass, const rondo_gradients& gradients) {
  const int64_t T = pass.time_steps, B = pass.batch_size, R = rows, I = options.input_size, P = plane_width[0];
  CacheHeader& header = *(CacheHeader*)pass.cache;
  const bool ours = header.mark == cache_is_full && header.time_steps == T && header.batch_size == B;
  if (!ours || header.flags != (pass.flags & RONDO_REVERSED)) return RONDO_BAD_ARGUMENT;
  header.mark = 0;

  const Pass x = open(pass);
  const double operations = 2.0 * T * B * R;
  if (gradients.input && !blas_is_faster<Real>(T * B, I, wiring_.weight_rows)) pack(x, input_backward_, x.weight_ih);
  for_each_product([&](SpanProduct& product) { pack(x, product.backward, x.weights(product.span)); });
  in_shares(options.threads, B, operations * P, [&](int64_t begin, int64_t end) {
    for (int p = 0; p < planes; p++) copy_rows(d_state_[p], gradients.last[p], begin, end, plane_width[p]);
    for (int64_t i = T - 1; i >= 0; i--) step_back(x, gradients, x.time.step(i), begin, end);
    for (int p = 0; p < planes; p++) {
      if (gradients.initial[p]) copy_rows((Real*)gradients.initial[p], d_state_[p], begin, end, plane_width[p]);
    }
    // From here on plane 0 is an operand of the recurrent weights' gradient, so it takes its mask for good.
    for (int64_t t = 0; t < T && pass.recurrent_mask; t++) {
      Real* state = x.tape.state(0, x.time.old_slot(t), begin);
      multiply_row(state, x.mask(t, begin, P), state, (end - begin) * P);
    }
  });
  if (gradients.input) {
    in_shares(options.threads, T * B, operations * I, [&](int64_t begin, int64_t end) {
      multiply_input_back(x, gradients, begin, end);
    });
  }
  if (gradients.params) {
    list_stepping_rows(x.time);
    in_shares(options.threads, R, operations * (pass.tokens ? P : P + I), [&](int64_t begin, int64_t end) {
      add_parameter_gradients(x, (Real*)gradients.params, begin, end);
    });
  }
  for (int64_t row = 0; row < T * B && gradients.pre_activations; row++) {
    memcpy((Real*)gradients.pre_activations + row * R, x.tape.pre_at(0, row), (size_t)R * sizeof(Real));
  }
  return RONDO_OK;
}

/* Step t of the batch rows [begin, end), from the gradients of its new state to those of its old one. */
template <class Cell>
void CellPlan<Cell>::step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t begin, int64_t end) {
  for (int64_t b = begin; b < end; b++) finish_row_back(x, gradients, t, b);

  const int64_t P = plane_width[0], count = (end - begin) * P;
  Real* d_state = d_state_[0] + begin * P;
  const Real* mask = x.mask(t, begin, P);
  Real* d_operand = mask ? d_operand_ + begin * P : d_state;
  if (mask) memset(d_operand, 0, (size_t)count * sizeof(Real));
  if constexpr (can_have_between) {
    if (between_.span.count) step_between_back(x, t, begin, end, d_operand);
  }
  for (const SpanProduct& product : recurrent_) {
    const Span& span = product.span;
    if (!span.count) break;
    const Matrix<Real> d_pre = {x.tape.pre_at(t, begin) + span.row, x.tape.pre_row, 1};
    multiply_weights({end - begin, P, span.count, d_pre, x.weights(span), {d_operand, P}, d_operand, P},
                     product.backward);
  }
  for (int64_t b = begin; b < end && mask; b++) { // of a row that takes no step the mask may be anything
    const int64_t at = (b - begin) * P;
    if (x.time.row(t, b) == Row::steps) add_product_of_rows(d_state + at, mask + at, d_operand + at, P);
  }
}

/* From the gradients of the rows that the second product feeds, to those of what made its cache plane. */
template <class Cell>
void CellPlan<Cell>::step_between_back(const Pass& x, int64_t t, int64_t begin, int64_t end, Real* d_operand) {
  const int64_t P = plane_width[0];
  const Span& span = between_.span;
  const Real* operand = operand_of(x, t, begin, end);
  const Matrix<Real> d_pre = {x.tape.pre_at(t, begin) + span.row, x.tape.pre_row, 1};
  Real* d_cache = d_between_ + begin * P;
  multiply_weights({end - begin, P, span.count, d_pre, x.weights(span), {}, d_cache, P}, between_.backward);
  for (int64_t b = begin; b < end; b++) {
    if (x.time.row(t, b) != Row::steps) continue;
    const int64_t at = (b - begin) * P;
    cell_.backward_between(x.tape.pre_at(t, b), operand + at, d_cache + at, d_operand + at);
  }
}

template <class Cell>
void CellPlan<Cell>::finish_row_back(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b) {
  const Row row = x.time.row(t, b);
  Real* pre = x.tape.pre_at(t, b);
  const Real *old[RONDO_MAX_PLANES], *now[RONDO_MAX_PLANES];
  Real *d_state[RONDO_MAX_PLANES], *passing[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.state(p, x.time.old_slot(t), b);
    now[p] = x.tape.state(p, x.time.new_slot(t), b);
    d_state[p] = d_state_[p] + b * plane_width[p];
    passing[p] = held_[p] + b * plane_width[p];
  }
  if (row != Row::absent && gradients.output) {
    const Real* d_output = (const Real*)gradients.output + (t * x.time.B + b) * gradients.output_stride;
    add_row(d_state[0], d_output, plane_width[0]);
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
  cell_.backward(pre, old, now, d_state);
  for (int p = 0; p < planes && held; p++) add_row(d_state[p], passing[p], plane_width[p]);
}

/* The gradient of the input, for the rows [begin, end) of (t, b). */
template <class Cell>
void CellPlan<Cell>::multiply_input_back(const Pass& x, const rondo_gradients& gradients, int64_t begin, int64_t end) {
  const int64_t I = options.input_size, stride = gradients.input_stride;
  Real* d_input = (Real*)gradients.input + begin * stride;
  const Start<Real> start = {gradients.input_accumulate ? d_input : nullptr, stride};
  const Matrix<Real> d_pre = {x.tape.pre_at(0, begin), x.tape.pre_row, 1};
  multiply_weights({end - begin, I, wiring_.weight_rows, d_pre, x.weight_ih, start, d_input, stride}, input_backward_);
}

/* Rows that take no step are left out of the parameters' gradients: their input may be anything, even not-a-number. */
template <class Cell>
void CellPlan<Cell>::list_stepping_rows(const Timeline& time) {
  stepping_count_ = time.complete() ? time.T * time.B : 0;
  for (int64_t row = 0; row < time.T * time.B && !time.complete(); row++) {
    if (time.row(row / time.B, row % time.B) == Row::steps) stepping_[stepping_count_++] = (int32_t)row;
  }
}

/* Adds the gradients that the pre-activation rows [begin, end) have: of the weights that feed them and of the bias. */
template <class Cell>
void CellPlan<Cell>::add_parameter_gradients(const Pass& x, Real* gradients, int64_t begin, int64_t end) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, P = plane_width[0], count = stepping_count_;
  const int32_t* list = x.time.complete() ? nullptr : stepping_;
  const auto add_weights = [&](const Span& span, const Matrix<Real>& operand, int64_t width, Real* d_weights) {
    const int64_t first = begin > span.row ? begin : span.row;
    const int64_t last = end < span.row + span.count ? end : span.row + span.count;
    if (first >= last) return;
    const Matrix<Real> d_pre = {x.tape.pre + first, 1, x.tape.pre_row};
    Real* d = d_weights + (span.from + first - span.row) * width;
    multiply<Real>({last - first, width, count, d_pre, operand, {d, width}, d, width}, list);
  };
  const Matrix<Real> state = {x.tape.state(0, x.time.old_slot(0), 0), P, 1}, cache = {x.tape.between, P, 1};
  for (const SpanProduct& product : recurrent_) add_weights(product.span, state, P, gradients + M * I);
  add_weights(between_.span, cache, P, gradients + M * I);
  if (x.given.dense_input) {
    const Matrix<Real> input = {(const Real*)x.given.dense_input, x.given.input_stride, 1};
    add_weights({0, 0, M}, input, I, gradients);
  }
  const int64_t fed = end < M ? end : M;
  for (int64_t s = 0; s < count; s++) {
    const int64_t row = list ? list[s] : s;
    const Real* d_row = x.tape.pre_at(0, row) + begin;
    add_row(gradients + M * (I + P) + begin, d_row, end - begin);
    if (x.given.tokens && begin < fed) add_row(gradients + x.given.tokens[row] * M + begin, d_row, fed - begin);
  }
}

}  // namespace rondo::RONDO_TIER

#endif
