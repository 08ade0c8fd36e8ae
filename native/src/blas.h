/*
 * Large products by OpenBLAS, where it is faster than this library's own: in the baseline tier. It has kernels for CPUs
 * that have no tier here; with AVX2 and AVX-512 the tiles of gemm.h are as fast, and weights stay packed.
 */
#ifndef RONDO_BLAS_H
#define RONDO_BLAS_H

#include "plan.h"
#include "product.h"

namespace rondo::RONDO_TIER {

/* cblas_sgemm or cblas_dgemm. */
template <class Real>
using Gemm = void (*)(int order, int transpose_a, int transpose_b, int m, int n, int k, Real alpha, const Real* a,
                      int a_row, const Real* b, int b_row, Real beta, Real* c, int c_row);

/* Whether products are better left to it; below this it is not worth a call. */
template <class Real>
bool blas_is_faster(int64_t m, int64_t n, int64_t k) {
  return RONDO_VECTOR_BYTES == 16 && m * n * k >= 32 * 32 * 32 && blas_product(8 * sizeof(Real));
}

/* The distance between stored rows of `width` elements; of a single row the caller's stride may be anything. */
inline int row_distance(int64_t stride, int64_t width) { return (int)(stride > width ? stride : width); }

/* False, and nothing done, where the product is better multiplied here. */
template <class Real>
bool multiply_by_blas(const Product<Real>& x) {
  if (!blas_is_faster<Real>(x.m, x.n, x.k)) return false;
  constexpr int row_major = 101, as_it_is = 111, transposed = 112;
  const auto gemm = (Gemm<Real>)blas_product(8 * sizeof(Real));
  const bool turn_a = x.a.column != 1, turn_b = x.b.column != 1, adds = x.start.data != nullptr;
  for (int64_t i = 0; i < x.m && adds && x.start.data != x.c; i++) {
    memcpy(x.c + i * x.c_row, x.start.data + i * x.start.row, (size_t)x.n * sizeof(Real));
  }
  gemm(row_major, turn_a ? transposed : as_it_is, turn_b ? transposed : as_it_is, (int)x.m, (int)x.n, (int)x.k, 1,
       x.a.data, turn_a ? row_distance(x.a.column, x.m) : row_distance(x.a.row, x.k), x.b.data,
       turn_b ? row_distance(x.b.column, x.k) : row_distance(x.b.row, x.n), adds ? 1 : 0, x.c,
       row_distance(x.c_row, x.n));
  return true;
}

}  // namespace rondo::RONDO_TIER

#endif
