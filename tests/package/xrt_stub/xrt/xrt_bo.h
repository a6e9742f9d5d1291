#include "../card.h"
