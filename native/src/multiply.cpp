/* A product that belongs to no cell, for the dense head. */
#include "gemm.h"
#include "plan.h"

namespace rondo::RONDO_TIER {
namespace {

template <class Real>
void multiply_product(const rondo_product& x) {
  Real* c = (Real*)x.c;
  multiply<Real>({x.m,
                  x.n,
                  x.k,
                  {(const Real*)x.a, x.a_row, x.a_column},
                  {(const Real*)x.b, x.b_row, x.b_column},
                  {x.accumulate ? c : nullptr, x.c_row},
                  c,
                  x.c_row});
}

}  // namespace

extern const Multiplication multiplication;
const Multiplication multiplication = {multiply_product<float>, multiply_product<double>};

}  // namespace rondo::RONDO_TIER
