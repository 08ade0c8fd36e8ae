/* The pool's life, and that results depend on a plan's thread count but never on how busy the pool is. */
#include <atomic>
#include <cstring>
#include <thread>

#include "cell_library.h"

namespace {

const CellCase shape = {.T = 12, .B = 24, .I = 64, .H = 96};

/* A training step's numbers, bit by bit. */
std::vector<float> train(const CellProblem& problem, rondo_plan* plan) {
  CellRun<float> run(problem);
  Cache cache(plan, shape.T, shape.B);
  run.pass.cache = cache.data();
  CHECK(rondo_forward(plan, &run.pass) == RONDO_OK);
  CHECK(rondo_backward(plan, &run.pass, &run.gradients) == RONDO_OK);
  std::vector<float> numbers(run.d_params.data(), run.d_params.data() + problem.params.size());
  numbers.insert(numbers.end(), run.last[0].data(), run.last[0].data() + shape.B * shape.H);
  return numbers;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/* Several callers at once, each with its plan: one of them has the pool, the others run alone. */
void busy_pool() {
  const CellProblem problem = make_problem(shape, 5);
  std::vector<std::vector<float>> expected;
  for (int threads = 1; threads <= 4; threads++) {
    const Plan plan = make_plan<float>(shape, -1, threads);
    expected.push_back(train(problem, plan.get()));
  }
  std::atomic<int> equal{0};
  std::vector<std::thread> callers;
  for (int threads = 1; threads <= 4; threads++) {
    callers.emplace_back([&, threads] {
      for (int round = 0; round < 10; round++) {
        const Plan plan = make_plan<float>(shape, -1, threads);
        equal += same_bits(train(problem, plan.get()), expected[threads - 1]);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(equal == 40);
}

/* Products that hold no plan, while plans come and go and take the pool's threads with them. */
void products_while_plans_close() {
  std::vector<double> a(80 * 90, 0.5), b(90 * 100, 0.25);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread multiplying([&] {
    std::vector<double> c(80 * 100);
    while (!stop) {
      rondo_product product = {};
      product.size = sizeof product;
      product.precision = 64;
      product.threads = 3;
      product.isa = -1;
      product.m = 80;
      product.n = 100;
      product.k = 90;
      product.a = a.data();
      product.a_row = 90;
      product.a_column = 1;
      product.b = b.data();
      product.b_row = 100;
      product.b_column = 1;
      product.c = c.data();
      product.c_row = 100;
      wrong += rondo_multiply(&product) != RONDO_OK;
      for (const double value : c) wrong += value != 90 * 0.125;
    }
  });
  for (int round = 0; round < 200; round++) {
    const Plan plan = make_plan<float>({.T = 1, .B = 1, .I = 1, .H = 1}, -1, 3);
  }
  stop = true;
  multiplying.join();
  CHECK(wrong == 0);
}

/* Workers that have parked still wake. */
void long_pauses() {
  const CellProblem problem = make_problem(shape, 6);
  const Plan plan = make_plan<float>(shape, -1, 3);
  const std::vector<float> expected = train(problem, plan.get());
  for (int round = 0; round < 5; round++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(same_bits(train(problem, plan.get()), expected));
  }
}

}  // namespace

int main() {
  busy_pool();
  products_while_plans_close();
  long_pauses();
  return report("threads");
}
