/* rondo_sum_squares and rondo_update against plain loops in double: counts around the lanes, every form of a rule. */
#include <cstring>
#include <random>
#include <vector>

#include "cell_library.h"

namespace {

Doubles draw(int64_t count, double low, double high, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  Doubles values(count);
  for (double& value : values) value = uniform(random);
  return values;
}

template <class Real>
double sum_squares(Guarded<Real>& values, int64_t count, int isa, int64_t threads = 1) {
  const rondo_squares description = {sizeof description, 8 * sizeof(Real), threads, isa, count, values.data()};
  double sum = NAN;
  CHECK(rondo_sum_squares(&description, &sum) == RONDO_OK);
  return sum;
}

template <class Real>
void squares_are_summed(int isa) {
  for (const int64_t count : {1, 3, 7, 16, 31, 33, 200, 4096, 4097, 300001}) {
    const Doubles values = draw(count, -1, 1, (unsigned)count);
    Guarded<Real> memory(1, count, 0, values.data());
    long double expected = 0;
    for (int64_t i = 0; i < count; i++) expected += (long double)memory.data()[i] * memory.data()[i];
    const double sum = sum_squares(memory, count, isa);
    /* A number goes through the additions of its piece's lane, and of lanes and pieces. */
    const double additions = (double)count / 64 + 4096 + 64 + 64;
    CHECK(std::fabs(sum - (double)expected) <= 0x1p-53 * std::fmin((double)count, additions) * (double)expected);
    for (const int threads : {2, 3}) CHECK(sum_squares(memory, count, isa, threads) == sum);

    memory.data()[count - 1] = (Real)INFINITY;
    CHECK(sum_squares(memory, count, isa) == INFINITY);
    memory.data()[count / 2] = (Real)NAN;
    CHECK(std::isnan(sum_squares(memory, count, isa)));
  }
  Guarded<Real> large(1, 5, 0);
  large.fill(1e30);
  CHECK(std::fabs(sum_squares(large, 5, isa) / 5e60 - 1) < 1e-6);
}

/* Coefficients without memory or sizes. */
rondo_rule rule_of(double decay, double weight_keep, double gradient_rate, double mean_keep, double mean_gain,
                   double mean_rate, double square_keep, double square_gain, double square_correction) {
  rondo_rule rule = {};
  rule.size = sizeof rule;
  rule.threads = 1;
  rule.scale = 1;
  rule.bound = INFINITY;
  rule.decay = decay;
  rule.weight_keep = weight_keep;
  rule.gradient_rate = gradient_rate;
  rule.mean_keep = mean_keep;
  rule.mean_gain = mean_gain;
  rule.mean_rate = mean_rate;
  rule.square_keep = square_keep;
  rule.square_gain = square_gain;
  rule.square_correction = square_correction;
  rule.epsilon = 1e-8;
  return rule;
}

/* Memory of an update between guards. */
template <class Real>
struct Numbers {
  Numbers(int64_t count, bool has_mean, bool has_square, rondo_rule of, int isa)
      : count(count), has_mean(has_mean), has_square(has_square), rule(of),
        w(1, count, 0, draw(count, -1, 1, 1).data()), g(1, count, 0, draw(count, -2, 2, 2).data()),
        m(1, count, 0, draw(count, -1, 1, 3).data()), v(1, count, 0, draw(count, 0, 1, 4).data()) {
    rule.precision = 8 * sizeof(Real);
    rule.isa = isa;
    rule.count = count;
    rule.w = w.data();
    rule.g = g.data();
    rule.m = has_mean ? m.data() : nullptr;
    rule.v = has_square ? v.data() : nullptr;
  }
  Numbers(const Numbers&) = delete;

  void run() { CHECK(rondo_update(&rule) == RONDO_OK); }

  bool guards_intact() const {
    return w.guards_intact() && g.guards_intact() && m.guards_intact() && v.guards_intact();
  }

  std::vector<Real> all() {
    std::vector<Real> numbers;
    for (auto* part : {&w, &g, &m, &v}) numbers.insert(numbers.end(), part->data(), part->data() + count);
    return numbers;
  }

