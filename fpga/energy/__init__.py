"""Energy of a design's logic, from the switching of real inputs and an open cell library; relative figures only."""
