/*
 * A sparse square matrix, packed so that a vector of rows is summed at once, and its products.
 *
 * Rows lie in slices of as many as a vector has lanes, [slice][entry][lane] ("sliced ELLPACK"): entry e of a slice has
 * the e-th weight of each of its rows, and the column that it multiplies, in 16 bits where these suffice. A slice is as
 * deep as the longest of its rows. So that the others are not much shorter, rows are ordered by their length within
 * windows, which threads share. What is missing of a row is its first weight's column times 0: so it brings in no
 * number that is not one which the row has not anyway; what a row without weights sums is thrown away.
 *
 * Where a batch has streams enough, they take the place of the rows: the states of a unit in all of them lie side by
 * side then, and nothing is gathered.
 *
 * Each row of each stream is summed in the order of its columns, in whichever way, whoever does it.
 */
#ifndef RONDO_SPARSE_H
#define RONDO_SPARSE_H

#include "plan.h"
#include "product.h"
#include "tape.h"

namespace rondo::RONDO_TIER {

/*
 * Elements of x at as many places, in the order of lanes. Places are loaded by fours, and elements one by one: loads
 * are what this waits for, and a vector's own instruction takes twice as long on Zen, of 256 bits and of 512.
 */
#if RONDO_VECTOR_BYTES >= 32
RONDO_INLINE __m128 gather_four(const float* x, const uint16_t* places) {
  uint64_t all;
  memcpy(&all, places, sizeof all);
  __m128 value = _mm_load_ss(x + (all & 0xffff));
  value = _mm_insert_ps(value, _mm_load_ss(x + (all >> 16 & 0xffff)), 0x10);
  value = _mm_insert_ps(value, _mm_load_ss(x + (all >> 32 & 0xffff)), 0x20);
  return _mm_insert_ps(value, _mm_load_ss(x + (all >> 48)), 0x30);
}

RONDO_INLINE __m256 gather_half(const float* x, const uint16_t* places) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(gather_four(x, places)), gather_four(x, places + 4), 1);
}

RONDO_INLINE __m256d gather_half(const double* x, const uint16_t* places) {
  uint64_t all;
  memcpy(&all, places, sizeof all);
  const __m128d low = _mm_loadh_pd(_mm_load_sd(x + (all & 0xffff)), x + (all >> 16 & 0xffff));
  const __m128d high = _mm_loadh_pd(_mm_load_sd(x + (all >> 32 & 0xffff)), x + (all >> 48));
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(low), high, 1);
}
#endif

#if RONDO_VECTOR_BYTES == 64
RONDO_INLINE Vector<float> gather(const float* x, const uint16_t* places) {
  const __m512 low = _mm512_castps256_ps512(gather_half(x, places));
  return (Vector<float>)_mm512_maskz_insertf32x8((__mmask16)-1, low, gather_half(x, places + 8), 1);
}

