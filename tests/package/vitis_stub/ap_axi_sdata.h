#pragma once

#include "ap_int.h"

template <int kData, int kUser, int kId, int kDest>
struct ap_axiu {
  ap_uint<kData> data;
  ap_uint<(kData + 7) / 8> keep, strb;
  ap_uint<kUser ? kUser : 1> user;
  ap_uint<1> last;
};
