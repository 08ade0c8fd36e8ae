/*
 * A sparse square matrix, packed so that a vector of rows is summed at once, and its products.
 *
 * Rows lie in slices of as many as a vector has lanes, [slice][entry][lane] ("sliced ELLPACK"): entry e of a slice has
 * the e-th weight of each of its rows, and the column that it multiplies, in 16 bits where these suffice. A slice is as
 * deep as the longest of its rows. So that the others are not much shorter, rows are ordered by their length within
 * windows, which threads share. What is missing of a row is its first weight's column times 0: so it brings in no
 * number that is not one which the row has not anyway.
 *
 * Where a batch has streams enough, they take the place of the rows: the states of a unit in all of them lie side by side
 * then, and nothing is gathered.
 *
 * Each row of each stream is summed in the order of its columns, in whichever way, whoever does it.
 */
#ifndef RONDO_SPARSE_H
#define RONDO_SPARSE_H

#include "plan.h"
#include "product.h"
#include "tape.h"

namespace rondo::RONDO_TIER {

/* Elements of x at as many places, in the order of lanes. */
#if RONDO_VECTOR_BYTES == 64
RONDO_INLINE Vector<float> gather(const float* x, const uint16_t* places) {
  typedef uint16_t Places __attribute__((vector_size(32)));
  typedef int32_t Wide __attribute__((vector_size(64)));
  Places all;
  memcpy(&all, places, sizeof all);
  const Wide wide = __builtin_convertvector(all, Wide);
  return _mm512_mask_i32gather_ps(_mm512_setzero_ps(), (__mmask16)-1, (__m512i)wide, x, 4);
}

RONDO_INLINE Vector<double> gather(const double* x, const uint16_t* places) {
  typedef uint16_t Places __attribute__((vector_size(16)));
  typedef int32_t Wide __attribute__((vector_size(32)));
  Places all;
  memcpy(&all, places, sizeof all);
  const Wide wide = __builtin_convertvector(all, Wide);
  return _mm512_mask_i32gather_pd(_mm512_setzero_pd(), (__mmask8)-1, (__m256i)wide, x, 8);
}
#else
/* Places are loaded by fours: loads are what this waits for, and a vector's own instruction takes longer on Zen. */
template <class Real>
RONDO_INLINE Vector<Real> gather(const Real* x, const uint16_t* places) {
  if constexpr (lanes<Real> == 8) {
    uint64_t low, high;
    memcpy(&low, places, sizeof low);
    memcpy(&high, places + 4, sizeof high);
    return Vector<Real>{x[low & 0xffff],  x[low >> 16 & 0xffff],  x[low >> 32 & 0xffff],  x[low >> 48],
                        x[high & 0xffff], x[high >> 16 & 0xffff], x[high >> 32 & 0xffff], x[high >> 48]};
  } else if constexpr (lanes<Real> == 4) {
    uint64_t all;
    memcpy(&all, places, sizeof all);
    return Vector<Real>{x[all & 0xffff], x[all >> 16 & 0xffff], x[all >> 32 & 0xffff], x[all >> 48]};
  } else {
    return Vector<Real>{x[places[0]], x[places[1]]};
  }
}
#endif

template <class Real>
RONDO_INLINE Vector<Real> gather(const Real* x, const uint32_t* places) {
  Vector<Real> value;
  for (int64_t i = 0; i < lanes<Real>; i++) value[i] = x[places[i]];
  return value;
}

/* A slice of rows of W by x. By itself it keeps all places in registers; as part of what calls it, it did not. */
template <class Real, class Place>
__attribute__((noinline)) Vector<Real> sum_of_slice(const Real* values, const Place* columns, int64_t vectors,
                                                    const Real* x) {
  Vector<Real> sum = {};
  for (int64_t i = 0; i < vectors * lanes<Real>; i += lanes<Real>) {
    sum += load(values + i, Whole{}) * gather(x, columns + i);
  }
  return sum;
}

/* A row of W by x, of a vector of streams. */
template <class Real>
__attribute__((noinline)) Vector<Real> sum_of_row(const Real* weights, const int32_t* origin, const int32_t* columns,
                                                  int64_t count, const Real* x, int64_t x_row) {
  Vector<Real> sum = {};
  if (origin) {
    for (int64_t k = 0; k < count; k++) sum += weights[origin[k]] * load(x + columns[k] * x_row, Whole{});
  } else {
    for (int64_t k = 0; k < count; k++) sum += weights[k] * load(x + columns[k] * x_row, Whole{});
  }
  return sum;
}

/* Rows of a sparse matrix as they are given: entry k, starts[r] <= k < starts[r + 1], is at column columns[k]. */
struct Connections {
  int64_t size;
  const int64_t* starts;  /* [size + 1] */
  const int32_t* columns; /* [starts[size]] */

