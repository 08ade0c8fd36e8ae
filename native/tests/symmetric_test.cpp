/* rondo_symmetric_product and rondo_symmetric_update against whole matrices: sizes around lanes and blocks. */
#include <cstring>
#include <random>
#include <vector>

#include "cell_library.h"

namespace {

using Sizes = std::vector<int64_t>;

/* Groups, the halves of their matrices, and the whole matrix of them all. */
struct Problem {
  Sizes sizes;
  int64_t n = 0, elements = 0, m;
  Doubles half, whole, rows;

  Problem(const Sizes& sizes, int64_t m) : sizes(sizes), m(m) {
    for (const int64_t size : sizes) {
      n += size;
      elements += size * (size + 1) / 2;
    }
    std::mt19937 random((unsigned)(n + m));
    std::uniform_real_distribution<double> uniform(-1, 1);
    half.resize(elements);
    for (double& value : half) value = (float)uniform(random);
    rows.resize(m * n);
    for (double& value : rows) value = (float)uniform(random);
    whole = spread(half);
  }

  template <class Body>
  void for_each_element(Body body) const {
    int64_t at = 0, first = 0;
    for (const int64_t size : sizes) {
      for (int64_t i = 0; i < size; i++) {
        for (int64_t j = 0; j <= i; j++) body(at++, first + i, first + j);
      }
      first += size;
    }
  }

  Doubles spread(const Doubles& from) const {
    Doubles to(n * n);
    for_each_element([&](int64_t at, int64_t i, int64_t j) { to[i * n + j] = to[j * n + i] = from[at]; });
    return to;
  }
};

template <class Real>
rondo_symmetric description(const Problem& x, int isa, int64_t threads, Guarded<Real>& p, Guarded<Real>& rows) {
  rondo_symmetric symmetric = {};
  symmetric.size = sizeof symmetric;
  symmetric.precision = 8 * sizeof(Real);
  symmetric.threads = threads;
  symmetric.isa = isa;
  symmetric.groups = (int64_t)x.sizes.size();
  symmetric.group_sizes = x.sizes.data();
  symmetric.m = x.m;
  symmetric.p = p.data();
  symmetric.rows = rows.data();
  symmetric.rows_row = rows.stride();
  return symmetric;
}

template <class Real>
void products_and_updates(const Sizes& sizes, int64_t m, int isa) {
  const Problem x(sizes, m);
  const double epsilon = sizeof(Real) == 4 ? 0x1p-23 : 0x1p-52;
  Doubles product(m * x.n), updated = x.half;
  for (int64_t k = 0; k < m; k++) {
    for (int64_t j = 0; j < x.n; j++) {
      for (int64_t i = 0; i < x.n; i++) product[k * x.n + j] += x.rows[k * x.n + i] * x.whole[i * x.n + j];
    }
  }
  x.for_each_element([&](int64_t at, int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t k = 0; k < m; k++) sum += x.rows[k * x.n + i] * x.rows[k * x.n + j];
    updated[at] = 0.75 * (updated[at] - sum) + (i == j ? 0.125 : 0);
  });
  Doubles first_product, first_update;
  for (const int64_t threads : {1, 2, 5}) {
    Guarded<Real> p(1, x.elements, 0, x.half.data()), rows(m, x.n, 3, x.rows.data()), g(m, x.n, 5);
    rondo_symmetric symmetric = description(x, isa, threads, p, rows);
    symmetric.product = g.data();
    symmetric.product_row = g.stride();
    CHECK(rondo_symmetric_product(&symmetric) == RONDO_OK);
    CHECK(g.error(product) <= 4 * epsilon * std::sqrt((double)x.n));
    symmetric.product = nullptr;
    symmetric.scale = 0.75;
    symmetric.shift = 0.125;
    CHECK(rondo_symmetric_update(&symmetric) == RONDO_OK);
    /* Of m products of at most 1 each, and an element of at most 1, whose difference may be next to nothing. */
    const double bound = epsilon * (double)((m + 1) * (m + 1));
    const Doubles result = p.dense();
    bool close = true;
    for (int64_t i = 0; i < x.elements; i++) close &= std::fabs(result[i] - updated[i]) <= bound;
    CHECK(close);
    if (threads == 1) {
      first_product = g.dense();
      first_update = p.dense();
    }
    CHECK(g.dense() == first_product);
    CHECK(p.dense() == first_update);
    CHECK(p.guards_intact() && rows.guards_intact() && g.guards_intact());
  }
}

void what_is_no_description_is_refused() {
  int64_t sizes[] = {2, 1};
  double p[4] = {}, h[3] = {}, g[3] = {};
  rondo_symmetric good = {};
  good.size = sizeof good;
  good.precision = 64;
  good.threads = 1;
  good.isa = -1;
  good.groups = 2;
  good.group_sizes = sizes;
  good.m = 1;
  good.p = p;
  good.rows = h;
  good.rows_row = 3;
  CHECK(rondo_symmetric_update(&good) == RONDO_OK);
  CHECK(rondo_symmetric_product(&good) == RONDO_BAD_ARGUMENT); /* has nowhere to go */
  good.product = g;
  good.product_row = 3;
  CHECK(rondo_symmetric_product(&good) == RONDO_OK);
  CHECK(rondo_symmetric_update(&good) == RONDO_BAD_ARGUMENT);
  const auto refused = [&](auto change) {
    rondo_symmetric bad = good;
    change(bad);
    return rondo_symmetric_product(&bad) == RONDO_BAD_ARGUMENT;
  };
  CHECK(rondo_symmetric_product(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_symmetric_update(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(refused([](rondo_symmetric& x) { x.size--; }));
  CHECK(refused([](rondo_symmetric& x) { x.threads = 0; }));
  CHECK(refused([](rondo_symmetric& x) { x.groups = 0; }));
  CHECK(refused([](rondo_symmetric& x) { x.group_sizes = nullptr; }));
  CHECK(refused([](rondo_symmetric& x) { x.m = 0; }));
  CHECK(refused([](rondo_symmetric& x) { x.p = nullptr; }));
  CHECK(refused([](rondo_symmetric& x) { x.rows = nullptr; }));
  CHECK(refused([](rondo_symmetric& x) { x.rows_row = 2; }));
  CHECK(refused([](rondo_symmetric& x) { x.product_row = 2; }));
  sizes[1] = 0;
  CHECK(refused([](rondo_symmetric&) {}));
  sizes[1] = 1;
  good.precision = 16;
  CHECK(rondo_symmetric_product(&good) == RONDO_UNSUPPORTED);
}

}  // namespace

int main() {
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    for (const int64_t m : {1, 2, 3, 4, 7, 9}) {
      for (const Sizes& sizes : {Sizes{1}, Sizes{2, 5, 1}, Sizes{17, 33, 16}, Sizes{65, 7, 64}, Sizes{203},
                                 Sizes{40, 300}}) {
        products_and_updates<float>(sizes, m, isa);
        products_and_updates<double>(sizes, m, isa);
      }
    }
    products_and_updates<double>(Sizes{2100}, 3, isa); /* more than a chunk, and worth threads as the next */
    products_and_updates<float>(Sizes{70, 700, 500}, 9, isa);
  }
  what_is_no_description_is_refused();
  return report("symmetric_test");
}
