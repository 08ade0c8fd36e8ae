/*
 * Covariances of Kalman filters: symmetric matrices of which the lower half is there, row by row. Both functions read
 * it once, a few rows at a time, in blocks whose places depend on nothing but sizes: threads change no bit.
 */
#include "few_rows.h"
#include "plan.h"
#include "shares.h"

namespace rondo::RONDO_TIER {
namespace {

/* Rows of P that are read at once. */
constexpr int block = 4;

/* Where shares of a group begin: a multiple of a block and of the vectors of all tiers. */
constexpr int64_t share_begin = 16;

inline int64_t next_begin(int64_t i) { return (i + share_begin - 1) / share_begin * share_begin; }

template <class Real>
RONDO_INLINE Part first_lanes(int64_t count) {
  return {count < 0 ? 0 : count < lanes<Real> ? count : lanes<Real>};
}

/* Calls body(P of a group, its size, its first variable, those of its own that lie in a range). */
template <class Real, class Body>
void for_each_group(const rondo_symmetric& x, Range range, Body body) {
  Real* p = (Real*)x.p;
  for (int64_t g = 0, first = 0; g < x.groups; g++) {
    const int64_t n = x.group_sizes[g], begin = range.begin - first, end = range.end - first;
    const Range own = {begin < 0 ? 0 : next_begin(begin), end < n ? next_begin(end) : n};
    if (end > 0 && own.begin < n) body(p, n, first, Range{own.begin, own.end < n ? own.end : n});
    p += n * (n + 1) / 2;
    first += n;
  }
}

inline int64_t variables(const rondo_symmetric& x) {
  int64_t n = 0;
  for (int64_t g = 0; g < x.groups; g++) n += x.group_sizes[g];
  return n;
}

// ---------------------------------------------------------------------------------------------------------- product

/* Variables whose part of H and G is near while it is used: P is read by columns of this width. */
constexpr int64_t chunk = 2048;

/* Rows of H whose products are summed at once, in registers, with `block` rows of P. */
constexpr int most_at_once = RONDO_VECTOR_BYTES == 64 ? 4 : 2;

/* As many rows of P as a vector has lanes, up to the diagonal, and fewer at the end; the rows of H and G they meet. */
template <class Real>
struct RowsOfP {
  const Real* p[lanes<Real>];
  int64_t rows, i;
  Vector<Real> diagonal[lanes<Real>]; /* the square there, both halves */

  RowsOfP(const Real* triangle, int64_t size, int64_t i) : rows(size - i < lanes<Real> ? size - i : lanes<Real>), i(i) {
    for (int64_t r = 0; r < rows; r++) p[r] = triangle + (i + r) * (i + r + 1) / 2;
  }