  int64_t count() const { return starts[size]; }
  int64_t length(int64_t row) const { return starts[row + 1] - starts[row]; }
};

template <class Real>
class SparseMatrix {
 public:
  static constexpr int64_t window = 256; /* rows, a multiple of lanes */

  ~SparseMatrix() { free_memory(memory_); }

  int64_t windows() const { return (size_ + window - 1) / window; }
  /* The rows of some windows. */
  Range rows(Range windows) const {
    const int64_t end = windows.end * window;
    return {windows.begin * window, end < size_ ? end : size_};
  }

  /* From how many streams on they lie side by side; what they take then is at most twice as many. */
  static constexpr int64_t many_streams = lanes<Real> < 8 ? 4 : lanes<Real> / 2;

  /*
   * Takes the shape of a matrix, which stays, and whose entry k is weights[origin ? origin[k] : k]; false when out of
   * memory.
   */
  bool shape(const Connections& matrix, const int32_t* origin) {
    size_ = matrix.size;
    matrix_ = matrix;
    given_origin_ = origin;
    const int64_t slices = (size_ + lanes<Real> - 1) / lanes<Real>;
    const int64_t vectors = lay_out(matrix, nullptr, nullptr);
    is_wide_ = size_ > UINT16_MAX + 1;
    Pieces count(nullptr);
    take(count, slices, vectors);
    if (count.used() < 0 || !(memory_ = allocate_memory((size_t)count.used()))) return false;
    Pieces pieces(memory_);
    take(pieces, slices, vectors);
    lay_out(matrix, starts_, row_of_);
    for (int64_t s = 0; s < slices; s++) fill(matrix, origin, s);
    return true;
  }

  /* Takes the values. */
  void pack(const Real* weights) {
    const int64_t vectors = starts_[(size_ + lanes<Real> - 1) / lanes<Real>];
    for (int64_t i = 0; i < vectors * lanes<Real>; i++) values_[i] = origin_[i] < 0 ? 0 : weights[origin_[i]];
  }

  /* y [batch, size] += x [batch, size] W^T in the rows of some windows. */
  void add_product(Range windows, int64_t batch, const Real* x, int64_t x_row, Real* y, int64_t y_row) const {
    const Range rows = this->rows(windows);
    const Range slices = {rows.begin / lanes<Real>, (rows.end + lanes<Real> - 1) / lanes<Real>};
    if (is_wide_) {
      add_slices((const uint32_t*)columns_, slices, batch, x, x_row, y, y_row);
    } else {
      add_slices((const uint16_t*)columns_, slices, batch, x, x_row, y, y_row);
    }
  }

  /* The same of x that lies [size, batch], units x_row apart, in whole vectors of streams; values are not packed. */
  void add_product_of_streams(Range windows, const Real* weights, int64_t batch, const Real* x, int64_t x_row, Real* y,
                              int64_t y_row) const {
    for_each_vector<Real>(rows(windows), [&](int64_t row, auto extent) {
      for (int64_t b = 0; b < batch; b += lanes<Real>) {
        Vector<Real> sums[lanes<Real>] = {};
        for (int64_t i = 0; i < lanes<Real> && row + i < size_; i++) {
          sums[i] = row_of_streams(row + i, weights, x + b, x_row);
        }
        transpose<Real>(sums);
        for (int64_t s = 0; s < lanes<Real> && b + s < batch; s++) {
          Real* const to = y + (b + s) * y_row + row;
          store(to, load(to, extent) + sums[s], extent);
        }
      }
    });
  }

 private:
  Vector<Real> row_of_streams(int64_t row, const Real* weights, const Real* x, int64_t x_row) const {
    const int64_t first = matrix_.starts[row];
    const int32_t* const origin = given_origin_ ? given_origin_ + first : nullptr;
    const int64_t count = matrix_.length(row);
    return sum_of_row(origin ? weights : weights + first, origin, matrix_.columns + first, count, x, x_row);
  }

