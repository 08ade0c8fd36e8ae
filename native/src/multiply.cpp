/* A product that belongs to no cell, for the dense head. */
#include "gemm.h"
#include "plan.h"
#include "shares.h"

namespace rondo::RONDO_TIER {
namespace {

/* Shares take rows of C, or columns where those are more. */
template <class Real>
void multiply_in_shares(const rondo_product& x) {
  Real* const c = (Real*)x.c;
  const Start<Real> start = {x.accumulate ? c : nullptr, x.c_row};
  const Matrix<Real> a = {(const Real*)x.a, x.a_row, x.a_column}, b = {(const Real*)x.b, x.b_row, x.b_column};
  const Product<Real> whole = {x.m, x.n, x.k, a, b, start, c, x.c_row};
  const bool by_rows = x.m >= x.n;
  const double operations = 2.0 * (double)x.m * (double)x.n * (double)x.k;
  const int64_t threads = by_rows ? sharers_of_rows(x.threads, x.m) : x.threads;
  in_shares(threads, by_rows ? x.m : x.n, operations, [&](int64_t begin, int64_t end) {
    Product<Real> share = whole;
    (by_rows ? share.m : share.n) = end - begin;
    if (by_rows) share.a.data += begin * x.a_row;
    if (!by_rows) share.b.data += begin * x.b_column;
    share.c += begin * (by_rows ? x.c_row : 1);
    if (x.accumulate) share.start.data = share.c;
    multiply(share);
  });
}

}  // namespace

extern const Multiplication multiplication;
const Multiplication multiplication = {multiply_in_shares<float>, multiply_in_shares<double>};

}  // namespace rondo::RONDO_TIER
