/* rondo_softmax_loss against the definition in double: classes around the lanes, weights, rows that do not count. */
#include <cstring>
#include <random>
#include <vector>

#include "cell_library.h"

namespace {

/* Outputs differ by up to twice this. */
constexpr double largest = 10;

/* A problem, its memory between guards, and what the definition makes of it. */
template <class Real>
struct Rows {
  Rows(int64_t N, int64_t C, bool weighted, unsigned seed)
      : N(N), C(C), outputs(N, C, 0), gradient(N, C, 0), losses(1, N, 0), targets(N), weights(C), z(N * C), loss(N),
        dz(N * C) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> uniform(-largest, largest);
    for (double& value : z) value = (double)(Real)uniform(random);
    for (double& weight : weights) weight = weighted ? 0.1 + std::fabs(uniform(random)) : 1;
    for (int32_t& target : targets) target = (int32_t)(random() % (unsigned)(C + 1)) - 1;
    for (int64_t i = 0; i < N * C; i++) outputs.data()[i] = (Real)z[i];
    description.size = sizeof description;
    description.precision = 8 * sizeof(Real);
    description.threads = 1;
    description.rows = N;
    description.classes = C;
    description.outputs = outputs.data();
    description.targets = targets.data();
    description.class_weights = weighted ? weights.data() : nullptr;
    description.scale = 1.0 / (double)N;
    description.losses = losses.data();
    description.gradient = gradient.data();
    for (int64_t n = 0; n < N; n++) define(n);
  }

  void define(int64_t n) {
    if (targets[n] < 0) return;
    const double* const row = &z[n * C];
    const double at_target = row[targets[n]], weight = weights[targets[n]];
    double others = 0; /* relative to the target's exponential, so that what is nearly 1 is not subtracted from 1 */
    for (int64_t c = 0; c < C; c++) others += c == targets[n] ? 0 : std::exp(row[c] - at_target);
    loss[n] = weight * std::log1p(others);
    for (int64_t c = 0; c < C; c++) {
      const double share = c == targets[n] ? -others : std::exp(row[c] - at_target);
      dz[n * C + c] = weight * description.scale * share / (1 + others);
    }
  }

  void run() { CHECK(rondo_softmax_loss(&description) == RONDO_OK); }

  const int64_t N, C;
  Guarded<Real> outputs, gradient;
  Guarded<double> losses;
  std::vector<int32_t> targets;
  Doubles weights, z, loss, dz;
  rondo_loss description = {};
};

/* What an exponential and the sum of some may be off by: its own error, and that of a rounded difference. */
template <class Real>
constexpr double term_error = sizeof(Real) == 4 ? 2.5e-7 + 2 * largest * 0x1p-24 : 1e-15 + 2 * largest * 0x1p-53;

template <class Real>
void compare(int64_t N, int64_t C, bool weighted, int isa) {
  Rows<Real> rows(N, C, weighted, (unsigned)(N * 1000 + C));
  rows.description.isa = isa;
  rows.run();
  const double eps = sizeof(Real) == 4 ? 0x1p-24 : 0x1p-53;
  char text[100];
  std::snprintf(text, sizeof text, "%d x %d float%d tier %d weighted %d", (int)N, (int)C, (int)(8 * sizeof(Real)), isa,
                weighted);
  for (int64_t n = 0; n < N; n++) {
    const double weight = rows.targets[n] < 0 ? 0 : rows.weights[rows.targets[n]];
    const double off = std::fabs(rows.losses.data()[n] - rows.loss[n]);
    CHECK_AS(off <= weight * term_error<Real> + 4 * 0x1p-53 * rows.loss[n], text);
  }
  for (int64_t i = 0; i < N * C; i++) {
    const double off = std::fabs((double)rows.gradient.data()[i] - rows.dz[i]);
    const int32_t target = rows.targets[i / C];
    const double in_double = i % C == target ? 4 * 0x1p-53 * rows.weights[target] / (double)N : 0; /* sum less a term */
    CHECK_AS(off <= (2 * term_error<Real> + 4 * eps) * std::fabs(rows.dz[i]) + in_double, text);
  }
  CHECK_AS(rows.gradient.guards_intact() && rows.losses.guards_intact(), text);

  const Doubles losses(rows.losses.data(), rows.losses.data() + N);
  rows.gradient.fill(NAN);
  rows.description.gradient = nullptr;
  rows.run();
  CHECK_AS(std::memcmp(losses.data(), rows.losses.data(), N * sizeof(double)) == 0, text);
}

