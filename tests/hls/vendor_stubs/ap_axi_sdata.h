#pragma once

// Stands for the vendor's header in tests: a packet without side channels but keep, strb and last.

#include <ap_int.h>

#include <cstddef>

namespace hls {

template <typename T, std::size_t kUser, std::size_t kId, std::size_t kDest>
struct axis {
  T data;
  ap_uint<sizeof(T)> keep;
  ap_uint<sizeof(T)> strb;
  ap_uint<1> last;
};

}  // namespace hls
