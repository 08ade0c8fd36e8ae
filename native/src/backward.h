/* The backward pass of CellPlan; see pass.h. */
#ifndef RONDO_BACKWARD_H
#define RONDO_BACKWARD_H

#include "pass.h"

namespace rondo::RONDO_TIER {

template <class Cell>
int32_t CellPlan<Cell>::backward(const rondo_pass& pass, const rondo_gradients& gradients) {
  const int64_t T = pass.time_steps, B = pass.batch_size, R = rows, I = options.input_size, C = operand_width();
  CacheHeader& header = *(CacheHeader*)pass.cache;
  const bool ours = header.mark == cache_is_full && header.time_steps == T && header.batch_size == B;
  const bool alike = header.flags == (pass.flags & RONDO_REVERSED) && header.time_origin == pass.time_origin;
  if (!ours || !alike) return RONDO_BAD_ARGUMENT;
  header.mark = 0;

  const Pass x = open(pass);
  if constexpr (has_groups) {
    pack_groups_back(x, gradients);
  } else {
    if (gradients.input && !blas_is_faster<Real>(T * B, I, wiring_.weight_rows)) pack(x, input_backward_, x.weight_ih);
    pack_backward(x, recurrent_);
    if constexpr (can_be_sparse) pack_sparse(x, sparse_backward_, sparse_backward_packed_);
    pack_backward(x, between_);
    if (wiring_.projection) pack(x, projection_backward_, x.weight_hr);
  }

  if (gradients.params && turns_gradients(x.time)) {
    memset(turned_, 0, (size_t)((pass.tokens ? C : C + I) * turned_row_) * sizeof(Real));
  }

  // A chunk of time has as many rows as the parameters' gradients take from it at once; groups take a part of them.
  const Shared how = shared(B);
  const int64_t chunk_rows = has_groups ? 4 * block_depth : block_depth;
  const int64_t chunk = B < chunk_rows ? chunk_rows / B : 1;
  for (int64_t done = T; done > 0; done -= chunk) {
    const Range steps = {done > chunk ? done - chunk : 0, done};
    if constexpr (is_scan) {
      scan_back(x, gradients, steps);
    } else {
      loop_back(x, gradients, steps, how);
    }
    finish_chunk_back(x, gradients, steps);
  }
  if (gradients.params && turns_gradients(x.time)) add_turned_gradients(x, (Real*)gradients.params);
  if (gradients.params && is_diagonal) add_diagonal_gradients(x, (Real*)gradients.params);
  if (gradients.params && can_have_pointwise) add_pointwise_gradients(x, (Real*)gradients.params);
  for (int64_t row = 0; row < T * B && gradients.pre_activations; row++) {
    memcpy((Real*)gradients.pre_activations + row * R, x.tape.pre_at(0, row), (size_t)R * sizeof(Real));
  }
  if constexpr (has_groups) clear_resting_rows(x, gradients);
  return RONDO_OK;
}

/* Some steps, counted in the order of the pass, the last first: from the last state on if they are the last. */
template <class Cell>
void CellPlan<Cell>::loop_back(const Pass& x, const rondo_gradients& gradients, Range steps, Shared how) {
  const int64_t T = x.time.T, B = x.time.B, P = plane_width[0];
  const double operations = 2.0 * (steps.end - steps.begin) * B * rows * P;
  in_shares(how == Shared::batch ? options.threads : 1, B, operations, [&](int64_t begin, int64_t end) {
    const Range batch = {begin, end};
    if (steps.end == T) {
      for (int p = 0; p < planes; p++) copy_rows(d_state_[p], gradients.last[p], batch, plane_width[p]);
      copy_rows(d_pointwise_, nullptr, batch, wiring_.pointwise);
      finish_step_back(x, gradients, x.time.step(T - 1), batch, {0, options.hidden_size}, how);
    }
    for (int64_t i = steps.end - 1; i >= steps.begin; i--) step_back(x, gradients, i, batch, how);
    for (int p = 0; p < planes && steps.begin == 0; p++) {
      if (gradients.initial[p]) copy_rows((Real*)gradients.initial[p], d_state_[p], batch, plane_width[p]);
    }
  });
}

/* What the gradients of the steps' pre-activations give to those of the input and of the parameters. */
template <class Cell>
void CellPlan<Cell>::finish_chunk_back(const Pass& x, const rondo_gradients& gradients, Range steps) {
  const int64_t B = x.time.B, R = rows, I = options.input_size, T = steps.end - steps.begin;
  const int64_t first = x.time.reversed ? x.time.T - steps.end : steps.begin;
  const Range range = {first * B, (first + T) * B};
  if constexpr (has_groups) {
    if (gradients.input) {
      in_shares(options.threads, T, 2.0 * T * B * R * I, [&](int64_t begin, int64_t end) {
        multiply_group_inputs_back(x, gradients, {first + begin, first + end});
      });
    }
    if (gradients.params && x.given.recurrent_mask) mask_states(x, steps);
    if (gradients.params) add_group_gradients(x, (Real*)gradients.params, range);
    return;
  }
  if (gradients.input) {
    in_shares(sharers_of_rows(options.threads, T * B), T * B, 2.0 * T * B * R * I, [&](int64_t begin, int64_t end) {
      multiply_input_back(x, gradients, {range.begin + begin, range.begin + end});
    });
  }
  if (!gradients.params) return;
  if (x.given.recurrent_mask && (recurrent_.any() || is_sparse()) && !gathers) mask_states(x, steps);
  list_stepping_rows(x.time, range);
  if constexpr (can_be_sparse) {
    if (is_sparse()) add_sparse_gradients(x, (Real*)gradients.params, range);
  }
  const int64_t vectors = (R + lanes<Real> - 1) / lanes<Real>;
  const double operations = 2.0 * T * B * R * (operand_width() + (x.given.tokens ? 0 : I));
  in_shares(options.threads, vectors, operations, [&](int64_t begin, int64_t end) {
    const int64_t last = end * lanes<Real> < R ? end * lanes<Real> : R;
    add_parameter_gradients(x, (Real*)gradients.params, range, {begin * lanes<Real>, last});
  });
  if (wiring_.projection) {
    const Matrix<Real> d_plane = {x.tape.d_projected_at(0, range.begin), plane_width[0], 1};
    const Matrix<Real> made = {x.tape.unprojected_at(0, range.begin), options.hidden_size, 1};
    add_weight_hr_gradients(x, (Real*)gradients.params, d_plane, made);
  }
  if (wiring_.outputs) {
    const Matrix<Real> d_outputs = {x.tape.pre_at(0, range.begin) + wiring_.weight_rows, x.tape.pre_row, 1};
    const Matrix<Real> cache = {x.tape.between_at(0, range.begin), between_.width, 1};
    add_weight_hr_gradients(x, (Real*)gradients.params, d_outputs, cache);
  }
}

/*
 * The products of the i-th step, which take the gradients of its pre-activations to its old state; then, of the units
 * that are through, the pointwise part of the step before.
 */
template <class Cell>
void CellPlan<Cell>::step_back(const Pass& x, const rondo_gradients& gradients, int64_t i, Range batch, Shared shared) {
  const int64_t P = plane_width[0], pre_row = x.tape.pre_row, t = x.time.step(i), count = batch.end - batch.begin;
  const int64_t K = gathers ? wiring_.operand : P;
  Real* const d_state = d_state_[0] + batch.begin * P;
  const Real* const mask = x.mask(t, batch.begin, P);
  const bool apart = mask || gathers;
  Real* const d_operand = apart ? d_operand_ + batch.begin * K : d_state;
  if (apart) memset(d_operand, 0, (size_t)(count * K) * sizeof(Real));
  if constexpr (can_have_between) {
    if (between_.any()) step_between_back(x, t, batch, d_operand, shared);
  }
  const auto finish = [&](Range columns) {
    if constexpr (gathers) return; // of all units at once, below
    for (int64_t b = batch.begin; b < batch.end && mask; b++) {
      const int64_t at = (b - batch.begin) * P + columns.begin;
      // Of a row that takes no step the mask may be anything.
      if (x.time.row(t, b) != Row::steps) continue;
      add_product_of_rows(d_state + at, mask + at, d_operand + at, columns.end - columns.begin);
    }
    if (i > 0 && in_parts()) finish_step_back(x, gradients, x.time.step(i - 1), batch, columns, shared);
  };
  if constexpr (has_groups) return multiply_groups_back(x, t, batch, d_operand, shared, finish);
  if constexpr (can_be_sparse) {
    if (is_sparse()) {
      const Real* const d_pre = x.tape.pre_at(t, batch.begin);
      return multiply_sparse(sparse_backward_, x.weight_hh.data, batch, d_pre, pre_row, d_operand, P, shared, finish);
    }
  }
  for (int s = 0; s < recurrent_.count(); s++) {
    const Span& span = recurrent_.spans[s];
    const Matrix<Real> d_pre = {x.tape.pre_at(t, batch.begin) + span.row, pre_row, 1};
    const Matrix<Real> weights = x.weights(recurrent_, span);
    Product<Real> product = {count, K, span.count, d_pre, weights, {d_operand, K}, d_operand, K};
    product.from_last = t & 1;
    if (s + 1 < recurrent_.count()) {
      multiply_weights(product, recurrent_.backward[s], shared, [](Range) {});
    } else {
      multiply_weights(product, recurrent_.backward[s], shared, finish);
    }
  }
  if constexpr (gathers) scatter(x, t, batch);
  if (i > 0 && !in_parts()) {
    finish_step_back(x, gradients, x.time.step(i - 1), batch, {0, options.hidden_size}, shared);
  }
}

/* From the gradients of the rows that the second product feeds, to those of what made its cache plane. */
template <class Cell>
void CellPlan<Cell>::step_between_back(const Pass& x, int64_t t, Range batch, Real* d_operand, Shared shared) {
  const int64_t W = between_.width, count = batch.end - batch.begin;
  const Span& span = between_.spans[0];
  const Real* operand = can_have_outputs ? nullptr : operand_of(x, t, batch);
  const Matrix<Real> d_pre = {x.tape.pre_at(t, batch.begin) + span.row, x.tape.pre_row, 1};
  Real* d_cache = d_between_ + batch.begin * W;
  const Product<Real> product = {count, W, span.count, d_pre, x.weights(between_, span), {}, d_cache, W};
  multiply_weights(product, between_.backward[0], shared, [&](Range units) {
    for (int64_t b = batch.begin; b < batch.end; b++) {
      const int64_t at = (b - batch.begin) * W;
      if (x.time.row(t, b) != Row::steps) continue;
      if constexpr (can_have_outputs) {
        cell_.backward_between(units, x.tape.pre_at(t, b), x.tape.between_at(t, b), d_cache + at);
      } else {
        cell_.backward_between(units, x.tape.pre_at(t, b), operand + at, d_cache + at, d_operand + at);
      }
    }
  });
}

/* From the gradients of the state after step t to those of some units' pre-activations. */
template <class Cell>
void CellPlan<Cell>::finish_step_back(const Pass& x, const rondo_gradients& gradients, int64_t t, Range batch,
                                      Range units, Shared shared) {
  if constexpr (has_groups) {
    return for_each_run(x, t, units, [&](Range some, bool moves) {
      for (int64_t b = batch.begin; b < batch.end; b++) {
        add_output_gradient(x, gradients, t, b, some);
        if (moves) finish_row_back(x, t, b, some);
      }
    });
  }
  if (wiring_.projection) {
    for (int64_t b = batch.begin; b < batch.end; b++) add_output_gradient(x, gradients, t, b, units);
    project_back(x, t, batch, shared);
    for (int64_t b = batch.begin; b < batch.end; b++) finish_row_back(x, t, b, units);
    return;
  }
  for (int64_t b = batch.begin; b < batch.end; b++) {
    add_output_gradient(x, gradients, t, b, units);
    finish_row_back(x, t, b, units);
  }
}

template <class Cell>
void CellPlan<Cell>::add_output_gradient(const Pass& x, const rondo_gradients& gradients, int64_t t, int64_t b,
                                         Range units) {
  if (!gradients.output || x.time.row(t, b) == Row::absent) return;
  const Range part = part_of(0, units);
  const Real* d_output = (const Real*)gradients.output + (t * x.time.B + b) * gradients.output_stride;
  add_row(d_state_[0] + b * plane_width[0] + part.begin, d_output + part.begin, part.end - part.begin);
}

template <class Cell>
void CellPlan<Cell>::finish_row_back(const Pass& x, int64_t t, int64_t b, Range units) {
  const Row row = x.time.row(t, b);
  const int64_t first = units.begin, count = units.end - units.begin;
  Real* pre = x.tape.pre_at(t, b);
  const Real *old[RONDO_MAX_PLANES], *now[RONDO_MAX_PLANES];
  Real *d_state[RONDO_MAX_PLANES], *passing[RONDO_MAX_PLANES];
  for (int p = 0; p < planes; p++) {
    old[p] = x.tape.state(p, x.time.old_slot(t), b);
    now[p] = x.tape.state(p, x.time.new_slot(t), b);
    d_state[p] = d_state_[p] + b * plane_width[p];
    passing[p] = held_[p] + b * plane_width[p];
  }
  if (wiring_.projection) {
    now[0] = x.tape.unprojected_at(t, b);
    d_state[0] = d_unprojected_ + b * options.hidden_size;
  }
  if (row != Row::steps) {
    if (has_groups) memset(pre + first, 0, (size_t)count * sizeof(Real));
    if (!has_groups && first == 0) memset(pre, 0, (size_t)rows * sizeof(Real));
    return;
  }
  const uint8_t* held = x.time.held_units(t, b);
  for (int p = 0; p < planes && held; p++) {
    for (int64_t j = first; j < units.end; j++) {
      passing[p][j] = held[j] ? d_state[p][j] : 0;
      d_state[p][j] = held[j] ? 0 : d_state[p][j];
    }
  }
  if constexpr (can_have_pointwise) {
    const Pointwise<Real> pointwise = {x.pointwise, d_pointwise_ + b * wiring_.pointwise};
    cell_.backward(units, pre, old, now, d_state, pointwise);
  } else {
    cell_.backward(units, pre, old, now, d_state);
  }
  for (int p = 0; p < planes && held; p++) add_row(d_state[p] + first, passing[p] + first, count);
}

/* Plane 0 of the steps' old states takes its mask for good, to be an operand of the recurrent weights' gradient. */
template <class Cell>
void CellPlan<Cell>::mask_states(const Pass& x, Range steps) {
  const int64_t P = plane_width[0];
  for (int64_t i = steps.begin; i < steps.end; i++) {
    const int64_t t = x.time.step(i);
    Real* state = x.tape.state(0, x.time.old_slot(t), 0);
    multiply_row(state, x.mask(t, 0, P), state, x.time.B * P);
  }
}

/* The gradient of the input, for a range of (t, b). */
template <class Cell>
void CellPlan<Cell>::multiply_input_back(const Pass& x, const rondo_gradients& gradients, Range range) {
  const int64_t I = options.input_size, stride = gradients.input_stride;
  Real* d_input = (Real*)gradients.input + range.begin * stride;
  const Start<Real> start = {gradients.input_accumulate ? d_input : nullptr, stride};
  const Matrix<Real> d_pre = {x.tape.pre_at(0, range.begin), x.tape.pre_row, 1};
  const int64_t M = wiring_.weight_rows;
  const Product<Real> product = {range.end - range.begin, I, M, d_pre, x.weight_ih, start, d_input, stride};
  multiply_weights(product, input_backward_, Shared::batch, [](Range) {});
}

/* Rows that take no step are left out of the parameters' gradients: their input may be anything. */
template <class Cell>
void CellPlan<Cell>::list_stepping_rows(const Timeline& time, Range range) {
  stepping_count_ = time.complete() ? range.end - range.begin : 0;
  for (int64_t row = range.begin; row < range.end && !time.complete(); row++) {
    if (time.row(row / time.B, row % time.B) == Row::steps) stepping_[stepping_count_++] = (int32_t)(row - range.begin);
  }
}

/*
 * Adds what a range of (t, b) gives to the gradients that some pre-activation rows have: of the weights that feed them
 * and of the bias. Those of the weights are summed transposed where that pays in the end: then the narrower operand,
 * input or state, is the one whose columns have to be gathered, and the pre-activations lie as the tiles want them.
 */
template <class Cell>
void CellPlan<Cell>::add_parameter_gradients(const Pass& x, Real* gradients, Range range, Range rows) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, K = operand_width(), B = x.time.B;
  const int64_t count = stepping_count_, t = range.begin / B, pre_row = x.tape.pre_row;
  const int32_t* list = x.time.complete() ? nullptr : stepping_;
  const auto add_weights = [&](const Span& span, const Matrix<Real>& operand, int64_t width, Real* turned, Real* d) {
    const int64_t first = rows.begin > span.row ? rows.begin : span.row;
    const int64_t last = rows.end < span.row + span.count ? rows.end : span.row + span.count;
    if (first >= last) return;
    const int64_t row = span.from + first - span.row;
    const Matrix<Real> d_pre = {x.tape.pre_at(t, 0) + first, pre_row, 1};
    if (turns_gradients(x.time)) {
      Real* to = turned + row;
      const Product<Real> product = {
          width, last - first, count, operand.transposed(), d_pre, {to, turned_row_}, to, turned_row_};
      multiply(product, list);
    } else {
      Real* to = d + row * width;
      multiply<Real>({last - first, width, count, d_pre.transposed(), operand, {to, width}, to, width}, list);
    }
  };
  Real* const d_weight_hh = gradients + M * I;
  const Real* const state = gathers ? x.tape.operand_at(t, 0) : x.tape.state(0, x.time.old_slot(t), 0);
  for (int s = 0; s < recurrent_.count(); s++) {
    add_weights(recurrent_.spans[s], {state, K, 1}, K, turned_, d_weight_hh);
  }
  const Matrix<Real> cache = {x.tape.between_at(t, 0), K, 1};
  for (int s = 0; s < between_.count() && !between_.by_weight_hr; s++) {
    add_weights(between_.spans[s], cache, K, turned_, d_weight_hh);
  }
  if (x.given.dense_input) {
    const int64_t stride = x.given.input_stride;
    const Matrix<Real> input = {(const Real*)x.given.dense_input + range.begin * stride, stride, 1};
    add_weights({0, 0, M}, input, I, turned_ + operand_width() * turned_row_, gradients);
  }
  const int64_t fed = rows.end < M ? rows.end : M;
  const int64_t biased = rows.begin > wiring_.bias_row ? rows.begin : wiring_.bias_row;
  for (int64_t s = 0; s < count; s++) {
    const int64_t row = range.begin + (list ? list[s] : s);
    const Real* d_row = x.tape.pre_at(0, row) + rows.begin;
    if (biased < rows.end) {
      Real* d_bias = gradients + M * I + recurrent_weights_ + biased - wiring_.bias_row;
      add_row(d_bias, d_row + biased - rows.begin, rows.end - biased);
    }
    if (x.given.tokens && rows.begin < fed) {
      add_row(gradients + x.given.tokens[row] * M + rows.begin, d_row, fed - rows.begin);
    }
  }
}

/* Adds the gradients of the weights that were summed transposed; with token input those of weight_ih were not. */
template <class Cell>
void CellPlan<Cell>::add_turned_gradients(const Pass& x, Real* gradients) {
  const int64_t M = wiring_.weight_rows, I = options.input_size, C = operand_width();
  in_shares(options.threads, M, 4.0 * M * (I + C), [&](int64_t begin, int64_t end) {
    const auto add = [&](const Real* turned, int64_t width, Real* d) {
      add_transposed(d + begin * width, width, turned + begin, turned_row_, end - begin, width);
    };
    if (C > 0) add(turned_, C, gradients + M * I);
    if (x.given.dense_input) add(turned_ + C * turned_row_, I, gradients);
  });
}

/* Adds those of the parameters of the pointwise part, one batch row after the other whoever computed them. */
template <class Cell>
void CellPlan<Cell>::add_pointwise_gradients(const Pass& x, Real* gradients) {
  Real* const d = gradients + (x.pointwise - (const Real*)x.given.params);
  for (int64_t b = 0; b < x.time.B; b++) add_row(d, d_pointwise_ + b * wiring_.pointwise, wiring_.pointwise);
}

}  // namespace rondo::RONDO_TIER

#endif
