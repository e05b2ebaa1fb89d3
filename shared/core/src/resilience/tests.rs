// Cases follow below.
