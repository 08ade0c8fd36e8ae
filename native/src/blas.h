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
       x.a.data, (int)(turn_a ? x.a.column : x.a.row), x.b.data, (int)(turn_b ? x.b.column : x.b.row), adds ? 1 : 0,
       x.c, (int)x.c_row);
  return true;
}

}  // namespace rondo::RONDO_TIER

#endif
