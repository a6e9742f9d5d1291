#pragma once

// Stands for the vendor's headers in tests of what compiles: names and types, no bodies.

template <int kBits>
struct ap_uint {
  ap_uint(long long = 0);
  struct Range {
    operator ap_uint() const;
    template <int kOther>
    Range& operator=(const ap_uint<kOther>&);
  };
  struct Bit {
    operator bool() const;
    template <int kOther>
    Bit& operator=(const ap_uint<kOther>&);
    Bit& operator=(bool);
  };
  template <int kOther>
  ap_uint(const ap_uint<kOther>&);
  Range range(int high, int low);
  ap_uint range(int high, int low) const;
  Bit operator[](int place);
  bool operator[](int place) const;
};
