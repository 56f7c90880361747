"""Count messages and tickets as the stream brings them: each record once, however often it comes."""

from parley.actions.figures import counting
from parley.triggers.stream import batches

handler = batches(counting.count_figures)
