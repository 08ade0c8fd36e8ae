/* The forward pass of CellPlan; see pass.h. */
#ifndef RONDO_FORWARD_H
#define RONDO_FORWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::forward(const rondo_pass& pass) {
  Pass x = open(pass);
  const int64_t T = x.time.T, B = x.time.B, R = rows, I = options.input_size;
  if constexpr (has_groups) {
    pack_groups_forward(x);
    x.input_in_step = true;
  } else {
    pack_forward(x);
  }
  if constexpr (can_be_sparse) {
    if (steps_by_streams(x)) {
      loop_by_streams(x, shared(B));
      return RONDO_OK;
    }
  }
  if (x.input_in_step && !pass.cache) x.tape.pre_steps_apart = 0;
  const Shared how = shared(B);
  const int64_t chunk = x.input_in_step ? T : chunk_rows_ / B;
  for (int64_t done = 0; done < T; done += chunk) {
    const int64_t next = done + chunk < T ? done + chunk : T;
    const int64_t first = x.time.reversed ? T - next : done, count = (next - done) * B;
    if (!pass.cache) x.tape.first_step = first;
    if (!x.input_in_step) {
      in_shares(sharers_of_rows(options.threads, count), count, 2.0 * count * R * I, [&](int64_t begin, int64_t end) {
        multiply_input(x, {first * B + begin, first * B + end});
      });
    }
    if constexpr (is_scan) {
      scan(x, {done, next});
    } else {
      loop(x, {done, next}, how);
    }
  }
  if (pass.cache) *(CacheHeader*)pass.cache = {cache_is_full, T, B, pass.flags & RONDO_REVERSED, pass.time_origin};
  return RONDO_OK;
}

/* Packs the weights, and says whether the input's product is part of the step. */
template <class Cell>
void CellPlan<Cell>::pack_forward(Pass& x) {
  const int64_t B = x.time.B;
  if (x.given.dense_input && !blas_is_faster<Real>(x.time.T * B, wiring_.weight_rows, options.input_size)) {
    pack(x, input_forward_, x.weight_ih.transposed());
  }
  pack_forward(x, recurrent_);
  if constexpr (can_be_sparse) {
    pack_sparse(x, sparse_forward_, sparse_forward_packed_);
    if (is_sparse()) {
      x.input_in_step = x.given.dense_input && options.input_size <= few_inputs && B < SparseMatrix<Real>::many_streams;
      return;
    }
  }
  pack_forward(x, between_);
  if (wiring_.projection) pack(x, projection_forward_, x.weight_hr.transposed());
  // With few rows, reading the weights is what takes the time: those of the input are then read once for many steps.
  const bool packed = input_forward_.state == Weights::packed && recurrent_.forward.state == Weights::packed;
  x.input_in_step = input_fits_step() && x.given.dense_input && packed && B >= 2 * tile_rows;
}

/* Some steps, counted in the order of the pass: from the initial state on if they are the first. */
template <class Cell>
void CellPlan<Cell>::loop(const Pass& x, Range steps, Shared how) {
  const int64_t B = x.time.B, P = plane_width[0], operands = x.input_in_step ? options.input_size + P : P;
  const double operations = 2.0 * (steps.end - steps.begin) * B * rows * operands;
  in_shares(how == Shared::batch ? options.threads : 1, B, operations, [&](int64_t begin, int64_t end) {
    const Range batch = {begin, end};
    for (int p = 0; p < planes && steps.begin == 0; p++) {
      copy_rows(x.tape.state(p, x.time.initial_slot(), 0), x.given.initial[p], batch, plane_width[p]);
    }
    for (int64_t i = steps.begin; i < steps.end; i++) step(x, x.time.step(i), batch, how);
    for (int p = 0; p < planes && steps.end == x.time.T; p++) {
      if (!x.given.last[p]) continue;
      copy_rows((Real*)x.given.last[p], x.tape.state(p, x.time.last_slot(), 0), batch, plane_width[p]);
    }
  });
}

/* pre = bias + input W_ih^T for a range of (t, b); the bias alone in the rows that the input does not feed. */
template <class Cell>
void CellPlan<Cell>::multiply_input(const Pass& x, Range range) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, B = x.time.B, pre_row = x.tape.pre_row;
  Real* const pre = x.tape.pre_at(0, range.begin);
  if (x.given.dense_input) {
    const int64_t stride = x.given.input_stride;
    const Matrix<Real> input = {(const Real*)x.given.dense_input + range.begin * stride, stride, 1};
    const Matrix<Real> weights = x.weight_ih.transposed();
    const Product<Real> product = {range.end - range.begin, M, I, input, weights, {x.bias, 0}, pre, pre_row};
    multiply_weights(product, input_forward_, Shared::batch, [](Range) {});
  }
  for (int64_t row = range.begin; row < range.end; row++) {
    Real* const to = x.tape.pre_at(0, row);
    if (x.given.tokens && x.time.row(row / B, row % B) == Row::steps) {
      copy_row(to, (const Real*)x.given.params + x.given.tokens[row] * M, M);
      add_row(to, x.bias, M);
    }
    if (rows > M) copy_row(to + M, x.bias + M, rows - M);
  }
}

