"""One choreography for every task of the kitchen."""
