#pragma once

#include <cstdint>

#include "platform.h"

namespace sparrow {

/// What was wrong with the last frame of weights that ended: its length, the shape it was made for, its checksum. A wrong
/// frame changed nothing.
struct LoadErrors {
  bool too_short;
  bool too_long;
  bool shape;
  bool checksum;
};

}  // namespace sparrow