RONDO_INLINE Vector<double> gather(const double* x, const uint16_t* places) {
  const __m512d low = _mm512_castpd256_pd512(gather_half(x, places));
  return (Vector<double>)_mm512_maskz_insertf64x4((__mmask8)-1, low, gather_half(x, places + 4), 1);
}
#elif RONDO_VECTOR_BYTES == 32
template <class Real>
RONDO_INLINE Vector<Real> gather(const Real* x, const uint16_t* places) {
  return (Vector<Real>)gather_half(x, places);
}
#else
template <class Real>
RONDO_INLINE Vector<Real> gather(const Real* x, const uint16_t* places) {
  if constexpr (lanes<Real> == 4) {
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

/*
 * Two slices of rows of W by x, the second behind the first and no deeper. By itself it keeps all places in registers;
 * as part of what calls it, it did not.
 */
template <class Real, class Place>
__attribute__((noinline)) void sum_slices(const Real* values, const Place* columns, int64_t deep, int64_t shallow,
                                          const Real* x, Vector<Real>* sums) {
  Vector<Real> first = {}, second = {};
  const int64_t apart = deep * lanes<Real>;
  const Real* const other_values = values + apart;
  const Place* const other_columns = columns + apart;
  int64_t i = 0;
  for (; i < shallow * lanes<Real>; i += lanes<Real>) {
    first += load(values + i, Whole{}) * gather(x, columns + i);
    second += load(other_values + i, Whole{}) * gather(x, other_columns + i);
  }
  for (; i < apart; i += lanes<Real>) first += load(values + i, Whole{}) * gather(x, columns + i);
  sums[0] = first;
  sums[1] = second;
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
    const int64_t slices = slices_of(size_), vectors = lay_out(matrix, nullptr, nullptr);
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
    const int64_t vectors = starts_[slices_of(size_)];
    for (int64_t i = 0; i < vectors * lanes<Real>; i++) values_[i] = origin_[i] < 0 ? 0 : weights[origin_[i]];
  }

  /* y [batch, size] += x [batch, size] W^T in the rows of some windows. */
  void add_product(Range windows, int64_t batch, const Real* x, int64_t x_row, Real* y, int64_t y_row) const {
    for (int64_t w = windows.begin; w < windows.end; w++) {
      const Range rows = this->rows({w, w + 1});
      for (int64_t b = 0; b < batch; b++) {
        Real sums[window];
        sum(w, x + b * x_row, sums);
        add_row(y + b * y_row + rows.begin, sums, rows.end - rows.begin);
      }
    }
  }

  /* x [size] W^T in the rows of a window */
  void sum(int64_t w, const Real* x, Real* sums) const {
    const Range rows = this->rows({w, w + 1});
    const int64_t end = slices_of(rows.end);
    for (int64_t s = rows.begin / lanes<Real>; s < end; s += 2) {
      const int64_t first = starts_[s], at = first * lanes<Real>, deep = starts_[s + 1] - first;
      const int64_t shallow = s + 1 < end ? starts_[s + 2] - starts_[s + 1] : 0;
      Vector<Real> both[2];
      if (is_wide_) {
        sum_slices(values_ + at, (const uint32_t*)columns_ + at, deep, shallow, x, both);
      } else {
        sum_slices(values_ + at, (const uint16_t*)columns_ + at, deep, shallow, x, both);
      }
      for (int64_t i = s; i < s + 2 && i < end; i++) put(sums - rows.begin, i, both[i - s]);
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
  struct Slice {
    uint8_t rows, connected; /* how many, and how many of these, the first ones, have connections */
    bool in_order;           /* all of them do, and lie side by side */
  };

  static int64_t slices_of(int64_t rows) { return (rows + lanes<Real> - 1) / lanes<Real>; }

  Vector<Real> row_of_streams(int64_t row, const Real* weights, const Real* x, int64_t x_row) const {
    const int64_t first = matrix_.starts[row];
    const int32_t* const origin = given_origin_ ? given_origin_ + first : nullptr;
    const int64_t count = matrix_.length(row);
    return sum_of_row(origin ? weights : weights + first, origin, matrix_.columns + first, count, x, x_row);
  }

  void take(Pieces& pieces, int64_t slices, int64_t vectors) {
    starts_ = pieces.take<int64_t>(slices + 1);
    row_of_ = pieces.take<int32_t>(slices, lanes<Real>);
    slices_ = pieces.take<Slice>(slices);
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
    Slice& all = slices_[slice] = {0, 0, true};
    for (int64_t lane = 0; lane < lanes<Real>; lane++) {
      const int32_t row = row_of[lane];
      const int64_t begin = row < 0 ? 0 : matrix.starts[row], length = row < 0 ? 0 : matrix.length(row);
      all.rows += row >= 0;
      all.connected += length > 0;
      all.in_order &= length > 0 && row == row_of[0] + lane;
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

  /* The sums of a slice to where its rows are. */
  void put(Real* y, int64_t slice, Vector<Real> sums) const {
    const int32_t* const row_of = row_of_ + slice * lanes<Real>;
    const Slice& all = slices_[slice];
    if (all.in_order) return store(y + row_of[0], sums, Whole{});
    Real numbers[lanes<Real>];
    store(numbers, sums, Whole{});
    for (int64_t lane = 0; lane < all.rows; lane++) y[row_of[lane]] = lane < all.connected ? numbers[lane] : 0;
  }

  int64_t size_ = 0;
  Connections matrix_;
  const int32_t* given_origin_;
  bool is_wide_ = false; /* columns have 32 bits */
  void* memory_ = nullptr;
  int64_t* starts_;   /* [slices + 1], in vectors */
  int32_t* row_of_;   /* [slices][lanes]; -1 for none */
  Slice* slices_;     /* [slices] */
  Real* values_;      /* [vectors][lanes] */
  int32_t* origin_;   /* [vectors][lanes] where in the weights; -1 for none */
  char* columns_;     /* [vectors][lanes] */
};

}  // namespace rondo::RONDO_TIER

#endif