/* Three rows, the middle one with `value` at one class; returns its loss. The other two stay what they are. */
template <class Real>
double spoil(Rows<Real>& rows, int64_t at, double value, int32_t target) {
  rows.targets = {0, target, 1};
  rows.define(0);
  rows.define(2);
  for (int64_t c = 0; c < rows.C; c++) rows.outputs.data()[rows.C + c] = (Real)(c == at ? value : rows.z[rows.C + c]);
  rows.run();
  for (const int n : {0, 2}) CHECK(std::fabs(rows.losses.data()[n] - rows.loss[n]) <= term_error<Real>);
  return rows.losses.data()[1];
}

template <class Real>
bool all_nan(Rows<Real>& rows) {
  bool all = true;
  for (int64_t c = 0; c < rows.C; c++) all &= std::isnan(rows.gradient.data()[rows.C + c]);
  return all;
}

template <class Real>
void special_values(int isa) {
  for (const int64_t C : {2, 5, 37}) {
    Rows<Real> rows(3, C, false, 1);
    rows.description.isa = isa;
    CHECK(std::isnan(spoil(rows, C - 1, NAN, 0)) && all_nan(rows));
    CHECK(std::isnan(spoil(rows, 0, INFINITY, 0)) && all_nan(rows));
    CHECK(std::isfinite(spoil(rows, 0, -INFINITY, 1)) && rows.gradient.data()[C] == 0);
    CHECK(spoil(rows, 0, -INFINITY, 0) == INFINITY && rows.gradient.data()[C] < 0);
    CHECK(spoil(rows, 0, sizeof(Real) == 4 ? 3e38 : 1e308, 0) == 0 && rows.gradient.data()[C] == 0);
    CHECK(spoil(rows, 0, 1e30, 1) >= 1e30 * 0.999 && rows.gradient.data()[C + 1] < 0);
    CHECK(spoil(rows, 0, NAN, -1) == 0 && rows.gradient.data()[C] == 0);
  }
}

template <class Real>
void threads_change_no_bit(int isa) {
  const Plan holds_the_pool = make_plan<float>({.T = 1, .B = 1, .I = 1, .H = 1}, isa, 3);
  Rows<Real> rows(2001, 67, true, 5);
  rows.description.isa = isa;
  rows.run();
  const Doubles losses(rows.losses.data(), rows.losses.data() + rows.N);
  const std::vector<Real> gradient(rows.gradient.data(), rows.gradient.data() + rows.N * rows.C);
  for (const int threads : {2, 3}) {
    rows.losses.fill(NAN);
    rows.gradient.fill(NAN);
    rows.description.threads = threads;
    rows.run();
    CHECK(std::memcmp(losses.data(), rows.losses.data(), losses.size() * sizeof(double)) == 0);
    CHECK(std::memcmp(gradient.data(), rows.gradient.data(), gradient.size() * sizeof(Real)) == 0);
  }
}

void bad_arguments() {
  const Rows<float> rows(2, 3, false, 1);
  const auto status = [&](auto spoil) {
    rondo_loss description = rows.description;
    spoil(description);
    return rondo_softmax_loss(&description);
  };
  const int32_t beyond[] = {0, 3}, below[] = {-2, 0};
  CHECK(rondo_softmax_loss(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss&) {}) == RONDO_OK);
  CHECK(status([](rondo_loss& x) { x.size--; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.rows = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.classes = -1; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.threads = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.isa = 3; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.outputs = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.losses = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([&](rondo_loss& x) { x.targets = beyond; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([&](rondo_loss& x) { x.targets = below; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_loss& x) { x.precision = 16; }) == RONDO_UNSUPPORTED);
}

template <class Real>
void test(int isa) {
  for (const int64_t C : {1, 2, 3, 4, 5, 8, 15, 16, 17, 37, 65, 200}) {
    for (const int64_t N : {1, 2, 3, 50}) {
      compare<Real>(N, C, false, isa);
      compare<Real>(N, C, true, isa);
    }
  }
  special_values<Real>(isa);
  threads_change_no_bit<Real>(isa);
}

}  // namespace

int main() {
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    test<float>(isa);
    test<double>(isa);
  }
  bad_arguments();
  return report("softmax");
}
