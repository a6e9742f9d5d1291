#pragma once

#include <cstdio>
#include <cstdlib>

namespace sparrow {

/// Ends the program with a sentence: what runs here stands for hardware, which cannot go on with a wrong value.
[[noreturn]] inline void Fail(const char *what, long long value, const char *rest, long long limit) {
  std::fprintf(stderr, "sparrow: %s%lld%s%lld\n", what, value, rest, limit);
  std::abort();
}

/// Two's complement integer of kWidth bits for C simulation: aborts where a value does not fit. Arithmetic is that of
/// long long, so every result has to name its own width.
template <int kWidth>
class CheckedInt {
  static_assert(kWidth >= 1 && kWidth <= 64, "a checked integer has 1 to 64 bits");

 public:
  CheckedInt() = default;

  CheckedInt(long long value) : value_(value) {
    if (!Fits(value)) Fail("the value ", value, " does not fit an integer of width ", kWidth);
  }

  template <int kOther>
  CheckedInt(const CheckedInt<kOther> &other) : CheckedInt(static_cast<long long>(other)) {}

  operator long long() const { return value_; }

  /// Defined for negative values as well, which a shift of the language is not.
  friend long long operator<<(const CheckedInt &value, int places) { return value.value_ * (1LL << places); }

 private:
  static constexpr bool Fits(long long value) {
    const long long sign = value >> (kWidth - 1);
    return sign == 0 || sign == -1;
  }

  long long value_ = 0;
};

}  // namespace sparrow
