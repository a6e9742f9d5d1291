"""Templates and headers, carried as package data: HLS C++ and the top of the MyHDL design."""