/* Step t of some batch rows: products, and what the cell makes of each unit. */
template <class Cell>
void CellPlan<Cell>::step(const Pass& x, int64_t t, Range batch, Shared shared) {
  if constexpr (has_groups) return step_groups(x, t, batch, shared);
  const Real* operand = operand_of(x, t, batch);
  if constexpr (can_be_sparse) {
    if (is_sparse()) return step_sparse(x, t, batch, operand, shared);
  }
  const SpanProducts* last = &recurrent_;
  if constexpr (can_have_between) {
    if (between_.any()) {
      multiply_step(x, t, batch, operand, recurrent_, shared, [](Range) {});
      step_between(x, t, batch, operand);
      operand = x.tape.between_at(t, batch.begin);
      last = &between_;
    }
  }
  multiply_step(x, t, batch, operand, *last, shared, [&](Range units) {
    if (in_parts()) finish_step(x, t, batch, units, shared);
  });
  if (!in_parts()) finish_step(x, t, batch, {0, options.hidden_size}, shared);
}

/* pre += operand [batch rows, K] W^T in the rows that the products feed; after(units) hears which are done. */
template <class Cell>
template <class After>
void CellPlan<Cell>::multiply_step(const Pass& x, int64_t t, Range batch, const Real* operand,
                                   const SpanProducts& products, Shared shared, const After& after) {
  const int64_t K = products.width, count = batch.end - batch.begin, pre_row = x.tape.pre_row;
  Real* const pre = x.tape.pre_at(t, batch.begin);
  if (products.forward.state == Weights::packed) {
    Product<Real> product = {count, 0, K, {operand, K, 1}, {}, {pre, pre_row}, pre, pre_row};
    product.from_last = t & 1;  // what the caches kept of the step before comes first
    Addend<Real> addend;
    if (x.input_in_step) {
      const Matrix<Real> input = {(const Real*)x.given.dense_input, x.given.input_stride, 1};
      product.start = {x.bias, 0};
      addend = {options.input_size, input.rows_from(t * x.time.B + batch.begin), input_forward_.panels};
    }
    return multiply_weights(product, products.forward, shared, after, addend);
  }
  for (int i = 0; i < products.count(); i++) {
    const Span& span = products.spans[i];
    Real* const to = pre + span.row;
    const Matrix<Real> weights = x.weights(products, span).transposed();
    multiply<Real>({count, span.count, K, {operand, K, 1}, weights, {to, pre_row}, to, pre_row});
  }
  after(Range{0, options.hidden_size});
}

/* The cache plane of step t. */
template <class Cell>
void CellPlan<Cell>::step_between(const Pass& x, int64_t t, Range batch, const Real* operand) {
  const int64_t W = between_.width;
  for (int64_t b = batch.begin; b < batch.end; b++) {
    Real* cache = x.tape.between_at(t, b);
    if (x.time.row(t, b) == Row::steps) {
      cell_.forward_between({0, W}, x.tape.pre_at(t, b), operand + (b - batch.begin) * operand_width(), cache);
    } else {
      memset(cache, 0, (size_t)W * sizeof(Real));
    }
  }
}

/* What the cell makes of some units of step t, which have their products. */
template <class Cell>
void CellPlan<Cell>::finish_step(const Pass& x, int64_t t, Range batch, Range units, Shared shared) {
  if (wiring_.projection) {
    for (int64_t b = batch.begin; b < batch.end; b++) step_row(x, t, b, units);
    project(x, t, batch, shared);
    for (int64_t b = batch.begin; b < batch.end; b++) show_row(x, t, b, units);
    return;
  }
  for (int64_t b = batch.begin; b < batch.end; b++) finish_row(x, t, b, units);
}

template <class Cell>
void CellPlan<Cell>::finish_row(const Pass& x, int64_t t, int64_t b, Range units) {
  step_row(x, t, b, units);
  show_row(x, t, b, units);
}

/* The pointwise part, if the row takes the step. */
template <class Cell>
void CellPlan<Cell>::step_row(const Pass& x, int64_t t, int64_t b, Range units) {
  if (x.time.row(t, b) != Row::steps) return;
  const Real* old[RONDO_MAX_PLANES];
  Real* now[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.state(p, x.time.old_slot(t), b);
    now[p] = x.tape.state(p, x.time.new_slot(t), b);
  }
  if (wiring_.projection) now[0] = x.tape.unprojected_at(t, b);
  if constexpr (can_have_pointwise) {
    cell_.forward(units, x.tape.pre_at(t, b), old, now, Pointwise<Real>{x.pointwise, nullptr});
  } else {
    cell_.forward(units, x.tape.pre_at(t, b), old, now);
  }
  const uint8_t* held = x.time.held_units(t, b);
  for (int p = 0; p < planes && held; p++) {
    for (int64_t j = units.begin; j < units.end; j++) now[p][j] = held[j] ? old[p][j] : now[p][j];
  }
}

/* Keeps the state of a row that takes no step, or of units that do not move, and puts out. */
template <class Cell>
void CellPlan<Cell>::show_row(const Pass& x, int64_t t, int64_t b, Range units, bool moves) {
  Row row = x.time.row(t, b);
  if (row == Row::steps && !moves) row = Row::held;
  for (int p = 0; p < planes && row != Row::steps; p++) {
    const Range part = part_of(p, units);
    const Real* old = x.tape.state(p, x.time.old_slot(t), b);
    copy_row(x.tape.state(p, x.time.new_slot(t), b) + part.begin, old + part.begin, part.end - part.begin);
  }
  if (!x.given.output) return;
  const Range part = part_of(0, units);
  const int64_t count = part.end - part.begin;
  Real* output = (Real*)x.given.output + (t * x.time.B + b) * x.given.output_stride + part.begin;
  if (row == Row::absent) {
    memset(output, 0, (size_t)count * sizeof(Real));
  } else {
    copy_row(output, (const Real*)x.tape.state(0, x.time.new_slot(t), b) + part.begin, count);
  }
}

}  // namespace rondo::RONDO_TIER

#endif
