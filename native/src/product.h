/* What a matrix product is: C [m, n] = start + A [m, k] B [k, n]. */
#ifndef RONDO_PRODUCT_H
#define RONDO_PRODUCT_H

#include "vector.h"

namespace rondo::RONDO_TIER {

/* [0, count) cut into the fewest pieces of at most `largest`, as even as can be. */
struct Split {
  int64_t count, pieces;
  Split(int64_t count, int64_t largest) : count(count), pieces((count + largest - 1) / largest) {}
  int64_t begin(int64_t piece) const { return piece * count / pieces; }
};

/* Element (i, j) lies at data[i * row + j * column]; one of the two strides is 1. */
template <class Real>
struct Matrix {
  const Real* data;
  int64_t row, column;

  Matrix transposed() const { return {data, column, row}; }
  Matrix rows_from(int64_t i) const { return {data + i * row, row, column}; }
};

/* What each row of the result is added to: a row of `data`, one row for all (stride 0), or nothing (null). */
template <class Real>
struct Start {
  const Real* data = nullptr;
  int64_t row = 0;
};

template <class Real>
struct Product {
  int64_t m, n, k;
  Matrix<Real> a, b;
  Start<Real> start;
  Real* c;
  int64_t c_row;
  bool from_last = false; /* packed panels of B are read from the last to the first */
};

}  // namespace rondo::RONDO_TIER

#endif
