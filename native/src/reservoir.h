/*
 * What CellPlan does where weight_hh is sparse; see pass.h and sparse.h.
 *
 * A step is the input's product, then that of the state by the weights that are there; backwards by the same weights
 * transposed. The gradient of a weight is the product of two rows of numbers, one for each (t, b): the gradients of the
 * pre-activation that it feeds, and the states that it multiplies. So both are transposed, some (t, b) at a time.
 */
#ifndef RONDO_RESERVOIR_H
#define RONDO_RESERVOIR_H

#include "pass.h"

namespace rondo::RONDO_TIER {

/* Keeps the connections, and turns them; false when out of memory. */
template <class Cell>
bool CellPlan<Cell>::connect() {
  const int64_t N = options.hidden_size, count = options.connections;
  int64_t *starts, *turned_starts;
  int32_t *columns, *turned_columns, *origin;
  const auto take = [&](Pieces& pieces) {
    starts = pieces.take<int64_t>(N + 1);
    columns = pieces.take<int32_t>(count);
    turned_starts = pieces.take<int64_t>(N + 2);
    turned_columns = pieces.take<int32_t>(count);
    origin = pieces.take<int32_t>(count);
  };
  Pieces size(nullptr);
  take(size);
  if (size.used() < 0 || !(connected_ = allocate_memory((size_t)size.used()))) return false;
  Pieces pieces(connected_);
  take(pieces);
  memcpy(starts, options.row_starts, (size_t)(N + 1) * sizeof *starts);
  memcpy(columns, options.columns, (size_t)count * sizeof *columns);
  connections_ = {N, starts, columns};

  // turned_starts[c + 1] is where the next connection of column c goes, and in the end where those of c + 1 begin.
  memset(turned_starts, 0, (size_t)(N + 2) * sizeof *turned_starts);
  for (int64_t k = 0; k < count; k++) turned_starts[columns[k] + 2]++;
  for (int64_t c = 0; c < N; c++) turned_starts[c + 2] += turned_starts[c + 1];
  for (int64_t row = 0; row < N; row++) {
    for (int64_t k = starts[row]; k < starts[row + 1]; k++) {
      const int64_t at = turned_starts[columns[k] + 1]++;
      turned_columns[at] = (int32_t)row;
      origin[at] = (int32_t)k;
    }
  }
  return sparse_forward_.shape(connections_, nullptr) &&
         sparse_backward_.shape({N, turned_starts, turned_columns}, origin);
}

template <class Cell>
void CellPlan<Cell>::pack_sparse(const Pass& x, SparseMatrix<Real>& matrix, bool& packed) {
  if (is_sparse() && !packed) matrix.pack(x.weight_hh.data);
  packed = true;
}

/*
 * y += x W^T, of batch rows from batch.begin on, of which there is memory for as many streams side by side;
 * after(units) hears which of them have their sums.
 */
template <class Cell>
template <class After>
void CellPlan<Cell>::multiply_sparse(const SparseMatrix<Real>& matrix, const Real* weights, Range batch, const Real* x,
                                     int64_t x_row, Real* y, int64_t y_row, Shared shared, const After& after) {
  // A connection takes about as long as 16 operations of a dense product.
  constexpr double worth_a_share = 1e5;
  const int64_t count = batch.end - batch.begin, H = options.hidden_size;
  const double operations = 16.0 * (double)count * (double)options.connections;
  const int64_t threads = shared == Shared::units ? options.threads : 1;
  const bool side_by_side = count >= SparseMatrix<Real>::many_streams;
  const int64_t row = (count + lanes<Real> - 1) / lanes<Real> * lanes<Real>;
  Real* const streams = streams_ + 2 * batch.begin * H;
  if (side_by_side) {
    in_shares(threads, matrix.windows(), operations, [&](int64_t begin, int64_t end) {
      transpose_rows(streams, row, x, x_row, nullptr, {0, count}, matrix.rows({begin, end}));
    }, worth_a_share);
  }
  const auto share = [&](int64_t begin, int64_t end) {
    for (int64_t window = begin; window < end; window++) {
      if (side_by_side) {
        matrix.add_product_of_streams({window, window + 1}, weights, count, streams, row, y, y_row);
      } else {
        matrix.add_product({window, window + 1}, count, x, x_row, y, y_row);
      }
      after(matrix.rows({window, window + 1}));
    }
  };
  in_shares(threads, matrix.windows(), operations, share, worth_a_share);
}

/*
 * Some units of a range of rows, or of a list of rows, transposed: to [H], units to_row apart, with zeroes up to a whole
 * number of vectors. Returns that number.
 */
template <class Cell>
int64_t CellPlan<Cell>::transpose_rows(Real* to, int64_t to_row, const Real* from, int64_t row, const int32_t* list,
                                       Range range, Range units) {
  const int64_t count = range.end - range.begin;
  const auto row_at = [&](int64_t i) { return from + (list ? list[i] : i) * row; };
  int64_t vectors = 0;
  for (int64_t i = 0; i < count; i += lanes<Real>, vectors++) {
    const int64_t some = count - i < lanes<Real> ? count - i : lanes<Real>;
    for_each_vector<Real>(units, [&](int64_t j, auto extent) {
      Vector<Real> block[lanes<Real>];
      for (int64_t k = 0; k < lanes<Real>; k++) {
        block[k] = k < some ? load(row_at(range.begin + i + k) + j, extent) : Vector<Real>{};
      }
      transpose<Real>(block);
      const int64_t there = units.end - j < lanes<Real> ? units.end - j : lanes<Real>;
      for (int64_t k = 0; k < there; k++) store(to + (j + k) * to_row + i, block[k], Whole{});
    });
  }
  return vectors;
}

/* Adds what a range of (t, b) gives to the gradients of the sparse weights. */
template <class Cell>
void CellPlan<Cell>::add_sparse_gradients(const Pass& x, Real* gradients, Range range) {
  const int64_t B = x.time.B, P = plane_width[0], t = range.begin / B;
  Real* const d = gradients + wiring_.weight_rows * options.input_size;
  const int32_t* const list = x.time.complete() ? nullptr : stepping_;
  for (int64_t done = 0; done < stepping_count_; done += sparse_depth) {
    const int64_t end = done + sparse_depth < stepping_count_ ? done + sparse_depth : stepping_count_;
    const Real* const state = x.tape.state(0, x.time.old_slot(t), 0);
    const Range units = {0, P};
    transpose_rows(state_by_rows_, sparse_depth, state, P, list, {done, end}, units);
    const int64_t vectors = transpose_rows(pre_by_rows_, sparse_depth, x.tape.pre_at(t, 0), x.tape.pre_row, list,
                                           {done, end}, units);
    const double operations = 2.0 * (double)(end - done) * (double)options.connections;
    in_shares(options.threads, options.hidden_size, operations, [&](int64_t begin, int64_t last) {
      for (int64_t r = begin; r < last; r++) {
        const Real* const d_pre = pre_by_rows_ + r * sparse_depth;
        for (int64_t k = connections_.starts[r]; k < connections_.starts[r + 1]; k++) {
          const Real* const operand = state_by_rows_ + connections_.columns[k] * sparse_depth;
          Vector<Real> sum = {};
          for (int64_t v = 0; v < vectors; v++) {
            sum += load(d_pre + v * lanes<Real>, Whole{}) * load(operand + v * lanes<Real>, Whole{});
          }
          d[k] += sum_of_lanes<Real>(sum);
        }
      }
    });
  }
}

}  // namespace rondo::RONDO_TIER

#endif