  const int64_t count;
  const bool has_mean, has_square;
  rondo_rule rule;
  Guarded<Real> w, g, m, v;
};

/* One update, whose numbers are those of the definition, rounded once, to the last bit. */
template <class Real>
void compare(Numbers<Real>& x) {
  const std::vector<Real> before = x.all();
  x.run();
  const rondo_rule& r = x.rule;
  for (int64_t i = 0; i < x.count; i++) {
    const double w = before[i], m = before[2 * x.count + i], v = before[3 * x.count + i];
    const double clipped = std::fmin(std::fmax(r.scale * (double)before[x.count + i], -r.bound), r.bound);
    const double g = clipped + r.decay * w;
    const double mean = r.mean_keep * m + r.mean_gain * g;
    const double square = r.square_keep * v + r.square_gain * g * g;
    const double step = r.gradient_rate * g + (x.has_mean ? r.mean_rate * mean : 0);
    const double divisor = x.has_square ? std::sqrt(r.square_correction * square) + r.epsilon : 1;
    CHECK(x.w.data()[i] == (Real)(r.weight_keep * w - step / divisor));
    CHECK(x.m.data()[i] == (Real)(x.has_mean ? mean : m));
    CHECK(x.v.data()[i] == (Real)(x.has_square ? square : v));
  }
  CHECK(std::memcmp(&before[x.count], x.g.data(), x.count * sizeof(Real)) == 0);
  CHECK(x.guards_intact());
}

const rondo_rule descent = rule_of(0, 1, 0.1, 0, 0, 0, 0, 0, 1);
const rondo_rule nesterov = rule_of(0.01, 1, 0.1, 0.9, 1, 0.09, 0, 0, 1);
const rondo_rule rms = rule_of(0, 1, 0.1, 0, 0, 0, 0.99, 0.01, 1);
const rondo_rule adam = rule_of(0, 0.995, 0, 0.9, 0.1, 0.1, 0.999, 0.001, 3);

template <class Real>
void rules(int isa) {
  for (const int64_t count : {1, 3, 4, 7, 8, 9, 16, 37, 200, 5003}) {
    for (const bool clipped : {false, true}) {
      for (rondo_rule rule : {descent, nesterov, rms, adam}) {
        rule.scale = clipped ? 0.3 : 1;
        rule.bound = clipped ? 0.4 : INFINITY;
        Numbers<Real> numbers(count, rule.mean_gain != 0, rule.square_gain != 0, rule, isa);
        compare(numbers);
        compare(numbers);
      }
    }
  }
}

template <class Real>
void threads_change_no_bit(int isa) {
  const Plan holds_the_pool = make_plan<float>({.T = 1, .B = 1, .I = 1, .H = 1}, isa, 3);
  constexpr int64_t count = 200003;
  Numbers<Real> alone(count, true, true, adam, isa);
  alone.run();
  for (const int threads : {2, 3}) {
    Numbers<Real> shared(count, true, true, adam, isa);
    shared.rule.threads = threads;
    shared.run();
    CHECK(std::memcmp(alone.all().data(), shared.all().data(), 4 * count * sizeof(Real)) == 0);
  }
}

template <class Real>
void special_values(int isa) {
  rondo_rule rule = adam;
  rule.weight_keep = 1;
  rule.epsilon = 1e-300;
  Numbers<Real> numbers(20, true, true, rule, isa);
  numbers.g.fill(0);
  numbers.m.fill(0);
  numbers.v.fill(0);
  const std::vector<Real> before = numbers.all();
  numbers.run();
  CHECK(std::memcmp(before.data(), numbers.all().data(), before.size() * sizeof(Real)) == 0);

  numbers.g.data()[3] = (Real)NAN;
  numbers.rule.bound = 1;
  numbers.run();
  for (int64_t i = 0; i < 20; i++) CHECK(std::isnan(numbers.w.data()[i]) == (i == 3));

  /* The square of the gradient is beyond float, its share of the mean square is not. */
  Numbers<Real> large(20, true, true, adam, isa);
  large.g.fill(1e20);
  large.run();
  for (int64_t i = 0; i < 20; i++) CHECK(std::isfinite(large.v.data()[i]) && std::isfinite(large.w.data()[i]));
}

void bad_arguments() {
  Numbers<float> numbers(5, true, true, adam, -1);
  const auto status = [&](auto spoil) {
    rondo_rule rule = numbers.rule;
    spoil(rule);
    return rondo_update(&rule);
  };
  CHECK(rondo_update(nullptr) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule&) {}) == RONDO_OK);
  CHECK(status([](rondo_rule& x) { x.size++; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule& x) { x.count = 0; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule& x) { x.threads = 1025; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule& x) { x.w = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule& x) { x.g = nullptr; }) == RONDO_BAD_ARGUMENT);
  CHECK(status([](rondo_rule& x) { x.precision = 8; }) == RONDO_UNSUPPORTED);

  double sum = 0;
  rondo_squares squares = {sizeof squares, 32, 1, -1, 5, numbers.g.data()};
  CHECK(rondo_sum_squares(nullptr, &sum) == RONDO_BAD_ARGUMENT);
  CHECK(rondo_sum_squares(&squares, nullptr) == RONDO_BAD_ARGUMENT);
  squares.precision = 8;
  CHECK(rondo_sum_squares(&squares, &sum) == RONDO_UNSUPPORTED);
  squares.count = -1;
  CHECK(rondo_sum_squares(&squares, &sum) == RONDO_BAD_ARGUMENT);
}

template <class Real>
void test(int isa) {
  squares_are_summed<Real>(isa);
  rules<Real>(isa);
  threads_change_no_bit<Real>(isa);
  special_values<Real>(isa);
}

}  // namespace

int main() {
  for (int isa = 0; isa <= rondo_isa(); isa++) {
    test<float>(isa);
    test<double>(isa);
  }
  bad_arguments();
  return report("update");
}
