#pragma once

// Stands for the vendor's scheduler in tests: a loop that begins an iteration every cycle may read a word of a memory only
// as many iterations after it was written as its DEPENDENCE pragma says. Included by platform.h with SPARROW_SCHEDULE.

#include <cstdio>
#include <cstdlib>

namespace sparrow {

/// The iteration that runs; one loop is as far from the next as no loop is long.
inline long long &Iteration() {
  static long long iteration = 0;
  return iteration;
}

inline void LoopBegins() { Iteration() += 2 * kNever; }

inline void NextIteration() { ++Iteration(); }

/// A word of a memory that remembers when it was written and read.
template <typename T, int kDistance>
class Carried {
 public:
  Carried() = default;

  operator T() const {
    Hold("read", written_);
    read_ = Iteration();
    return value_;
  }

  Carried &operator=(const T &value) {
    if (kDistance == kNever) {
      Hold("written again", written_);
      Hold("written behind a reading", read_);
    }
    written_ = Iteration();
    value_ = value;
    return *this;
  }

  Carried &operator=(const Carried &other) { return *this = static_cast<T>(other); }

 private:
  /// The same iteration, or kDistance of them later.
  static void Hold(const char *what, long long before) {
    const long long distance = Iteration() - before;
    if (distance == 0 || distance >= kDistance) return;
    std::fprintf(stderr, "sparrow: a word is %s after %lld iterations, promised %d\n", what, distance, kDistance);
    std::abort();
  }

  T value_ = {};
  long long written_ = -4LL * kNever;
  mutable long long read_ = -4LL * kNever;
};

}  // namespace sparrow
