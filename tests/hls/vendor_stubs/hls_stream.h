#pragma once

// Stands for the vendor's header in tests: the members that the processes use, and no more.

#include <deque>

namespace hls {

template <typename T>
class stream {
 public:
  explicit stream(const char *) {}
  stream(const stream &) = delete;

  T read() {
    T element = elements_.front();
    elements_.pop_front();
    return element;
  }
  void write(const T &element) { elements_.push_back(element); }
  bool empty() const { return elements_.empty(); }

 private:
  std::deque<T> elements_;
};

}  // namespace hls
