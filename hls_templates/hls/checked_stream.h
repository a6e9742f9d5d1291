#pragma once

#include <cstdio>
#include <cstdlib>
#include <deque>

namespace sparrow {

/// First in, first out, for C simulation, with the members of the vendor's stream that the processes use. Reading while
/// empty and destroying with elements left over both abort: either would be a hang or a lost value in hardware.
template <typename T>
class CheckedStream {
 public:
  explicit CheckedStream(const char *name) : name_(name) {}
  CheckedStream(const CheckedStream &) = delete;  // a stream stands for wires; they cannot be copied
  CheckedStream &operator=(const CheckedStream &) = delete;

  ~CheckedStream() {
    if (!elements_.empty()) Fail("destroyed with elements left over: ", elements_.size());
  }

  T read() {
    if (elements_.empty()) Fail("read while empty, elements written so far: ", written_);
    T element = elements_.front();
    elements_.pop_front();
    return element;
  }

  void write(const T &element) {
    elements_.push_back(element);
    ++written_;
  }

  bool empty() const { return elements_.empty(); }

 private:
  [[noreturn]] void Fail(const char *what, std::size_t count) const {
    std::fprintf(stderr, "sparrow: stream %s %s%zu\n", name_, what, count);
    std::abort();
  }

  const char *name_;
  std::deque<T> elements_;
  std::size_t written_ = 0;
};

}  // namespace sparrow
