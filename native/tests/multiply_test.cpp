/* rondo_multiply against a plain loop in double: sizes around tiles and blocks, every layout, with and without BLAS. */
#include <atomic>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "rondo/rondo.h"

namespace {

struct Layout {
  bool a_turned, b_turned, accumulate;
  int64_t gap; /* between rows of all three matrices */
};

/* A matrix in memory, its gaps and guards not-a-number. */
template <class Real>
struct Operand {
  Operand(int64_t rows, int64_t columns, bool turned, int64_t gap, std::mt19937& random)
      : row(turned ? 1 : columns + gap), column(turned ? rows + gap : 1) {
    std::uniform_real_distribution<double> uniform(-1, 1);
    memory.assign(guard + (turned ? columns * column : rows * row) + guard, NAN);
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < columns; j++) at(i, j) = (Real)uniform(random);
    }
  }
  Real& at(int64_t i, int64_t j) { return memory[guard + i * row + j * column]; }
  Real* data() { return memory.data() + guard; }

  static constexpr int64_t guard = 20;
  int64_t row, column;
  std::vector<Real> memory;
};

template <class Real>
void compare(int64_t m, int64_t n, int64_t k, const Layout& layout, int isa, int threads) {
  std::mt19937 random((unsigned)(m * 31 + n * 7 + k));
  Operand<Real> a(m, k, layout.a_turned, layout.gap, random), b(k, n, layout.b_turned, layout.gap, random);
  Operand<Real> c(m, n, false, layout.gap, random);
  std::vector<double> expected(m * n), got(m * n);
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      double sum = layout.accumulate ? (double)c.at(i, j) : 0;
      for (int64_t p = 0; p < k; p++) sum += (double)a.at(i, p) * (double)b.at(p, j);
      expected[i * n + j] = sum;
      if (!layout.accumulate) c.at(i, j) = NAN;
    }
  }
  rondo_product product = {};
  product.size = sizeof product;
  product.precision = 8 * sizeof(Real);
  product.threads = threads;
  product.isa = isa;
  product.m = m;
  product.n = n;
  product.k = k;
  product.a = a.data();
  product.a_row = a.row;
  product.a_column = a.column;
  product.b = b.data();
  product.b_row = b.row;
  product.b_column = b.column;
  product.c = c.data();
  product.c_row = c.row;
  product.accumulate = layout.accumulate;
  CHECK(rondo_multiply(&product) == RONDO_OK);
  for (int64_t i = 0; i < m * n; i++) got[i] = (double)c.at(i / n, i % n);

  const double eps = sizeof(Real) == 4 ? 0x1p-24 : 0x1p-53;
  char text[200];
  std::snprintf(text, sizeof text, "%dx%dx%d float%d tier %d threads %d turned %d %d add %d gap %d", (int)m, (int)n,
                (int)k, (int)(8 * sizeof(Real)), isa, threads, layout.a_turned, layout.b_turned, layout.accumulate,
                (int)layout.gap);
  CHECK_AS(relative_error(got.data(), expected.data(), m * n) <= 4 * eps * std::ceil(std::log2(k + 1)), text);
  int64_t numbers = 0;
  for (const Real value : c.memory) numbers += !std::isnan(value);
  CHECK_AS(numbers == m * n, text);
}

void compare_everywhere(int64_t m, int64_t n, int64_t k) {
  for (int layout = 0; layout < 8; layout++) {
    const Layout options = {(layout & 1) != 0, (layout & 2) != 0, (layout & 4) != 0, layout % 3};
    for (int isa = 0; isa <= rondo_isa(); isa++) {
      compare<float>(m, n, k, options, isa, 1 + layout % 3);
      compare<double>(m, n, k, options, isa, 1 + layout % 3);
    }
  }
}

/* Stands in for OpenBLAS: the words of the C interface and its checks of the strides, then a plain loop. */
std::atomic<int> blas_calls;

template <class Real>
void plain_gemm(int order, int transpose_a, int transpose_b, int m, int n, int k, Real alpha, const Real* a, int a_row,
                const Real* b, int b_row, Real beta, Real* c, int c_row) {
  blas_calls++;
  CHECK(order == 101);
  CHECK(a_row >= (transpose_a == 112 ? m : k) && b_row >= (transpose_b == 112 ? k : n) && c_row >= n);
  for (int i = 0; i < m; i++) {
    for (int j = 0; j < n; j++) {
      double sum = beta == 0 ? 0 : (double)(beta * c[i * c_row + j]);
      for (int p = 0; p < k; p++) {
        const Real x = transpose_a == 112 ? a[p * a_row + i] : a[i * a_row + p];
        const Real y = transpose_b == 112 ? b[j * b_row + p] : b[p * b_row + j];
        sum += (double)alpha * (double)x * (double)y;
      }
      c[i * c_row + j] = (Real)sum;
    }
  }
}

}  // namespace

int main() {
  for (const int64_t m : {1, 2, 7, 13}) {
    for (const int64_t n : {1, 5, 33, 64}) {
      for (const int64_t k : {1, 6, 40}) compare_everywhere(m, n, k);
    }
  }
  compare_everywhere(6, 300, 520);
  compare_everywhere(130, 70, 300);
  compare_everywhere(37, 1100, 20);

  rondo_set_blas((void*)plain_gemm<float>, (void*)plain_gemm<double>);
  compare_everywhere(40, 50, 60);
  compare_everywhere(1, 200, 180);
  compare_everywhere(200, 1, 180);
  compare_everywhere(200, 180, 1);
  CHECK(blas_calls > 0);
  rondo_set_blas(nullptr, nullptr);
  const int calls = blas_calls;
  compare_everywhere(40, 50, 60);
  CHECK(blas_calls == calls);
  return report("multiply");
}