  void load_diagonal() {
    Vector<Real> upper[lanes<Real>] = {};
    for (int64_t r = 0; r < lanes<Real>; r++) {
      diagonal[r] = r < rows ? load(p[r] + i, first_lanes<Real>(r + 1)) : Vector<Real>{};
      if (r < rows) upper[r] = load(p[r] + i, Part{r});
    }
    transpose<Real>(upper);
    for (int64_t r = 0; r < lanes<Real>; r++) diagonal[r] += upper[r];
  }
};

/* Some rows of H and G, from a group's first variable on. */
template <class Real, int Count>
struct Operands {
  const Real* h;
  int64_t h_row;
  Real* g;
  int64_t g_row;
};

/*
 * Of the variables j in a range, left of the diagonal: sum_j P(i + r, j) H(c, j), on top of `sums`, and
 * G(c, j) += sum_r P(i + r, j) H(c, i + r). Both ends of the range lie between vectors.
 */
template <class Real, int Rows, int Count, bool Sum, bool Add>
RONDO_INLINE void multiply_left(const Real* const* p, int64_t i, Range columns, const Operands<Real, Count>& x,
                                Vector<Real>* sums) {
  Vector<Real> sum[Count][Rows];
  if constexpr (Sum) {
    RONDO_UNROLL
    for (int c = 0; c < Count; c++) {
      RONDO_UNROLL
      for (int r = 0; r < Rows; r++) sum[c][r] = sums[c * lanes<Real> + r];
    }
  }
  for (int64_t j = columns.begin; j < columns.end; j += lanes<Real>) {
    Vector<Real> left[Rows];
    RONDO_UNROLL
    for (int r = 0; r < Rows; r++) left[r] = load(p[r] + j, Whole{});
    RONDO_UNROLL
    for (int c = 0; c < Count; c++) {
      const Real* const h = x.h + c * x.h_row;
      if constexpr (Sum) {
        const Vector<Real> right = load(h + j, Whole{});
        RONDO_UNROLL
        for (int r = 0; r < Rows; r++) sum[c][r] += left[r] * right;
      }
      if constexpr (Add) {
        Real* const g = x.g + c * x.g_row + j;
        Vector<Real> total = load(g, Whole{});
        RONDO_UNROLL
        for (int r = 0; r < Rows; r++) total += h[i + r] * left[r];
        store(g, total, Whole{});
      }
    }
  }
  if constexpr (Sum) {
    RONDO_UNROLL
    for (int c = 0; c < Count; c++) {
      RONDO_UNROLL
      for (int r = 0; r < Rows; r++) sums[c * lanes<Real> + r] = sum[c][r];
    }
  }
}

/* The same of all rows, a few at a time. */
template <class Real, int Count, bool Sum, bool Add>
void multiply_left(const RowsOfP<Real>& rows, Range columns, const Operands<Real, Count>& x, Vector<Real>* sums) {
  constexpr int Rows = block < lanes<Real> ? block : (int)lanes<Real>;
  int64_t r = 0;
  for (; r + Rows <= rows.rows; r += Rows) {
    multiply_left<Real, Rows, Count, Sum, Add>(rows.p + r, rows.i + r, columns, x, sums + r);
  }
  for (; r < rows.rows; r++) {
    multiply_left<Real, 1, Count, Sum, Add>(rows.p + r, rows.i + r, columns, x, sums + r);
  }
}

/* What rows of P have in the product, by the variables of one chunk that they see; their own are among `own`. */
template <class Real, int Count>
void multiply_rows(const RowsOfP<Real>& rows, Range columns, Range own, bool with_diagonal,
                   const Operands<Real, Count>& x) {
  Vector<Real> sums[Count][lanes<Real>] = {};
  const Range before = {columns.begin, columns.end < own.begin ? columns.end : own.begin};
  const Range among = {columns.begin > own.begin ? columns.begin : own.begin, columns.end};
  multiply_left<Real, Count, true, false>(rows, before, x, sums[0]);
  multiply_left<Real, Count, true, true>(rows, among, x, sums[0]);
  for (int c = 0; c < Count; c++) {
    transpose<Real>(sums[c]);
    Vector<Real> total = sums[c][0];
    for (int64_t l = 1; l < lanes<Real>; l++) total += sums[c][l];
    const Real* const h = x.h + c * x.h_row + rows.i;
    for (int64_t r = 0; r < rows.rows && with_diagonal; r++) total += h[r] * rows.diagonal[r];
    Real* const g = x.g + c * x.g_row + rows.i;
    const auto add = [&](auto extent) __attribute__((always_inline)) { store(g, load(g, extent) + total, extent); };
    rows.rows == lanes<Real> ? add(Whole{}) : add(Part{rows.rows});
  }
}

template <class Real, int Count>
void multiply_rows(const RowsOfP<Real>& rows, Range columns, Range own, bool with_diagonal, const rondo_symmetric& x,
                   int64_t first, int64_t& k) {
  for (; k + Count <= x.m; k += Count) {
    const Operands<Real, Count> operands = {(const Real*)x.rows + k * x.rows_row + first, x.rows_row,
                                            (Real*)x.product + k * x.product_row + first, x.product_row};
    if (rows.i < own.end) {
      multiply_rows<Real, Count>(rows, columns, own, with_diagonal, operands);
    } else {
      const Range among = {columns.begin > own.begin ? columns.begin : own.begin,
                           columns.end < own.end ? columns.end : own.end};
      multiply_left<Real, Count, false, true>(rows, among, operands, nullptr);
    }
  }
}

template <class Real>
void multiply_group(const Real* triangle, int64_t size, int64_t first, Range own, const rondo_symmetric& x) {
  for (int64_t k = 0; k < x.m; k++) {
    memset((Real*)x.product + k * x.product_row + first + own.begin, 0, (size_t)(own.end - own.begin) * sizeof(Real));
  }
  for (int64_t from = 0; from < own.end; from += chunk) {
    for (int64_t i = from > own.begin ? from : own.begin; i < size; i += lanes<Real>) {
      RowsOfP<Real> rows(triangle, size, i);
      const bool with_diagonal = i < own.end && i < from + chunk;
      if (with_diagonal) rows.load_diagonal();
      const Range columns = {from, i < from + chunk ? i : from + chunk};
      int64_t k = 0;
      multiply_rows<Real, most_at_once>(rows, columns, own, with_diagonal, x, first, k);
      multiply_rows<Real, 2>(rows, columns, own, with_diagonal, x, first, k);
      multiply_rows<Real, 1>(rows, columns, own, with_diagonal, x, first, k);
    }
  }
}

/* Shares take variables; what lies left of two of them both read, so that each sums its own in one order. */
template <class Real>
void multiply_in_shares(const rondo_symmetric& x) {
  const int64_t n = variables(x);
  in_shares(x.threads, n, (double)x.m * (double)n * (double)n / (double)x.groups, [&](int64_t begin, int64_t end) {
    for_each_group<Real>(x, {begin, end}, [&](const Real* p, int64_t size, int64_t first, Range own) {
      multiply_group(p, size, first, own, x);
    });
  });
}

// ----------------------------------------------------------------------------------------------------------- update

/* Rows i .. i + Rows - 1 of P from variable j on, Vectors of them, up to and with the diagonal. */
template <class Real, int Rows, int Vectors, class Extent>
RONDO_INLINE void update_tile(Real* const (&p)[Rows], int64_t i, int64_t j, Extent extent, const Real* v, int64_t v_row,
                              int64_t m, Real scale) {
  Vector<Real> sum[Rows][Vectors] = {};
  for (int64_t k = 0; k < m; k++, v += v_row) {
    Vector<Real> right[Vectors];
    RONDO_UNROLL
    for (int c = 0; c < Vectors; c++) right[c] = load(v + j + c * lanes<Real>, extent);
    RONDO_UNROLL
    for (int r = 0; r < Rows; r++) {
      RONDO_UNROLL
      for (int c = 0; c < Vectors; c++) sum[r][c] += v[i + r] * right[c];
    }
  }
  RONDO_UNROLL
  for (int r = 0; r < Rows; r++) {
    RONDO_UNROLL
    for (int c = 0; c < Vectors; c++) {
      Real* const to = p[r] + j + c * lanes<Real>;
      const auto update = [&](auto lanes) __attribute__((always_inline)) {
        store(to, (load(to, lanes) - sum[r][c]) * scale, lanes);
      };
      const int64_t left = i + r + 1 - j - c * lanes<Real>;
      left >= lanes<Real> ? update(Whole{}) : update(first_lanes<Real>(left));
    }
  }
}

template <class Real, int Rows = block>
void update_rows(int64_t rows, Real* triangle, int64_t i, const Real* v, const rondo_symmetric& x) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return update_rows<Real, Rows - 1>(rows, triangle, i, v, x);
  }
  constexpr int vectors = RONDO_VECTOR_BYTES == 64 ? 4 : 2;
  Real* p[Rows];
  for (int r = 0; r < Rows; r++) p[r] = triangle + (i + r) * (i + r + 1) / 2;
  const Real scale = (Real)x.scale;
  int64_t j = 0;
  for (; j + vectors * lanes<Real> <= i + Rows; j += vectors * lanes<Real>) {
    update_tile<Real, Rows, vectors>(p, i, j, Whole{}, v, x.rows_row, x.m, scale);
  }
  for (; j + lanes<Real> <= i + Rows; j += lanes<Real>) {
    update_tile<Real, Rows, 1>(p, i, j, Whole{}, v, x.rows_row, x.m, scale);
  }
  if (j < i + Rows) update_tile<Real, Rows, 1>(p, i, j, Part{i + Rows - j}, v, x.rows_row, x.m, scale);
  for (int r = 0; r < Rows; r++) p[r][i + r] += (Real)x.shift;
}

template <class Real>
void update_range(const rondo_symmetric& x, Range range) {
  for_each_group<Real>(x, range, [&](Real* p, int64_t, int64_t first, Range own) {
    for (int64_t i = own.begin; i < own.end; i += block) {
      update_rows<Real>(own.end - i < block ? own.end - i : block, p, i, (const Real*)x.rows + first, x);
    }
  });
}

/* Shares take rows, short ones of the first half and long ones of the second. */
template <class Real>
void update_in_shares(const rondo_symmetric& x) {
  const int64_t n = variables(x), half = n / 2;
  in_shares(x.threads, half + n % 2, (double)x.m * (double)n * (double)n / (double)x.groups,
            [&](int64_t begin, int64_t end) {
              update_range<Real>(x, {begin, end});
              update_range<Real>(x, {n - (end < half ? end : half), n - (begin < half ? begin : half)});
            });
}

}  // namespace

extern const Symmetric symmetric_product;
const Symmetric symmetric_product = {multiply_in_shares<float>, multiply_in_shares<double>};

extern const Symmetric symmetric_update;
const Symmetric symmetric_update = {update_in_shares<float>, update_in_shares<double>};

}  // namespace rondo::RONDO_TIER
