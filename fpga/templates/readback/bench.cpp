// The serial line of a chip, on standard input and output.
//
// A line in: cycles of a bit, bytes to send in hexadecimal (`-` for none), cycles to go on for.
// A line out: the bytes that came meanwhile (`-` for none), cycles since the beginning.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>

#include "Vtop.h"
#include "verilated.h"

namespace {

/// Receives 8 data bits between a start and a stop bit; a byte without its stop bit is told as `??`.
class Ear {
 public:
  void Listen(bool level, int period) {
    if (wait_ > 0) {
      --wait_;
    } else if (left_ == 0) {
      if (!level) {
        left_ = 10;
        wait_ = period / 2;
      }
    } else {
      bits_ = bits_ >> 1 | level << 9;
      wait_ = period - 1;
      if (--left_ == 0) {
        Tell();
        wait_ = 0;
      }
    }
  }

  std::string Heard() {
    const std::string heard = heard_.empty() ? "-" : heard_;
    heard_.clear();
    return heard;
  }

 private:
  void Tell() {
    char text[3] = "??";
    if (bits_ >> 9 & 1) {
      std::snprintf(text, sizeof text, "%02x", bits_ >> 1 & 0xff);
    }
    heard_ += text;
    bits_ = 0;
  }

  int wait_ = 0;
  int left_ = 0;
  unsigned bits_ = 0;
  std::string heard_;
};

Vtop chip;
Ear ear;
uint64_t cycles = 0;

void Go(uint64_t count, int period) {
  for (uint64_t n = 0; n < count; ++n) {
    chip.oscillator = 1;
    chip.eval();
    chip.oscillator = 0;
    chip.eval();
    ear.Listen(chip.uart_tx, period);
    ++cycles;
  }
}

void Send(int byte, int period) {
  for (int bits = byte << 1 | 1 << 9; bits != 0; bits >>= 1) {
    chip.uart_rx = bits & 1;
    Go(period, period);
  }
}

}  // namespace

int main() {
  chip.uart_rx = 1;
  int period = 0;
  std::string bytes;
  uint64_t further = 0;
  while (std::cin >> period >> bytes >> further) {
    for (size_t place = 0; place + 1 < bytes.size(); place += 2) {
      Send(std::stoi(bytes.substr(place, 2), nullptr, 16), period);
    }
    Go(further, period);
    std::printf("%s %" PRIu64 "\n", ear.Heard().c_str(), cycles);
    std::fflush(stdout);
  }
  return 0;
}
