"""`sparrow explore`: which design, and why. Choices are axes, what is wished for are objectives and limits; points are
asked for by Optuna, worked out here or on workers of Dask, and the front of the best is what is left.
"""
