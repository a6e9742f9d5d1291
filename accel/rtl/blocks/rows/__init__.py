"""The row dataflow: a recurrent layer, a head, and the states that are given to it."""
