#pragma once

namespace hls {

template <typename T>
struct stream {
  T read();
  void write(const T&);
};

}  // namespace hls
