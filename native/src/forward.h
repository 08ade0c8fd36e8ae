/* The forward pass of CellPlan; see pass.h. */
#ifndef RONDO_FORWARD_H
#define RONDO_FORWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::forward(const rondo_pass& pass) {
  Pass x = open(pass);
  const int64_t T = x.time.T, B = x.time.B, R = rows, I = options.input_size, P = plane_width[0];
  if (pass.dense_input && !blas_is_faster<Real>(T * B, wiring_.weight_rows, I)) {
    pack(x, input_forward_, x.weight_ih.transposed());
  }
  for_each_product([&](SpanProduct& product) { pack(x, product.forward, x.weights(product.span).transposed()); });

  const int64_t chunk = pass.cache || inference_rows_ / B > T ? T : inference_rows_ / B;
  for (int64_t done = 0; done < T; done += chunk) {
    const int64_t next = done + chunk < T ? done + chunk : T;
    const double operations = 2.0 * (next - done) * B * R;
    x.tape.first_step = x.time.reversed ? T - next : done;
    in_shares(options.threads, (next - done) * B, operations * I, [&](int64_t begin, int64_t end) {
      multiply_input(x, begin, end);
    });
    in_shares(options.threads, B, operations * P, [&](int64_t begin, int64_t end) {
      for (int p = 0; p < planes && done == 0; p++) {
        copy_rows(x.tape.state(p, x.time.initial_slot(), 0), pass.initial[p], begin, end, plane_width[p]);
      }
      for (int64_t i = done; i < next; i++) step(x, x.time.step(i), begin, end);
      for (int p = 0; p < planes && next == T; p++) {
        if (!pass.last[p]) continue;
        copy_rows((Real*)pass.last[p], x.tape.state(p, x.time.last_slot(), 0), begin, end, plane_width[p]);
      }
    });
  }
  if (pass.cache) *(CacheHeader*)pass.cache = {cache_is_full, T, B, pass.flags & RONDO_REVERSED};
  return RONDO_OK;
}

/* pre = bias + input W_ih^T for the rows [begin, end) of the tape, in the pre-activation rows that the input feeds. */
template <class Cell>
void CellPlan<Cell>::multiply_input(const Pass& x, int64_t begin, int64_t end) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, B = x.time.B, first = x.tape.first_step * B;
  Real* pre = x.tape.pre + begin * x.tape.pre_row;
  if (x.given.dense_input) {
    const int64_t stride = x.given.input_stride;
    const Matrix<Real> input = {(const Real*)x.given.dense_input + (first + begin) * stride, stride, 1};
    const Start<Real> start = {x.bias, 0};
    multiply_weights({end - begin, M, I, input, x.weight_ih.transposed(), start, pre, x.tape.pre_row}, input_forward_);
    return;
  }
  for (int64_t row = begin; row < end; row++, pre += x.tape.pre_row) {
    if (x.time.row((first + row) / B, row % B) != Row::steps) continue;
    memcpy(pre, (const Real*)x.given.params + x.given.tokens[first + row] * M, (size_t)M * sizeof(Real));
    add_row(pre, x.bias, M);
  }
}

/* Step t of the batch rows [begin, end): products, then what the cell makes of each row. */
template <class Cell>
void CellPlan<Cell>::step(const Pass& x, int64_t t, int64_t begin, int64_t end) {
  const int64_t P = plane_width[0], pre_row = x.tape.pre_row;
  const Real* operand = operand_of(x, t, begin, end);
  for (const SpanProduct& product : recurrent_) {
    const Span& span = product.span;
    if (!span.count) break;
    Real* pre = x.tape.pre_at(t, begin) + span.row;
    const Start<Real> start =
        span.row < wiring_.weight_rows ? Start<Real>{pre, pre_row} : Start<Real>{x.bias + span.row};
    multiply_weights({end - begin, span.count, P, {operand, P, 1}, x.weights(span).transposed(), start, pre, pre_row},
                     product.forward);
  }
  if constexpr (can_have_between) {
    if (between_.span.count) step_between(x, t, begin, end, operand);
  }
  for (int64_t b = begin; b < end; b++) finish_row(x, t, b);
}

/* The cache plane of step t, and its product. */
template <class Cell>
void CellPlan<Cell>::step_between(const Pass& x, int64_t t, int64_t begin, int64_t end, const Real* operand) {
  const int64_t P = plane_width[0], pre_row = x.tape.pre_row;
  const Span& span = between_.span;
  for (int64_t b = begin; b < end; b++) {
    Real* cache = x.tape.between_at(t, b);
    if (x.time.row(t, b) == Row::steps) {
      cell_.forward_between(x.tape.pre_at(t, b), operand + (b - begin) * P, cache);
    } else {
      memset(cache, 0, (size_t)P * sizeof(Real));
    }
  }
  Real* pre = x.tape.pre_at(t, begin) + span.row;
  const Matrix<Real> cache = {x.tape.between_at(t, begin), P, 1};
  multiply_weights({end - begin, span.count, P, cache, x.weights(span).transposed(), {pre, pre_row}, pre, pre_row},
                   between_.forward);
}

template <class Cell>
void CellPlan<Cell>::finish_row(const Pass& x, int64_t t, int64_t b) {
  const Row row = x.time.row(t, b);
  const uint8_t* held = x.time.held_units(t, b);
  const Real* old[RONDO_MAX_PLANES];
  Real* now[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.state(p, x.time.old_slot(t), b);
    now[p] = x.tape.state(p, x.time.new_slot(t), b);
    if (row != Row::steps) memcpy(now[p], old[p], (size_t)plane_width[p] * sizeof(Real));
  }
  if (row == Row::steps) cell_.forward(x.tape.pre_at(t, b), old, now);
  for (int p = 0; p < planes && row == Row::steps && held; p++) {
    for (int64_t j = 0; j < plane_width[p]; j++) now[p][j] = held[j] ? old[p][j] : now[p][j];
  }
  if (!x.given.output) return;
  Real* output = (Real*)x.given.output + (t * x.time.B + b) * x.given.output_stride;
  const size_t bytes = (size_t)plane_width[0] * sizeof(Real);
  row == Row::absent ? memset(output, 0, bytes) : memcpy(output, now[0], bytes);
}

}  // namespace rondo::RONDO_TIER

#endif