  void take(Pieces& pieces, int64_t slices, int64_t vectors) {
    starts_ = pieces.take<int64_t>(slices + 1);
    row_of_ = pieces.take<int32_t>(slices, lanes<Real>);
    in_order_ = pieces.take<uint8_t>(slices);
    values_ = pieces.take<Real>(vectors, lanes<Real>);
    origin_ = pieces.take<int32_t>(vectors, lanes<Real>);
    columns_ = pieces.take<char>(vectors, lanes<Real> * (is_wide_ ? sizeof(uint32_t) : sizeof(uint16_t)));
  }

  /*
   * Deals rows to slices, where there are such to write to, those of a window from the longest on; equally long ones
   * stay in their order. Returns how many vectors that takes.
   */
  static int64_t lay_out(const Connections& matrix, int64_t* starts, int32_t* row_of) {
    int64_t vectors = 0, slice = 0;
    for (int64_t first = 0; first < matrix.size; first += window) {
      const int64_t count = first + window < matrix.size ? window : matrix.size - first;
      int32_t order[window];
      for (int64_t i = 0; i < count; i++) {
        int64_t at = i;
        for (; at > 0 && matrix.length(order[at - 1]) < matrix.length(first + i); at--) order[at] = order[at - 1];
        order[at] = (int32_t)(first + i);
      }
      for (int64_t i = 0; i < count; i += lanes<Real>, slice++) {
        if (starts) starts[slice] = vectors;
        for (int64_t lane = 0; row_of && lane < lanes<Real>; lane++) {
          row_of[slice * lanes<Real> + lane] = i + lane < count ? order[i + lane] : -1;
        }
        vectors += matrix.length(order[i]);
      }
    }
    if (starts) starts[slice] = vectors;
    return vectors;
  }

  void fill(const Connections& matrix, const int32_t* origin, int64_t slice) {
    const int32_t* const row_of = row_of_ + slice * lanes<Real>;
    in_order_[slice] = 1;
    for (int64_t lane = 1; lane < lanes<Real>; lane++) in_order_[slice] &= row_of[lane] == row_of[0] + lane;
    for (int64_t lane = 0; lane < lanes<Real>; lane++) {
      const int32_t row = row_of[lane];
      const int64_t begin = row < 0 ? 0 : matrix.starts[row], length = row < 0 ? 0 : matrix.length(row);
      for (int64_t v = starts_[slice]; v < starts_[slice + 1]; v++) {
        const int64_t e = v - starts_[slice], k = begin + (e < length ? e : 0), at = v * lanes<Real> + lane;
        const int32_t column = length > 0 ? matrix.columns[k] : 0;
        origin_[at] = e >= length ? -1 : origin ? origin[k] : (int32_t)k;
        if (is_wide_) {
          ((uint32_t*)columns_)[at] = (uint32_t)column;
        } else {
          ((uint16_t*)columns_)[at] = (uint16_t)column;
        }
      }
    }
  }

  template <class Place>
  void add_slices(const Place* columns, Range slices, int64_t batch, const Real* x, int64_t x_row, Real* y,
                  int64_t y_row) const {
    for (int64_t s = slices.begin; s < slices.end; s++) {
      for (int64_t b = 0; b < batch; b++) add_slice(columns, s, x + b * x_row, y + b * y_row);
    }
  }

  template <class Place>
  void add_slice(const Place* columns, int64_t slice, const Real* x, Real* y) const {
    const int64_t first = starts_[slice], at = first * lanes<Real>;
    const Vector<Real> sum = sum_of_slice(values_ + at, columns + at, starts_[slice + 1] - first, x);
    const int32_t* row_of = row_of_ + slice * lanes<Real>;
    if (in_order_[slice]) {
      store(y + row_of[0], load(y + row_of[0], Whole{}) + sum, Whole{});
    } else {
      for (int64_t lane = 0; lane < lanes<Real> && row_of[lane] >= 0; lane++) y[row_of[lane]] += sum[lane];
    }
  }

  int64_t size_ = 0;
  Connections matrix_;
  const int32_t* given_origin_;
  bool is_wide_ = false; /* columns have 32 bits */
  void* memory_ = nullptr;
  int64_t* starts_;   /* [slices + 1], in vectors */
  int32_t* row_of_;   /* [slices][lanes]; -1 for none */
  uint8_t* in_order_; /* [slices] whether these are as many rows side by side */
  Real* values_;      /* [vectors][lanes] */
  int32_t* origin_;   /* [vectors][lanes] where in the weights; -1 for none */
  char* columns_;     /* [vectors][lanes] */
};

}  // namespace rondo::RONDO_TIER

#endif
