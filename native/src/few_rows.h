/*
 * Products whose A has few rows, with B used where it lies: packing it would cost more than the product itself.
 *
 * B is read once, from front to back where it lies by columns (a transposed matrix), and in strips of a vector where it
 * lies by rows.
 */
#ifndef RONDO_FEW_ROWS_H
#define RONDO_FEW_ROWS_H

#include "product.h"

namespace rondo::RONDO_TIER {

/* Up to here packing costs more than it saves. */
constexpr int64_t few_rows = 6;

template <class Real>
RONDO_INLINE Real sum_of_lanes(Vector<Real> vector) {
  Real part[lanes<Real>];
  store(part, vector, Whole{});
  for (int64_t half = lanes<Real> / 2; half > 0; half /= 2) {
    for (int64_t i = 0; i < half; i++) part[i] += part[i + half];
  }
  return part[0];
}

/* Rows x Columns elements of C as dot products, from (i, j) on. */
template <class Real, int Rows, int Columns>
void multiply_dots(const Product<Real>& x, int64_t i, int64_t j) {
  Vector<Real> sum[Rows][Columns] = {};
  for_each_vector<Real>(x.k, [&](int64_t p, auto extent) __attribute__((always_inline)) {
    Vector<Real> a[Rows];
    for (int r = 0; r < Rows; r++) a[r] = load(x.a.data + (i + r) * x.a.row + p, extent);
    for (int c = 0; c < Columns; c++) {
      const Vector<Real> b = load(x.b.data + (j + c) * x.b.column + p, extent);
      for (int r = 0; r < Rows; r++) sum[r][c] += a[r] * b;
    }
  });
  for (int r = 0; r < Rows; r++) {
    for (int c = 0; c < Columns; c++) {
      const Real start = x.start.data ? x.start.data[(i + r) * x.start.row + j + c] : 0;
      x.c[(i + r) * x.c_row + j + c] = start + sum_of_lanes<Real>(sum[r][c]);
    }
  }
}

template <class Real, int Columns>
void multiply_dots(const Product<Real>& x, int64_t j) {
  int64_t i = 0;
  for (; i + 2 <= x.m; i += 2) multiply_dots<Real, 2, Columns>(x, i, j);
  if (i < x.m) multiply_dots<Real, 1, Columns>(x, i, j);
}

/* Rows of C from row i on, one strip of columns after the other. */
template <class Real, int Rows>
void multiply_strips(const Product<Real>& x, int64_t i) {
  constexpr int chains = 4 / Rows;
  for_each_vector<Real>(x.n, [&](int64_t j, auto extent) __attribute__((always_inline)) {
    Vector<Real> sum[chains][Rows] = {};
    const auto add_products = [&](int chain, int64_t p) __attribute__((always_inline)) {
      const Vector<Real> b = load(x.b.data + p * x.b.row + j, extent);
      for (int r = 0; r < Rows; r++) sum[chain][r] += x.a.data[(i + r) * x.a.row + p] * b;
    };
    int64_t p = 0;
    for (; p + chains <= x.k; p += chains) {
      for (int chain = 0; chain < chains; chain++) add_products(chain, p + chain);
    }
    for (; p < x.k; p++) add_products(0, p);
    for (int r = 0; r < Rows; r++) {
      for (int chain = 1; chain < chains; chain++) sum[0][r] += sum[chain][r];
      const Real* start = x.start.data ? x.start.data + (i + r) * x.start.row + j : nullptr;
      store(x.c + (i + r) * x.c_row + j, start ? load(start, extent) + sum[0][r] : sum[0][r], extent);
    }
  });
}

/* A lies by rows, and B either way. */
template <class Real>
void multiply_few_rows(const Product<Real>& x) {
  if (x.b.column == 1) {
    int64_t i = 0;
    for (; i + 4 <= x.m; i += 4) multiply_strips<Real, 4>(x, i);
    for (; i + 2 <= x.m; i += 2) multiply_strips<Real, 2>(x, i);
    if (i < x.m) multiply_strips<Real, 1>(x, i);
  } else {
    int64_t j = 0;
    for (; j + 4 <= x.n; j += 4) multiply_dots<Real, 4>(x, j);
    for (; j < x.n; j++) multiply_dots<Real, 1>(x, j);
  }
}

}  // namespace rondo::RONDO_TIER

#endif
