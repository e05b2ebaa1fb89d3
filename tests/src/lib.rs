//! Holds the black-box tests of `black_box/`, which know the gateway by its binaries and its bytes alone.
